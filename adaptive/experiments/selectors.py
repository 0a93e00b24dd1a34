from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adaptive.common.errors import NotFound
from adaptive.experiments.assignment import assign
from adaptive.experiments.models import Experiment
from adaptive.learners.models import Learner
from adaptive.tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Assignment:
    """A learner's variant of a running experiment. `policy`: what the variant changes of the policy."""

    experiment: Experiment
    variant: str
    policy: Mapping[str, Any]


def experiment_get(*, tenant: Tenant, name: str) -> Experiment:
    """Raises NotFound."""
    found = Experiment.objects.filter(tenant=tenant, name=name).first()
    if found is None:
        raise NotFound(f"There is no experiment “{name[:60]}”.")
    return found


def assignment_of(*, learner: Learner) -> Assignment | None:
    """The learner's variant of the tenant's running experiment, None while none runs. One query."""
    experiment = Experiment.objects.filter(tenant_id=learner.tenant_id, is_running=True).order_by("id").first()
    if experiment is None:
        return None
    pairs = [(variant["name"], variant["weight"]) for variant in experiment.variants]
    name = assign(experiment=experiment.name, unit=learner.external_id, variants=pairs)
    policy = next(variant.get("policy") or {} for variant in experiment.variants if variant["name"] == name)
    return Assignment(experiment=experiment, variant=name, policy=policy)
