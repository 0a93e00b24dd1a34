"""Which answers come before a teacher first."""

import numpy as np

from adaptive.assessment.trust.teaching import Waiting, teach_most, weight


def at(*angle: float) -> np.ndarray:
    return np.array([np.cos(angle[0]), np.sin(angle[0])])


def waiting(key: int, confidence: float | None, **values) -> Waiting:
    return Waiting(key, **{"exercise": 1, "threshold": 0.9, "n_marked": 0, **values}, confidence=confidence)


def test_nothing_waits():
    assert teach_most([]) == []


def test_near_the_threshold_comes_first():
    assert teach_most([waiting(1, 0.6), waiting(2, 0.88), waiting(3, 0.999)], most=1) == [2]


def test_while_nothing_is_released_the_surest_teach_most():
    assert teach_most([waiting(1, 0.6, threshold=None), waiting(2, 0.97, threshold=None)], most=1) == [2]


def test_an_answer_that_speaks_for_many_comes_before_one_that_stands_alone():
    crowd = [waiting(n, 0.86, vector=at(0.01 * n)) for n in range(1, 5)]
    alone = waiting(9, 0.88, vector=at(1.5))
    first, second, *_ = teach_most([alone, *crowd])
    assert first in {1, 2, 3, 4} and second == 9, "and the next is not the same again"


def test_the_same_text_is_asked_about_once_where_there_are_others():
    same = [waiting(n, 0.89, text="a third") for n in (1, 2, 3)]
    assert teach_most([*same, waiting(4, 0.8, text="a half")], most=2) == [1, 4]


def test_an_exercise_with_few_marks_comes_first():
    assert teach_most([waiting(1, 0.89, n_marked=80), waiting(2, 0.89, exercise=2)], most=1) == [2]


def test_what_the_machine_has_no_opinion_of_teaches_it_nothing():
    assert weight(waiting(1, None)) == weight(waiting(2, 0.0)) == 0.0
    assert teach_most([waiting(1, None), waiting(2, 0.0)]) == []


def test_a_few_without_vectors_do_no_harm():
    mixed = [waiting(1, 0.9), waiting(2, 0.9, vector=at(0.2)), waiting(3, 0.9, vector=at(0.2), exercise=2)]
    assert sorted(teach_most(mixed)) == [1, 2, 3]
