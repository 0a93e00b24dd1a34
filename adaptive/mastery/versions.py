"""Which learner model is in use for a course, and which one a state was written by."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat, Left, Length

from adaptive.backends.learner_model.available import MODELS
from adaptive.backends.learner_model.base import LearnerModel
from adaptive.backends.registry import class_at, get_learner_model
from adaptive.catalog.models import Course
from adaptive.conf import settings
from adaptive.mastery.models import LearnerModelVersion, LearnerState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """A model, the version that it is (0: the defaults that ship), and the tag that states made by it carry."""

    model: LearnerModel
    version_id: int
    tag: str


def tag_of(model: LearnerModel | type[LearnerModel], *, version_id: int, course: Course) -> str:
    """Names all that a state depends on beside the attempts. A state with another tag has to be rebuilt in time."""
    return f"{model.name}/{model.version} v{version_id} items{course.item_version}"


def items_version_raise(course: Course) -> int:
    """The exercises' difficulties change: states made with the former ones are stale from now on. Returns the former
    number. Call it first in the transaction that changes them; the course's row stays locked until that ends.
    """
    # Before any state is locked, in the order in which an import of attempts locks them.
    before = Course.objects.select_for_update(no_key=True).values_list("item_version", flat=True).get(pk=course.pk)
    Course.objects.filter(pk=course.pk).update(item_version=before + 1)
    course.item_version = before + 1
    return before


def tags_raise(*, before: int, state_ids: list[int]) -> None:
    """States, locked by the caller, in which none of the changed exercises had a part are as good as new: they get
    the tag of the number after `before`, if they had that of `before`."""
    old, new = f" items{before}", f" items{before + 1}"
    LearnerState.objects.filter(pk__in=state_ids, model__endswith=old).update(
        model=Concat(Left("model", Length("model") - len(old)), Value(new))
    )


def path_of(model_class: type[LearnerModel]) -> str:
    """The dotted path by which a version names its backend."""
    return f"{model_class.__module__}.{model_class.__qualname__}"


def why_unusable(version: LearnerModelVersion) -> str:
    """Why the version cannot be used by the program as it is now, in words; "" where it can."""
    try:
        model_class = class_at(version.backend)
    except ImportError as error:
        return str(error)
    if version.model_version and version.model_version != model_class.version:
        return (
            f"Version {version.pk} was fitted by {version.name} {version.model_version}, and the program has "
            f"{model_class.version} now: fit it again."
        )
    return ""


def _usable(candidates: Iterable[LearnerModelVersion]) -> LearnerModelVersion | None:
    for version in candidates:
        if not (why := why_unusable(version)):
            return version
        logger.error("%s Until then what comes after it is in use.", why)
    return None


def active_version(course: Course | None) -> LearnerModelVersion | None:
    """The version in use: the course's, else the installation's (course None: that one); None: what ships.

    Its parameters are not read.
    """
    scope = Q(course=None) if course is None else Q(course=course) | Q(course=None)
    candidates = LearnerModelVersion.objects.filter(scope, is_active=True).defer("params")
    return _usable(candidates.order_by(F("course").asc(nulls_last=True)))


def active_tags(courses: Iterable[Course]) -> dict[int, str]:
    """Course id -> the tag that its states should carry with the version in use. One query, however many."""
    found: dict[int | None, LearnerModelVersion] = {
        version.course_id: version for version in LearnerModelVersion.objects.filter(is_active=True).defer("params")
    }
    tags = {}
    for course in courses:
        version = _usable(found[key] for key in (course.pk, None) if key in found)
        model_class = class_at(version.backend if version else settings().learner_model)
        tags[course.pk] = tag_of(model_class, version_id=version.pk if version else 0, course=course)
    return tags


def load_version(version: LearnerModelVersion) -> LearnerModel:
    """The version's model; its parameters are read where this process has not got it yet."""

    def params() -> dict | None:
        return LearnerModelVersion.objects.values_list("params", flat=True).get(pk=version.pk)

    return get_learner_model(version.backend, key=str(version.pk), load=params)


def model_in_use(course: Course) -> ModelInUse:
    """The active version of the course, else the installation's, else the defaults that ship with the backend."""
    version = active_version(course)
    model = load_version(version) if version else get_learner_model()
    number = version.pk if version else 0
    return ModelInUse(model, number, tag_of(model, version_id=number, course=course))


def _shipped(kind: str) -> LearnerModel | None:
    """The model with the parameters that ship whose name and version is `kind`; the setting may name another today."""
    default = get_learner_model()
    if f"{default.name}/{default.version}" == kind:
        return default
    model_class = MODELS.get(kind.partition("/")[0])
    if model_class is None or f"{model_class.name}/{model_class.version}" != kind:
        return None
    return get_learner_model(path_of(model_class))


def states() -> QuerySet[LearnerState]:
    """States with the versions that wrote them, without the megabytes of their parameters."""
    return LearnerState.objects.select_related("version").defer("version__params", "version__figures", "version__data")


def model_of_state(row: LearnerState, course: Course) -> ModelInUse | None:
    """The model that wrote the state, whichever is active. None where it is not to be had any more, or nothing was
    written yet. Its tag differs from the state's where the exercises have changed since.

    row: read by `states()`.
    """
    if not row.n_applied or not row.state:
        return None
    kind, _, rest = row.model.partition(" ")
    number = rest.partition(" ")[0]
    if row.version_id is None:
        model = _shipped(kind) if number == "v0" else None
    else:
        version = row.version
        model = None if why_unusable(version) else load_version(version)
    if model is None or f"{model.name}/{model.version}" != kind:
        return None
    return ModelInUse(model, row.version_id or 0, tag_of(model, version_id=row.version_id or 0, course=course))
