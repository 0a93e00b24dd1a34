"""The operators' pages of agreement and of what was learned from marks."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from adaptive.assessment.models import AssessorFit, AssessorVersion
from adaptive.practice.finetuning import jobs
from adaptive.practice.finetuning.jobs import finetune_work
from tests.factories import cast_make
from tests.management.test_finetune import boastful, exercises_of, versions_make
from tests.pages.reading import text_of
from tests.practice.marking import read, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client, monkeypatch):
    monkeypatch.setattr(jobs, "publish", lambda fit_id: True)
    client.force_login(User.objects.create_superuser("olga"))
    return client


def act(client, name: str, action: str, pk: int) -> str:
    body = {"action": action, "_selected_action": [str(pk)]}
    return text_of(client.post(reverse(f"admin:adaptive_{name}_changelist"), body, follow=True).content)


def test_an_operator_has_it_learned_puts_it_in_use_and_takes_it_back(operator):
    cast = cast_make()
    boastful(cast, exercises_of(cast))
    assert "is asked for" in act(operator, "course", "learn_from_marks", cast.course.pk)
    assert "is at work already" in act(operator, "course", "learn_from_marks", cast.course.pk)
    finetune_work(AssessorFit.objects.get().pk)
    version = AssessorVersion.objects.get()
    assert version.is_active
    assert "The assessor as it ships is in use" in act(operator, "assessorversion", "use_shipped", version.pk)
    assert f"Version {version.pk}, calibrator, is in use" in act(operator, "assessorversion", "use", version.pk)
    assert "is asked for" in act(operator, "assessorversion", "learn_again", version.pk)
    for name in ("agreement", "assessorversion", "assessorfit"):
        assert operator.get(reverse(f"admin:adaptive_{name}_changelist")).status_code == 200


def test_a_long_list_of_versions_costs_no_more_queries_than_a_short_one(operator):
    cast = cast_make()
    versions_make(cast.course, base="", n=1)
    url = reverse("admin:adaptive_assessorversion_changelist")
    assert "yes" in text_of(operator.get(url).content)
    with CaptureQueriesContext(connection) as of_one:
        operator.get(url)
    read(cast.alice, exercises_of(cast)[0], says(0.9))
    versions_make(cast.course, base="reader 1", n=5)
    versions_make(cast.other_course, base="", n=5)
    with CaptureQueriesContext(connection) as of_many:
        text = text_of(operator.get(url).content)
    assert len(of_many) == len(of_one)
    assert "corrects the assessor “”, and “reader 1” is in use" in text, "each is held against its own course"
    assert text.count("is in use: learn it again") == 1
