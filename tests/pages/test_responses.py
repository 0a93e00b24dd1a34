import pytest

from adaptive.catalog.formats import read_response
from adaptive.catalog.models import Resource
from adaptive.catalog.selectors import exercise_of
from adaptive.common.errors import InvalidInput
from adaptive.pages.presenters.answers import answer_lines, answer_text, right_answer_lines
from adaptive.pages.presenters.exercise import exercise_form, shown_order, token_of
from adaptive.pages.responses import form_from_response, response_from_form, typed
from tests.factories import EXERCISES, right, wrong

FORMATS = list(EXERCISES)


def exercise(response_format: str, **changes) -> Resource:
    content = {**EXERCISES[response_format][0], **changes}
    return Resource(pk=7, kind="exercise", response_format=response_format, **content)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("pick", [right, wrong])
def test_an_answer_survives_the_way_through_the_form(name, pick):
    resource = exercise(name)
    response = pick(name)
    assert response_from_form(resource, form_from_response(resource, response)) == response
    assert read_response(exercise_of(resource), response) == response


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_form_says_what_to_do(name):
    with pytest.raises(InvalidInput) as refused:
        response_from_form(exercise(name), {})
    assert refused.value.detail.endswith(".")


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_given_stands_in_the_form_again(name):
    resource, response = exercise(name), wrong(name)
    form = exercise_form(resource, form_from_response(resource, response))
    match name:
        case "choice" | "multiple_choice":
            picked = response.get("choices") or [response["choice"]]
            assert [o.token for o in form.options if o.is_picked] == [token_of(resource, c) for c in picked]
        case "numeric" | "short_text" | "long_text":
            assert form.value in response.values()
        case "ordering":
            assert [item.name[8:] for item in form.items] == [token_of(resource, c) for c in response["order"]]
        case "matching":
            assert sum(picked for row in form.rows for _, _, picked in row.options) == len(response["pairs"])
        case "cloze":
            assert 'value="4/5"' in form.body and 'name="a-gap-2"' in form.body


@pytest.mark.parametrize("name", ["choice", "multiple_choice", "ordering", "matching"])
def test_the_page_does_not_tell_which_answer_is_right(name):
    resource = exercise(name)
    form = exercise_form(resource)
    drawn = repr(form.options) + repr(form.items) + repr(form.rows)
    for choice in resource.choices:
        assert f"'{choice['id']}'" not in drawn


def test_items_are_never_first_shown_in_the_right_order():
    solved = exercise("ordering", answer={"order": ["x", "y", "z"]})
    assert [choice["id"] for choice in shown_order(solved)] != ["x", "y", "z"]


def test_two_items_in_one_place_are_named():
    resource = exercise("ordering")
    form = {f"a-place-{token_of(resource, c)}": ["1"] for c in "xyz"}
    with pytest.raises(InvalidInput, match="place 1"):
        response_from_form(resource, form)


@pytest.mark.parametrize("place", ["0", "4", "-1", "x", "1.5", "9" * 400, ""])
def test_a_place_that_is_none_is_refused(place):
    resource = exercise("ordering")
    form = {f"a-place-{token_of(resource, c)}": [p] for c, p in zip("xyz", [place, "2", "3"], strict=True)}
    with pytest.raises(InvalidInput):
        response_from_form(resource, form)
    exercise_form(resource, form)  # and can be shown again


def test_a_gap_that_the_body_forgot_still_has_an_input():
    body = exercise_form(exercise("cloze", body="No marker at all.")).body
    assert 'name="a-gap-1"' in body and 'name="a-gap-2"' in body


def test_a_learners_text_is_escaped_in_the_gap():
    resource = exercise("cloze")
    body = exercise_form(resource, {"a-gap-1": ['"><script>alert(1)</script>']}).body
    assert "<script>" not in body and "&lt;script&gt;" in body


def test_only_answers_are_kept_as_a_draft_and_not_without_limit():
    assert typed({"a-text": ["x"], "csrfmiddlewaretoken": ["secret"], "key": ["k"]}) == {"a-text": ["x"]}
    assert typed({"a-text": ["x" * 30_000]}) == {}


@pytest.mark.parametrize("name", FORMATS)
def test_answers_in_words(name):
    resource = exercise(name)
    assert answer_text(resource, right(name))
    assert all(line.text for line in answer_lines(resource, right(name), {}))
    assert right_answer_lines(resource)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("odd", [{}, {"choice": "gone"}, {"order": 3}, {"pairs": None}, {"gaps": [1]}, {"value": None}])
def test_an_odd_stored_answer_is_readable(name, odd):
    assert answer_lines(exercise(name), odd, {})


def test_numbers_say_how_they_were_read():
    assert answer_lines(exercise("numeric"), {"value": "3/4"})[0].note == "read as 0.75"
    assert answer_lines(exercise("numeric"), {"value": "0.75"})[0].note == ""
