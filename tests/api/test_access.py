"""Every address x who asks: no token, a wrong one, a read-only one, another tenant's."""

import json
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.urls import URLPattern, get_resolver

from adaptive.api import broker, throttling
from adaptive.api.urls import urlpatterns
from adaptive.api.views.base import OpenView
from adaptive.common.clock import now
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.recommendation.models import Review, Ruling
from adaptive.tenants.models import ApiToken, Tenant
from adaptive.tenants.services import token_create
from tests.api.conftest import Api, assert_problem
from tests.factories import attempt_make

ATTEMPT = {"learner": "alice", "course": "fractions", "resource": "exercise-choice", "response": {"choice": "b"}}
PLAN = {
    "exam_at": (now() + timedelta(days=20)).isoformat(),
    "target": 0.8,
    "minutes_per_weekday": [20] * 7,
}
NAMES = {
    "course": "course",
    "skill": "skill",
    "resources": "resources",
    "resource": "resource",
    "enrolment": "enrolment",
    "report": "report",
    "learner": "learner",
    "export": "learner-export",
}
# (name of the URL, method, path, body); {attempt} and {slate} are filled in. All are the tenant demo's.
CALLS = [
    ("course", "PUT", "courses/{course}/", {"title": "Taken over"}),
    ("skill", "PUT", "courses/{course}/skills/meaning/", {"name": "Taken over"}),
    ("resource", "PUT", "courses/{course}/resources/reading/", {"kind": "reading", "title": "Taken over"}),
    ("resources", "GET", "courses/{course}/resources/", None),
    ("enrolment", "PUT", "courses/{course}/enrolments/alice/", {"role": "teacher"}),
    ("report", "GET", "courses/{course}/report/", None),
    ("reviews", "GET", "courses/{course}/recommendations/", None),
    ("review", "POST", "recommendations/{slate}/items/1/review/", {"decision": "never", "scope": "course"}),
    ("learner", "PUT", "learners/alice/", {"display_name": "Taken over"}),
    ("learner", "DELETE", "learners/alice/", None),
    ("learner-export", "GET", "learners/alice/export/", None),
    ("mastery", "GET", "learners/alice/mastery/?course={course}", None),
    ("predictions", "POST", "learners/alice/predictions/", {"course": "{course}", "resources": ["exercise-choice"]}),
    ("recommendations", "POST", "learners/alice/recommendations/", {"course": "{course}"}),
    ("study-plan", "GET", "learners/alice/study-plan/?course={course}", None),
    ("study-plan", "POST", "learners/alice/study-plan/", {"course": "{course}", **PLAN}),
    ("conversations", "POST", "learners/alice/conversations/", {"course": "{course}"}),
    ("messages", "POST", "conversations/{talk}/messages/", {"text": "help"}),
    ("messages", "GET", "conversations/{talk}/messages/", None),
    ("attempts", "POST", "attempts/", {**ATTEMPT, "course": "{course}"}),
    ("attempt", "GET", "attempts/{attempt}/", None),
    ("contest", "POST", "attempts/{attempt}/contest/", {"reason": "Taken over"}),
    ("recommendation", "GET", "recommendations/{slate}/", None),
    ("events", "POST", "recommendations/{slate}/items/1/events/", {"type": "click"}),
    ("attempts-bulk", "POST", "attempts/bulk/", {**ATTEMPT, "course": "{course}"}),
]
# What another tenant may do with these names: they make or see rows of its own.
OWN_NAMES = {("course", "PUT"), ("learner", "PUT")}
ids = [f"{method} {name}" for name, method, _, _ in CALLS]


@pytest.fixture
def filled(cast, api):
    # The course's name is one that the other tenant has not: so an answer can only come from demo's rows.
    cast.course.external_id = "only-ours"
    cast.course.save()
    attempt = attempt_make(cast.alice, cast.exercises["choice"], score=1.0)
    slate = api("POST", "learners/alice/recommendations/", {"course": "only-ours"}).json()
    assert api("POST", "learners/alice/study-plan/", {"course": "only-ours", **PLAN}).status_code == 201
    talk = api("POST", "learners/alice/conversations/", {"course": "only-ours"}).json()
    values = {"course": "only-ours", "attempt": attempt.pk, "slate": slate["id"], "talk": talk["id"]}

    def fill(call, who: Api):
        name, method, path, body = call
        text = json.dumps(body)
        for key, value in values.items():
            path, text = path.replace(f"{{{key}}}", str(value)), text.replace(f"{{{key}}}", str(value))
        content_type = "application/x-ndjson" if name == "attempts-bulk" else "application/json"
        return who(method, path, json.loads(text), content_type=content_type)

    return fill


