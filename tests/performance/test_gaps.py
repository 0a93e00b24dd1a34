"""What was missing becomes what pgvector looks for; without an embedding nothing breaks. Better words are checked."""

import math
from datetime import timedelta

import numpy as np
import pytest

from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.backends.llm.base import LanguageModel
from adaptive.explanation.services import slate_explain
from adaptive.performance import jobs
from adaptive.performance.models import PerformanceAssessment
from adaptive.performance.services import performance_reword
from adaptive.recommendation.gaps import BATCH, Gap, gaps_embed, gaps_record
from adaptive.recommendation.models import GapQuery
from adaptive.recommendation.retrieval import what_was_missing
from adaptive.recommendation.services import slate_create
from tests.factories import NOON, exercise_make, resource_make

from .conftest import session_make

LATER = NOON + timedelta(hours=1)
pytestmark = pytest.mark.django_db
NAME = "what_was_missing"


@pytest.fixture(autouse=True)
def no_exploration(settings, told):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def assessed(cast):
    """Alice erred twice on "adding" by swapping; far more exercises than a slate, and one reading that would help."""
    for n in range(30):
        exercise_make(cast.course, [cast.skills[0]], "choice", external_id=f"more-{n}", title=f"Count {n}")
    cast.extra["helpful"] = resource_make(
        cast.course,
        [],
        external_id="helpful",
        title="Adding fractions: who swaps numerator and denominator",
        body="Adding fractions. Swaps numerator and denominator.",
    )
    attempts = session_make(cast, scores=(1.0, 0.0, 1.0, 1.0, 1.0, 0.0), misconception="swaps")
    jobs.sweep(at=LATER)
    found = PerformanceAssessment.objects.get()
    jobs.performance_work(found.pk)
    cast.extra |= {"assessment": found, "attempts": attempts}
    return cast


def resources_embed_all(course):
    for resource in course.resources.all():
        resource.embedding = HashingEncoder().encode([f"{resource.title} {resource.body}"])[0]
        resource.embedding_model = HashingEncoder.name
        resource.save(update_fields=["embedding", "embedding_model"])


def found_in(slate) -> dict[int, dict]:
    return {row["resource"]: row["found"][NAME] for row in slate.candidates if NAME in row["found"]}


def slate_of(cast, **values):
    return slate_create(learner=cast.alice, course=cast.course, at=LATER + timedelta(days=4), count=20, **values)


def test_a_slate_finds_what_was_missing_and_says_so_truly(assessed):
    resources_embed_all(assessed.course)
    assert gaps_embed(embedding=HashingEncoder()) == 1 and gaps_embed(embedding=HashingEncoder()) == 0
    gap = GapQuery.objects.get()
    assert gap.embedding_model == "hashing" and gap.skill == assessed.skills[2]
    slate = slate_of(assessed)
    helpful = assessed.extra["helpful"]
    facts = found_in(slate)[helpful.pk]
    expected = float(np.dot(np.array(gap.vector), HashingEncoder().encode([f"{helpful.title} {helpful.body}"])[0]))
    assert facts["similarity"] == pytest.approx(expected, abs=1e-3)
    assert (facts["missed"], facts["score"]) == ("Adding fractions", gap.score)
    assert facts["assessment"] == assessed.extra["assessment"].pk
    impression = slate.impressions.get(resource=helpful)
    assert NAME in impression.generators and impression.features["hint"] > 0
    (reason,) = [r for r in impression.reasons if r["code"] == "was_missing"]
    assert reason["facts"] == {"missed": "Adding fractions", "similarity": facts["similarity"]}
    slate_explain(slate=slate)
    text = impression.explanation.__class__.objects.get(impression=impression).text
    assert "the gap that we saw in “Adding fractions”" in text or "lacked in “Adding fractions”" in text


def test_without_an_embedding_slates_are_as_before(assessed):
    slate = slate_of(assessed)
    assert found_in(slate) == {} and slate.impressions.exists()
    stage = next(one for one in slate.context["stages"] if one["name"] == "retrieval")
    assert stage["found"][NAME] == 0


def test_vectors_of_another_model_are_never_compared(assessed):
    resources_embed_all(assessed.course)
    gaps_embed(embedding=HashingEncoder())
    GapQuery.objects.update(embedding_model="another")
    assert found_in(slate_of(assessed)) == {}
    assert gaps_embed(embedding=HashingEncoder()) == 1, "and are made anew"


