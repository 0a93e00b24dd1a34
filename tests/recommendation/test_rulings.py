"""A teacher's pins and nevers in the slate: first or not at all, for whom, until when, and how it is told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adaptive.common.errors import InvalidInput, NotAllowed, NotFound
from adaptive.explanation.facts import Fact
from adaptive.explanation.grounding import is_grounded
from adaptive.explanation.services import slate_explain
from adaptive.learners.models import Cohort, Enrolment
from adaptive.practice.privacy import learner_erase
from adaptive.practice.services import slate_next
from adaptive.recommendation import exposure, services
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.models import ImpressionEvent, Review, Ruling, Slate
from adaptive.recommendation.reviewing import review_record, reviews_approve, reviews_undo, ruling_end
from adaptive.recommendation.selectors import candidate_row, receipt_of
from adaptive.recommendation.services import impression_event, slate_create, slate_current
from adaptive.recommendation.types import Policy
from tests.exports import learner_export
from tests.factories import attempt_make, cast_make, course_make, enrol, learner_make, resource_make, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


def ids(slate: Slate) -> list[int]:
    return list(slate.impressions.values_list("resource_id", flat=True))


def rule(cast, kind: str, resource, *, ago=timedelta(minutes=5), **where) -> Ruling:
    ruling = Ruling.objects.create(kind=kind, course=cast.course, resource=resource, **where)
    Ruling.objects.filter(pk=ruling.pk).update(created_at=timezone.now() - ago)
    return ruling


def cohort_of(cast, *learners) -> Cohort:
    cohort = Cohort.objects.create(tenant=cast.tenant, course=cast.course, name="7b")
    Enrolment.objects.filter(learner__in=learners, course=cast.course).update(cohort=cohort)
    return cohort


def make(cast, learner=None, **values) -> Slate:
    return slate_create(learner=learner or cast.alice, course=cast.course, **values)


# Pins


def test_what_is_pinned_for_a_learner_comes_first_for_them_alone(cast):
    last = cast.exercises["long_text"]
    assert last.pk != ids(make(cast))[0]
    rule(cast, "pin", last, learner=cast.alice)
    assert ids(make(cast))[0] == last.pk
    assert ids(make(cast, cast.bob))[0] != last.pk


@pytest.mark.parametrize("scope", ["cohort", "course"])
def test_a_pin_for_a_group_or_the_course_is_first_for_everybody_there(cast, scope):
    where = {"cohort": cohort_of(cast, cast.bob)} if scope == "cohort" else {}
    rule(cast, "pin", cast.exercises["cloze"], **where)
    assert ids(make(cast, cast.bob))[0] == cast.exercises["cloze"].pk
    assert (ids(make(cast))[0] == cast.exercises["cloze"].pk) == (scope == "course")


def test_several_pins_stand_in_the_order_in_which_they_were_pinned_the_learners_own_first(cast):
    names = ["cloze", "ordering", "numeric"]
    rule(cast, "pin", cast.exercises["matching"], ago=timedelta(days=3))
    for n, name in enumerate(names):
        rule(cast, "pin", cast.exercises[name], learner=cast.alice, ago=timedelta(minutes=60 - n))
    assert ids(make(cast))[:4] == [cast.exercises[name].pk for name in [*names, "matching"]]


def test_a_pin_stays_until_it_is_answered_right(cast):
    pinned = cast.exercises["cloze"]
    rule(cast, "pin", pinned, learner=cast.alice, ago=timedelta(hours=2))
    attempt_make(
        cast.alice, pinned, score=0.0, response=wrong("cloze"), submitted_at=timezone.now() - timedelta(hours=1)
    )
    assert ids(make(cast))[0] == pinned.pk
    attempt_make(cast.alice, pinned, score=1.0, submitted_at=timezone.now() - timedelta(minutes=30))
    slate = make(cast, count=20)
    assert pinned.pk not in ids(slate) and slate.context["pins"] == {}


def test_a_pinned_reading_stays_until_it_is_marked_as_done(cast):
    rule(cast, "pin", cast.reading, learner=cast.alice)
    slate = make(cast)
    assert ids(slate)[0] == cast.reading.pk
    impression_event(slate=slate, position=1, type="complete")
    assert cast.reading.pk not in ids(make(cast, count=20))


def test_a_pin_after_a_right_answer_asks_for_it_once_more(cast):
    attempt_make(cast.alice, cast.exercises["cloze"], score=1.0, submitted_at=timezone.now() - timedelta(hours=1))
    rule(cast, "pin", cast.exercises["cloze"], learner=cast.alice)
    assert ids(make(cast))[0] == cast.exercises["cloze"].pk


def test_while_its_answer_is_being_read_or_was_just_missed_a_pin_waits(cast):
    pinned = cast.exercises["short_text"]
    rule(cast, "pin", pinned, learner=cast.alice, ago=timedelta(hours=1))
    attempt_make(cast.alice, pinned, submitted_at=timezone.now() - timedelta(minutes=20))
    slate = make(cast)
    assert pinned.pk not in ids(slate)
    assert candidate_row(slate=slate, resource_id=pinned.pk)["dropped"] == "being_read"


def test_the_learners_word_before_the_pin_is_overruled_and_after_it_counts(cast):
    slate = make(cast, count=1)
    first = slate.impressions.get().resource
    event = impression_event(slate=slate, position=1, type="disagree", reason="seen")
    ImpressionEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert first.pk not in ids(make(cast, count=20))
    rule(cast, "pin", first, learner=cast.alice)
    pinned = make(cast, count=1)
    assert ids(pinned) == [first.pk]
    impression_event(slate=pinned, position=1, type="disagree", reason="not_now")
    assert ids(make(cast, count=1)) != [first.pk]


def test_a_pin_stays_within_kinds_courses_and_what_is_not_retired(cast):
    rule(cast, "pin", cast.exercises["cloze"], learner=cast.alice)
    assert ids(make(cast, kinds=["reading"])) == [cast.reading.pk]
    cast.exercises["cloze"].is_retired = True
    cast.exercises["cloze"].save()
    assert cast.exercises["cloze"].pk not in ids(make(cast, count=20))
    other = course_make(cast.tenant, "other")
    enrol(cast.alice, other)
    elsewhere = resource_make(other, [])
    assert ids(slate_create(learner=cast.alice, course=other)) == [elsewhere.pk]


def test_a_request_in_words_gets_a_pin_only_where_it_fits(cast):
    rule(cast, "pin", cast.exercises["cloze"], learner=cast.alice)
    assert cast.exercises["cloze"].pk not in ids(make(cast, query="chocolate pieces"))
    assert ids(make(cast, query="blue beads or chocolate"))[0] == cast.exercises["cloze"].pk


def test_more_pins_than_places(cast):
    for resource in cast.exercises.values():
        rule(cast, "pin", resource)
    slate = make(cast, count=2)
    assert len(ids(slate)) == 2
    assert all(i.reasons[0]["code"] == "pinned" for i in slate.impressions.all())


def test_a_pinned_pick_says_who_chose_it_and_that_nothing_would_change_it(cast):
    rule(cast, "pin", cast.exercises["cloze"], learner=cast.alice, ago=timedelta(days=2))
    slate = make(cast)
    explanation = slate_explain(slate=slate)[0]
    assert explanation.text.startswith("Your teacher chose this for you. It was put on top 2 days ago")
    assert is_grounded(explanation.text, [Fact.from_json(row) for row in explanation.facts]).ok
    assert explanation.would_change_if is None
    first = slate.impressions.first()
    assert first.propensity == 1.0 and not first.is_exploration and first.confidence is None
    assert first.reasons[0]["facts"]["scope"] == "learner"


def test_the_other_places_beside_a_pin_keep_counterfactuals_that_hold(cast):
    rule(cast, "pin", cast.exercises["long_text"], learner=cast.alice)
    slate = make(cast, count=3)
    flips = [e.would_change_if for e in slate_explain(slate=slate)]
    assert flips[0] is None and any(flips[1:])


def test_a_pin_is_never_the_end_of_exploring_elsewhere(cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 1.0}
    rule(cast, "pin", cast.exercises["cloze"], learner=cast.alice)
    for _ in range(5):
        assert ids(make(cast))[0] == cast.exercises["cloze"].pk


def test_the_receipt_with_pins_and_nevers_makes_the_same_slate_again(cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.4}
    rule(cast, "pin", cast.exercises["cloze"], learner=cast.alice)
    rule(cast, "never", cast.exercises["choice"])
    slate = Slate.objects.get(pk=make(cast).pk)
    context, candidates = receipt_of(slate=slate)
    assert [p.id for p in decide(context, candidates).picks] == ids(slate)
    assert type(context).from_json(context.to_json()) == context


# Nevers


@pytest.mark.parametrize("scope", ["learner", "cohort", "course"])
def test_what_is_never_to_come_does_not_come(cast, scope):
    where = {"learner": {"learner": cast.alice}, "cohort": {"cohort": cohort_of(cast, cast.alice)}, "course": {}}[scope]
    rule(cast, "never", cast.exercises["choice"], **where)
    for purpose in ("practice", "feed", "catalogue"):
        assert cast.exercises["choice"].pk not in ids(make(cast, count=20, purpose=purpose))
    assert cast.exercises["choice"].pk not in ids(make(cast, query="chocolate"))
    assert (cast.exercises["choice"].pk in ids(make(cast, cast.bob, count=20))) == (scope != "course")


def test_the_nearer_ruling_counts_and_of_equal_ones_the_later(cast):
    choice, cloze = cast.exercises["choice"], cast.exercises["cloze"]
    rule(cast, "never", choice)
    rule(cast, "pin", choice, learner=cast.alice, ago=timedelta(days=1))
    rule(cast, "pin", cloze, ago=timedelta(hours=3))
    rule(cast, "never", cloze, ago=timedelta(hours=2))
    slate = make(cast, count=20)
    assert ids(slate)[0] == choice.pk and cloze.pk not in ids(slate)
    assert choice.pk not in ids(make(cast, cast.bob, count=20))


def test_once_a_learners_own_pin_is_done_the_courses_never_counts_again(cast):
    choice = cast.exercises["choice"]
    rule(cast, "never", choice)
    rule(cast, "pin", choice, learner=cast.alice, ago=timedelta(days=10))
    attempt_make(cast.alice, choice, score=1.0, submitted_at=timezone.now() - timedelta(days=9))
    assert choice.pk not in ids(make(cast, count=20))


def test_everything_set_aside_by_the_teacher_says_so_in_words(cast):
    for resource in cast.course.resources.all():
        rule(cast, "never", resource)
    slate = make(cast)
    assert ids(slate) == [] and slate.why_empty.startswith("Your teacher has set aside")
    slate = make(cast, query="chocolate")
    assert ids(slate) == [] and slate.why_empty


def test_another_tenants_and_another_courses_rulings_change_nothing(cast):
    before = ids(make(cast))
    Ruling.objects.create(kind="never", course=cast.other_course, resource=resource_make(cast.other_course, []))
    other = course_make(cast.tenant)
    Ruling.objects.create(kind="never", course=other, resource=cast.exercises["choice"], learner=cast.alice)
    assert ids(make(cast)) == before


def test_the_queries_do_not_grow_with_the_rulings(cast):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            make(cast)
        return len(queries)

    make(cast)
    rule(cast, "pin", cast.exercises["cloze"])
    before = cost()
    for name, resource in cast.exercises.items():
        rule(cast, "pin" if name < "m" else "never", resource, learner=cast.alice)
    assert cost() <= before


# Exposure


def test_without_a_cap_nobody_counts_and_with_one_the_picks_spread(cast, monkeypatch):
    make(cast)
    assert Slate.objects.latest("created_at").context["shown"] == {}
    monkeypatch.setattr(exposure, "LEAST_SLATES", 5)
    monkeypatch.setattr(services, "_policy", lambda assignment: (Policy(exploration=0.0, exposure_cap=0.4), ""))
    firsts = []
    for n in range(12):
        learner = learner_make(cast.tenant, f"learner{n}", login=False)
        enrol(learner, cast.course)
        firsts += ids(make(cast, learner, count=1))
    assert len(set(firsts[:4])) == 1 and len(set(firsts)) > 1
    assert max(firsts.count(i) for i in set(firsts)) <= 6
    # A cap spreads; it does not empty a slate, and it does not overrule a teacher.
    assert len(ids(make(cast, count=9))) == 9
    rule(cast, "pin", cast.exercises["choice"], learner=cast.alice)
    assert ids(make(cast))[0] == cast.exercises["choice"].pk


# The teacher's word on a place


def test_a_pin_from_the_list_changes_the_next_slate_at_once(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    place = slate.impressions.get(position=3)
    assert slate_current(learner=cast.alice, course=cast.course) == slate
    review = review_record(slate=slate, position=3, decision="pin", teacher=cast.charlie, note="Before the test.")
    assert (review.scope, review.note) == ("learner", "Before the test.")
    assert slate_current(learner=cast.alice, course=cast.course) is None
    assert ids(make(cast))[0] == place.resource_id
    reviews_undo(course=cast.course, batch=review.batch, teacher=cast.charlie)
    assert slate_current(learner=cast.alice, course=cast.course) is None
    assert ids(make(cast))[0] != place.resource_id


def test_approving_changes_nothing_but_is_kept(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    review = review_record(slate=slate, position=1, decision="approve", teacher=cast.charlie)
    assert review.scope == "" and not Ruling.objects.exists()
    assert slate_current(learner=cast.alice, course=cast.course) == slate


def test_a_swap_puts_the_alternative_there_and_keeps_the_pick_away_for_a_while(cast):
    slate = slate_next(learner=cast.alice, course=cast.course, count=3)
    place = slate.impressions.get(position=1)
    assert place.alternative_id and place.alternative_id not in ids(slate)
    review = review_record(slate=slate, position=1, decision="swap", teacher=cast.charlie)
    assert review.instead_id == place.alternative_id
    after = make(cast, count=20)
    assert ids(after)[0] == place.alternative_id and place.resource_id not in ids(after)
    assert place.resource_id in ids(make(cast, cast.bob, count=20))
    later = timezone.now() + timedelta(days=15)
    assert place.resource_id in ids(make(cast, count=20, at=later))


def test_a_new_word_takes_back_the_one_before_and_the_same_word_is_said_once(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    first = review_record(slate=slate, position=1, decision="never", scope="course", teacher=cast.charlie)
    assert review_record(slate=slate, position=1, decision="never", scope="course", teacher=cast.charlie) == first
    review_record(slate=slate, position=1, decision="pin", teacher=cast.charlie)
    assert Ruling.objects.get(ended_at=None).kind == "pin"
    assert Review.objects.count() == 2 and Review.objects.get(undone_at=None).decision == "pin"


def test_never_is_for_the_group_where_there_is_one(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    assert review_record(slate=slate, position=1, decision="never", teacher=cast.charlie).scope == "learner"
    cohort = cohort_of(cast, cast.alice)
    assert review_record(slate=slate, position=2, decision="never", teacher=cast.charlie).scope == "cohort"
    assert Ruling.objects.latest("pk").cohort == cohort


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"decision": "like"}, "/decision"),
        ({"decision": ""}, "/decision"),
        ({"decision": "pin", "scope": "world"}, "/scope"),
        ({"decision": "pin", "scope": "cohort"}, "/scope"),
        ({"decision": "approve", "scope": "course"}, "/scope"),
        ({"decision": "swap", "scope": "course"}, "/scope"),
        ({"decision": "pin", "note": "x" * 1001}, "/note"),
        ({"decision": "pin", "note": "a\x00b"}, "/note"),
    ],
)
def test_a_bad_word_is_refused_with_a_pointer(cast, values, pointer):
    slate = slate_next(learner=cast.alice, course=cast.course)
    with pytest.raises(InvalidInput) as error:
        review_record(slate=slate, position=1, teacher=cast.charlie, **values)
    assert error.value.errors[0].pointer == pointer
    assert not Review.objects.exists() and not Ruling.objects.exists()


def test_a_swap_with_what_cannot_stand_there_is_refused(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    retired = resource_make(cast.course, [], is_retired=True)
    bad = [slate.impressions.first().resource, retired, resource_make(cast.other_course, [])]
    for resource in bad:
        with pytest.raises(InvalidInput) as error:
            review_record(slate=slate, position=1, decision="swap", instead=resource, teacher=cast.charlie)
        assert error.value.errors[0].pointer == "/with"
    with pytest.raises(InvalidInput):
        review_record(slate=slate, position=1, decision="pin", instead=cast.reading, teacher=cast.charlie)


@pytest.mark.parametrize("position", [0, 21, -1, 10**12, "1", None])
def test_a_place_that_is_not_there(cast, position):
    slate = slate_next(learner=cast.alice, course=cast.course)
    with pytest.raises(NotFound):
        review_record(slate=slate, position=position, decision="approve", teacher=cast.charlie)


def test_only_the_courses_teachers_decide(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    for who in (cast.alice, cast.bob, cast.mallory):
        with pytest.raises(NotAllowed):
            review_record(slate=slate, position=1, decision="never", teacher=who)
        with pytest.raises(NotAllowed):
            reviews_approve(course=cast.course, places=[(slate.pk, 1)], teacher=who)
    assert not Review.objects.exists()


def test_many_are_approved_at_once_and_taken_back_at_once(cast):
    slates = [slate_next(learner=who, course=cast.course, count=2) for who in (cast.alice, cast.bob)]
    pinned = review_record(slate=slates[0], position=1, decision="pin", teacher=cast.charlie)
    places = [(slate.pk, position) for slate in slates for position in (1, 2, 3)]
    batch, n = reviews_approve(course=cast.course, places=places, teacher=cast.charlie)
    assert n == 3, "one was pinned, and no slate has a third place"
    assert reviews_undo(course=cast.other_course, batch=batch) == []
    assert len(reviews_undo(course=cast.course, batch=batch, teacher=cast.charlie)) == 3
    assert reviews_undo(course=cast.course, batch=batch, teacher=cast.charlie) == []
    assert list(Review.objects.filter(undone_at=None)) == [pinned]


def test_one_ruling_can_be_taken_back_whatever_it_came_from(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    review_record(slate=slate, position=1, decision="never", scope="course", teacher=cast.charlie)
    ruling = Ruling.objects.get()
    with pytest.raises(NotAllowed):
        ruling_end(ruling=ruling, teacher=cast.alice)
    assert ruling_end(ruling=ruling, teacher=cast.charlie)
    assert not ruling_end(ruling=ruling, teacher=cast.charlie)
    assert slate.impressions.first().resource_id in ids(make(cast, cast.bob, count=20))


def test_each_decision_is_in_the_log_and_in_the_learners_export_and_goes_with_them(cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    review_record(slate=slate, position=1, decision="never", scope="course", note="Not yet", teacher=cast.charlie)
    review = review_record(slate=slate, position=2, decision="pin", teacher=cast.charlie)
    reviews_undo(course=cast.course, batch=review.batch, teacher=cast.charlie)
    data = learner_export(learner=cast.alice)
    assert [row["action"] for row in data["audit"]] == ["recommendation_review"] * 2 + ["recommendation_review_undo"]
    reviews = data["recommendations"][0]["items"][0]["reviews"]
    assert (reviews[0]["decision"], reviews[0]["note"]) == ("never", "Not yet")
    assert [row["kind"] for row in data["rulings"]] == ["pin"]
    learner_erase(learner=cast.alice)
    assert not Review.objects.exists()
    assert Ruling.objects.get().scope == "course", "what was ruled for everybody stays"
