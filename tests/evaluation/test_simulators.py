"""The simulated learners: what they are said to be, and independent of what they judge."""

import re
from pathlib import Path

import numpy as np
import pytest

import adaptive.evaluation.simulators
from adaptive.evaluation.exploits import find_exploit
from adaptive.evaluation.policies.blind import Path as BlindPath
from adaptive.evaluation.policies.blind import Random
from adaptive.evaluation.policies.oracle import Oracle
from adaptive.evaluation.running import play
from adaptive.evaluation.simulators import WORLDS, make_world
from adaptive.evaluation.simulators.base import World
from adaptive.evaluation.simulators.course import Timetable

FOLDER = Path(adaptive.evaluation.simulators.__file__).parent
GROWING = ["additive", "prerequisites", "window", "all"]
LEARNING = [*GROWING, "hidden_markov"]


def practise_all(world: World, item: int) -> None:
    world.practise(np.full(world.n_learners, item))


def test_they_share_no_code_with_the_learner_model() -> None:
    for file in FOLDER.rglob("*.py"):
        imported = re.findall(r"^\s*(?:from|import)\s+(\S+)", file.read_text(), re.MULTILINE)
        foreign = [name for name in imported if name.startswith("adaptive") or "django" in name]
        assert not foreign, (file, foreign)
        assert "learner_model" not in " ".join(imported)


@pytest.mark.parametrize("name", list(WORLDS))
def test_the_same_seed_gives_the_same_learners_and_luck(name: str) -> None:
    a, b = (play(make_world(name, n_learners=30, seed=4), Random(), seed=1) for _ in range(2))
    assert np.array_equal(a.scores, b.scores) and np.array_equal(a.after, b.after)
    other = play(make_world(name, n_learners=30, seed=4, population=1), Random(), seed=1)
    assert not np.array_equal(a.after, other.after)


@pytest.mark.parametrize("name", list(WORLDS))
def test_a_part_of_the_learners_is_simulated_as_in_the_whole(name: str) -> None:
    whole = play(make_world(name, n_learners=20, seed=0), Random(), seed=0)
    part = play(make_world(name, n_learners=20, seed=0, part=slice(5, 12)), Random(), seed=0)
    for field in ("before", "after", "items", "scores", "p", "is_strong", "is_weak"):
        assert np.allclose(getattr(whole, field)[5:12], getattr(part, field), atol=1e-12), field


def test_where_nothing_matters_every_path_ties_to_the_last_bit() -> None:
    played = [
        play(make_world("null", n_learners=40, seed=2), policy, seed=3)
        for policy in (Random(), Oracle(), BlindPath(skills=np.zeros(50, dtype=int)))
    ]
    for one in played[1:]:
        assert np.array_equal(one.scores, played[0].scores)
        assert np.array_equal(one.after, played[0].after)
    assert np.array_equal(played[0].before, played[0].after)


@pytest.mark.parametrize("name", GROWING)
def test_the_gain_foretold_is_what_practice_brings(name: str) -> None:
    world = make_world(name, n_learners=25, seed=1)
    for step, item in enumerate((0, 40, 0, 90, 41)):
        foretold = world.gains()[:, item]
        before = world.final_score()
        practise_all(world, item)
        assert np.allclose(world.final_score() - before, foretold, atol=1e-12), step
        assert (foretold >= 0).all()


def test_in_the_hidden_world_the_gain_foretold_is_what_practice_brings_on_average() -> None:
    world = make_world("hidden_markov", n_learners=20_000, seed=1)
    item = next(i for i, skills in enumerate(world.view.skills) if len(skills) == 1)
    foretold = world.gains()[:, item].mean()
    before = world.final_score()
    practise_all(world, item)
    gained = world.final_score() - before
    assert abs(gained.mean() - foretold) < 4 * gained.std() / np.sqrt(len(gained)) + 1e-12
    assert (gained >= -1e-12).all()  # practising never harms


