"""The web process stays small: it answers, updates mastery and recommends without ever loading torch."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

SCRIPT = """
import json, sys
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {database!r}
settings.ALLOWED_HOSTS.append("testserver")
from django.test import Client
from tests.factories import cast_make, right
from adaptive.tenants.services import token_create
from adaptive.recommendation.query_vector import QueryEncoder, encoder_load
encoder_load()
vector = QueryEncoder().vector_of("parts of a pizza", limit=60).vector
from adaptive.tasks import attempt_assess_job  # what the web process publishes is importable there, too
cast = cast_make()
token = token_create(tenant=cast.tenant, name="t", scopes=["read", "write"])
client = Client(headers={{"authorization": "Bearer " + token}})
said = client.post("/api/v1/attempts/", {{"learner": "alice", "course": "fractions", "resource": "exercise-numeric",
    "response": right("numeric")}}, content_type="application/json")
slate = client.post("/api/v1/learners/alice/recommendations/",
    {{"course": "fractions", "count": 3, "purpose": "practice"}},
    content_type="application/json")
asked = client.post("/api/v1/learners/alice/recommendations/",
    {{"course": "fractions", "count": 3, "query": "a short reading on what the parts of a pizza have in common"}},
    content_type="application/json")
from adaptive.recommendation.models import Slate
stages = {{stage["name"]: stage for stage in Slate.objects.get(pk=asked.json()["id"]).context["stages"]}}
browser = Client()
browser.force_login(cast.alice.user)
from django.urls import reverse
page = browser.get(reverse("adaptive:home"), follow=True)
print(json.dumps({{
    "states": [said.status_code, slate.status_code, asked.status_code, page.status_code],
    "words": [len(vector), stages["words_embedded"]["state"] in ("made", "late")],
    "heavy": [name for name in ("torch", "transformers", "safetensors", "scipy") if name in sys.modules],
    "megabytes": int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0]) / 1024,
}}))
"""


@pytest.mark.django_db(transaction=True)
def test_the_web_process_answers_without_torch_and_in_little_memory(transactional_db):
    script = SCRIPT.format(database=connection.settings_dict["NAME"])
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "lms_project.settings", "ADAPTIVE_DEBUG": "on"}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, timeout=120)
    assert ran.returncode == 0, ran.stderr[-2000:]
    said = json.loads(ran.stdout.splitlines()[-1])
    assert said["states"] == [201, 201, 201, 200]
    assert said["words"] == [384, True]
    assert said["heavy"] == []
    assert said["megabytes"] < 250
