import pytest

from adaptive.backends.learner_model.forgetting import (
    AGAIN,
    GOOD,
    due_at,
    first_memory,
    next_memory,
    rating_of,
    retention,
    retrievability,
)

# (days since, rating, retrievability, stability, difficulty), made with the package fsrs 6.3.2: Scheduler(
# learning_steps=(), relearning_steps=(), enable_fuzzing=False).review_card; day 0 = five minutes later.
FSRS_6_3_2 = [
    [
        (0, 3, 0, 2.3065, 2.118104),
        (2, 3, 0.909493, 10.964332, 2.111214),
        (7, 3, 0.92779, 36.123636, 2.104331),
        (30, 1, 0.912247, 2.597902, 7.389976),
        (1, 3, 0.951829, 4.631178, 7.377814),
        (4, 2, 0.909746, 8.416288, 8.244499),
        (20, 4, 0.830704, 36.988752, 7.643121),
    ],
    [
        (0, 1, 0, 0.212, 6.4133),
        (1, 3, 0.766196, 1.886788, 6.402115),
        (3, 2, 0.865131, 5.345706, 7.596785),
        (10, 3, 0.851613, 16.563412, 7.584416),
        (0, 1, 1.0, 4.888858, 9.191242),
        (0, 3, 1.0, 4.888858, 9.17728),
        (60, 3, 0.673081, 18.110252, 9.163331),
    ],
    [
        (0, 2, 0, 1.2931, 5.112171),
        (0, 3, 1.0, 1.3359, 5.102287),
        (0, 3, 1.0, 1.377162, 5.092413),
        (5, 1, 0.791403, 0.483992, 8.372138),
        (5, 1, 0.689675, 0.237464, 9.450161),
        (5, 3, 0.622439, 1.303544, 9.435939),
    ],
]


@pytest.mark.parametrize("reviews", FSRS_6_3_2)
def test_memory_follows_the_fsrs_package(reviews):
    stability = difficulty = None
    for days, rating, recalled, expected_stability, expected_difficulty in reviews:
        if stability is None:
            stability, difficulty = first_memory(rating)
        else:
            assert retrievability(days, stability) == pytest.approx(recalled, abs=1e-5)
            stability, difficulty = next_memory(stability, difficulty, days, rating)
        assert stability == pytest.approx(expected_stability, rel=1e-4)
        assert difficulty == pytest.approx(expected_difficulty, rel=1e-4)


def test_retrievability_is_nine_tenths_when_due_and_falls_all_the_way():
    assert retrievability(0, 5) == 1
    assert retrievability(5, 5) == pytest.approx(0.9)
    assert due_at(1000.0, 5) == 1000.0 + 5 * 86_400
    curve = [retrievability(days, 5) for days in (0, 0.5, 1, 5, 30, 365, 10_000)]
    assert curve == sorted(curve, reverse=True) and curve[-1] > 0


def test_missing_a_skill_ten_times_in_an_hour_does_not_ruin_it():
    stability, difficulty = first_memory(AGAIN)
    new = stability
    for _ in range(10):
        stability, difficulty = next_memory(stability, difficulty, 0.004, AGAIN)
    assert stability == new
    stability, difficulty = 0.05, 9.0  # already weaker: a lapse does not strengthen it either
    assert next_memory(stability, difficulty, 0.004, AGAIN)[0] <= 0.05


def test_spaced_practice_strengthens_more_than_massed():
    massed = spaced = first_memory(GOOD)
    for _ in range(4):
        massed = next_memory(*massed, 0.01, GOOD)
        spaced = next_memory(*spaced, spaced[0], GOOD)
    assert spaced[0] > 5 * massed[0]


def test_numbers_stay_in_bounds_for_endless_practice():
    memory = first_memory(GOOD)
    for _ in range(200):
        memory = next_memory(*memory, 1e6, GOOD)
    assert memory[0] == 36_500 and 1 <= memory[1] <= 10
    for _ in range(200):
        memory = next_memory(*memory, 1e6, AGAIN)
    assert 0.001 <= memory[0] < 10 and 1 <= memory[1] <= 10


def test_ratings_and_retention():
    assert [rating_of(s) for s in (0.0, 0.49, 0.5, 0.7, 0.8, 1.0)] == [1, 1, 2, 2, 3, 3]
    assert retention(-3) == retention(0) == 1
    assert retention(1) == pytest.approx(0.8986, abs=1e-4)
