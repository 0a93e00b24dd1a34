import math
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from adaptive.common.clock import now
from adaptive.common.errors import Conflict, FieldError, InvalidInput
from adaptive.experiments.models import Experiment, Exposure
from adaptive.experiments.selectors import Assignment
from adaptive.learners.models import Learner
from adaptive.tenants.models import Tenant

MAX_VARIANTS = 10


def _checked_variants(variants: Sequence[Any]) -> list[dict[str, Any]]:
    errors: list[FieldError] = []
    checked: list[dict[str, Any]] = []
    if not isinstance(variants, list | tuple) or not 2 <= len(variants) <= MAX_VARIANTS:
        errors.append(FieldError("/variants", f"An experiment has 2 to {MAX_VARIANTS} variants."))
        variants = []
    for place, variant in enumerate(variants):
        name = variant.get("name") if isinstance(variant, dict) else None
        if not isinstance(name, str) or not 1 <= len(name) <= 64 or name in {row["name"] for row in checked}:
            errors.append(FieldError(f"/variants/{place}/name", "A variant has a name of its own, 1 to 64 characters."))
            continue
        weight = variant.get("weight", 1)
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not is_number or not math.isfinite(weight) or weight <= 0:
            errors.append(FieldError(f"/variants/{place}/weight", "A weight is a number above 0."))
        if not isinstance(variant.get("policy", {}), dict):
            errors.append(FieldError(f"/variants/{place}/policy", "What the variant changes: names with numbers."))
        checked.append({"name": name, "weight": weight, "policy": variant.get("policy", {})})
    if errors:
        raise InvalidInput("The variants cannot be used.", errors=errors)
    return checked


@transaction.atomic
def experiment_put(
    *, tenant: Tenant, name: str, variants: Sequence[Any], hypothesis: str = ""
) -> tuple[Experiment, bool]:
    """Plans an experiment or changes the plan. Conflict once it has started: its variants are what learners met."""
    checked = _checked_variants(variants)
    found = Experiment.objects.select_for_update().filter(tenant=tenant, name=name).first()
    if found is not None and found.started_at is not None:
        raise Conflict(f"The experiment “{name}” has started; plan the change under another name.")
    return Experiment.objects.update_or_create(
        tenant=tenant, name=name, defaults={"variants": checked, "hypothesis": hypothesis}
    )


@transaction.atomic
def experiment_start(*, experiment: Experiment) -> Experiment:
    """Starts it. Conflict where it ran before or another one of the tenant is running (they would mix)."""
    Tenant.objects.select_for_update().get(pk=experiment.tenant_id)
    experiment.refresh_from_db()
    if experiment.started_at is not None:
        raise Conflict(f"The experiment “{experiment.name}” has been started before.")
    running = Experiment.objects.filter(tenant_id=experiment.tenant_id, is_running=True).first()
    if running is not None:
        raise Conflict(f"The experiment “{running.name}” is running; end it first.")
    experiment.is_running, experiment.started_at = True, now()
    experiment.save(update_fields=["is_running", "started_at"])
    return experiment


def experiment_end(*, experiment: Experiment) -> Experiment:
    """Ends it for good; ending it again changes nothing."""
    Experiment.objects.filter(pk=experiment.pk, is_running=True).update(is_running=False, ended_at=now())
    experiment.refresh_from_db()
    return experiment


def exposure_record(*, assignment: Assignment, learner: Learner) -> None:
    """The learner met the variant now, if not before. One statement, safe to repeat and at once."""
    Exposure.objects.bulk_create(
        [Exposure(experiment=assignment.experiment, learner=learner, variant=assignment.variant)],
        ignore_conflicts=True,
    )
