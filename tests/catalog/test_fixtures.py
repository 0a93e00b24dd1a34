"""The two courses that ship with the app: complete, solvable, and every key agrees with its author's examples."""

import re
from collections import Counter
from typing import Any

import pytest

from adaptive.assessment.keys import assess_by_key
from adaptive.catalog.checking import check_resource
from adaptive.catalog.content import CourseFolder, course_folder_read
from adaptive.catalog.formats import FORMATS, Exercise, read_response
from adaptive.catalog.formats.matching import sides
from adaptive.catalog.graph import find_cycle
from adaptive.pages.markdown import tex_to_mathml
from adaptive.practice.demo.services import fixtures_folder

COURSES: dict[str, CourseFolder] = {
    folder.name: course_folder_read(folder) for folder in sorted(fixtures_folder().iterdir()) if folder.is_dir()
}
MATHS, SCIENCE = "fractions-to-equations", "circuits-and-plants"
EXERCISES = [exercise for course in COURSES.values() for exercise in course.exercises]
READINGS = [reading for course in COURSES.values() for reading in course.readings]
WORDS = {"short_text", "long_text"}
CLOSED = [exercise for exercise in EXERCISES if exercise["response_format"] not in WORDS]
OPEN = [exercise for exercise in EXERCISES if exercise["response_format"] in WORDS]

every_exercise = pytest.mark.parametrize("data", EXERCISES, ids=lambda data: data["id"])
every_closed = pytest.mark.parametrize("data", CLOSED, ids=lambda data: data["id"])
every_open = pytest.mark.parametrize("data", OPEN, ids=lambda data: data["id"])
every_reading = pytest.mark.parametrize("data", READINGS, ids=lambda data: data["id"])
every_course = pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)


def exercise_of(data: dict[str, Any]) -> Exercise:
    return Exercise(data["response_format"], data["body"], tuple(data.get("choices", ())), data["answer"])


def score(data: dict[str, Any], response: dict[str, Any]) -> float:
    exercise = exercise_of(data)
    verdict = assess_by_key(exercise, read_response(exercise, response))
    assert verdict is not None, "a closed format is decided by its key"
    return verdict.score


def of_format(name: str) -> list[dict[str, Any]]:
    return [exercise for exercise in EXERCISES if exercise["response_format"] == name]


