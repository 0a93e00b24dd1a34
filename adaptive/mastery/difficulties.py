"""How hard exercises are that the learner model was not fitted on: foretold from words, overruled by answers.

`ItemDifficulty` is derived: everything in it is computed anew from the exercise, the regression and the attempts, so
that computing it twice changes nothing. Only `used` has a history, because learners' states are made with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.models import F, Max, Q, QuerySet

from adaptive.backends.learner_model.difficulty import (
    MOST_ANSWERS,
    UNKNOWN_VARIANCE,
    TextDifficulty,
    difficulty_after,
    fitted_items,
    fitted_skills,
    p_on_average_item,
)
from adaptive.backends.learner_model.logistic_model import effective_score
from adaptive.catalog.models import Course, Resource
from adaptive.events.models import Attempt
from adaptive.mastery.models import DifficultyFit, ItemDifficulty, LearnerModelVersion
from adaptive.mastery.versions import active_version, load_version, model_in_use
from adaptive.mastery.words import Exercise, embedding_rows, exercises_read, feature_rows

Source = ItemDifficulty.Source

AT_ONCE = 500  # exercises read and foretold together
AUTHOR_VARIANCE = 1.0  # of the truth around an author's mark: a guess, one logit; twenty answers outweigh it
UNKNOWN = (0.0, UNKNOWN_VARIANCE)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is foretold of an exercise, in logits. waits: its words have no embedding yet, so it will be done again."""

    mean: float
    variance: float
    source: Source
    waits: bool = False


def difficulty_fit_of(course: Course) -> DifficultyFit | None:
    """The regression of the learner model version in use for the course, without its parameters."""
    version = active_version(course)
    return DifficultyFit.objects.filter(version=version).defer("params").first() if version else None


def is_due(fit: DifficultyFit | None) -> Q:
    """Exercises (a condition on Resource) of which nothing is foretold, or which have changed since, or their
    regression has, or their words are embedded by now."""
    row = "item_difficulty__"
    due = Q(**{f"{row}isnull": True}) | ~Q(**{f"{row}seen_updated_at": F("updated_at")})
    if fit is None:
        return due | Q(**{f"{row}fit__isnull": False})
    embedded = Q(embedded_hash=F("content_hash"), embedding_model=fit.embedding_model, embedding__isnull=False)
    other = Q(**{f"{row}fit__isnull": True}) | ~Q(**{f"{row}fit": fit.pk})
    return due | other | Q(**{f"{row}waits_for_embedding": True}) & embedded


def exercises_due(course: Course, fit: DifficultyFit | None) -> QuerySet[Resource]:
    return Resource.objects.filter(course=course, kind=Resource.Kind.EXERCISE, is_retired=False).filter(is_due(fit))


def priors_of(exercises: Sequence[Exercise], fit: DifficultyFit | None) -> list[Prior]:
    """In the same order. Pure but for the parameters of `fit`."""
    found = [_by_author(one) for one in exercises]
    if fit is None:
        return found
    regression = TextDifficulty(fit.params)
    places = list(range(len(exercises)))
    if fit.embedding_model:
        places = [
            place
            for place, one in enumerate(exercises)
            if one.embedding is not None and one.embedding_model == fit.embedding_model
        ]
        found = [Prior(one.mean, one.variance, one.source, waits=True) for one in found]
    chosen = [exercises[place] for place in places]
    mean, variance = regression.predict(
        [one.skill_ids for one in chosen],
        embedding_rows(chosen) if fit.embedding_model else np.zeros((len(chosen), 0)),
        feature_rows(chosen),
        [one.response_format for one in chosen],
    )
    for place, m, v in zip(places, mean.tolist(), variance.tolist(), strict=True):
        found[place] = Prior(m, v, Source.WORDS) if fit.embedding_model else _with_author(exercises[place], m, v)
    return found


def _by_author(exercise: Exercise) -> Prior:
    if exercise.authored is None:
        return Prior(*UNKNOWN, Source.NONE)
    return Prior(exercise.authored, AUTHOR_VARIANCE, Source.AUTHOR)


def _with_author(exercise: Exercise, mean: float, variance: float) -> Prior:
    """Skills and the author's mark as two witnesses; in a regression on words the mark is one of the features."""
    if exercise.authored is None:
        return Prior(mean, variance, Source.SKILLS)
    precision = 1.0 / variance + 1.0 / AUTHOR_VARIANCE
    return Prior((mean / variance + exercise.authored / AUTHOR_VARIANCE) / precision, 1.0 / precision, Source.SKILLS)


def difficulties_foretell(*, course: Course, at: datetime) -> int:
    """Priors for the exercises of the course that are new, have changed, or have another regression. How many.

    Their answers are counted afterwards (`difficulties_count`); until then the prior stands. An exercise edited
    meanwhile is due again, as its row says which state of it was read.
    """
    fit = difficulty_fit_of(course)
    due = list(exercises_due(course, fit).order_by("pk").values_list("pk", flat=True))
    if due and fit is not None:
        fit = DifficultyFit.objects.get(pk=fit.pk)
    for start in range(0, len(due), AT_ONCE):
        exercises = exercises_read(due[start : start + AT_ONCE])
        before = ItemDifficulty.objects.filter(resource__in=[one.id for one in exercises]).in_bulk(
            field_name="resource_id"
        )
        rows = [
            _row(one, prior, fit, before.get(one.id), at)
            for one, prior in zip(exercises, priors_of(exercises, fit), strict=True)
        ]
        ItemDifficulty.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["resource"],
            update_fields=[
                *("fit", "source", "content_hash", "seen_updated_at", "waits_for_embedding", "words_since"),
                *("prior_mean", "prior_variance", "mean", "variance", "n_answers", "counted_until", "computed_at"),
            ],
        )
    return len(due)


