"""Exercises as the learner model sees them."""

from collections.abc import Iterable

from adaptive.backends.learner_model.base import Item
from adaptive.backends.learner_model.difficulty import AVERAGE_SHARE_WRONG
from adaptive.catalog.models import Resource
from adaptive.catalog.selectors import skill_ids_of
from adaptive.common.probability import logit


def authored_logit(authored_difficulty: float | None) -> float | None:
    """The author's share of wrong answers (0-1) as a difficulty in logits, 0 being the learner models' average item.

    Shares are kept between .05 and .95: an author's "nobody" and "everybody" are not to be taken at their word.
    """
    if authored_difficulty is None:
        return None
    return logit(min(max(authored_difficulty, 0.05), 0.95)) - logit(AVERAGE_SHARE_WRONG)


def item_difficulty(authored: float | None, published: float | None) -> float | None:
    """In logits: what was published of words and answers (`ItemDifficulty.used`), else the author's mark, else None."""
    return published if published is not None else authored_logit(authored)


def items_of(resource_ids: Iterable[int], *, is_answered: bool = True) -> dict[int, Item]:
    """Resource id -> Item. Two queries, however many.

    Difficulty: what was published of words and answers (`ItemDifficulty.used`), else the author's mark, else None; a
    model that was fitted on the exercise knows better and does not look. is_answered False: the author's mark alone.
    """
    ids = list(resource_ids)
    skills = skill_ids_of(resources=ids)
    rows = Resource.objects.filter(pk__in=ids).values_list(
        "pk", "authored_difficulty", "response_format", "item_difficulty__used"
    )
    return {
        pk: Item(
            id=pk,
            skill_ids=tuple(skills[pk]),
            difficulty=item_difficulty(authored, used if is_answered else None),
            response_format=form,
        )
        for pk, authored, form, used in rows
    }
