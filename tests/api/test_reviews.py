"""A teacher's review list over REST: what is in it in which state, a word on it, and hostile input."""

import pytest

from adaptive.audit.models import AuditEntry
from adaptive.common.clock import now
from adaptive.learners.models import Cohort, Enrolment
from adaptive.practice.services import slate_next
from adaptive.recommendation.models import Impression, Review, Ruling
from adaptive.recommendation.services import impression_event
from tests.api.conftest import assert_problem
from tests.factories import attempt_make, course_make, enrol, resource_make

LIST = "courses/fractions/recommendations/"


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def slate(cast):
    return slate_next(learner=cast.alice, course=cast.course, count=3)


def listed(api, state: str = "") -> list[dict]:
    response = api("GET", f"{LIST}?state={state}")
    assert response.status_code == 200, response.content
    return response.json()["results"]


def word(api, slate, position=1, **body):
    return api("POST", f"recommendations/{slate.pk}/items/{position}/review/", body)


def test_a_row_says_who_what_why_what_else_and_how_sure(cast, api, slate):
    row = listed(api)[-1]
    place = slate.impressions.get(position=1)
    assert (row["id"], row["position"], row["learner"]) == (str(slate.pk), 1, "alice")
    assert row["resource"] == place.resource.external_id and row["reasons"][0]["code"] == "next_skill"
    assert row["explanation"]["text"] and row["alternative"]["resource"] != row["resource"]
    assert 0.5 <= row["confidence"] <= 1 and row["states"][0] == "new" and row["review"] is None


def test_the_list_follows_the_learners_latest_recommendation(cast, api, slate):
    later = slate_next(learner=cast.alice, course=cast.course, count=2)
    slate_next(learner=cast.alice, course=cast.course, purpose="feed")
    slate_next(learner=cast.alice, course=cast.course, query="chocolate")
    slate_next(learner=cast.bob, course=cast.course, count=1)
    rows = listed(api, "new")
    assert [(row["learner"], row["position"]) for row in rows] == [("bob", 1), ("alice", 2), ("alice", 1)]
    assert {row["id"] for row in rows if row["learner"] == "alice"} == {str(later.pk)}


def test_what_was_answered_since_is_no_longer_open(cast, api, slate):
    attempt_make(cast.alice, slate.impressions.get(position=1).resource, score=1.0, submitted_at=now())
    assert [row["position"] for row in listed(api, "new")] == [3, 2]


def test_a_word_moves_the_row_and_taking_it_back_moves_it_back(cast, api, slate):
    answer = word(api, slate, decision="pin", scope="course", note="Before Friday", teacher="charlie")
    assert answer.status_code == 201
    review = answer.json()["review"]
    assert (review["decision"], review["scope"], review["note"], review["teacher"]) == (
        *("pin", "course"),
        *("Before Friday", "charlie"),
    )
    assert [row["position"] for row in listed(api, "reviewed")] == [1]
    assert [row["position"] for row in listed(api, "new")] == [3, 2]
    assert len(listed(api)) == 3 and Ruling.objects.get(ended_at=None).scope == "course"
    path = f"recommendations/{slate.pk}/items/1/review/"
    assert api("DELETE", path).status_code == 204
    assert_problem(api("DELETE", path), 404)
    assert listed(api, "reviewed") == [] and len(listed(api, "new")) == 3
    assert not Ruling.objects.filter(ended_at=None).exists()


def test_the_lms_may_decide_itself_and_the_log_names_it(cast, api, slate):
    assert word(api, slate, decision="approve").json()["review"]["teacher"] is None
    entry = AuditEntry.objects.get(action="recommendation_review")
    assert (entry.actor_kind, entry.actor) == ("lms", "lms") and entry.outcome["decision"] == "approve"


def test_an_approved_pick_is_not_asked_about_again(cast, api, slate):
    word(api, slate, decision="approve")
    again = slate_next(learner=cast.alice, course=cast.course, count=3)
    assert again.impressions.get(position=1).resource_id == slate.impressions.get(position=1).resource_id
    assert [row["position"] for row in listed(api, "new")] == [3, 2]


