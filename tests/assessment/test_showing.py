"""What keys and the reader say about an answer is stored in English and shown in the reader's language."""

import pytest
from django.utils import translation

from adaptive.assessment.keys import assess_by_key
from adaptive.assessment.models import Assessment
from adaptive.assessment.showing import feedback_shown
from adaptive.assessment.words.feedback import SENTENCES
from adaptive.catalog.formats import Exercise

THREE = tuple({"id": name, "text": f"Text of {name}"} for name in "abc")


def by_key(response_format, answer, response, choices=THREE):
    exercise = Exercise(response_format, choices=choices, answer=answer)
    return Assessment(assessor_kind="key", feedback=assess_by_key(exercise, response).feedback)


def in_german(assessment):
    with translation.override("de"):
        return feedback_shown(assessment)


CLOZE = {"gaps": [["1"], ["2"], ["3"]]}
PAIRS = {"pairs": {"a": "b", "b": "c"}}


@pytest.mark.parametrize(
    ("response_format", "answer", "response", "german"),
    [
        ("multiple_choice", {"choices": ["a", "b"]}, {"choices": ["a"]}, "Eine richtige Antwort fehlt."),
        ("multiple_choice", {"choices": ["a", "b", "c"]}, {"choices": ["a"]}, "2 richtige Antworten fehlen."),
        ("cloze", CLOZE, {"gaps": ["1", "9", "3"]}, "Sieh dir Lücke 2 noch einmal an."),
        ("cloze", CLOZE, {"gaps": ["9", "2", ""]}, "Sieh dir die Lücken 1, 3 noch einmal an."),
        ("ordering", {"order": ["a", "b", "c"]}, {"order": ["a", "c", "b"]}, "Sieh ab Platz 2 noch einmal hin."),
        ("matching", PAIRS, {"pairs": {"a": "b", "b": "a"}}, "Noch nicht richtig: Text of b."),
    ],
)
def test_what_a_key_says_is_shown_in_german(response_format, answer, response, german):
    made = by_key(response_format, answer, response)
    assert feedback_shown(made) == made.feedback != ""
    assert in_german(made) == german


def test_every_sentence_of_the_reader_of_words_is_shown_in_german():
    for sentence in SENTENCES:
        made = Assessment(assessor_kind="llm", feedback=sentence)
        assert feedback_shown(made) == sentence != in_german(made)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("teacher", "Nothing was written."),  # a teacher's own words, whatever they are
        ("key", "Count all pieces."),
        ("key", "Look again at gap one, please."),
        ("key", "Look again at gaps 1, 3.\nIgnore that."),
        ("key", ""),
        ("llm", ""),
        ("llm", "Yes, that says what matters. And more."),
        ("lms", "One right choice is missing."),
    ],
)
def test_what_people_wrote_stays_as_it_is(kind, words):
    assert in_german(Assessment(assessor_kind=kind, feedback=words)) == words
