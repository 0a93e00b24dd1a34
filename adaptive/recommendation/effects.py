"""What practice does in a course: the fitted version in use, else the defaults."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.catalog.models import Course
from adaptive.common.errors import InvalidInput, NotFound
from adaptive.recommendation.models import RecommenderVersion

logger = logging.getLogger(__name__)
DEFAULTS = PracticeEffects()


@dataclass(frozen=True, slots=True)
class InUse:
    """What ranking in a course rests on. words: question -> text_weights.TextWeight as JSON."""

    effects: PracticeEffects = DEFAULTS
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def recommender_of(*, course: Course) -> InUse:
    """One query. A version that cannot be read any more counts as none, and is logged."""
    rows = RecommenderVersion.objects.filter(course=course, is_active=True)
    found = rows.values_list("pk", "effects", "words").first()
    if found is None:
        return InUse()
    try:
        return InUse(PracticeEffects.from_json(found[1]), found[2])
    except (ValueError, TypeError) as error:
        logger.error("recommender version %s cannot be used: %s", found[0], error)
        return InUse()


@transaction.atomic
def effects_store(
    *,
    course: Course,
    effects: PracticeEffects,
    data: dict[str, Any],
    figures: dict[str, Any],
    seed: int,
    activate: bool,
    words: Mapping[str, Any] | None = None,
    actor: str = "",
) -> RecommenderVersion:
    """Keeps what was learned as a version and, where asked for, puts it in use."""
    version = RecommenderVersion.objects.create(
        course=course, effects=effects.to_json(), data=data, figures=figures, words=dict(words or {}), seed=seed
    )
    if activate:
        effects_use(course=course, number=version.pk, actor=actor)
        version.refresh_from_db()
    return version


@transaction.atomic
def effects_use(*, course: Course, number: int, actor: str = "") -> RecommenderVersion | None:
    """Puts version `number` of the course in use; 0: the defaults. Raises NotFound, InvalidInput."""
    Course.objects.select_for_update(no_key=True).filter(pk=course.pk).first()  # one at a time
    versions = RecommenderVersion.objects.filter(course=course)
    version = versions.filter(pk=number).first() if number else None
    if number and version is None:
        raise NotFound(f"Course “{course.external_id}” has no version {number} of the recommender.")
    if version is not None:
        try:
            PracticeEffects.from_json(version.effects)
        except (ValueError, TypeError) as error:
            raise InvalidInput(f"Version {number} cannot be used: {error}") from error
    former = versions.filter(is_active=True).values_list("pk", flat=True).first()
    versions.filter(is_active=True).update(is_active=False)
    if version is not None:
        versions.filter(pk=number).update(is_active=True)
        version.is_active = True
    audit_record(
        tenant=course.tenant,
        action="recommender_activate",
        subject=version or course,
        actor_kind=AuditEntry.ActorKind.PERSON if actor else AuditEntry.ActorKind.SYSTEM,
        actor=actor,
        inputs={"before": former or 0, "course": course.external_id},
        outcome={"in_use": number},
    )
    return version