def test_swapping_with_a_named_resource_and_with_the_alternative(cast, api, slate):
    answer = word(api, slate, decision="swap", **{"with": "exercise-cloze"})
    assert answer.json()["review"]["with"]["resource"] == "exercise-cloze"
    row = word(api, slate, 2, decision="swap").json()
    assert row["review"]["with"] == row["alternative"]
    names = [
        item["resource"]
        for item in api("POST", "learners/alice/recommendations/", {"course": "fractions"}).json()["items"]
    ]
    assert names[0] == "exercise-cloze"


def test_the_next_recommendation_says_that_a_teacher_chose_it(cast, api, slate):
    word(api, slate, 3, decision="pin")
    first = api("POST", "learners/alice/recommendations/", {"course": "fractions"}).json()["items"][0]
    assert first["resource"] == slate.impressions.get(position=3).resource.external_id
    assert first["reasons"][0]["code"] == "pinned" and first["explanation"]["would_change_if"] is None
    assert first["explanation"]["text"].startswith("Your teacher chose this for you.")
    assert 1 not in [row["position"] for row in listed(api, "new")], "a teacher put it there"


def test_never_for_everybody_leaves_a_sentence(cast, api):
    for resource in cast.course.resources.exclude(pk=cast.reading.pk):
        Ruling.objects.create(kind="never", course=cast.course, resource=resource)
    slate = slate_next(learner=cast.alice, course=cast.course)
    assert word(api, slate, decision="never", scope="course").status_code == 201
    body = api("POST", "learners/alice/recommendations/", {"course": "fractions"}).json()
    assert body["items"] == [] and "teacher has set aside" in body["why_empty"]


def test_disagreements_unsure_picks_and_explored_ones(cast, api, slate):
    impression_event(slate=slate, position=2, type="disagree", reason="too_easy")
    slate_next(learner=cast.alice, course=cast.course, count=2)
    [row] = listed(api, "disagreed")
    assert (row["id"], row["position"], row["disagreed"]) == (str(slate.pk), 2, "too_easy")
    word(api, slate, 2, decision="approve")
    assert listed(api, "disagreed") == []
    rows = listed(api, "new")
    Impression.objects.filter(slate=rows[0]["id"], position=rows[0]["position"]).update(confidence=0.51)
    Impression.objects.filter(slate=rows[1]["id"], position=rows[1]["position"]).update(
        confidence=0.9, is_exploration=True
    )
    assert [row["position"] for row in listed(api, "low_confidence")] == [rows[0]["position"]]
    assert [row["position"] for row in listed(api, "explored")] == [rows[1]["position"]]


def test_a_policy_is_new_where_there_was_another_before(cast, api, slate):
    assert listed(api, "new_policy") == []
    later = slate_next(learner=cast.bob, course=cast.course, count=1)
    type(later).objects.filter(pk=later.pk).update(policy="gain-3")
    [row] = listed(api, "new_policy")
    assert row["learner"] == "bob" and "new_policy" in row["states"]


def test_pages_hold_every_row_once_the_latest_first(cast, api, slate):
    slate_next(learner=cast.bob, course=cast.course, count=4)
    seen, address = [], f"{LIST}?state=new&limit=3"
    while address:
        body = api("GET", address).json()
        seen += [(row["learner"], row["position"]) for row in body["results"]]
        address = body["next"]
    assert seen == [("bob", n) for n in (4, 3, 2, 1)] + [("alice", n) for n in (3, 2, 1)]


def test_the_same_key_decides_once(cast, api, slate):
    path = f"recommendations/{slate.pk}/items/1/review/"
    first = api("POST", path, {"decision": "pin"}, key="k")
    again = api("POST", path, {"decision": "pin"}, key="k")
    assert again.json() == first.json() and again.headers["Idempotency-Replayed"] == "true"
    assert_problem(api("POST", path, {"decision": "never"}, key="k"), 409)
    assert Review.objects.count() == 1


