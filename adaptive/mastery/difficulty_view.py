"""How hard an exercise is believed to be, and who says so, for people."""

from dataclasses import dataclass
from datetime import datetime

from adaptive.catalog.models import Course, Resource
from adaptive.mastery.difficulties import known_to_model
from adaptive.mastery.items import items_of
from adaptive.mastery.models import ItemDifficulty
from adaptive.mastery.versions import model_in_use

Source = ItemDifficulty.Source
FITTED = "fitted"


@dataclass(frozen=True, slots=True)
class DifficultyView:
    """p_wrong: P(a learner of whom nothing is known answers wrongly), by the learner model in use.

    source: "fitted" (the learner model was fitted on its answers), or who foretold it: "words", "skills", "author",
    "none". n_answers: that have corrected what was foretold.
    """

    p_wrong: float
    source: str
    n_answers: int


def difficulty_of(*, exercise: Resource, course: Course, at: datetime) -> DifficultyView:
    """As the learner model in use has it at this moment. Four queries."""
    model = model_in_use(course).model
    p_wrong = 1.0 - model.predict(model.empty(), items_of([exercise.pk])[exercise.pk], at.timestamp())
    if exercise.pk in known_to_model(course):
        return DifficultyView(p_wrong, FITTED, 0)
    row = ItemDifficulty.objects.filter(resource=exercise, used__isnull=False).first()
    if row is not None:
        return DifficultyView(p_wrong, row.source, row.used_n_answers)
    authored = exercise.authored_difficulty is not None
    return DifficultyView(p_wrong, Source.AUTHOR if authored else Source.NONE, 0)