def test_every_address_is_in_the_matrix():
    named = {pattern.name for pattern in urlpatterns if not issubclass(pattern.callback.cls, OpenView)}
    assert named == {name for name, *_ in CALLS}


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_without_a_token_or_with_a_wrong_one(filled, call):
    wrong = ["wrong", "", "adt_" + "x" * 43, "x" * 5000, "two words", "tokén"]
    for who in (Api(None), *(partial(Api)(token) for token in wrong)):
        response = filled(call, who)
        assert_problem(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_a_revoked_token(cast, filled, call):
    token = token_create(tenant=cast.tenant, name="gone")
    ApiToken.objects.filter(name="gone").update(revoked_at=cast.tenant.created_at)
    assert_problem(filled(call, Api(token)), 401)


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_a_token_that_may_only_read(cast, filled, call):
    response = filled(call, Api(token_create(tenant=cast.tenant, name="reads", scopes=["read"])))
    if call[1] == "GET":
        assert response.status_code == 200
    else:
        assert "write" in assert_problem(response, 403)["detail"]


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_a_token_that_may_only_write(cast, filled, call):
    response = filled(call, Api(token_create(tenant=cast.tenant, name="writes", scopes=["write"])))
    if call[1] == "GET":
        assert "read" in assert_problem(response, 403)["detail"]
    else:
        assert response.status_code in {200, 201, 202, 204}


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_another_tenants_token_finds_nothing(cast, filled, call):
    before = snapshot(cast)
    response = filled(
        call, Api(token_create(tenant=cast.other_course.tenant, name="other", scopes=["read", "write", "admin"]))
    )
    if call[0] == "attempts-bulk":
        [line] = b"".join(response.streaming_content).splitlines()
        assert json.loads(line)["error"]["status"] == 404
    elif call[:2] in OWN_NAMES:
        assert response.status_code == 201
    else:
        body = assert_problem(response, 404)
        assert "Alice" not in json.dumps(body)
    assert snapshot(cast) == before


def snapshot(cast) -> list:
    """All that the calls could change of the tenant's rows."""
    rows = []
    rows += list(Review.objects.values()) + list(Ruling.objects.values())
    rows += list(StudyPlan.objects.order_by("pk").values()) + list(StudySession.objects.order_by("pk").values())
    for relation in ("courses", "learners", "attempts", "slates"):
        rows += list(getattr(cast.tenant, relation).order_by("pk").values())
    for relation in ("skills", "resources", "enrolments"):
        rows += [
            {key: value for key, value in row.items() if key != "embedding"}
            for row in getattr(cast.course, relation).order_by("pk").values()
        ]
    return rows


def test_a_course_of_mine_with_a_learner_of_theirs(cast, api):
    """Both tenants have a course “fractions”: mixing them finds nothing, whichever way round."""
    other = Api(token_create(tenant=cast.other_course.tenant, name="other"))
    assert_problem(other("PUT", "courses/fractions/enrolments/alice/", {}), 404)
    assert_problem(other("POST", "attempts/", ATTEMPT), 404)
    assert_problem(other("POST", "attempts/", {**ATTEMPT, "learner": "mallory"}), 404)
    assert_problem(api("POST", "attempts/", {**ATTEMPT, "learner": "mallory"}), 404)


def test_over_the_rate_limit(cast, api, settings, monkeypatch):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "REQUESTS_PER_MINUTE": 3}
    monkeypatch.setattr(throttling.time, "time", lambda: 1_000_000_020.0)
    monkeypatch.setattr(broker, "_away_until", 0.0)
    path = "learners/alice/mastery/?course=fractions"
    codes = [api("GET", path).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    response = api("GET", path)
    assert_problem(response, 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    # Another token has its own count, and no token at all is told so first.
    assert Api(token_create(tenant=cast.tenant, name="second"))("GET", path).status_code == 200
    assert_problem(Api(None)("GET", path), 401)


def test_without_the_broker_nobody_is_refused(cast, api, settings, monkeypatch):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "REQUESTS_PER_MINUTE": 1}
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/at/all.sock"
    monkeypatch.setattr(broker, "_away_until", 0.0)
    codes = {api("GET", "learners/alice/mastery/?course=fractions").status_code for _ in range(3)}
    assert codes == {200}
    monkeypatch.setattr(broker, "_away_until", 0.0)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis+socket:///a%20b/redis.sock?virtual_host=3", {"path": "/a b/redis.sock", "db": 3}),
        ("redis+socket:///redis.sock", {"path": "/redis.sock", "db": 0}),
        ("redis://:secret@host:6380/2", {"host": "host", "port": 6380, "db": 2, "password": "secret"}),
    ],
)
def test_celerys_way_of_naming_a_redis(url, wanted):
    kwargs = broker.client_for(url).connection_pool.connection_kwargs
    assert {key: kwargs[key] for key in wanted} == wanted


def test_another_kind_of_broker_counts_nothing():
    assert broker.client_for("amqp://guest@host//") is None


def test_the_command_prints_a_token_that_works(db, capsys):
    call_command("create_api_token", "moodle", "--tenant", "school", "--scopes", "read, write,read")
    token = capsys.readouterr().out.splitlines()[-1]
    assert Api(token)("PUT", "courses/new/", {"title": "New"}).status_code == 201
    row = ApiToken.objects.get()
    assert row.scopes == ["read", "write"] and row.tenant.slug == "school"
    assert token not in json.dumps(list(ApiToken.objects.values()), default=str)


@pytest.mark.parametrize(
    "arguments", [["--tenant", "Not A Slug"], ["--tenant", "x", "--scopes", "root"], ["--tenant", ""]]
)
def test_the_command_says_what_is_wrong(db, arguments):
    with pytest.raises(CommandError):
        call_command("create_api_token", "moodle", *arguments)
    assert not ApiToken.objects.exists()


def test_no_address_of_the_api_is_open_by_mistake():
    def walk(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield pattern.callback
            else:
                yield from walk(pattern.url_patterns)

    views = {view.cls for view in walk(get_resolver().url_patterns) if hasattr(view, "cls")}
    names = {view.__name__ for view in views if issubclass(view, OpenView)}
    assert names == {"HealthView", "ReadyView", "MetricsView", "SchemaView", "NothingHereView"}


def test_the_tenant_of_a_token_cannot_be_chosen(cast, api):
    body = {"title": "X", "tenant": "elsewhere"}
    api("PUT", "courses/mine/", body)
    assert Tenant.objects.get(courses__external_id="mine") == cast.tenant
