"""Experiments: planned, started once, one at a time, and who met what."""

import pytest

from adaptive.common.errors import Conflict, InvalidInput, NotFound
from adaptive.experiments.models import Exposure
from adaptive.experiments.selectors import assignment_of, experiment_get
from adaptive.experiments.services import experiment_end, experiment_put, experiment_start, exposure_record
from tests.factories import learner_make, tenant_make

pytestmark = pytest.mark.django_db
VARIANTS = [{"name": "control"}, {"name": "new", "weight": 2, "policy": {"exploration": 0.2}}]


@pytest.fixture
def tenant():
    return tenant_make("demo")


def test_without_a_running_experiment_nobody_is_assigned(tenant):
    alice = learner_make(tenant, "alice")
    assert assignment_of(learner=alice) is None
    experiment_put(tenant=tenant, name="plan", variants=VARIANTS)
    assert assignment_of(learner=alice) is None


def test_a_plan_may_change_until_it_starts(tenant):
    experiment, created = experiment_put(tenant=tenant, name="plan", variants=VARIANTS)
    assert created
    _, created = experiment_put(tenant=tenant, name="plan", variants=VARIANTS, hypothesis="It helps.")
    assert not created
    experiment_start(experiment=experiment)
    with pytest.raises(Conflict):
        experiment_put(tenant=tenant, name="plan", variants=VARIANTS)
    with pytest.raises(Conflict):
        experiment_start(experiment=experiment)


def test_only_one_runs_at_a_time_and_only_for_its_tenant(tenant):
    one, _ = experiment_put(tenant=tenant, name="one", variants=VARIANTS)
    two, _ = experiment_put(tenant=tenant, name="two", variants=VARIANTS)
    experiment_start(experiment=one)
    with pytest.raises(Conflict):
        experiment_start(experiment=two)
    assert assignment_of(learner=learner_make(tenant, "alice")).experiment == one
    assert assignment_of(learner=learner_make(tenant_make("elsewhere"), "mallory")) is None
    assert experiment_end(experiment=one).ended_at is not None
    assert experiment_start(experiment=two).is_running


def test_the_first_exposure_is_the_one_that_counts(tenant):
    alice = learner_make(tenant, "alice")
    experiment, _ = experiment_put(tenant=tenant, name="one", variants=VARIANTS)
    experiment_start(experiment=experiment)
    assignment = assignment_of(learner=alice)
    for _ in range(2):
        exposure_record(assignment=assignment, learner=alice)
    assert Exposure.objects.get().variant == assignment.variant
    assert assignment_of(learner=alice) == assignment


def test_an_experiment_is_found_by_its_own_tenant_only(tenant):
    experiment, _ = experiment_put(tenant=tenant, name="one", variants=VARIANTS)
    assert experiment_get(tenant=tenant, name="one") == experiment
    with pytest.raises(NotFound):
        experiment_get(tenant=tenant_make("elsewhere"), name="one")


@pytest.mark.parametrize(
    "variants",
    [
        [],
        "ab",
        None,
        [{"name": "only"}],
        [{"name": "a"}, {"name": "a"}],
        [{"name": "a"}, {"name": ""}],
        [{"name": "a"}, "b"],
        [{"name": "a"}, {"name": "b", "weight": 0}],
        [{"name": "a"}, {"name": "b", "weight": float("nan")}],
        [{"name": "a"}, {"name": "b", "weight": True}],
        [{"name": "a"}, {"name": "b", "policy": [1]}],
        [{"name": str(n)} for n in range(11)],
    ],
)
def test_variants_that_cannot_work_are_refused(tenant, variants):
    with pytest.raises(InvalidInput) as error:
        experiment_put(tenant=tenant, name="bad", variants=variants)
    assert error.value.errors
