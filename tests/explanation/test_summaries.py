"""Two sentences of the resource's own, for this learner, and never anything that is not there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.explanation.services import slate_explain
from adaptive.explanation.summaries import Want, sentences_of, summary_of
from adaptive.recommendation.services import slate_create
from tests.factories import cast_make, mastery_make, resource_make

BODY = """# Fractions

A fraction is a part of a whole. The **denominator** says into how many equal parts the whole is cut.

![a pie](pie.png)

| part | of |
|---|---|
| 1. One thing here that is long enough. | 2 |

- Equivalent fractions have the same value, e.g. one half and two quarters.
- You find one by [multiplying](https://example.org/a(b)) above and below with the same number.

```
This is code and is no sentence. It is long enough though.
```

$$\\frac{1}{2} = \\frac{2}{4}$$

“All fractions are smaller than one because they are parts”, says Leo. Is he right about that?
"""
EQUIVALENT = Want("Equivalent fractions", "equivalent fractions multiplying", 0.9)


def chosen(*wants: Want, body: str = BODY) -> dict:
    return summary_of(body, wants, language="en")


def test_the_sentences_are_the_authors_whole_and_in_order():
    assert sentences_of(BODY)[:4] == [
        "A fraction is a part of a whole.",
        "The **denominator** says into how many equal parts the whole is cut.",
        "Equivalent fractions have the same value, e.g. one half and two quarters.",
        "You find one by multiplying above and below with the same number.",
    ]
    assert not any("code" in s or "One thing" in s or "pie" in s for s in sentences_of(BODY))


def test_two_learners_get_two_summaries():
    one = chosen(EQUIVALENT)
    assert one["sentences"] == sentences_of(BODY)[2:4] and one["about"] == ["Equivalent fractions"]
    other = chosen(Want("Parts", "denominator equal parts of a whole", 0.9))
    assert other["sentences"] == sentences_of(BODY)[:2] and other["about"] == ["Parts"]


def test_without_wants_the_beginning_speaks_and_a_wrong_claim_or_question_last():
    assert chosen()["sentences"] == sentences_of(BODY)[:2] and chosen()["about"] == []
    claim = Want("Leo", "Leo says all fractions are smaller than one because they are parts", 0.2)
    assert not any("Leo" in sentence for sentence in chosen(claim)["sentences"])


def test_a_sentence_that_hangs_on_the_one_before_stands_with_it_or_not_at_all():
    body = (
        "A bicycle chain goes round. Nobody counts its links on the way. It carries charge like a current. "
        "A current is charge that moves along."
    )
    want = Want("Charge", "charge current", 0.5)
    assert chosen(want, body=body)["sentences"] == [sentences_of(body)[0], sentences_of(body)[3]]
    both = Want("Chain", "bicycle chain round", 0.9)
    body = "A bicycle chain goes round. This is the chain of a current. Nobody counts its many links on the way."
    assert chosen(both, Want("Current", "current", 0.9), body=body)["sentences"] == sentences_of(body)[:2]


def test_texts_with_little_or_nothing_in_them():
    assert chosen(body="") == chosen(body="# Only a heading") == chosen(body="Too short.") == {}
    one = "There is just this one sentence."
    assert chosen(EQUIVALENT, body=one)["sentences"] == [one]
    assert chosen(body=f"{one} {one}")["sentences"] == [one]


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script> This sentence would be long enough.",
        "An open $formula that is never closed here. And **bold without an end here.",
        "The answer is \u202egnorw ti sdaer dna detrevni txet\u202c here.",
        "Fill [[1]] in here, which is a gap of a cloze.",
        "![x](" * 20_000,
        "[a](" * 20_000,
        "$" * 50_000 + ". " * 50_000,
        "(" * 50_000 + "“a b c " * 20_000,
        "A. " * 60_000,
    ],
)
def test_hostile_texts_are_passed_over_and_cost_no_time(body):
    for sentence in chosen(EQUIVALENT, body=body).get("sentences", ()):
        assert "<script" not in sentence and "[[" not in sentence and "\u202e" not in sentence
        assert sentence.count("$") % 2 == 0 and sentence.count("**") % 2 == 0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=800), st.text(max_size=60), st.floats(0, 1))
def test_whatever_the_text_nothing_is_added(body, words, weight):
    found = summary_of(body, [Want("x", words, weight)], language="zz")
    assert found == summary_of(body, [Want("x", words, weight)], language="zz")
    own = set("".join(body.split()))
    for sentence in found.get("sentences", ()):
        assert set("".join(sentence.split())) <= own and len(sentence) <= 320


@pytest.mark.django_db
def test_the_feed_keeps_a_summary_for_each_learner_and_practice_none():
    cast = cast_make()
    text = resource_make(cast.course, [cast.skills[0], cast.skills[1]], body=BODY, title="Parts and wholes")
    mastery_make(cast.alice, cast.skills[0], 0.9)
    slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed", kinds=["reading"])
    explanations = {one.impression.resource_id: one for one in slate_explain(slate=slate)}
    summary = explanations[text.pk].summary
    assert len(summary["sentences"]) == 2 and set(summary["sentences"]) <= set(sentences_of(BODY))
    assert set(summary["about"]) <= {skill.name for skill in cast.skills}
    practice = slate_create(learner=cast.alice, course=cast.course)
    assert all(one.summary == {} for one in slate_explain(slate=practice))