def by_format(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("data", of_format(name), ids=lambda data: data["id"])


# -- how much there is
def test_mathematics_has_what_was_promised() -> None:
    course = COURSES[MATHS]
    formats = Counter(exercise["response_format"] for exercise in course.exercises)
    assert len(course.about["skills"]) >= 14
    assert len(course.exercises) == 84
    assert set(formats) == set(FORMATS), "all eight formats"
    assert formats["short_text"] + formats["long_text"] >= 20
    assert len(course.readings) == 28


def test_science_has_what_was_promised() -> None:
    course = COURSES[SCIENCE]
    formats = Counter(exercise["response_format"] for exercise in course.exercises)
    assert len(course.about["skills"]) >= 8
    assert len(course.exercises) == 48
    assert formats["short_text"] + formats["long_text"] >= 30
    assert len(course.readings) == 16


@every_course
def test_every_skill_has_exercises_and_something_to_read(course: CourseFolder) -> None:
    skills = [skill["id"] for skill in course.about["skills"]]
    trained = Counter(exercise["skills"][0] for exercise in course.exercises)
    read = Counter(reading["skills"][0] for reading in course.readings)
    assert all(trained[skill] >= 3 and read[skill] >= 1 for skill in skills)
    assert [part["skill"] for part in course.parts] == skills, "one file a skill, in the order of the course"
    assert all(exercise["skills"][0] == part["skill"] for part in course.parts for exercise in part["exercises"])


# -- that it hangs together
@every_course
def test_ids_are_unique_and_say_where_they_belong(course: CourseFolder) -> None:
    ids = [resource["id"] for resource in course.exercises + course.readings]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+-[er]\d+", resource_id) for resource_id in ids)
    titles = Counter(resource["title"] for resource in course.exercises + course.readings)
    assert not [title for title, n in titles.items() if n > 1]


@every_course
def test_prerequisites_exist_and_form_no_cycle(course: CourseFolder) -> None:
    edges = {skill["id"]: skill["prerequisites"] for skill in course.about["skills"]}
    order = list(edges)
    for skill, needs in edges.items():
        assert not find_cycle(edges, skill)
        assert all(order.index(needed) < order.index(skill) for needed in needs), "a skill follows what it needs"
    assert any(edges.values())


@every_course
def test_every_misconception_that_is_named_is_described(course: CourseFolder) -> None:
    known = [misconception["id"] for misconception in course.about["misconceptions"]]
    assert len(set(known)) == len(known)
    assert all(misconception["description"].strip() for misconception in course.about["misconceptions"])
    named = {
        name
        for exercise in course.exercises
        for name in [
            *exercise.get("misconceptions", []),
            *(choice.get("misconception") for choice in exercise.get("choices", [])),
            *(error.get("misconception") for error in exercise["answer"].get("common_errors", [])),
        ]
        if name
    }
    assert named <= set(known)


@pytest.mark.parametrize("data", EXERCISES + READINGS, ids=lambda data: data["id"])
def test_the_catalogue_takes_it(data: dict[str, Any]) -> None:
    assert check_resource(data) == []
    assert data["title"].strip() and data["skills"] and 0.5 <= data["duration_minutes"] <= 10
    assert 0 < data["authored_difficulty"] < 1


# -- that the keys are right
@every_closed
def test_the_key_accepts_its_own_answer(data: dict[str, Any]) -> None:
    answer = data["answer"]
    response = {
        "choice": lambda: {"choice": answer["choice"]},
        "multiple_choice": lambda: {"choices": answer["choices"]},
        "numeric": lambda: {"value": repr(answer["value"])},
        "ordering": lambda: {"order": answer["order"]},
        "matching": lambda: {"pairs": answer["pairs"]},
        "cloze": lambda: {"gaps": [accepted[0] for accepted in answer["gaps"]]},
    }[data["response_format"]]()
    assert score(data, response) == 1.0


@every_closed
def test_the_authors_examples_score_as_the_author_says(data: dict[str, Any]) -> None:
    examples = data["examples"]
    assert examples["right"] and examples["wrong"]
    for response in examples["right"]:
        assert score(data, response) == 1.0, response
    for response in examples["wrong"]:
        assert score(data, response) < 1.0, response
    for response in examples.get("partial", []):
        assert 0.0 < score(data, response) < 1.0, response


@by_format("choice")
def test_exactly_one_choice_is_right_and_every_other_says_why_not(data: dict[str, Any]) -> None:
    right = [choice["id"] for choice in data["choices"] if score(data, {"choice": choice["id"]}) == 1.0]
    assert right == [data["answer"]["choice"]]
    for choice in data["choices"]:
        if choice["id"] not in right:
            assert choice["feedback"].strip() and choice["misconception"]
            verdict = assess_by_key(exercise_of(data), {"choice": choice["id"]})
            assert (verdict.score, verdict.misconception) == (0.0, choice["misconception"])


@by_format("multiple_choice")
def test_every_wrong_pick_costs_and_every_missed_one_too(data: dict[str, Any]) -> None:
    right = data["answer"]["choices"]
    for choice in data["choices"]:
        if choice["id"] in right:
            if len(right) > 1:
                assert 0.0 < score(data, {"choices": [other for other in right if other != choice["id"]]}) < 1.0
        else:
            assert choice["feedback"].strip() and choice["misconception"]
            assert score(data, {"choices": [choice["id"]]}) == 0.0
            assert score(data, {"choices": [*right, choice["id"]]}) < 1.0
    assert score(data, {"choices": [choice["id"] for choice in data["choices"]]}) < 1.0, "picking all is no answer"


@by_format("numeric")
def test_a_common_error_is_wrong_and_named(data: dict[str, Any]) -> None:
    errors = data["answer"]["common_errors"]
    assert 1 <= len(errors) <= 4
    for error in errors:
        verdict = assess_by_key(exercise_of(data), {"value": repr(error["value"])})
        assert (verdict.score, verdict.misconception) == (0.0, error["misconception"])
        assert verdict.feedback.strip()


@by_format("ordering")
def test_only_the_right_order_is_right_and_it_is_not_the_one_shown(data: dict[str, Any]) -> None:
    shown, right = [choice["id"] for choice in data["choices"]], data["answer"]["order"]
    assert shown != right
    assert score(data, {"order": right[::-1]}) == 0.0
    for at in range(len(right) - 1):
        swapped = [*right[:at], right[at + 1], right[at], *right[at + 2 :]]
        assert score(data, {"order": swapped}) < 1.0


@by_format("matching")
def test_every_left_item_has_one_partner_and_any_other_costs(data: dict[str, Any]) -> None:
    pairs = data["answer"]["pairs"]
    left, right = sides(exercise_of(data))
    assert len(left) >= 3 and set(pairs) == set(left) and len(set(pairs.values())) == len(pairs)
    for left_id in left:
        for right_id in right:
            if right_id != pairs[left_id]:
                assert score(data, {"pairs": {**pairs, left_id: right_id}}) < 1.0


@by_format("cloze")
def test_every_accepted_spelling_is_accepted_and_no_gap_takes_anothers_answer(data: dict[str, Any]) -> None:
    gaps = data["answer"]["gaps"]
    first = [accepted[0] for accepted in gaps]
    for at, accepted in enumerate(gaps):
        for text in accepted:
            assert score(data, {"gaps": [*first[:at], text, *first[at + 1 :]]}) == 1.0, text
            assert score(data, {"gaps": [*first[:at], f" {text.upper()} ", *first[at + 1 :]]}) == 1.0, text
        assert score(data, {"gaps": [*first[:at], "banana", *first[at + 1 :]]}) < 1.0
        assert score(data, {"gaps": [*first[:at], "", *first[at + 1 :]]}) < 1.0


def test_seven_twentieths_as_a_decimal_is_not_seven_twentieths() -> None:
    data = next(exercise for exercise in EXERCISES if exercise["id"] == "decimals-and-percent-e2")
    assert score(data, {"gaps": ["7/20", "35"]}) < 1.0, "the decimal was asked for"
    assert score(data, {"gaps": ["0.35", "0.35"]}) < 1.0, "0.35 percent is another number"


# -- what an answer in words needs
@every_open
def test_words_have_references_a_rubric_and_examples_of_all_kinds(data: dict[str, Any]) -> None:
    assert 2 <= len(data["answer"]["references"]) <= 5
    assert len({reference.casefold() for reference in data["answer"]["references"]}) == len(
        data["answer"]["references"]
    )
    lines = data["rubric"].splitlines()
    assert 2 <= len(lines) <= 5 and all(line.startswith("- ") for line in lines)
    examples = data["examples"]
    assert len(examples["right"]) >= 3 and len(examples["partial"]) >= 2 and len(examples["wrong"]) >= 3
    for response in [*examples["right"], *examples["partial"], *examples["wrong"]]:
        assert read_response(exercise_of(data), response) == response
    for response in [*examples["partial"], *examples["wrong"]]:
        assert assess_by_key(exercise_of(data), response) is None, "no exact text lets a wrong answer through"


# -- what a learner gets to see
@every_exercise
def test_there_is_a_ladder_of_three_hints_and_an_explanation(data: dict[str, Any]) -> None:
    hints = data["hints"]
    assert len(hints) == 3 and len(set(hints)) == 3
    assert data["explanation"].strip()


@by_format("numeric")
def test_no_hint_gives_the_number_away(data: dict[str, Any]) -> None:
    spellings = {response["value"].strip() for response in data["examples"]["right"]}
    for hint in data["hints"]:
        plain = re.sub(r"\\frac\{(-?\d+)\}\{(\d+)\}", r"\1/\2", hint)
        for spelling in spellings - {str(n) for n in range(-12, 13)}:  # small whole numbers are in every sentence
            assert not re.search(rf"(?<![\w./,]){re.escape(spelling)}(?![\w/]|[.,]\d)", plain), (spelling, hint)


@every_reading
def test_a_reading_is_long_enough_to_learn_from_and_short_enough_to_read(data: dict[str, Any]) -> None:
    assert data["kind"] in {"reading", "worked_example"}
    assert 120 <= len(data["body"].split()) <= 450
    assert re.search(r"^#", data["body"], re.MULTILINE), "it has headings"


TEXTS = [
    (resource["id"], text)
    for resource in EXERCISES + READINGS
    for text in [
        resource["body"],
        resource.get("explanation", ""),
        *resource.get("hints", []),
        *(choice[part] for choice in resource.get("choices", []) for part in ("text", "feedback") if choice.get(part)),
    ]
    if text
]


def test_no_text_links_shows_pictures_or_holds_html() -> None:
    for resource_id, text in TEXTS:
        assert not re.search(r"https?://|!\[|\]\(|<[a-zA-Z/!]", text), resource_id


def test_all_tex_becomes_mathml() -> None:
    dollars = re.compile(r"\$\$([^$]+)\$\$|(?<!\\)\$([^$]+)\$")
    formulas = {displayed or inline for _, text in TEXTS for displayed, inline in dollars.findall(text)}
    assert len(formulas) > 500
    assert [formula for formula in sorted(formulas) if "<math" not in tex_to_mathml(formula)] == []


def test_dollars_come_in_pairs() -> None:
    for resource_id, text in TEXTS:
        assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0, (resource_id, text[:80])
