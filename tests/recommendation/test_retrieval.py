"""Each generator by itself, and that a slate's cost does not grow with the course."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.catalog.models import Resource
from adaptive.events.models import Attempt
from adaptive.mastery.models import ItemDifficulty
from adaptive.mastery.services import attempt_apply
from adaptive.recommendation.hints import slate_hint_record
from adaptive.recommendation.retrieval.vector_search import EXACT, INDEXED, Probe, nearest
from adaptive.recommendation.services import slate_create
from tests.factories import (
    attempt_make,
    cast_make,
    course_make,
    enrol,
    exercise_make,
    learner_make,
    resource_make,
    skill_make,
)

pytestmark = pytest.mark.django_db
MODEL = "hashing"


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


def embed(*resources: Resource) -> None:
    for resource, vector in zip(
        resources, HashingEncoder().encode([f"{r.title} {r.body}" for r in resources]), strict=True
    ):
        resource.embedding, resource.embedding_model = vector, MODEL
        resource.save(update_fields=["embedding", "embedding_model"])


def many_vectors(course, n: int, seed: int = 0, **values) -> np.ndarray:
    """n resources of the course with random vectors; returns the vectors in the order of their ids."""
    vectors = np.random.default_rng(seed).normal(size=(n, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kind = values.pop("kind", "reading")
    made = Resource.objects.bulk_create(
        Resource(
            course=course,
            external_id=f"{kind}-{seed}-{i}",
            kind=kind,
            title=f"R {i}",
            embedding=vector,
            embedding_model=values.get("embedding_model", MODEL),
            is_retired=values.get("is_retired", False),
        )
        for i, vector in enumerate(vectors)
    )
    return vectors, [resource.pk for resource in made]


def found_by(slate, name: str) -> dict[int, dict]:
    return {row["resource"]: row["found"][name] for row in slate.candidates if name in row["found"]}


# Vector search


@pytest.mark.parametrize("exact_up_to", [5000, 0])
def test_the_nearest_are_found_under_all_filters(cast, exact_up_to):
    course = course_make(cast.tenant)
    vectors, ids = many_vectors(course, 120)
    many_vectors(course, 40, seed=1, kind="video")
    many_vectors(course, 40, seed=2, is_retired=True, kind="worked_example")
    many_vectors(course_make(cast.tenant), 40, seed=0)
    probe = vectors[7] + 0.1 * vectors[8]
    (hits,) = nearest(
        probes=[Probe(probe, MODEL)],
        course_id=course.pk,
        kinds=["reading"],
        limit=10,
        exclude=[ids[7]],
        exact_up_to=exact_up_to,
    )
    similarity = vectors @ probe / np.linalg.norm(probe)
    expected = [ids[i] for i in np.argsort(-similarity) if i != 7][:10]
    assert [pk for pk, _ in hits][:1] == expected[:1]
    assert len(hits) == 10 and len(set(expected) & {pk for pk, _ in hits}) >= 9
    assert hits[0][1] == pytest.approx(np.sort(similarity)[-2], abs=1e-3)
    assert [s for _, s in hits] == sorted((s for _, s in hits), reverse=True)


@pytest.mark.parametrize("exact_up_to", [5000, 0])
def test_several_probes_are_answered_together_and_models_are_never_mixed(cast, exact_up_to):
    course = course_make(cast.tenant)
    vectors, ids = many_vectors(course, 30)
    _, foreign = many_vectors(course, 30, seed=0, kind="video", embedding_model="another")
    one, two, three = nearest(
        probes=[Probe(vectors[3], MODEL), Probe(vectors[4], "another"), Probe(vectors[5], "unknown")],
        course_id=course.pk,
        kinds=["reading", "video"],
        limit=3,
        exact_up_to=exact_up_to,
    )
    assert one[0][0] == ids[3] and two[0][0] == foreign[4] and three == []
    assert {pk for pk, _ in one} <= set(ids) and {pk for pk, _ in two} <= set(foreign)


def test_the_large_case_really_uses_the_index_and_the_small_one_does_not(cast):
    course = course_make(cast.tenant)
    vectors, _ = many_vectors(course, 200)
    values = {
        "course": course.pk,
        "kinds": ["reading"],
        "exclude": [],
        "limit": 5,
        "cap": 5_001,
        "vectors": ["[" + ",".join(map(str, vectors[0])) + "]"],
        "models": [MODEL],
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN " + INDEXED, values)
        assert "resource_embedding_hnsw" in str(cursor.fetchall())
        cursor.execute("EXPLAIN " + EXACT, values)
        assert "resource_embedding_hnsw" not in str(cursor.fetchall())


@pytest.mark.parametrize("vector", [["1); DROP TABLE x"], [None], "abc"])
def test_only_numbers_reach_the_database_as_a_vector(cast, vector):
    with pytest.raises((TypeError, ValueError)):
        nearest(probes=[Probe(vector, MODEL)], course_id=1, kinds=["reading"], limit=3)


def test_no_probes_and_no_limit_ask_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert nearest(probes=[], course_id=1, kinds=["reading"], limit=3) == []
        assert nearest(probes=[Probe([0.0], MODEL)], course_id=1, kinds=["reading"], limit=0) == [[]]


# Generators


def test_similar_content_brings_what_is_near_to_the_missed_exercise(cast):
    skill = cast.skills[0]
    missed = exercise_make(cast.course, [skill], "choice", title="Pouring juice", body="Half a jug of apple juice")
    near = resource_make(cast.course, [skill], title="More juice", body="Half a jug of apple juice, slowly")
    far = resource_make(cast.course, [skill], title="Trains", body="Timetables and platforms")
    embed(missed, near, far)
    attempt = attempt_make(cast.alice, missed, score=0.0, submitted_at=timezone.now() - timedelta(minutes=20))
    attempt_apply(attempt=attempt, score=0.0)
    found = found_by(slate_create(learner=cast.alice, course=cast.course), "similar_content")
    assert found[near.pk]["missed"] == "Pouring juice" and found[near.pk]["similarity"] > 0.5
    assert missed.pk not in found
    assert found.get(far.pk, {"similarity": 0})["similarity"] < found[near.pk]["similarity"]


def test_similar_content_brings_what_is_near_to_the_words_that_were_missing(cast):
    skill = cast.skills[0]
    asked = exercise_make(cast.course, [skill], "short_text", title="Why?", body="Explain.")
    helpful = resource_make(cast.course, [skill], title="Equal parts", body="parts of the same size")
    embed(asked, helpful)
    attempt = attempt_make(cast.alice, asked, score=0.2, submitted_at=timezone.now() - timedelta(minutes=20))
    (vector,) = HashingEncoder().encode(["parts of the same size"])
    slate_hint_record(attempt=attempt, score=0.2, missing="parts of the same size", vector=vector)
    slate = slate_create(learner=cast.alice, course=cast.course, count=10)
    facts = found_by(slate, "similar_content")[helpful.pk]
    assert facts["by"] == "words" and facts["similarity"] > 0.6
    impression = slate.impressions.get(resource=helpful)
    reason = next(r for r in impression.reasons if r["code"] == "similar_to_missed")
    assert reason["facts"] == {"missed": "Why?", "similarity": facts["similarity"]}


def test_popular_counts_other_learners_and_how_they_got_on_afterwards(cast):
    helps, confuses = cast.exercises["choice"], cast.exercises["multiple_choice"]
    others = [learner_make(cast.tenant, f"other-{n}", login=False) for n in range(6)]
    start = timezone.now() - timedelta(days=2)
    for place, learner in enumerate(others):
        first, later = (helps, 1.0) if place % 2 else (confuses, 0.0)
        for n in range(2):
            at = start + timedelta(hours=n)
            attempt_make(learner, first, score=0.5, submitted_at=at)
            attempt_make(learner, cast.exercises["numeric"], score=later, submitted_at=at + timedelta(minutes=5))
    for _ in range(20):  # alice's own do not count
        attempt_make(cast.alice, confuses, score=1.0, submitted_at=start)
    slate = slate_create(
        learner=cast.alice, course=cast.course, purpose="feed", count=20, at=timezone.now() + timedelta(days=5)
    )
    found = found_by(slate, "popular")
    assert found[helps.pk]["later_success"] == 1.0 and found[confuses.pk]["later_success"] == 0.0
    assert found[helps.pk]["popularity"] > found[confuses.pk]["popularity"]
    assert (found[helps.pk]["n_attempts"], found[helps.pk]["n_learners"]) == (6, 3)
    reasons = slate.impressions.get(resource=helps).reasons
    assert {"n_attempts": 6, "n_learners": 3, "later_success": 1.0} in [r["facts"] for r in reasons]


def test_what_one_or_two_did_is_no_reason(cast):
    attempt_make(cast.bob, cast.exercises["choice"], score=1.0, submitted_at=timezone.now() - timedelta(days=1))
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed", count=20)
    assert found_by(slate, "popular")[cast.exercises["choice"].pk]["n_learners"] == 1
    assert "popular" not in [r["code"] for i in slate.impressions.all() for r in i.reasons]


def test_a_course_without_skills_is_offered_in_the_order_of_writing(cast):
    course = course_make(cast.tenant)
    enrol(cast.alice, course)
    made = [exercise_make(course, [], "choice", title=f"Step {n}") for n in range(5)]
    slate = slate_create(learner=cast.alice, course=course, count=3)
    assert [i.resource_id for i in slate.impressions.all()] == [r.pk for r in made[:3]]


def test_the_feed_brings_what_is_new(cast):
    cast.course.created_at -= timedelta(days=60)
    cast.course.save(update_fields=["created_at"])
    new = resource_make(cast.course, [cast.skills[0]], title="Hot off the press")
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed")
    assert new.pk in found_by(slate, "fresh")
    assert "fresh" in [r["code"] for r in slate.impressions.get(resource=new).reasons]


@pytest.mark.parametrize("query", ["unequal pieces", "Pizzas?", "is a THIRD of an unequal pizza right"])
def test_words_find_their_resource_in_any_form(cast, query):
    slate = slate_create(learner=cast.alice, course=cast.course, query=query)
    first = slate.impressions.select_related("resource").first()
    assert first.resource.title == "Leo's pizza"
    assert first.reasons[0]["code"] == "matches_query"
    assert first.reasons[0]["facts"]["n_matched"] <= first.reasons[0]["facts"]["n_words"]


def test_words_are_stemmed_in_the_courses_language(cast):
    course = course_make(cast.tenant, language="de")
    enrol(cast.alice, course)
    resource = exercise_make(course, [], "choice", title="Die Brüche", body="Viele Häuser")
    slate = slate_create(learner=cast.alice, course=course, query="Haus Bruch Häusern")
    assert [i.resource_id for i in slate.impressions.all()] == [resource.pk]


def test_a_query_with_a_vector_finds_meaning_where_no_word_fits(cast):
    embed(cast.reading, *cast.exercises.values())
    (vector,) = HashingEncoder().encode([f"{cast.reading.title} {cast.reading.body}"])
    slate = slate_create(
        learner=cast.alice, course=cast.course, query="zzz", query_vector=vector, embedding_model=MODEL
    )
    assert slate.impressions.first().resource_id == cast.reading.pk
    facts = slate.impressions.first().reasons[0]["facts"]
    assert facts["similarity"] > 0.9 and "n_matched" not in facts


# Cost


def queries_of(learner, course, **values) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        slate_create(learner=learner, course=course, **values)
    return len(captured)


@pytest.mark.parametrize(
    "values", [{}, {"purpose": "review"}, {"purpose": "feed"}, {"purpose": "catalogue"}, {"query": "fraction parts"}]
)
def test_the_number_of_queries_does_not_grow_with_the_course(cast, values):
    learner = cast.alice
    skill = cast.skills[0]
    embed(cast.exercises["choice"])
    for n in range(6):
        attempt = attempt_make(
            learner,
            cast.exercises["choice"],
            score=n % 2,
            submitted_at=timezone.now() - timedelta(days=40, minutes=-20 * n),
        )
        attempt_apply(attempt=attempt, score=n % 2)
    attempt_make(learner, cast.exercises["choice"], score=0.0, submitted_at=timezone.now() - timedelta(hours=1))
    before = queries_of(learner, cast.course, count=2, **values)
    for n in range(10):
        more = skill_make(cast.course, f"more-{n}", after=[skill])
        for _ in range(20):
            exercise_make(cast.course, [more, skill], "choice", body="A fraction has parts.")
    embed(*Resource.objects.filter(course=cast.course))
    for resource in Resource.objects.filter(course=cast.course, kind="exercise")[:60]:
        attempt_make(learner, resource, score=0.3, submitted_at=timezone.now() - timedelta(hours=2))
    after = queries_of(learner, cast.course, count=20, **values)
    assert after <= before <= 30


def test_a_long_history_is_read_only_as_far_as_it_matters(cast):
    Attempt.objects.bulk_create(
        Attempt(
            tenant=cast.tenant,
            learner=cast.alice,
            course=cast.course,
            resource=cast.exercises["choice"],
            response={"choice": "b"},
            submitted_at=timezone.now() - timedelta(hours=n + 100),
            source="import",
            state="assessed",
        )
        for n in range(3000)
    )
    slate = slate_create(learner=cast.alice, course=cast.course)
    assert slate.context["n_attempts"] == 200
    assert slate.impressions.exists()


# Exercises of a skill


def test_what_answers_said_of_an_exercise_counts_more_than_its_authors_mark(cast):
    """A beginner is offered the exercise that is easy, whoever called it hard."""
    course = course_make(cast.tenant)
    skill = skill_make(course, "one")
    enrol(cast.alice, course)
    for n in range(200):
        exercise_make(course, [skill], "choice", external_id=f"e{n}", authored_difficulty=0.95)
    fitting = course.resources.get(external_id="e190")

    def offered():
        slate = slate_create(learner=cast.alice, course=course, count=5, purpose="practice")
        return set(found_by(slate, "next_skill"))

    assert fitting.pk not in offered()
    ItemDifficulty.objects.create(
        resource=fitting,
        source="author",
        seen_updated_at=fitting.updated_at,
        computed_at=timezone.now(),
        prior_mean=0.0,
        prior_variance=1.0,
        mean=-0.4,
        variance=0.1,
        n_answers=30,
        used=-0.4,
    )
    assert fitting.pk in offered()
