"""The worked example on the hint ladder: similar, of the same skill, and silent about the exercise's own answer."""

import pytest

from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.catalog.embedding import resources_embed
from adaptive.practice.similar import similar_problem
from tests.factories import attempt_make, cast_make, exercise_make, resource_make


@pytest.fixture
def cast(db):
    """With nothing in the course yet that could be similar."""
    made = cast_make()
    made.course.resources.update(is_retired=True)
    return made


def embed() -> None:
    resources_embed(embedding=HashingEncoder(), limit=100)


def similar(cast, exercise):
    found = similar_problem(learner=cast.alice, exercise=exercise)
    return found.resource.title if found else None


@pytest.fixture
def beads(cast):
    values = {"hints": [], "body": "Of 9 beads 4 are blue. Which part is blue?", "answer": {"value": 4 / 9}}
    return exercise_make(cast.course, [cast.skills[2]], "numeric", title="Beads", explanation="4 of 9.", **values)


def example(cast, title: str, body: str, skill: int = 2, **values):
    return resource_make(cast.course, [cast.skills[skill]], kind="worked_example", title=title, body=body, **values)


def test_the_nearest_in_meaning_of_the_same_skill(cast, beads):
    example(cast, "Trains", "A train leaves at noon and another one follows.")
    example(cast, "Pearls", "Of 7 blue beads and pearls 3 are white: which part is white? Three sevenths.")
    example(cast, "Elsewhere", "Of 9 beads some are blue. Which part is blue?", skill=0)
    example(cast, "Old", "Of 8 beads some are blue. Which part is blue?", is_retired=True)
    embed()
    assert similar(cast, beads) == "Pearls"


def test_what_holds_the_answer_is_passed_over(cast, beads):
    for title, body in (
        ("As a fraction", "Of 9 beads 4 are blue: that is $\\frac{4}{9}$."),
        ("In words", "The blue beads are four ninths of all beads."),
    ):
        example(cast, title, body)
    embed()
    assert similar(cast, beads) is None
    example(cast, "Cups", "Of 5 cups 2 are red: two fifths.")
    embed()
    assert similar(cast, beads) == "Cups"


def test_what_is_not_embedded_yet_is_found_all_the_same(cast, beads):
    example(cast, "The answer", "The blue beads are four ninths of all beads.")
    example(cast, "Cups", "Of 5 cups 2 are red: two fifths.")
    assert similar(cast, beads) == "Cups"


def test_never_itself_and_a_solved_exercise_before_a_fresh_one(cast, beads):
    text = {"body": "Of 11 shells 5 are white. Which part is white?", "answer": {"value": 5 / 11}, "hints": []}
    skill = [cast.skills[2]]
    exercise_make(cast.course, skill, "numeric", title="Fresh", explanation="5 of 11.", **text)
    known = exercise_make(cast.course, skill, "numeric", title="Known", explanation="5 of 11.", **text)
    exercise_make(cast.course, skill, "numeric", title="Without a why", **{**text, "explanation": ""})
    embed()
    assert similar(cast, beads) == "Fresh"
    attempt_make(cast.alice, known, score=1.0, response={"value": "5/11"})
    found = similar_problem(learner=cast.alice, exercise=beads)
    assert found.resource == known and found.is_solved
    example(cast, "Written for it", "Of 5 cups 2 are red: two fifths.")
    embed()
    assert similar(cast, beads) == "Written for it"


def test_an_exercise_of_no_skill_has_none(cast):
    assert similar(cast, exercise_make(cast.course, [], "choice")) is None


def test_as_many_queries_for_a_large_course(cast, beads, django_assert_max_num_queries):
    for n in range(40):
        example(cast, f"E{n}", f"Of {n + 20} cups one is red.")
    embed()
    with django_assert_max_num_queries(10):
        assert similar(cast, beads)
