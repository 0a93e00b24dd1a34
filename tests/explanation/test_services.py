"""Explanations as they are stored: complete at once, true to the log, reworded only where the check agrees."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.backends.llm.template import NoModel
from adaptive.explanation.counterfactual import instead_of, with_mastery, with_p_correct
from adaptive.explanation.facts import Fact
from adaptive.explanation.grounding import is_grounded
from adaptive.explanation.models import Explanation
from adaptive.explanation.selectors import explanation_parts
from adaptive.explanation.services import explanation_reword, slate_explain
from adaptive.mastery.services import attempt_apply
from adaptive.recommendation.selectors import receipt_of
from adaptive.recommendation.services import slate_create
from tests.factories import attempt_make, cast_make, course_make, enrol

pytestmark = pytest.mark.django_db


class Parrot(LanguageModel):
    """Says what it was told to say, and remembers what it was asked."""

    name, version = "parrot", "1"

    def __init__(self, says: str) -> None:
        self.says, self.asked = says, []

    def is_available(self) -> bool:
        return True

    def load(self) -> None:
        pass

    def score_labels(self, prefix, texts, labels):
        raise AssertionError("not asked for")

    def generate(self, prompt, *, max_tokens, stop, seconds):
        self.asked.append(prompt)
        return self.says


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture
def rewording(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "REWORD_EXPLANATIONS": True, "AI_ENABLED": True, "EXPLORATION": 0.0}


def explained(cast, **values):
    slate = slate_create(learner=cast.alice, course=cast.course, **values)
    return slate, slate_explain(slate=slate)


def test_every_place_gets_a_complete_explanation_at_once(cast):
    _, explanations = explained(cast, count=4)
    assert [e.impression.position for e in explanations] == [1, 2, 3, 4]
    for explanation in explanations:
        assert explanation.state == "ready"
        assert explanation.text == explanation.plain_text != ""
        parts = explanation_parts(explanation)
        assert parts.sentence and 1 <= len(parts.facts) <= 3
        assert parts.text.startswith(parts.sentence)


def test_explaining_again_changes_nothing(cast):
    slate, explanations = explained(cast)
    again = slate_explain(slate=slate)
    assert [e.pk for e in again] == [e.pk for e in explanations]
    assert Explanation.objects.count() == len(explanations)


def test_an_empty_slate_has_no_explanations(cast):
    empty = course_make(cast.tenant)
    enrol(cast.alice, empty)
    slate = slate_create(learner=cast.alice, course=empty)
    assert slate_explain(slate=slate) == []


def test_explaining_takes_the_same_few_queries_however_long_the_slate(cast, django_assert_max_num_queries):
    for count in (1, 8):
        slate = slate_create(learner=cast.alice, course=cast.course, count=count)
        with django_assert_max_num_queries(6):  # two of them the savepoint
            slate_explain(slate=slate)


def test_what_is_told_is_what_was_logged(cast):
    for n, name in enumerate(("choice", "numeric", "cloze")):
        attempt = attempt_make(
            cast.alice, cast.exercises[name], score=n % 2, submitted_at=timezone.now() - timedelta(days=n + 1)
        )
        attempt_apply(attempt=attempt, score=n % 2)
    for purpose in ("practice", "review", "feed", "catalogue"):
        _, explanations = explained(cast, count=8, purpose=purpose)
        for explanation in explanations:
            impression = explanation.impression
            facts = [Fact.from_json(row) for row in explanation.facts]
            assert is_grounded(explanation.text, facts).ok
            logged = {reason["code"]: reason["facts"] for reason in impression.reasons}
            for fact in facts:
                values = {key: value for key, value in fact.values.items() if key != "title"}
                assert values == logged[fact.code]
                if "p_correct" in values:
                    assert values["p_correct"] == impression.features["p_felt"]


def test_the_counterfactual_of_a_stored_slate_comes_true(cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.1}
    rng = random.Random(5)
    told = 0
    for n in range(12):
        resource = rng.choice(list(cast.exercises.values()))
        score = rng.choice([0.0, 1.0])
        at = timezone.now() - timedelta(days=30 - n)
        attempt_apply(attempt=attempt_make(cast.alice, resource, score=score, submitted_at=at), score=score)
        slate, explanations = explained(cast, count=3)
        context, candidates = receipt_of(slate=slate)
        ids = [e.impression.resource_id for e in explanations]
        for place, explanation in enumerate(explanations, start=1):
            flip = explanation.would_change_if
            if flip is None:
                continue
            told += 1
            if flip["fact"] == "p_mastery":
                flipped = with_mastery(context, candidates, flip["skill_id"], flip["threshold"])
            else:
                flipped = with_p_correct(context, candidates, ids[place - 1], flip["threshold"])
            assert instead_of(*flipped, ids[:place]) == flip["instead"]
            assert flip["instead_title"] in flip["text"] and flip["resource"]
    assert told > 10


def test_who_reads_another_language_still_gets_a_text(cast):
    cast.alice.language = "xx-unknown"
    cast.alice.save()
    _, explanations = explained(cast)
    assert all(e.text for e in explanations)


# Rewording


def test_nothing_is_pending_unless_installation_course_and_learner_agree(cast, settings):
    assert {e.state for e in explained(cast)[1]} == {"ready"}
    settings.ADAPTIVE = {**settings.ADAPTIVE, "REWORD_EXPLANATIONS": True, "AI_ENABLED": True}
    assert {e.state for e in explained(cast)[1]} == {"pending"}
    cast.alice.ai_consent = False
    assert {e.state for e in explained(cast)[1]} == {"ready"}
    cast.alice.ai_consent, cast.alice.language = True, "de"
    assert {e.state for e in explained(cast)[1]} == {"ready"}
    cast.alice.language, cast.course.is_ai_enabled = "en", False
    assert {e.state for e in explained(cast)[1]} == {"ready"}


def test_a_true_rewording_stands_with_model_and_prompt(cast, rewording):
    _, (first, *_) = explained(cast)
    skill = explanation_parts(first).facts[0].values["skill"]
    llm = Parrot(f'  "Here is your next step: “{skill}”.\n"')
    assert explanation_reword(explanation_id=first.pk, llm=llm) is True
    first.refresh_from_db()
    assert first.text == f"Here is your next step: “{skill}”."
    assert (first.state, first.refused_text, first.model) == ("ready", "", "parrot 1")
    assert first.prompt_version.startswith("reword_explanation@")
    assert first.plain_text and first.plain_text != first.text
    assert first.plain_text in llm.asked[0]


@pytest.mark.parametrize(
    "says",
    [
        "You are 99 % likely to get it right.",
        "Professor Miller picked this for you.",
        "Next comes equivalent fractions for you.",
        "This is good. " * 60,
        "See https://example.org for more.",
    ],
)
def test_an_untrue_rewording_is_kept_aside_and_the_plain_words_stand(cast, rewording, says):
    _, (first, *_) = explained(cast)
    assert first.impression.reasons[0]["facts"]["skill"] == "What a fraction means"
    assert explanation_reword(explanation_id=first.pk, llm=Parrot(says)) is False
    first.refresh_from_db()
    assert first.text == first.plain_text
    assert first.state == "ready" and first.refused_text == says.strip()


@pytest.mark.parametrize("says", ["", "   \n "])
def test_silence_leaves_the_plain_words(cast, rewording, says):
    _, (first, *_) = explained(cast)
    assert explanation_reword(explanation_id=first.pk, llm=Parrot(says)) is False
    first.refresh_from_db()
    assert (first.state, first.text, first.refused_text) == ("ready", first.plain_text, "")


def test_without_a_model_the_plain_words_stand(cast, rewording):
    _, (first, *_) = explained(cast)
    with pytest.raises(ModelUnavailable):
        NoModel().generate("", max_tokens=1, stop=[], seconds=1)
    assert explanation_reword(explanation_id=first.pk, llm=NoModel()) is False
    first.refresh_from_db()
    assert (first.state, first.text, first.model) == ("ready", first.plain_text, "")


def test_rewording_twice_asks_once(cast, rewording):
    _, (first, *_) = explained(cast)
    llm = Parrot("This is for you.")
    assert explanation_reword(explanation_id=first.pk, llm=llm) is True
    assert explanation_reword(explanation_id=first.pk, llm=llm) is False
    assert explanation_reword(explanation_id=0, llm=llm) is False
    assert len(llm.asked) == 1
