"""The recommender played through services and REST: it works as for a page or an LMS, and leaves nothing behind."""

from typing import Any

import pytest

from adaptive.catalog.models import Course, Resource
from adaptive.evaluation.policies.base import Policy
from adaptive.evaluation.running import history_of, play
from adaptive.evaluation.simulators import make_world
from adaptive.evaluation.simulators.course import Timetable
from adaptive.evaluation.through.installing import thrown_away
from adaptive.evaluation.through.rest import ThroughRest
from adaptive.evaluation.through.services import ThroughServices
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.models import LearnerModelVersion
from adaptive.recommendation.models import Impression, Slate
from adaptive.tenants.models import Tenant

SHORT = Timetable(n_sessions=2, per_session=3)


@pytest.mark.parametrize("policy", [ThroughServices(), ThroughRest()], ids=["services", "rest"])
def test_everybody_practises_what_was_recommended_and_nothing_stays(db: None, policy: Policy) -> None:
    counts = [model.objects.count() for model in (Tenant, Course, Resource, Learner, Attempt, Slate)]
    world = make_world("additive", n_learners=3, seed=0, timetable=SHORT)
    with thrown_away():
        played = play(world, policy, seed=0)
        assert Slate.objects.count() == 3 * 6
        assert Attempt.objects.filter(state=Attempt.State.ASSESSED).count() == 3 * 6
        shown = set(Impression.objects.values_list("slate__learner__external_id", "resource__external_id"))
        done = set(Attempt.objects.values_list("learner__external_id", "resource__external_id"))
        assert done == shown
        marks = Attempt.objects.filter(assessments__is_current=True).values_list("assessments__score", flat=True)
        assert sum(marks) == played.scores.sum()
    assert played.items.shape == (3, 6)
    assert (played.after > played.before).all()
    assert [model.objects.count() for model in (Tenant, Course, Resource, Learner, Attempt, Slate)] == counts


def test_an_error_in_between_leaves_nothing_either(db: None) -> None:
    with pytest.raises(ZeroDivisionError), thrown_away():
        world = make_world("null", n_learners=1, seed=0)
        ThroughServices().start(world.view, world.learners, 0)
        assert Learner.objects.exists()
        _ = 1 / 0
    assert not Learner.objects.exists()


def test_services_learn_from_the_history_of_others(db: None, settings: Any) -> None:
    settings.ADAPTIVE = {**settings.ADAPTIVE, "LEARNER_MODEL_TO_FIT": "adaptive.backends.learner_model.bkt.Bkt"}
    policy = ThroughServices()
    history = history_of("additive", seed=0, n_learners=30, timetable=SHORT)
    world = make_world("additive", n_learners=1, seed=0, timetable=Timetable(1, 2))
    policy.learn(world.view, history, 0)
    with thrown_away():
        play(world, policy, seed=0)
        version = LearnerModelVersion.objects.get(is_active=True)
        assert version.data["n_learners"] == 30
        assert Slate.objects.first().learner_model.startswith(version.name)


def test_rest_starts_cold() -> None:
    with pytest.raises(ValueError, match="cold"):
        ThroughRest().learn(None, None, 0)  # type: ignore[arg-type]
