"""Which learner model is in use for a course."""

from dataclasses import dataclass

from django.db.models import F, Q

from adaptive.backends.learner_model.base import LearnerModel
from adaptive.backends.registry import get_learner_model
from adaptive.catalog.models import Course
from adaptive.mastery.models import LearnerModelVersion


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """The model and the tag that states made by it carry. A state with another tag has to be rebuilt."""

    model: LearnerModel
    tag: str


def model_in_use(course: Course) -> ModelInUse:
    """The active version of the course, else the installation's, else the defaults that ship with the backend."""
    candidates = LearnerModelVersion.objects.filter(Q(course=course) | Q(course=None), is_active=True)
    version = candidates.order_by(F("course").asc(nulls_last=True)).first()
    number = version.pk if version else 0
    model = get_learner_model(version.params, key=str(number)) if version else get_learner_model()
    return ModelInUse(model, f"{model.name}/{model.version} v{number} items{course.item_version}")