def _row(
    one: Exercise, prior: Prior, fit: DifficultyFit | None, before: ItemDifficulty | None, at: datetime
) -> ItemDifficulty:
    words_since = before.words_since if before else None
    if before and before.content_hash != one.content_hash:
        words_since = one.updated_at  # answers to other words say nothing about these
    return ItemDifficulty(
        resource_id=one.id,
        fit=fit,
        source=prior.source,
        content_hash=one.content_hash,
        seen_updated_at=one.updated_at,
        waits_for_embedding=prior.waits,
        words_since=words_since,
        prior_mean=prior.mean,
        prior_variance=prior.variance,
        mean=prior.mean,
        variance=prior.variance,
        n_answers=0,
        counted_until=0,
        computed_at=at,
    )


# A learner's first try alone, since a second one says more about memory; of many the latest. `before` is what was
# believed of the skills right before the answer: P(correct) on their typical exercise.
ANSWERS = """
WITH firsts AS (
    SELECT DISTINCT ON (a.resource_id, a.learner_id) a.id, a.resource_id, a.learner_id, a.n_hints, s.score
    FROM adaptive_attempt a
    JOIN adaptive_assessment s ON s.attempt_id = a.id AND s.is_current
    JOIN adaptive_itemdifficulty d ON d.resource_id = a.resource_id
    WHERE a.course_id = %(course)s AND a.applied_seq IS NOT NULL
        AND (d.words_since IS NULL OR a.submitted_at >= d.words_since)
    ORDER BY a.resource_id, a.learner_id, a.applied_seq
), latest AS (
    SELECT *, row_number() OVER (PARTITION BY resource_id ORDER BY id DESC) AS place FROM firsts
)
SELECT l.resource_id, l.score, l.n_hints, state.version_id, array_agg(c.skill_id), array_agg(c.before)
FROM latest l
LEFT JOIN adaptive_masterychange c ON c.attempt_id = l.id
LEFT JOIN adaptive_learnerstate state ON state.learner_id = l.learner_id AND state.course_id = %(course)s
WHERE l.place <= %(most)s
GROUP BY l.resource_id, l.id, l.score, l.n_hints, state.version_id
ORDER BY l.resource_id, l.id
"""


def difficulties_count(*, course: Course, at: datetime) -> int:
    """Lets the answers overrule what was foretold, from the attempts anew: whatever was counted before, the result is
    that of what is there now. How many exercises have other numbers than before.

    Bounded: at most 200 answers of an exercise.
    """
    until = Attempt.objects.filter(course=course).aggregate(latest=Max("pk"))["latest"] or 0
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS, {"course": course.pk, "most": MOST_ANSWERS})
        found = cursor.fetchall()
    skills = _SkillsOfVersions()
    answers: dict[int, list[tuple[float, float]]] = {}
    for resource_id, score, n_hints, version_id, skill_ids, before in found:
        p = skills.p_of_average_item(version_id, skill_ids, before)
        answers.setdefault(resource_id, []).append((p, effective_score(score, n_hints)))
    changed = []
    rows = list(ItemDifficulty.objects.filter(resource__course=course, resource__is_retired=False))
    for row in rows:
        theirs = answers.get(row.resource_id, [])
        mean, variance = difficulty_after((row.prior_mean, row.prior_variance), theirs)
        if (row.mean, row.variance, row.n_answers) != (mean, variance, len(theirs)):
            row.mean, row.variance, row.n_answers, row.computed_at = mean, variance, len(theirs), at
            changed.append(row)
    ItemDifficulty.objects.bulk_update(changed, ["mean", "variance", "n_answers", "computed_at"], batch_size=500)
    ItemDifficulty.objects.filter(pk__in=[row.pk for row in rows]).update(counted_until=until, counted_at=at)
    return len(changed)


class _SkillsOfVersions:
    """How hard the typical exercise of a skill is to the model that wrote a learner's state."""

    def __init__(self) -> None:
        self._of: dict[int | None, dict[int, float]] = {None: {}}  # what ships knows no skills

    def p_of_average_item(
        self, version_id: int | None, skill_ids: Iterable[int | None], before: Iterable[float | None]
    ) -> float:
        """P(correct) that the learner would have had on an exercise of difficulty 0 just then."""
        if version_id not in self._of:
            version = LearnerModelVersion.objects.defer("params").get(pk=version_id)
            try:
                self._of[version_id] = fitted_skills(load_version(version).params)
            except Exception:  # a backend that is not to be had any more: its learners' states are replayed soon
                self._of[version_id] = {}
        known = self._of[version_id]
        return p_on_average_item(
            (p, known.get(skill_id, 0.0))
            for skill_id, p in zip(skill_ids, before, strict=True)
            if skill_id is not None and p is not None
        )


def known_to_model(course: Course) -> dict[int, float]:
    """Exercise id -> difficulty in logits, of those that the model in use was fitted on: it does not look elsewhere."""
    return fitted_items(model_in_use(course).model.params)


def count_is_due(course: Course) -> bool:
    """Was anything answered since the answers were counted, or foretold anew?"""
    rows = ItemDifficulty.objects.filter(resource__course=course, resource__is_retired=False)
    latest = Attempt.objects.filter(course=course).aggregate(latest=Max("pk"))["latest"] or 0
    return rows.filter(counted_until__lt=latest).exists()
