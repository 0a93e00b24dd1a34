"""The plain wording: one sentence, up to three facts, numbers that people understand."""

import pytest

from adaptive.explanation.counterfactual import Flip
from adaptive.explanation.facts import Fact, facts_of, percent_shown
from adaptive.explanation.templates import text_of, worded, would_change_text

WINDOW = {"code": "in_window", "facts": {"p_correct": 0.6183, "low": 0.55, "high": 0.9}}
MINUTES = {"code": "takes_minutes", "facts": {"minutes": 2.5}}
MASTERY = {"skill": "Equivalent fractions", "p_mastery": 0.4123, "n_attempts": 1}


def texts(*reasons):
    return [fact.text for fact in worded(facts_of(reasons, title="Pizza"))]


def test_the_next_step_says_why_where_you_stand_and_how_likely_you_are():
    facts = {**MASTERY, "n_attempts": 0, "prerequisites": ["What a fraction means"]}
    sentence, mastery, chance, minutes = texts({"code": "next_skill", "facts": facts}, WINDOW, MINUTES)
    assert sentence == (
        "You are ready for your next step, “Equivalent fractions”: you know “What a fraction means” well enough."
    )
    assert mastery == "You have not practised “Equivalent fractions” yet; so far we guess about 41 %."
    assert chance.startswith("You are about 62 % likely to get it right")
    assert minutes == "It takes about 3 minutes."


def test_the_expected_success_is_told_even_when_other_facts_weigh_more():
    reasons = [
        {"code": "due_review", "facts": {**MASTERY, "retrievability": 0.5}},
        {"code": "similar_to_missed", "facts": {"missed": "Loaf", "similarity": 0.8}},
        {"code": "room_to_learn", "facts": MASTERY},
        {"code": "popular", "facts": {"n_attempts": 9, "n_learners": 4, "later_success": None}},
        WINDOW,
        MINUTES,
    ]
    told = texts(*reasons)
    assert len(told) == 4
    assert "62 %" in told[-1]


def test_a_skill_begun_is_gone_on_with():
    sentence, mastery = texts({"code": "next_skill", "facts": {**MASTERY, "prerequisites": []}})
    assert sentence == "Keep going with “Equivalent fractions”: it is the next step on your way."
    assert mastery == "After 1 answer we put you at about 41 % in “Equivalent fractions”."


def test_no_reason_at_all_still_gives_a_sentence():
    assert texts() == ["This fits where you are now."]


@pytest.mark.parametrize(
    "code",
    ["nothing_due", "explores", "matches_query", "stated", "fresh", "popular", "takes_minutes", "unheard_of"],
)
def test_every_code_has_words(code):
    facts = {
        "share": 0.05,
        "query": "pizza",
        "similarity": 0.5,
        "skill": "Loaf",
        "said": "too_hard",
        "days": 3,
        "n_attempts": 8,
        "n_learners": 4,
        "later_success": 0.7,
        "minutes": 3.0,
    }
    told = texts({"code": code, "facts": facts}, MINUTES)
    assert all(told) and len(told) >= 2
    assert not any("%(" in text for text in told)


@pytest.mark.parametrize(("share", "shown"), [(0.0, "1"), (0.004, "1"), (0.625, "63"), (0.6183, "62"), (1.0, "99")])
def test_percentages_are_whole_and_never_certain(share, shown):
    assert percent_shown(share) == shown


def test_facts_survive_storing():
    facts = worded(facts_of([WINDOW, MINUTES], title="Pizza"))
    assert [Fact.from_json(fact.to_json()) for fact in facts] == facts


def test_the_counterfactual_is_one_sentence():
    flip = Flip("p_mastery", "above", 0.41, 0.84, 9, "Half a loaf", 1, "Equivalent fractions")
    assert would_change_text(flip) == (
        "You would have got “Half a loaf” instead if you stood at 84 % or more in “Equivalent fractions” "
        "(now about 41 %)."
    )
    flip = Flip("p_correct", "below", 0.62, 0.4, 9, "Half a loaf")
    assert would_change_text(flip) == (
        "You would have got “Half a loaf” instead if you were 40 % or less likely to get this right (now about 62 %)."
    )


def test_names_with_percent_signs_and_braces_do_no_harm():
    name = "100 %s {of} %(skill)s"
    told = texts({"code": "room_to_learn", "facts": {**MASTERY, "skill": name}})
    assert name in told[0]
    flip = Flip("p_mastery", "above", 0.41, 0.84, 9, name, 1, name)
    assert would_change_text(flip).count(name) == 2


def test_the_paragraph_joins_the_sentences():
    facts = worded(facts_of([WINDOW, MINUTES], title="Pizza"))
    assert text_of(facts) == " ".join(fact.text for fact in facts)
