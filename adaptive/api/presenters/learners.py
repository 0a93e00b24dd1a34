from typing import Any

from adaptive.catalog.models import Course
from adaptive.learners.languages import language_of
from adaptive.learners.models import Enrolment, Learner


def learner_json(learner: Learner) -> dict[str, Any]:
    return {
        "id": learner.external_id,
        "display_name": learner.display_name,
        "language": learner.language or language_of(learner=learner),
        "preferences": learner.preferences,
        "ai_consent": learner.ai_consent,
    }


def enrolment_json(enrolment: Enrolment, *, learner: Learner, course: Course) -> dict[str, Any]:
    return {
        "learner": learner.external_id,
        "course": course.external_id,
        "role": enrolment.role,
        "cohort": enrolment.cohort.name if enrolment.cohort else None,
    }