@pytest.mark.parametrize("name", GROWING)
def test_the_longer_before_the_test_the_less_is_left_of_practice(name: str) -> None:
    early, late = (make_world(name, n_learners=500, seed=0) for _ in range(2))
    late.step = 40  # 7 days before the test instead of 15
    assert 0 < early.gains().mean() < late.gains().mean()


def test_in_the_hidden_world_what_is_learnt_is_forgotten_by_a_power_of_days() -> None:
    world = make_world("hidden_markov", n_learners=20_000, seed=0)
    before = world.is_known.copy()
    view = world.view
    for skill in range(10):  # each once, so that nothing is made firmer
        practise_all(world, next(item for item in view.items_of(skill) if len(view.skills[item]) == 1))
    learnt = world.is_known & ~before
    world.step = 40
    world.p_correct()
    assert learnt.sum() > 300
    assert world.is_known[learnt].mean() == pytest.approx(9**-0.154, abs=0.02)  # eight days later


def test_practice_teaches_more_where_the_prerequisites_are_known() -> None:
    world = make_world("prerequisites", n_learners=500, seed=0)
    skill = next(s for s, before in enumerate(world.course.prerequisites) if before)
    item = next(i for i in world.view.items_of(skill) if len(world.view.skills[i]) == 1)
    first = world.course.prerequisites[skill][0]
    known = world.p_correct()[:, world.view.items_of(first)].mean(axis=1)
    before = world._level(world.now)[:, skill]
    practise_all(world, item)
    learnt = world._level(world.now)[:, skill] - before
    best, worst = np.argsort(known)[-100:], np.argsort(known)[:100]
    assert learnt[best].mean() > 2 * learnt[worst].mean()
    assert world.view.prerequisites == world.course.prerequisites  # and the policies may see them
    assert not any(make_world("additive", n_learners=1, seed=0).view.prerequisites)


def test_practice_teaches_most_where_success_is_within_the_window() -> None:
    gained = {}
    for wanted in (0.3, 0.65, 0.99):
        world = make_world("window", n_learners=300, seed=0)
        before = world.final_score()
        world.practise(abs(world.p_correct() - wanted).argmin(axis=1))
        gained[wanted] = (world.final_score() - before).mean()
    assert gained[0.65] > 2 * max(gained[0.3], gained[0.99])


@pytest.mark.parametrize("name", LEARNING)
def test_no_learner_blind_path_beats_the_oracle(name: str) -> None:
    exploit = find_exploit(name, n_learners=60, seed=0, n_climbs=15)
    assert exploit.n_tried > 80
    assert not exploit.is_exploit, exploit


def test_one_skill_for_ever_teaches_little() -> None:
    world = make_world("all", n_learners=100, seed=0)
    path = play(world, BlindPath(skills=np.full(50, 3)), seed=0)
    spread = play(make_world("all", n_learners=100, seed=0), Random(), seed=0)
    assert (path.after - path.before).mean() < 0.5 * (spread.after - spread.before).mean()


def test_skills_learn_alike_where_their_slopes_do_not_differ() -> None:
    assert np.ptp(make_world("additive", n_learners=2, seed=0, slope_log_sd=0.0).slope) == 0
    assert np.ptp(make_world("additive", n_learners=2, seed=0).slope) > 0.05


@pytest.mark.parametrize("items", [[0], [0, 0, 999], [0, -1, 2], [[0], [0], [0]]])
def test_what_is_no_exercise_for_everybody_is_refused(items: list) -> None:
    world = make_world("additive", n_learners=3, seed=0)
    with pytest.raises(ValueError, match="one exercise"):
        world.practise(items)


def test_after_the_last_session_nothing_can_be_practised() -> None:
    world = make_world("additive", n_learners=1, seed=0, timetable=Timetable(1, 1))
    practise_all(world, 0)
    with pytest.raises(ValueError, match="over"):
        practise_all(world, 0)


@pytest.mark.parametrize("authored", ["noisy", "true", "none"])
def test_policies_see_no_truth(authored: str) -> None:
    world = make_world("all", n_learners=2, seed=0, authored=authored)
    shown = world.view.authored
    if authored == "none":
        assert shown is None
    else:
        assert np.allclose(shown, world.course.difficulty) == (authored == "true")
