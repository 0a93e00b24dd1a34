"""Exercises as numbers for telling their difficulty from words. Embeddings are read from the database, never made."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptive.backends.learner_model.difficulty import MIN_ITEMS_FOR_SKILLS, MIN_ITEMS_FOR_WORDS, fit_text_difficulty
from adaptive.backends.learner_model.text_features import ExerciseText, feature_matrix, text_features
from adaptive.catalog.models import Resource, ResponseFormat
from adaptive.catalog.selectors import skill_ids_of
from adaptive.mastery.items import authored_logit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise without an answer. embedding: (384,) of its words as they are now, None where there is none yet.

    authored: the author's mark in logits. updated_at: the resource's own, to see later whether it has changed since.
    """

    id: int
    skill_ids: tuple[int, ...]
    response_format: str
    features: Floats  # see text_features
    embedding: Floats | None
    embedding_model: str
    authored: float | None
    content_hash: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WordsFit:
    """A regression of difficulty on words; embedding_model "": on skills alone."""

    params: dict[str, Any]
    embedding_model: str
    n_items: int


def exercises_read(ids: Iterable[int]) -> list[Exercise]:
    """In order of id; those of `ids` that are no exercise are left out. Two queries."""
    ids = list(ids)
    skills = skill_ids_of(resources=ids)
    rows = Resource.objects.filter(pk__in=ids, kind=Resource.Kind.EXERCISE).defer("search").order_by("pk")
    return [_exercise(row, tuple(skills[row.pk])) for row in rows.iterator(chunk_size=200)]


def _exercise(row: Resource, skill_ids: tuple[int, ...]) -> Exercise:
    is_embedded = row.embedding is not None and row.embedded_hash == row.content_hash
    return Exercise(
        id=row.pk,
        skill_ids=skill_ids,
        response_format=row.response_format,
        features=text_features(_text(row, len(skill_ids))),
        embedding=np.asarray(row.embedding, dtype=np.float64) if is_embedded else None,
        embedding_model=row.embedding_model if is_embedded else "",
        authored=authored_logit(row.authored_difficulty),
        content_hash=row.content_hash,
        updated_at=row.updated_at,
    )


def _text(row: Resource, n_skills: int) -> ExerciseText:
    """Its choices are not embedded, so the features that liken them to each other have no value; they add little."""
    right: set[Any] = set()
    if row.response_format == ResponseFormat.CHOICE:
        right = {row.answer.get("choice")}
    elif row.response_format == ResponseFormat.MULTIPLE_CHOICE:
        right = set(row.answer.get("choices") or ())
    return ExerciseText(
        question=row.body or row.title,
        choices=tuple(str(choice.get("text", "")) for choice in row.choices),
        right=tuple(choice.get("id") in right for choice in row.choices) if right else (),
        n_skills=n_skills,
    )


def feature_rows(exercises: Sequence[Exercise]) -> Floats:
    """(n, 21): the features of the words, and the author's mark (NaN where there is none)."""
    authored = [np.nan if one.authored is None else one.authored for one in exercises]
    return np.column_stack([feature_matrix([one.features for one in exercises]), authored])


def words_fit(known: dict[int, tuple[float, float]], *, say: Callable[[str], None]) -> WordsFit | None:
    """From exercise id -> (difficulty, variance) in logits, as a fit on their answers found them.

    From words where at least 40 of them are embedded, all by the model that embedded most; else from skills alone;
    None below 5. Ids that are no exercise (of a log) are passed over.
    """
    exercises = exercises_read(pk for pk in known if pk > 0)
    names = [one.embedding_model for one in exercises if one.embedding is not None]
    name = max(sorted(set(names)), key=names.count, default="")
    embedded = [one for one in exercises if one.embedding is not None and one.embedding_model == name]
    has_words = len(embedded) >= MIN_ITEMS_FOR_WORDS
    if has_words:
        exercises = embedded
    elif len(exercises) >= MIN_ITEMS_FOR_WORDS:
        # So many would be taken to have words; those known best do for the skills.
        exercises = sorted(exercises, key=lambda one: known[one.id][1])[: MIN_ITEMS_FOR_WORDS - 1]
    if len(exercises) < MIN_ITEMS_FOR_SKILLS:
        return None
    say(f"difficulty from {'words' if has_words else 'skills'}, {len(exercises):,} exercises known")
    values = np.array([known[one.id] for one in exercises])
    params = fit_text_difficulty(
        [one.skill_ids for one in exercises],
        embedding_rows(exercises) if has_words else np.zeros((len(exercises), 0)),
        feature_rows(exercises),
        values[:, 0],
        values[:, 1],
        formats=[one.response_format for one in exercises],
    )
    return WordsFit(params, name if has_words else "", params["n_items"])


def embedding_rows(exercises: Sequence[Exercise]) -> Floats:
    """(n, 384), of exercises that are all embedded."""
    return np.array([one.embedding for one in exercises], dtype=np.float64)
