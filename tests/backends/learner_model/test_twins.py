import random

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.twins import one_name_for_twins, with_a_twin


def answers(seed: int, n: int = 60, p: float = 0.6) -> list[Observation]:
    rng = random.Random(seed)
    return [Observation(Item(number, (1,)), float(rng.random() < p), 30.0 * number) for number in range(n)]


def test_a_learner_with_the_same_answers_under_another_name_is_found():
    train = {str(n): answers(n) for n in range(30)}
    shuffled = answers(7)
    random.Random(1).shuffle(shuffled)
    test = {"seven again, in another order": shuffled, "somebody else": answers(1000)}
    assert with_a_twin(test, train) == {"seven again, in another order"}


def test_agreement_of_those_who_know_everything_means_nothing():
    assert with_a_twin({"a": answers(1, p=1.0)}, {"b": answers(2, p=1.0)}) == set()


def test_a_few_shared_answers_mean_nothing():
    assert with_a_twin({"a": answers(1, n=15)}, {"b": answers(1, n=15)}) == set()


def test_twins_get_one_name_and_everybody_else_keeps_their_own():
    learners = {str(n): answers(n) for n in range(30)} | {"x": answers(7), "y": answers(7)}
    names = one_name_for_twins(learners)
    assert len({names["7"], names["x"], names["y"]}) == 1
    assert len(set(names.values())) == 30
