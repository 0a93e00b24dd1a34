"""Learning from a course's log what practice does there, for ranking."""

from dataclasses import dataclass
from typing import Any

from adaptive.backends.learner_model.base import Observation
from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.backends.learner_model.practice_effects_fit import MIN_ANSWERS, effects_fit
from adaptive.catalog.models import Course
from adaptive.catalog.selectors import prerequisites_of
from adaptive.common.errors import InvalidInput
from adaptive.common.text import count
from adaptive.practice.finetuning.forecasting import words_learn, words_sentence
from adaptive.practice.finetuning.learning import Progress
from adaptive.practice.fitting.data import data_of_attempts
from adaptive.recommendation.effects import effects_store
from adaptive.recommendation.models import RecommenderVersion


@dataclass(frozen=True, slots=True)
class Learned:
    course: Course
    effects: PracticeEffects
    data: dict[str, Any]
    figures: dict[str, float]
    words: dict[str, Any]
    seed: int


def effects_learn(*, course: Course, seed: int, progress: Progress) -> Learned:
    """Reads the course's answers and fits what practice does. Raises InvalidInput where there are too few to learn
    from."""
    learned, _ = _learn(course=course, seed=seed, progress=progress)
    return learned


def recommending_learn(*, course: Course, seed: int, progress: Progress) -> Learned:
    """The same, and what the language model's reading of the words is worth there."""
    learned, histories = _learn(course=course, seed=seed, progress=progress)
    words, why_not = words_learn(course=course, histories=histories, seed=seed, progress=progress)
    learned.words.update(words)
    if why_not:
        learned.data["notes"] = [*learned.data.get("notes", []), f"Words were not measured: {why_not}."]
    progress(0.98, "storing it")
    return learned


def _learn(*, course: Course, seed: int, progress: Progress) -> tuple[Learned, dict[int, list[Observation]]]:
    progress(0.02, "reading the answers")
    data = data_of_attempts(course=course, say=lambda words: progress(0.05, words))
    if data.n_rows < MIN_ANSWERS:
        raise InvalidInput(
            f"Course “{course.external_id}” has {count(data.n_rows, 'answer')}; {MIN_ANSWERS} are needed to learn what "
            "practice does there. Until then the defaults are used."
        )
    histories = dict(enumerate(data.histories.values()))
    before = {skill: sorted(ids) for skill, ids in prerequisites_of(course=course).items() if ids}
    effects, figures = effects_fit(histories, before, seed=seed, on_progress=lambda words: progress(0.3, words))
    facts = {**data.facts, **({"notes": list(data.notes)} if data.notes else {})}
    figures = {key: round(value, 5) for key, value in figures.items()}
    return Learned(course, effects, facts, figures, {}, seed), histories


def recommending_store(learned: Learned, *, activate: bool, actor: str = "") -> RecommenderVersion:
    return effects_store(
        course=learned.course,
        effects=learned.effects,
        data=learned.data,
        figures=learned.figures,
        words=learned.words,
        seed=learned.seed,
        activate=activate,
        actor=actor,
    )


def sentence_of(version: RecommenderVersion) -> str:
    """What a version says, in one line."""
    e, f = PracticeEffects.from_json(version.effects), version.figures
    skills = "one growth for all skills"
    if e.growth_of:
        values = sorted(e.growth_of.values())
        skills = f"growth {values[0]:.2f} to {values[-1]:.2f} logits over {count(len(values), 'skill')}"
    return (
        f"version {version.pk}, {'in use' if version.is_active else 'not in use'}: {skills}; practice counts "
        f"{e.unready:.2f} where prerequisites are missing and {e.outside:.2f} outside of the window of success; all or "
        f"none {e.all_or_none:.2f}; from {count(int(f['n_answers']), 'answer')} of "
        f"{count(int(f['n_learners']), 'learner')}, seed {version.seed}; {words_sentence(version.words)}"
    )
