"""The simulated class: the same every time, plausible, and only answers that the product could have got."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from adaptive.assessment.keys import assess_by_key
from adaptive.catalog.content import course_folder_read
from adaptive.catalog.formats import read_response
from adaptive.practice.demo.answering import number_text, respond
from adaptive.practice.demo.people import COHORTS, MATHS, PEOPLE, SCIENCE, Profile
from adaptive.practice.demo.services import fixtures_folder
from adaptive.practice.demo.simulation import WEEKS, WORDS, SimExercise, simulate
from adaptive.practice.demo.term import Made, sim_exercises, simulate_class

END = datetime(2026, 3, 3, tzinfo=UTC)
EXERCISES = {course: sim_exercises(course_folder_read(fixtures_folder() / course)) for course in COHORTS}
EVERY = [exercise for exercises in EXERCISES.values() for exercise in exercises]


@pytest.fixture(scope="module")
def maths() -> list[Made]:
    return simulate_class(MATHS, EXERCISES[MATHS], end=END, seed=1)


def of(made: list[Made], username: str) -> list[Made]:
    return [one for one in made if one.username == username]


def share_right(made: list[Made]) -> float:
    return sum(one.attempt.outcome == "right" for one in made) / len(made)


def test_thirty_different_people() -> None:
    assert len(PEOPLE) == 30
    assert len({person.username for person in PEOPLE}) == len({person.name for person in PEOPLE}) == 30
    assert all(MATHS in person.courses for person in PEOPLE)
    assert sum(SCIENCE in person.courses for person in PEOPLE) >= 12


@pytest.mark.parametrize("exercise", EVERY, ids=lambda exercise: exercise.id)
def test_every_outcome_has_a_response_that_the_exercise_can_read(exercise: SimExercise) -> None:
    built, rng = exercise.answerable.exercise, Random(5)
    for outcome in ("right", "partial", "wrong"):
        for _ in range(8):
            response = read_response(built, respond(exercise.answerable, outcome, tends_to=(), rng=rng))
            verdict = assess_by_key(built, response)
            if verdict is None:
                assert exercise.response_format in WORDS
            elif outcome == "right":
                assert verdict.score == 1.0
            elif outcome == "partial":
                assert verdict.score < 1.0
    wrong = [respond(exercise.answerable, "wrong", tends_to=(), rng=rng) for _ in range(20)]
    scores = [
        verdict.score for verdict in (assess_by_key(built, read_response(built, one)) for one in wrong) if verdict
    ]
    assert not scores or sum(scores) / len(scores) < 0.5


def test_who_has_a_misconception_shows_it_more_often() -> None:
    exercise = next(
        e for e in EXERCISES[MATHS] if e.response_format == "choice" and len(e.answerable.exercise.choices) > 3
    )
    wrong = [
        c for c in exercise.answerable.exercise.choices if c["id"] != exercise.answerable.exercise.answer["choice"]
    ]
    rng = Random(1)
    picks = Counter(
        respond(exercise.answerable, "wrong", tends_to=[wrong[0]["misconception"]], rng=rng)["choice"]
        for _ in range(300)
    )
    assert picks[wrong[0]["id"]] > 2 * max(picks[choice["id"]] for choice in wrong[1:])


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (-0.5, "-0.5"), (5 / 14, "5/14"), (1 / 3, "1/3"), (2.25, "2.25")]
)
def test_numbers_are_written_as_pupils_write_them(value: float, text: str) -> None:
    assert number_text(value) == text


def test_the_same_seed_and_day_give_the_same_term(maths: list[Made]) -> None:
    assert simulate_class(MATHS, EXERCISES[MATHS], end=END, seed=1) == maths
    assert simulate_class(MATHS, EXERCISES[MATHS], end=END, seed=2) != maths


def test_another_day_only_moves_the_dates(maths: list[Made]) -> None:
    later = simulate_class(MATHS, EXERCISES[MATHS], end=END + timedelta(days=1), seed=1)
    assert [one.attempt.response for one in later] == [one.attempt.response for one in maths]
    moved = {b.attempt.submitted_at - a.attempt.submitted_at for a, b in zip(maths, later, strict=True)}
    assert moved == {timedelta(days=1)}


def test_a_term_has_twelve_weeks_and_ends_in_time(maths: list[Made]) -> None:
    moments = [one.attempt.submitted_at for one in maths]
    assert END - timedelta(weeks=WEEKS) <= min(moments) < END - timedelta(weeks=WEEKS - 2)
    assert max(moments) < END + timedelta(days=1)
    assert all(one.attempt.started_at < one.attempt.submitted_at for one in maths)
    for person in PEOPLE:
        theirs = [one.attempt.submitted_at for one in of(maths, person.username)]
        assert theirs == sorted(theirs)


def test_there_is_enough_of_it_and_it_covers_the_course(maths: list[Made]) -> None:
    assert 3000 <= len(maths) <= 4000
    assert {one.attempt.exercise.id for one in maths} == {exercise.id for exercise in EXERCISES[MATHS]}
    assert 0.6 < share_right(maths) < 0.85
    assert {one.attempt.n_hints for one in maths} == {0, 1, 2, 3}


def test_the_three_of_the_cast_are_who_they_are_said_to_be(maths: list[Made]) -> None:
    assert of(maths, "bob") == [], "a cold start"
    assert share_right(of(maths, "charlie")) > 0.93
    assert {one.attempt.exercise.skill for one in of(maths, "charlie")} == {e.skill for e in EXERCISES[MATHS]}
    alice = of(maths, "alice")
    assert {one.attempt.exercise.skill for one in alice} == {
        "fraction-meaning",
        "equivalent-fractions",
        "comparing-fractions",
        "adding-fractions",
    }
    adding = [one for one in alice if one.attempt.exercise.skill == "adding-fractions"]
    assert share_right(adding) < 0.5 < share_right([one for one in alice if one not in adding])
    assert alice[-1].attempt.submitted_at.date() == END.date(), "she was here yesterday"


def test_abler_learners_do_better() -> None:
    def right(ability: float) -> float:
        made = [
            attempt
            for seed in range(12)
            for attempt in simulate(Profile(ability=ability), EXERCISES[MATHS], seed=seed, end=END)
        ]
        return sum(attempt.outcome == "right" for attempt in made) / len(made)

    assert right(-1.5) + 0.15 < right(0.0) < right(1.5) - 0.1
