"""Slates as a page or an LMS gets them: what stands in them, what is kept, and what a learner's word changes."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from adaptive.catalog.models import Resource
from adaptive.common.errors import InvalidInput, NotAllowed, NotFound
from adaptive.events.models import Attempt
from adaptive.experiments.models import Exposure
from adaptive.experiments.services import experiment_put, experiment_start
from adaptive.mastery.selectors import MASTERED, mastery_status
from adaptive.mastery.services import attempt_apply
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.hints import slate_hint_record
from adaptive.recommendation.models import Impression, ImpressionEvent, Slate
from adaptive.recommendation.selectors import candidate_row, receipt_of, slate_get, slates_of_course
from adaptive.recommendation.services import impression_event, query_clean, slate_create, slate_current
from adaptive.recommendation.types import Policy
from tests.factories import attempt_make, cast_make, course_make, enrol, exercise_make, learner_make, resource_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


def titles(slate: Slate) -> list[str]:
    return [impression.resource.title for impression in slate.impressions.select_related("resource")]


def answered(learner, resource, score, *, ago=timedelta(minutes=30)):
    """An assessed answer that has taken effect."""
    attempt = attempt_make(learner, resource, score=score, submitted_at=timezone.now() - ago)
    attempt_apply(attempt=attempt, score=score)
    slate_hint_record(attempt=attempt, score=score)
    return attempt


def master(learner, resources, *, ago=timedelta(hours=2)):
    """Right answers until nobody doubts it."""
    for _ in range(12):
        for resource in resources:
            answered(learner, resource, 1.0, ago=ago)


# What a slate is


def test_a_new_learner_gets_a_slate_that_begins_at_the_beginning(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, count=3)
    first = slate.impressions.first()
    assert slate.impressions.count() == 3 and slate.why_empty == ""
    assert first.position == 1 and first.features["readiness"] == 1.0
    assert first.reasons[0]["code"] == "next_skill"
    assert first.reasons[0]["facts"]["skill"] == "What a fraction means"
    assert all(i.reasons and 0 < i.propensity <= 1 and i.generators for i in slate.impressions.all())


def test_the_receipt_alone_makes_the_same_slate_again(cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.4}
    answered(cast.alice, cast.exercises["choice"], 0.0)
    for _ in range(5):
        slate = Slate.objects.get(pk=slate_create(learner=cast.alice, course=cast.course).pk)
        again = decide(*receipt_of(slate=slate)).picks
        assert [(p.id, p.scored.score, p.propensity, p.is_exploration) for p in again] == list(
            slate.impressions.values_list("resource_id", "score", "propensity", "is_exploration")
        )


def test_the_slate_keeps_every_candidate_with_features_and_what_each_stage_did(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, kinds=["reading"])
    assert [stage["name"] for stage in slate.context["stages"]] == [
        "situation",
        "retrieval",
        "filtering",
        "ranking",
        "reranking",
    ]
    row = candidate_row(slate=slate, resource_id=cast.reading.pk)
    assert row["features"]["room"] > 0 and row["found"] and row["dropped"] is None
    assert slate.learner_model and slate.policy == Policy().name


def test_the_policy_and_the_pages_mean_the_same_by_mastered():
    policy = Policy()
    assert policy.mastered_at == MASTERED
    assert mastery_status(p_mastery=policy.mastered_at, n_attempts=policy.mastered_attempts) == "mastered"
    assert mastery_status(p_mastery=1.0, n_attempts=policy.mastered_attempts - 1) != "mastered"


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-3, 1), (1, 1), (1000, 10)])
def test_an_odd_count_gives_a_sensible_slate(cast, asked, given):
    slate = slate_create(learner=cast.alice, course=cast.course, count=asked)
    assert slate.impressions.count() == given


def test_kinds_are_kept_to(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, kinds=["reading"], count=9)
    assert {i.resource.kind for i in slate.impressions.select_related("resource")} == {"reading"}


def test_the_feed_puts_reading_before_exercises(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed")
    kinds = [i.resource.kind for i in slate.impressions.select_related("resource")]
    assert set(kinds[:2]) == {"reading", "worked_example"}


def test_the_catalogue_offers_what_takes_longer(cast):
    long = resource_make(cast.course, [cast.skills[0]], title="The long story", duration_minutes=25)
    assert titles(slate_create(learner=cast.alice, course=cast.course, purpose="catalogue"))[0] == long.title


@pytest.mark.parametrize(
    "values",
    [{"purpose": "fun"}, {"purpose": ""}, {"kinds": ["book"]}, {"kinds": ["exercise", "'; DROP TABLE x"]}],
)
def test_bad_requests_are_refused_with_a_pointer(cast, values):
    with pytest.raises(InvalidInput) as error:
        slate_create(learner=cast.alice, course=cast.course, **values)
    assert error.value.errors[0].pointer in ("/purpose", "/kinds")
    assert not Slate.objects.exists()


# What has happened changes what comes next


def test_what_was_just_answered_right_does_not_come_again(cast):
    answered(cast.alice, cast.exercises["choice"], 1.0)
    for purpose in ("practice", "feed", "catalogue"):
        slate = slate_create(learner=cast.alice, course=cast.course, count=20, purpose=purpose)
        assert cast.exercises["choice"].title not in titles(slate)


def test_what_is_still_being_read_does_not_come_again(cast):
    attempt_make(cast.alice, cast.exercises["short_text"], submitted_at=timezone.now())
    slate = slate_create(learner=cast.alice, course=cast.course, count=20)
    assert cast.exercises["short_text"].title not in titles(slate)


def test_a_held_back_mark_counts_as_still_being_read(cast):
    attempt = attempt_make(
        cast.alice, cast.exercises["short_text"], score=0.0, state="needs_review", submitted_at=timezone.now()
    )
    attempt.assessments.update(is_released=False)
    slate = slate_create(learner=cast.alice, course=cast.course, count=20)
    assert cast.exercises["short_text"].title not in titles(slate)
    assert "similar_to_missed" not in str([i.reasons for i in slate.impressions.all()])


def test_a_failed_attempt_is_as_if_it_had_not_been(cast):
    attempt_make(cast.alice, cast.exercises["choice"], state="failed", submitted_at=timezone.now())
    assert cast.exercises["choice"].title in titles(slate_create(learner=cast.alice, course=cast.course, count=20))


def test_review_offers_what_is_due_first_and_says_so(cast):
    master(cast.alice, [cast.exercises["choice"], cast.exercises["short_text"]], ago=timedelta(days=90))
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="review")
    first = slate.impressions.first()
    assert slate.purpose == "review" and slate.context["fallback"] == ""
    assert first.reasons[0]["code"] == "due_review"
    assert first.reasons[0]["facts"]["skill"] == "What a fraction means"
    assert {row["skills"][0] for row in slate.candidates if row["dropped"] is None} == {cast.skills[0].pk}


def test_review_without_anything_due_falls_back_to_practice_and_says_so(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="review")
    assert slate.purpose == "review"
    assert slate.context["purpose"] == "practice" and slate.context["fallback"] == "nothing_due"
    assert all(i.reasons[0] == {"code": "nothing_due", "facts": {}} for i in slate.impressions.all())


def test_retired_resources_never_come(cast):
    Resource.objects.filter(pk=cast.exercises["choice"].pk).update(is_retired=True)
    slate = slate_create(learner=cast.alice, course=cast.course, count=20)
    assert cast.exercises["choice"].title not in titles(slate)


def test_one_skill_with_much_material_still_offers_new_exercises(cast):
    """A learner who has done the first dozen of a skill is not told that there is nothing left."""
    many = [
        exercise_make(cast.course, [cast.skills[0]], "choice", title=f"More {n}", authored_difficulty=0.3)
        for n in range(30)
    ]
    for resource in many[:25]:
        attempt_make(cast.alice, resource, score=1.0, submitted_at=timezone.now() - timedelta(days=1))
    slate = slate_create(learner=cast.alice, course=cast.course, count=20)
    assert set(titles(slate)) & {resource.title for resource in many[25:]}


# What the learner says


@pytest.mark.parametrize("reason", ["too_easy", "too_hard", "seen", "not_now"])
def test_disagreeing_changes_the_next_slate_at_once(cast, reason):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    pick = slate.impressions.get()
    assert slate_current(learner=cast.alice, course=cast.course) == slate
    impression_event(slate=slate, position=1, type="disagree", reason=reason)
    assert slate_current(learner=cast.alice, course=cast.course) is None
    after = slate_create(learner=cast.alice, course=cast.course, count=20)
    assert pick.resource_id not in [i.resource_id for i in after.impressions.all()]


def test_too_easy_shifts_what_is_expected_of_the_whole_skill(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    skill_id = slate.candidates[0]["skills"][0]
    before = {row["resource"]: row["features"] for row in slate.candidates if skill_id in row["skills"][:1]}
    impression_event(slate=slate, position=1, type="disagree", reason="too_easy")
    after = slate_create(learner=cast.alice, course=cast.course, count=20)
    moved = [
        (row["features"]["p_felt"], before[row["resource"]]["p_felt"])
        for row in after.candidates
        if row["dropped"] is None and row["resource"] in before and row["p_correct"] is not None
    ]
    assert moved and all(now > then for now, then in moved)
    stated = [r for i in after.impressions.all() for r in i.reasons if r["code"] == "stated"]
    assert stated and stated[0]["facts"]["said"] == "too_easy"


def test_not_now_lets_the_whole_skill_rest(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    impression_event(slate=slate, position=1, type="disagree", reason="not_now")
    after = slate_create(learner=cast.alice, course=cast.course, count=1)
    assert slate.candidates[0]["skills"][0] not in after.candidates[0]["skills"][:1]


def test_a_finished_reading_makes_room(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, kinds=["reading"], count=1)
    impression_event(slate=slate, position=1, type="complete")
    after = slate_create(learner=cast.alice, course=cast.course, kinds=["reading"])
    assert cast.reading.title not in titles(after)


def test_what_alice_says_changes_nothing_for_bob(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    impression_event(slate=slate, position=1, type="disagree", reason="seen")
    first = titles(slate_create(learner=cast.bob, course=cast.course, count=1))
    assert first == titles(slate)


def test_an_objection_fades_after_its_time(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    event = impression_event(slate=slate, position=1, type="disagree", reason="not_now")
    ImpressionEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(days=2))
    after = slate_create(learner=cast.alice, course=cast.course, count=1)
    assert titles(after) == titles(slate)


def test_events_are_stored_and_the_first_impression_is_timed(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, count=2)
    impression_event(slate=slate, position=2, type="impression")
    shown = slate.impressions.get(position=2).shown_at
    impression_event(slate=slate, position=2, type="impression")
    impression_event(slate=slate, position=2, type="rate", rating=4)
    assert shown is not None and slate.impressions.get(position=2).shown_at == shown
    assert list(ImpressionEvent.objects.values_list("type", flat=True)) == ["impression", "impression", "rate"]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"type": "like"}, "/type"),
        ({"type": "rate"}, "/rating"),
        ({"type": "rate", "rating": 6}, "/rating"),
        ({"type": "rate", "rating": True}, "/rating"),
        ({"type": "rate", "rating": "5"}, "/rating"),
        ({"type": "click", "rating": 3}, "/rating"),
        ({"type": "disagree"}, "/reason"),
        ({"type": "disagree", "reason": "ugly"}, "/reason"),
        ({"type": "dismiss", "reason": "ugly"}, "/reason"),
    ],
)
def test_a_bad_event_is_refused_with_a_pointer(cast, values, pointer):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    with pytest.raises(InvalidInput) as error:
        impression_event(slate=slate, position=1, **values)
    assert error.value.errors[0].pointer == pointer
    assert not ImpressionEvent.objects.exists()


@pytest.mark.parametrize("position", [0, 2, -1, 10**12, "1", None])
def test_an_event_on_a_place_that_is_not_there_is_not_found(cast, position):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    with pytest.raises(NotFound):
        impression_event(slate=slate, position=position, type="click")


# Using a slate again


def test_a_fresh_slate_is_used_again_and_an_old_one_is_not(cast):
    slate = slate_create(learner=cast.alice, course=cast.course)
    assert slate_current(learner=cast.alice, course=cast.course) == slate
    assert slate_current(learner=cast.alice, course=cast.course, purpose="feed") is None
    assert slate_current(learner=cast.alice, course=cast.course, kinds=["reading"]) is None
    assert slate_current(learner=cast.bob, course=cast.course) is None
    later = timezone.now() + timedelta(minutes=31)
    assert slate_current(learner=cast.alice, course=cast.course, at=later) is None


def test_an_answer_makes_the_slate_old_even_while_it_waits_to_be_read(cast):
    slate_create(learner=cast.alice, course=cast.course)
    attempt_make(cast.alice, cast.exercises["short_text"], submitted_at=timezone.now())
    # In a test's one transaction the database's clock stands still.
    Attempt.objects.update(next_at=timezone.now())
    Slate.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    assert slate_current(learner=cast.alice, course=cast.course) is None


def test_an_assessment_that_arrives_later_makes_the_slate_old(cast):
    attempt = attempt_make(cast.alice, cast.exercises["choice"], score=0.0, submitted_at=timezone.now())
    slate_create(learner=cast.alice, course=cast.course)
    attempt_apply(attempt=attempt, score=0.0)
    assert slate_current(learner=cast.alice, course=cast.course) is None


def test_an_empty_slate_is_never_used_again(cast):
    empty = course_make(cast.tenant, "empty")
    enrol(cast.alice, empty)
    slate_create(learner=cast.alice, course=empty)
    assert slate_current(learner=cast.alice, course=empty) is None


# Nothing to recommend


def test_an_empty_course_says_so(cast):
    empty = course_make(cast.tenant, "empty")
    enrol(cast.alice, empty)
    for purpose in Slate.Purpose.values:
        slate = slate_create(learner=cast.alice, course=empty, purpose=purpose)
        assert slate.why_empty == "There is nothing to work on in this course yet."
        assert not slate.impressions.exists() and slate.candidates == []


def test_a_course_without_that_kind_says_so(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, kinds=["video"])
    assert slate.why_empty == "This course has nothing of that kind yet."


def test_all_mastered_says_so(cast):
    only = course_make(cast.tenant, "small")
    skill = only.skills.create(external_id="s", name="S")
    resources = [exercise_make(only, [skill], "choice") for _ in range(4)]
    enrol(cast.alice, only)
    master(cast.alice, resources, ago=timedelta(minutes=5))
    slate = slate_create(learner=cast.alice, course=only)
    assert slate.why_empty == "You have mastered every skill of this course, and no review is due today."


def test_everything_set_aside_says_so(cast):
    small = course_make(cast.tenant, "small")
    skill = small.skills.create(external_id="s", name="S")
    exercise_make(small, [skill], "choice")
    exercise_make(small, [skill], "numeric")
    enrol(cast.alice, small)
    slate = slate_create(learner=cast.alice, course=small)
    for position in (1, 2):
        impression_event(slate=slate, position=position, type="dismiss")
    after = slate_create(learner=cast.alice, course=small)
    assert after.why_empty.startswith("You have set aside everything")


def test_everything_just_answered_or_being_read_says_so(cast):
    small = course_make(cast.tenant, "small")
    skill = small.skills.create(external_id="s", name="S")
    one = exercise_make(small, [skill], "choice")
    enrol(cast.alice, small)
    enrol(cast.bob, small)
    answered(cast.alice, one, 1.0)
    assert "come back tomorrow" in slate_create(learner=cast.alice, course=small).why_empty
    attempt_make(cast.bob, one, submitted_at=timezone.now())
    assert "being read" in slate_create(learner=cast.bob, course=small).why_empty


def test_no_match_for_the_words_says_so_and_shows_them_shortened(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, query="xylophone " * 50)
    assert slate.why_empty.startswith("Nothing in this course matches “xylophone")
    assert len(slate.why_empty) < 140


# Whose course it is


def test_another_tenants_course_is_not_found(cast):
    with pytest.raises(NotFound):
        slate_create(learner=cast.alice, course=cast.other_course)
    with pytest.raises(NotFound):
        slate_create(learner=cast.mallory, course=cast.course)
    assert not Slate.objects.exists()


def test_who_is_not_enrolled_gets_no_slate(cast):
    stranger = learner_make(cast.tenant, "stranger", login=False)
    with pytest.raises(NotAllowed):
        slate_create(learner=stranger, course=cast.course)


@pytest.mark.parametrize("purpose", Slate.Purpose.values)
@pytest.mark.parametrize("query", ["", "fraction"])
def test_no_slate_ever_holds_another_courses_resources(cast, purpose, query):
    theirs = exercise_make(cast.other_course, [], "choice", title="Their fraction", body="fraction")
    sibling = course_make(cast.tenant, "sibling")
    ours = exercise_make(sibling, [], "choice", title="Sibling fraction", body="fraction")
    for resource in Resource.objects.all():
        resource.embedding, resource.embedding_model = [1.0] + [0.0] * 383, "test"
        resource.save(update_fields=["embedding", "embedding_model"])
    missed = answered(cast.alice, cast.exercises["choice"], 0.0)
    slate_hint_record(attempt=missed, score=0.0, missing="fraction", vector=[1.0] + [0.0] * 383)
    for _ in range(3):
        attempt_make(cast.mallory, theirs, score=1.0)
    slate = slate_create(
        learner=cast.alice,
        course=cast.course,
        count=20,
        purpose=purpose,
        query=query,
        query_vector=[1.0] + [0.0] * 383,
        embedding_model="test",
    )
    seen = {row["resource"] for row in slate.candidates}
    assert seen and not seen & {theirs.pk, ours.pk}
    assert slate.tenant == cast.tenant


def test_slates_are_found_by_their_own_tenant_only(cast):
    slate = slate_create(learner=cast.alice, course=cast.course)
    assert slate_get(tenant=cast.tenant, slate_id=str(slate.pk)) == slate
    for bad in (str(uuid.uuid4()), "nonsense", "", "0" * 500):
        with pytest.raises(NotFound):
            slate_get(tenant=cast.tenant, slate_id=bad)
    with pytest.raises(NotFound):
        slate_get(tenant=cast.mallory.tenant, slate_id=slate.pk)
    assert list(slates_of_course(course=cast.course)) == [slate]
    assert list(slates_of_course(course=cast.other_course)) == []


def test_reading_a_slate_takes_the_same_few_queries_however_long_it_is(cast, django_assert_num_queries):
    for count in (1, 8):
        slate = slate_create(learner=cast.alice, course=cast.course, count=count)
        with django_assert_num_queries(3):
            found = slate_get(tenant=cast.tenant, slate_id=slate.pk)
            assert len([i.resource.title for i in found.impressions.all()]) == count


# Experiments


def test_a_running_experiment_changes_the_policy_and_records_the_exposure_once(cast):
    experiment, _ = experiment_put(
        tenant=cast.tenant,
        name="bold",
        variants=[{"name": "a", "policy": {"exploration": 0.5}}, {"name": "b", "policy": {"exploration": 0.5}}],
    )
    experiment_start(experiment=experiment)
    for _ in range(3):
        slate = slate_create(learner=cast.alice, course=cast.course)
    assert slate.experiment == experiment and slate.variant in ("a", "b")
    assert slate.context["policy"]["exploration"] == 0.5 and slate.policy == f"gain-2:{slate.variant}"
    assert Exposure.objects.get().variant == slate.variant


def test_a_variant_with_a_bad_policy_falls_back_and_says_so(cast):
    experiment, _ = experiment_put(
        tenant=cast.tenant,
        name="broken",
        variants=[{"name": "a", "policy": {"exploration": 7}}, {"name": "b", "policy": {"nonsense": 1}}],
    )
    experiment_start(experiment=experiment)
    slate = slate_create(learner=cast.alice, course=cast.course)
    assert slate.impressions.exists() and slate.context["variant_refused"]
    assert slate.policy == "gain-2"


def test_the_teachers_window_is_the_one_in_force(cast):
    cast.course.zpd_low, cast.course.zpd_high = 0.3, 0.5
    cast.course.save()
    slate = slate_create(learner=cast.alice, course=cast.course)
    assert (slate.context["zpd_low"], slate.context["zpd_high"]) == (0.3, 0.5)


# Hostile words


@pytest.mark.parametrize(
    "query",
    [
        "'; DROP TABLE adaptive_resource; --",
        "fraction & | ! :* <-> (",
        "fraction\x00\ud800\u202e",
        "%s %(x)s {0} $1",
        "🍕" * 300,
        "a" * 100_000,
        "\\",
        "''''",
        "https://example.org/?a=1&b=2",
        "   ",
        "the and of",
    ],
)
def test_hostile_queries_give_a_slate_or_a_sentence(cast, query):
    slate = slate_create(learner=cast.alice, course=cast.course, query=query)
    assert slate.impressions.exists() or slate.why_empty
    assert Resource.objects.filter(course=cast.course).exists()


def test_a_query_is_stored_as_one_short_line():
    assert query_clean("  a\n\tb\x00c\u200bd ") == "a b c d"
    assert len(query_clean("word " * 10_000)) <= 500
    assert query_clean(None) == ""


def test_the_database_itself_refuses_a_repeat_in_a_slate(cast):
    slate = slate_create(learner=cast.alice, course=cast.course, count=1)
    first = slate.impressions.get()
    assert {c.name for c in Impression._meta.constraints} >= {"no_repeat_in_slate", "one_resource_per_position"}
    assert first.position == 1
