"""Courses to take up next: which, in which order, why; and that taking one up is safe."""

import threading
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adaptive.audit.models import AuditEntry
from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.common.errors import NotAllowed
from adaptive.explanation.grounding import is_grounded
from adaptive.explanation.offers import offer_facts
from adaptive.learners.models import Enrolment
from adaptive.recommendation.models import CourseOffer, Slate
from adaptive.recommendation.offering import (
    conversions,
    enrolment_noted,
    offer_put_away,
    offer_take_up,
    offers_open,
    offers_shown,
)
from adaptive.recommendation.services import impression_event, slate_create
from tests.factories import (
    Cast,
    attempt_make,
    cast_make,
    course_make,
    enrol,
    learner_make,
    mastery_make,
    resource_make,
    skill_make,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return cast_make()


def place(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=384)
    return vector / np.linalg.norm(vector)


def embed(course: Course, vector: np.ndarray, model: str = "m") -> None:
    for n, resource in enumerate(Resource.objects.filter(course=course)):
        near = vector + 0.02 * place(1000 + n)
        resource.embedding, resource.embedding_model = near, model
        resource.save()


def open_course(cast: Cast, name: str, listing: str = "open", vector: np.ndarray | None = None, **values) -> Course:
    course = course_make(cast.tenant, name, listing=listing, **values)
    resource_make(course, [skill_make(course, f"{name}-skill")], external_id=f"{name}-text")
    if vector is not None:
        embed(course, vector)
    return course


def offers(cast: Cast, learner=None) -> list[CourseOffer]:
    slate = slate_create(learner=learner or cast.alice, course=cast.course, purpose="catalogue")
    return list(slate.offers.select_related("course", "slate"))


def titles(found: list[CourseOffer]) -> list[str]:
    return [offer.course.external_id for offer in found]


def said(offer: CourseOffer) -> list[str]:
    facts = offer_facts(offer.reasons)
    assert all(is_grounded(fact.text, [fact]).ok for fact in facts)
    return [fact.text for fact in facts]


def test_only_what_is_listed_holds_something_and_is_the_tenants_own(cast):
    open_course(cast, "open")
    open_course(cast, "listed", "listed")
    open_course(cast, "hidden", "unlisted")
    course_make(cast.tenant, "empty", listing="open")
    retired = open_course(cast, "retired")
    Resource.objects.filter(course=retired).update(is_retired=True)
    taken = open_course(cast, "taken")
    enrol(cast.alice, taken)
    Course.objects.filter(pk=cast.other_course.pk).update(listing="open")
    resource_make(cast.other_course, [])
    assert sorted(titles(offers(cast))) == ["listed", "open"]
    assert all(offer.reasons == [] for offer in offers(cast)), "nothing is known, so nothing is said"


def test_other_purposes_and_requests_offer_none(cast):
    open_course(cast, "open")
    for values in ({"purpose": "feed"}, {"purpose": "practice"}, {"purpose": "catalogue", "query": "a text"}):
        slate_create(learner=cast.alice, course=cast.course, **values)
    assert not CourseOffer.objects.exists()


def test_what_lies_near_to_what_was_learnt_and_opened_comes_first(cast):
    embed(cast.course, place(1))
    near = open_course(cast, "near", vector=place(1))
    open_course(cast, "far", vector=place(2))
    attempt_make(cast.alice, cast.exercises["choice"], score=1.0, submitted_at=now())
    found = offers(cast)
    assert titles(found) == ["near", "far"] and found[0].score > found[1].score == 0.0
    assert [reason["code"] for reason in found[0].reasons] == ["looked_at", "near_course"]
    assert said(found[0])[1] == "It comes close to “Fractions”, where you are learning."
    assert said(found[0])[0].startswith("It comes close to what you practised and opened lately: about ")
    for skill in cast.skills:
        mastery_make(cast.alice, skill, 0.95)
    again = offers(cast)[0]
    assert again.score > found[0].score
    assert "You have mastered about 99 % of “Fractions”; this comes close to it." in said(again)
    embed(near, place(1), model="another")
    assert offers(cast)[0].score == 0.0, "vectors of two models are never compared"


def test_what_was_only_opened_counts_too(cast):
    embed(cast.course, place(1))
    Resource.objects.filter(pk=cast.reading.pk).update(embedding=place(3))
    open_course(cast, "like-the-text", vector=place(3))
    assert said(offers(cast)[0]) == []
    slate = slate_create(learner=cast.alice, course=cast.course, kinds=["reading"])
    impression_event(slate=slate, position=1, type="start")
    assert [reason["code"] for reason in offers(cast)[0].reasons] == ["looked_at"]


def test_what_others_of_the_course_are_in_too_from_three_on(cast):
    both, few = open_course(cast, "both"), open_course(cast, "few")
    for n in range(4):
        learner = learner_make(cast.tenant, f"l{n}", login=False)
        enrol(learner, cast.course)
        enrol(learner, both)
        if n < 2:
            enrol(learner, few)
    found = offers(cast)
    assert titles(found) == ["both", "few"] and found[1].reasons == []
    assert said(found[0]) == ["4 other learners in “Fractions” are in it as well."]
    assert found[0].score == pytest.approx(0.3 * 4 / 5, abs=1e-4)


def test_another_language_steps_back_unless_asked_for(cast):
    for n in range(3):
        learner = learner_make(cast.tenant, f"l{n}", login=False)
        enrol(learner, cast.course)
        for name in ("german", "english"):
            course = Course.objects.filter(external_id=name).first() or open_course(
                cast, name, language="de" if name == "german" else "en-GB"
            )
            enrol(learner, course)
    assert titles(offers(cast)) == ["english", "german"]
    cast.alice.preferences = {"language": "de"}
    cast.alice.save()
    assert {offer.score for offer in offers(cast)} == {offers(cast)[0].score}


def test_a_name_that_would_say_more_than_is_so_says_nothing(cast):
    Course.objects.filter(pk=cast.course.pk).update(title="A” 100 % of all “B")
    cast.course.refresh_from_db()
    both = open_course(cast, "both")
    for n in range(3):
        learner = learner_make(cast.tenant, f"l{n}", login=False)
        enrol(learner, cast.course)
        enrol(learner, both)
    assert said(offers(cast)[0]) == []


class TestTakingUp:
    def test_once_however_often_it_is_sent(self, cast):
        open_course(cast, "open")
        offer = offers(cast)[0]
        enrolment, is_new = offer_take_up(offer=offer)
        assert is_new and (enrolment.learner_id, enrolment.role) == (cast.alice.pk, "learner")
        assert offer_take_up(offer=offer) == (enrolment, False)
        offer.refresh_from_db()
        assert offer.enrolled_at is not None
        entry = AuditEntry.objects.get(action="course_taken_up")
        assert entry.outcome == {"course": "open"} and entry.inputs["position"] == 1

    def test_a_teacher_stays_one(self, cast):
        course = open_course(cast, "open")
        offer = offers(cast)[0]
        enrol(cast.alice, course, "teacher")
        enrolment, is_new = offer_take_up(offer=offer)
        assert not is_new and enrolment.role == "teacher"

    @pytest.mark.parametrize("listing", ["listed", "unlisted"])
    def test_only_where_learners_may_now(self, cast, listing):
        course = open_course(cast, "open")
        offer = offers(cast)[0]
        Course.objects.filter(pk=course.pk).update(listing=listing)
        with pytest.raises(NotAllowed):
            offer_take_up(offer=offer)
        assert not Enrolment.objects.filter(course=course).exists()
        assert len(offers_open(slate=offer.slate)) == (listing == "listed")

    def test_never_into_another_tenant(self, cast):
        Course.objects.filter(pk=cast.other_course.pk).update(listing="open")
        slate = slate_create(learner=cast.alice, course=cast.course, purpose="catalogue")
        offer = CourseOffer.objects.create(slate=slate, position=1, course=cast.other_course, score=1.0)
        with pytest.raises(NotAllowed):
            offer_take_up(offer=offer)

    def test_put_away_for_a_month(self, cast):
        open_course(cast, "open")
        offer = offers(cast)[0]
        offer_put_away(offer=offer)
        assert offers(cast) == [] and offers_open(slate=offer.slate) == []
        CourseOffer.objects.update(dismissed_at=now() - timedelta(days=31))
        assert titles(offers(cast)) == ["open"]

    def test_what_came_of_it_is_counted(self, cast):
        one, other = open_course(cast, "one"), open_course(cast, "other")
        offers_shown(offers=offers(cast))
        offers_shown(offers=offers(cast))
        enrol(cast.alice, one)
        enrolment_noted(learner=cast.alice, course=one)
        enrolment_noted(learner=cast.alice, course=one)
        enrolment_noted(learner=cast.bob, course=other)
        since = now() - timedelta(days=1)
        assert conversions(tenant_id=cast.tenant.pk, since=since) == {"shown": 4, "put_away": 0, "taken_up": 1}
        assert CourseOffer.objects.get(enrolled_at__isnull=False).slate == Slate.objects.latest("created_at")


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_enrol_once():
    cast = cast_make()
    open_course(cast, "open")
    offer = offers(cast)[0]
    ready, made = threading.Barrier(4), []

    def click() -> None:
        try:
            ready.wait(10)
            made.append(offer_take_up(offer=CourseOffer.objects.get(pk=offer.pk))[1])
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(made) == [False, False, False, True]
    assert Enrolment.objects.filter(learner=cast.alice, course=offer.course).count() == 1
    assert AuditEntry.objects.filter(action="course_taken_up").count() == 1


def test_as_many_queries_for_many_courses(cast):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            slate_create(learner=cast.alice, course=cast.course, purpose="catalogue")
        return len(queries)

    embed(cast.course, place(1))
    open_course(cast, "one", vector=place(1))
    before = cost()
    for n in range(12):
        open_course(cast, f"more{n}", vector=place(1))
        enrol(cast.alice, course_make(cast.tenant, f"own{n}"))
    assert cost() == before
    assert Slate.objects.latest("created_at").offers.count() == 6
