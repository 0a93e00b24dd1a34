"""Forgetting fitted beside a learner model: on dated answers alone, and in use only where it is clearly better."""

from collections.abc import Callable
from typing import Any

from adaptive.backends.learner_model.base import SECONDS_PER_DAY, LearnerModel, Observation, Params
from adaptive.backends.learner_model.forgetting_fit import fit_forgetting
from adaptive.backends.learner_model.pfa import PfaForgetting
from adaptive.practice.fitting.data import FitData

MIN_DAYS = 14.0  # from the first answer to the last; in less nobody shows how a month forgets


def params_of_memory(model_class: type[LearnerModel], params: Params) -> Params | None:
    """The part of the parameters in which FSRS-6's are kept; None for a model that knows no forgetting."""
    return params if issubclass(model_class, PfaForgetting) else params.get("pfa")


def forgetting_fitted(
    model_class: type[LearnerModel], params: Params, data: FitData, *, seed: int, say: Callable[[str], None]
) -> dict[str, Any] | None:
    """Fits FSRS-6 to the dated answers and, where that is accepted, puts it into `params`. What came of it, for the
    version's figures: see `ForgettingFit`, with the days that the answers span; None for a model without forgetting.

    Bounded: at most 200,000 answers and 90 evaluations, some ten seconds. p_mastery and p_correct stay as they are.
    """
    part = params_of_memory(model_class, params)
    if part is None:
        return None
    dated = _by_person(data)
    times = [observation.at for rows in dated.values() for observation in rows]
    days = (max(times) - min(times)) / SECONDS_PER_DAY if times else 0.0
    found = fit_forgetting(dated, has_time=bool(dated), seed=seed, say=say) if not dated or days >= MIN_DAYS else None
    if found is None:
        reason = f"The answers span {days:.1f} days; {MIN_DAYS:.0f} are needed to learn about forgetting."
        return {"is_accepted": False, "reason": reason, "days": round(days, 1)}
    if found.is_accepted:
        part["forgetting"] = list(found.w)
    return {**found.as_json(), "days": round(days, 1)}


def _by_person(data: FitData) -> dict[str, list[Observation]]:
    """Dated histories, one a person: who learns in two courses must not be held out in the one and fitted on in the
    other. By their own ids, so that the same class is split in the same way wherever it is loaded."""
    found: dict[str, list[Observation]] = {}
    for key in sorted(data.histories, key=lambda one: (data.person[one], one)):
        if key in data.undated:
            continue
        person = data.person[key]
        if person in found:
            found[person] = sorted([*found[person], *data.histories[key]], key=lambda row: row.at)
        else:
            found[person] = list(data.histories[key])
    return found
