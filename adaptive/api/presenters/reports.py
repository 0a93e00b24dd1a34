from typing import Any

from adaptive.api.presenters.times import rfc3339
from adaptive.assessment.agreement import facts_of
from adaptive.mastery.selectors import ModelStanding
from adaptive.practice.reports import CourseReport, MarkingStanding


def report_json(report: CourseReport) -> dict[str, Any]:
    return {
        "course": report.course.external_id,
        "at": rfc3339(report.at),
        "n_learners": report.n_learners,
        "n_attempts": report.n_attempts,
        "n_attempts_last_7_days": report.n_attempts_recent,
        "waiting": {"queued": report.n_queued, "needs_review": report.n_needs_review},
        "skills": [
            {
                "skill": standing.skill.external_id,
                "name": standing.skill.name,
                "mean_p_mastery": None if standing.mean_p_mastery is None else round(standing.mean_p_mastery, 4),
                "not_started": standing.n_not_started,
                "started": standing.n_started,
                "needs_help": standing.n_needs_help,
                "mastered": standing.n_mastered,
            }
            for standing in report.skills
        ],
        "learners": [
            {
                "learner": standing.learner.external_id,
                "display_name": standing.learner.display_name,
                "cohort": standing.cohort or None,
                "n_attempts": standing.n_attempts,
                "last_attempt_at": rfc3339(standing.last_attempt_at),
                "n_skills_mastered": standing.n_mastered,
                "n_skills_needing_help": standing.n_needs_help,
            }
            for standing in report.learners
        ],
        "hardest_exercises": [
            {
                "resource": standing.external_id,
                "title": standing.title,
                "n_attempts": standing.n_attempts,
                "mean_score": round(standing.mean_score, 4),
            }
            for standing in report.hardest
        ],
        "learner_model": _learner_model_json(report.model),
        "marking": _marking_json(report.marking),
    }


def _marking_json(standing: MarkingStanding) -> dict[str, Any]:
    return {
        "error_limit": standing.limit,
        "model": standing.course.model if standing.course else "",
        "measured_at": rfc3339(standing.course.computed_at) if standing.course else None,
        "course": facts_of(standing.course) if standing.course else None,
        "exercises": [
            {"resource": row.resource.external_id, "title": row.resource.title, **facts_of(row)}
            for row in standing.exercises
        ],
    }


def _learner_model_json(standing: ModelStanding) -> dict[str, Any]:
    version = standing.version
    held_out = version.figures["model"] if version else None
    return {
        "name": standing.name,
        "version": version.pk if version else 0,
        "fitted_at": rfc3339(version.created_at) if version else None,
        "n_attempts": version.data["n_rows"] if version else None,
        "n_learners": version.data["n_learners"] if version else None,
        "held_out": held_out and {name: held_out[name] for name in ("auc", "log_loss", "rmse", "ece", "n")},
        "n_states_to_follow": standing.n_waiting,
    }
