"""The form that gives homework: what was chosen and typed stays, and what is wrong is said in one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from adaptive.catalog.models import Course
from adaptive.common.errors import InvalidInput
from adaptive.learners.models import Cohort
from adaptive.recommendation.homework import MAX_LEARNERS

ALL, CHOSEN, COHORT = "all", "chosen", "cohort-"
MAX_TYPED = 400


def keys_of(values: Sequence[str], *, most: int = MAX_LEARNERS + 1) -> list[int]:
    """Ids among what a form sends, in its order, each once; what is no id is left out."""
    good = (int(value) for value in values[:most] if value.isascii() and value.isdecimal() and len(value) < 19)
    return list(dict.fromkeys(good))


@dataclass(slots=True)
class HomeworkForm:
    """whom: ALL, CHOSEN (the learners ticked) or "cohort-" and its id. skill: whose exercises are offered."""

    exercises: list[int] = field(default_factory=list)
    whom: str = ALL
    learners: list[int] = field(default_factory=list)
    due: str = ""
    title: str = ""
    misconception: str = ""
    skill: int | None = None
    is_from_lesson: bool = False
    error: str = ""

    @classmethod
    def read(cls, data: QueryDict) -> "HomeworkForm":
        skills = keys_of(data.getlist("skill"))
        return cls(
            exercises=keys_of(data.getlist("exercise"), most=200),
            whom=data.get("whom", ALL)[:40],
            learners=keys_of(data.getlist("learner")),
            due=data.get("due", "").strip()[:40],
            title=data.get("title", "")[:MAX_TYPED],
            misconception=data.get("misconception", "")[:255],
            skill=skills[0] if skills else None,
            is_from_lesson=data.get("from") == "lesson",
        )

    def wishes(self, *, course: Course) -> Mapping[str, Any]:
        """Arguments of homework_give. One query where it is for a cohort. Raises InvalidInput with one sentence."""
        values: dict[str, Any] = {
            "exercises": self.exercises,
            "due_on": self._due_on(),
            "title": self.title,
            "misconception": self.misconception,
        }
        if self.whom == CHOSEN:
            values["learners"] = self.learners
        elif self.whom.startswith(COHORT):
            ids = keys_of([self.whom.removeprefix(COHORT)])
            cohort = Cohort.objects.filter(course=course, pk__in=ids).first()
            if cohort is None:
                raise InvalidInput(_("That group is not in this course."))
            values["cohort"] = cohort
        elif self.whom != ALL:
            raise InvalidInput(_("Choose for whom it is."))
        return values

    def _due_on(self) -> date | None:
        if not self.due:
            return None
        try:
            return date.fromisoformat(self.due)
        except ValueError:
            raise InvalidInput(_("That is no day: choose one, or leave it empty.")) from None