def test_who_does_not_teach_the_course_decides_nothing(cast, api, slate):
    other = course_make(cast.tenant, "other")
    for who in ("alice", "bob"):
        assert_problem(word(api, slate, decision="never", teacher=who), 403)
    elsewhere = cast.charlie
    Enrolment.objects.filter(learner=elsewhere).delete()
    enrol(elsewhere, other, "teacher")
    assert_problem(word(api, slate, decision="never", teacher="charlie"), 403)
    assert_problem(word(api, slate, decision="never", teacher="nobody"), 404)
    assert_problem(word(api, slate, decision="never", teacher="mallory"), 404)
    assert not Review.objects.exists() and not Ruling.objects.exists()


HOSTILE = {
    "no decision": ({}, "/decision"),
    "another decision": ({"decision": "delete"}, "/decision"),
    "a decision in a list": ({"decision": ["pin"]}, "/decision"),
    "no text": ({"decision": None}, "/decision"),
    "an unknown resource": ({"decision": "swap", "with": "nothing"}, "/with"),
    "another course's resource": ({"decision": "swap", "with": "elsewhere"}, "/with"),
    "a number for a resource": ({"decision": "swap", "with": 7}, "/with"),
    "a resource that is retired": ({"decision": "swap", "with": "old"}, "/with"),
    "with itself": ({"decision": "swap", "with": "SELF"}, "/with"),
    "a pin with something": ({"decision": "pin", "with": "reading"}, "/with"),
    "a scope there is not": ({"decision": "pin", "scope": "tenant"}, "/scope"),
    "a cohort of nobody": ({"decision": "pin", "scope": "cohort"}, "/scope"),
    "an approval for all": ({"decision": "approve", "scope": "course"}, "/scope"),
    "an endless note": ({"decision": "pin", "note": "x" * 100_000}, "/note"),
    "a null byte": ({"decision": "pin", "note": "a\x00b"}, "/note"),
    "a note that is none": ({"decision": "pin", "note": {"a": 1}}, "/note"),
    "a number for a teacher": ({"decision": "pin", "teacher": 7}, "/teacher"),
    "a list": ([], ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_word_is_refused_with_a_pointer_and_changes_nothing(cast, api, slate, name):
    resource_make(cast.other_course, [], external_id="elsewhere")
    resource_make(cast.course, [], external_id="old", is_retired=True)
    body, pointer = HOSTILE[name]
    if isinstance(body, dict) and body.get("with") == "SELF":
        body = {**body, "with": slate.impressions.get(position=1).resource.external_id}
    said = assert_problem(api("POST", f"recommendations/{slate.pk}/items/1/review/", body), 422)
    assert any(error["pointer"].startswith(pointer) for error in said["errors"]), said
    assert not Review.objects.exists() and not Ruling.objects.exists()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("recommendations/0b0f5a0e-6a3c-4f0c-9d53-1f2f6f6b8b7a/items/1/review/", 404),
        ("recommendations/{slate}/items/0/review/", 404),
        ("recommendations/{slate}/items/4/review/", 404),
        ("recommendations/{slate}/items/99999999999999999999/review/", 404),
        ("recommendations/{slate}/items/-1/review/", 404),
    ],
)
def test_a_place_that_is_not_there(cast, api, slate, path, status):
    path = path.format(slate=slate.pk)
    assert_problem(api("POST", path, {"decision": "approve"}), status)
    assert_problem(api("DELETE", path), status)


@pytest.mark.parametrize(
    "query", ["state=open", "state=new%00", "state=new&state=x'", "limit=0", "limit=1000", "cursor=%27", "cursor=!!!"]
)
def test_a_bad_query_of_the_list(cast, api, slate, query):
    assert_problem(api("GET", f"{LIST}?{query}"), 422)


def test_a_note_about_a_learner_is_in_nobody_elses_export(cast, api, slate):
    cohort = Cohort.objects.create(tenant=cast.tenant, course=cast.course, name="7b")
    Enrolment.objects.filter(learner__in=[cast.alice, cast.bob]).update(cohort=cohort)
    word(api, slate, decision="never", note="Alice needs a rest")
    assert "needs a rest" in api("GET", "learners/alice/export/").content.decode()
    assert "needs a rest" not in api("GET", "learners/bob/export/").content.decode()
