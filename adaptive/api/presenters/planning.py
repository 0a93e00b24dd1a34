from collections.abc import Mapping, Sequence
from typing import Any

from adaptive.api.presenters.times import rfc3339
from adaptive.catalog.models import Resource, Skill
from adaptive.planning.forecast import basis_of
from adaptive.planning.models import StudyPlan
from adaptive.planning.selectors import SessionView


def session_json(view: SessionView, resources: Mapping[int, Resource], skills: Mapping[int, Skill]) -> dict[str, Any]:
    items = [
        {
            "resource": resources[pk].external_id,
            "title": resources[pk].title,
            "kind": resources[pk].kind,
            "purpose": block["purpose"],
            "skill": skills[block["skill"]].external_id,
        }
        for block in view.session.blocks
        if block["skill"] in skills
        for pk in block["resources"]
        if pk in resources
    ]
    return {
        "date": view.session.day.isoformat(),
        "starts_at": rfc3339(view.session.starts_at),
        "minutes": view.session.minutes,
        "kind": view.session.kind,
        "status": view.status,
        "resources": [item["resource"] for item in items],
        "items": items,
    }


def forecast_json(plan: StudyPlan) -> dict[str, Any]:
    names = ("low", "expected", "high", "now", "idle", "p_target")
    return {**{name: plan.forecast[name] for name in names}, "basis": basis_of(plan.forecast["kind"])}


def shortfall_json(plan: StudyPlan) -> dict[str, Any] | None:
    if plan.shortfall is None:
        return None
    more = plan.shortfall["more"]
    return {
        "reachable": plan.shortfall["reachable"],
        "minutes": plan.shortfall["minutes"],
        "more": more and {name: more[name] for name in ("minutes", "expected", "is_enough")},
    }


def study_plan_json(
    plan: StudyPlan,
    views: Sequence[SessionView],
    *,
    resources: Mapping[int, Resource],
    skills: Mapping[int, Skill],
) -> dict[str, Any]:
    """resources, skills: by id."""
    return {
        "learner": plan.learner.external_id,
        "course": plan.course.external_id,
        "exam_at": rfc3339(plan.exam_at),
        "target": plan.target,
        "minutes_per_weekday": plan.minutes_per_weekday,
        "days_off": plan.days_off,
        "start_time": plan.start_time.isoformat("minutes"),
        "planned_at": rfc3339(plan.planned_at),
        "sessions": [session_json(view, resources, skills) for view in views],
        "forecast": forecast_json(plan),
        "shortfall": shortfall_json(plan),
    }