def test_a_gap_that_was_closed_or_is_old_is_looked_for_no_more(assessed, monkeypatch):
    resources_embed_all(assessed.course)
    gaps_embed(embedding=HashingEncoder())
    late = slate_create(learner=assessed.alice, course=assessed.course, at=LATER + timedelta(days=15), count=5)
    assert found_in(late) == {}
    assert found_in(slate_of(assessed))
    monkeypatch.setattr(what_was_missing, "is_mastered", lambda context, skill: skill.id == assessed.skills[2].pk)
    assert found_in(slate_of(assessed)) == {}
    bobs = slate_create(learner=assessed.bob, course=assessed.course, at=LATER, count=5)
    assert found_in(bobs) == {}, "nobody is given another's gaps"


def test_making_it_again_keeps_the_vectors_of_what_stayed(assessed):
    gaps_embed(embedding=HashingEncoder())
    (gap,) = GapQuery.objects.all()
    kept = Gap(skill=gap.skill_id, resource=None, text=gap.text, score=0.4)
    new = Gap(skill=None, resource=assessed.reading.pk, text="What a\x00 fraction  is", score=0.0)
    values = {"learner": assessed.alice, "course": assessed.course}
    first, second = gaps_record(assessment_id=gap.assessment_id, gaps=[kept, new], **values)
    assert first.vector is not None and first.score == 0.4
    assert second.vector is None and second.text == "What a fraction is"
    assert GapQuery.objects.count() == 2


def test_a_slate_costs_the_same_queries_however_many_gaps_there_are(assessed, django_assert_max_num_queries):
    resources_embed_all(assessed.course)
    gaps = [Gap(s.pk, None, f"{s.name} again {n}", 0.1) for n in range(20) for s in assessed.skills]
    gaps_record(
        assessment_id=assessed.extra["assessment"].pk, learner=assessed.alice, course=assessed.course, gaps=gaps
    )
    with django_assert_max_num_queries(1 + 9 * math.ceil(len(gaps) / BATCH)):  # three and their savepoints a batch
        assert gaps_embed(embedding=HashingEncoder()) == len(gaps)
    vectors = HashingEncoder().encode([gap.text for gap in gaps])
    found = dict(GapQuery.objects.values_list("text", "vector"))
    assert all(np.allclose(found[gap.text], vector) for gap, vector in zip(gaps, vectors, strict=True))
    with django_assert_max_num_queries(29):
        slate_of(assessed)


# Words by a model


class Parrot(LanguageModel):
    name, version = "parrot", "1"

    def __init__(self, says: str) -> None:
        self.says = says

    def is_available(self) -> bool:
        return True

    def load(self) -> None:
        pass

    def score_labels(self, prefix, texts, labels):
        raise AssertionError("not asked for")

    def generate(self, prompt, *, max_tokens, stop, seconds):
        return self.says


@pytest.fixture
def rewording(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "REWORD_EXPLANATIONS": True, "AI_ENABLED": True}


def test_no_model_is_asked_unless_it_is_switched_on(assessed):
    found = PerformanceAssessment.objects.get()
    assert not found.is_reword_wanted
    assert performance_reword(assessment_id=found.pk, llm=Parrot("You gave 6 answers.")) is False


@pytest.mark.parametrize(
    ("says", "stands"),
    [
        ("You gave 6 answers, and 4 were right. Now work on “Adding fractions”.", True),
        ("You gave 7 answers, and 4 were right.", False),
        ("You gave 6 answers. Now work on “Equivalent fractions”.", False),  # of the course, not of the facts
        ("You are better than Bob.", False),
        ("", False),
    ],
)
def test_a_models_words_stand_only_where_the_facts_hold_them(rewording, assessed, told, says, stands):
    found = PerformanceAssessment.objects.get()
    assert found.is_reword_wanted and (jobs.REWORD_JOB, found.pk) in told
    assert performance_reword(assessment_id=found.pk, llm=Parrot(says)) is stands
    found.refresh_from_db()
    assert found.text == (says if stands else found.plain_text)
    assert found.refused_text == ("" if stands else says)
    assert performance_reword(assessment_id=found.pk, llm=Parrot(says)) is False, "once"
