"""The check of a model's words: true rewordings pass, everything else is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.explanation.facts import facts_of
from adaptive.explanation.grounding import is_grounded
from adaptive.explanation.templates import text_of, worded

REASONS = [
    {
        "code": "next_skill",
        "facts": {
            "skill": "Equivalent fractions",
            "p_mastery": 0.4123,
            "n_attempts": 3,
            "prerequisites": ["What a fraction means"],
        },
    },
    {"code": "similar_to_missed", "facts": {"missed": "Leo's pizza", "similarity": 0.71}},
    {"code": "in_window", "facts": {"p_correct": 0.6183, "low": 0.55, "high": 0.9}},
    {"code": "takes_minutes", "facts": {"minutes": 4.0}},
]
FACTS = worded(facts_of(REASONS, title="Half a loaf"))
TIMED = worded(facts_of([REASONS[0], REASONS[3]], title="Half a loaf"))
OTHERS = ["Negative numbers", "Adding fractions", "The warmest town", "What a fraction means"]


@pytest.mark.parametrize(
    "text",
    [
        "You are about 62 % likely to get it right.",
        "You're about 62% likely to get this one right, so give it a try!",
        "You are about sixty-two percent likely to get this right.",
        "After three answers we put you at about 41 percent in “Equivalent fractions”.",
        "We put you at 41 per cent in equivalent fractions.",
        "Your chance is about 0.62, which is a good stretch.",
        "This picks up what you missed in “Leo's pizza”, and is about 71 % alike.",
        "You are ready for the next step: “Equivalent fractions”.",
        "“Half a loaf” is a good next step for you.",
        "Here is something for you.",
        "You know “What a fraction means” well enough. Now try this one.",
        "Between 55 % and 90 % is worth most, and you are at about 62 %.",
        "“Half a loaf” — your next step!",
    ],
)
def test_true_rewordings_pass(text):
    grounding = is_grounded(text, FACTS, OTHERS)
    assert grounding.ok, grounding.offending


def test_minutes_keep_their_unit():
    assert is_grounded("It takes about 4 minutes.", TIMED).ok
    assert is_grounded("It is a 4-minute task for you.", TIMED).ok
    assert is_grounded("It takes four minutes.", TIMED).ok
    assert not is_grounded("It takes 4 hours.", TIMED).ok
    assert not is_grounded("You have 4 more to do.", TIMED).ok


@pytest.mark.parametrize(
    "text",
    [
        # Changed numbers
        "You are about 63 % likely to get it right.",
        "You are about 62.5 % likely to get it right.",
        "You are about 62,5 % likely to get it right.",
        "You are about 6.2 % likely to get it right.",
        "You are about .63 likely to get it right.",
        "You are about 0.063 likely to get it right.",
        "You are about 162 % likely to get it right.",
        "You are about -62 % likely to get it right.",
        "You are about −62 % likely to get it right.",
        "You are about 6 2 % likely to get it right.",
        "You are about 62 to 64 % likely.",
        "You are about 62–64 % likely.",
        "It is 62 times better.",
        "It is 62x better.",
        "It is 62 points better.",
        "It is 62 percentage points better.",
        "It is 62 ‰ better.",
        "You are at 41 and did 30 answers.",
        "After 3 % of answers.",
        "After 3 million answers.",
        "After 3,000 answers.",
        "After 3.000 answers.",
        "After 3/4 of the answers.",
        "After 1e3 answers.",
        "After 003 answers.",
        "After the 3rd answer.",
        "Only 3 days left.",
        # Number words
        "You are sixty-three percent likely to get it right.",
        "After four answers we put you there.",
        "You got half of them right.",
        "You are twice as good as before.",
        "You got two thirds right.",
        "You did it a dozen times.",
        "You are a hundred percent ready.",
        "One hundred percent of the class did it.",
        "You missed it once.",
        "You come second in your class.",
        "You answered one right.",
        "You answered three hundred right.",
        # Digits in disguise
        "You are about 6\u200b3 % likely.",
        "You are about ６３ % likely.",
        "You are about ٦٣ % likely.",
        "You are about ⑥② % likely.",
        "You got ½ of it.",
        "You got x² of it.",
        "You are in part ii of it.",
        # Names and titles
        "Marie Curie wants you to try this.",
        "Your teacher Smith picked this.",
        "This is from Khan Academy.",
        "Next is Negative numbers.",
        "Next is negative numbers.",
        "Next is adding fractions.",
        "Next comes “Equivalent decimals”.",
        "Next comes 'Dividing'.",
        "Next comes «Dividing».",
        'Next comes "dividing" for you.',
        "Next comes “dividing for you.",
        "Next is Equivalent fractions 2.",
        "Next is Equivalent fractions II.",
        "Next is Equivalent Fractionss.",
        "Einstein says that you are ready.",
        "Alice, you are ready.",
        "You are ready, Bob.",
        "I think you are ready.",
        "NASA picked this for you.",
        "Try the iPhone version.",
        "Попробуй это.",
        "Тry this one.",  # the first letter is Cyrillic
        "你准备好了。",
        # Dates
        "Your exam is on Monday.",
        "Your exam is on monday.",
        "Do it before 12 March.",
        "Do it by tomorrow.",
        "Do it by 2026-03-12.",
        "Do it at 10:30.",
        # Markup and data that would leave
        "Look at <b>this</b> now.",
        "Look at https://example.org now.",
        "Look at www.example.org now.",
        "Look ![this](x) up.",
        "Write to a@example.org now.",
        "This costs $3.",
        "You\x00 are ready.",
    ],
)
def test_what_the_facts_do_not_say_is_refused(text):
    grounding = is_grounded(text, FACTS, OTHERS)
    assert not grounding.ok
    assert grounding.offending


def test_what_offends_is_named():
    assert is_grounded("You are 63 % likely, Bob.", FACTS).offending == ("63", "Bob")


def test_a_name_made_of_number_words_only_counts_in_quotation_marks():
    facts = worded(facts_of(REASONS[:1], title="Three of four"))
    assert is_grounded("Try “Three of four” now.", facts).ok
    assert not is_grounded("You got three of four.", facts).ok


def test_a_title_that_is_a_figure_does_not_let_figures_through():
    facts = worded(facts_of([{"code": "expected", "facts": {"p_correct": 0.3}}], title="100 %"))
    assert is_grounded("Try “100 %” now.", facts).ok
    assert not is_grounded("You will get 100 % of it.", facts).ok


def test_without_facts_no_number_and_no_name_stands():
    assert is_grounded("This fits where you are now.", []).ok
    assert not is_grounded("This fits you by 90 %.", []).ok


def test_a_hostile_title_is_only_a_name():
    title = "(.*)+ [a-z] \\d “x”"
    facts = worded(facts_of(REASONS[:1], title=title))
    assert not is_grounded("You are 99 % likely.", facts).ok
    assert is_grounded("This is your next step.", facts).ok


NAME = st.from_regex(r"[A-Z][a-z]{3,9}( [a-z]{3,9}){0,2}", fullmatch=True)
SHARE = st.floats(0, 1).map(lambda x: round(x, 4))


@st.composite
def reason_lists(draw):
    skill, missed = draw(NAME), draw(NAME)
    mastery = {"skill": skill, "p_mastery": draw(SHARE), "n_attempts": draw(st.integers(0, 200))}
    pool = [
        {"code": "next_skill", "facts": {**mastery, "prerequisites": draw(st.lists(NAME, max_size=3))}},
        {"code": "room_to_learn", "facts": mastery},
        {"code": "due_review", "facts": {**mastery, "retrievability": draw(SHARE), "due_in_days": -draw(SHARE)}},
        {"code": "similar_to_missed", "facts": {"missed": missed, "similarity": draw(SHARE)}},
        {"code": "matches_query", "facts": {"query": draw(NAME), "n_matched": 2, "n_words": draw(st.integers(2, 9))}},
        {"code": "explores", "facts": {"share": draw(SHARE)}},
        {"code": "nothing_due", "facts": {}},
        {"code": "stated", "facts": {"skill": skill, "said": draw(st.sampled_from(["too_easy", "too_hard"]))}},
        {"code": "in_window", "facts": {"p_correct": draw(SHARE), "low": 0.55, "high": 0.9}},
        {"code": "expected", "facts": {"p_correct": draw(SHARE)}},
        {
            "code": "popular",
            "facts": {"n_attempts": 9, "n_learners": draw(st.integers(1, 99)), "later_success": draw(SHARE)},
        },
        {"code": "fresh", "facts": {"days": draw(st.integers(0, 30))}},
        {"code": "takes_minutes", "facts": {"minutes": draw(st.floats(0.5, 90))}},
    ]
    return draw(st.lists(st.sampled_from(pool), unique_by=lambda r: r["code"])), draw(NAME)


@settings(deadline=None)
@given(reason_lists())
def test_our_own_plain_words_are_always_grounded_in_their_facts(drawn):
    reasons, title = drawn
    facts = worded(facts_of(reasons, title=title))
    grounding = is_grounded(text_of(facts), facts)
    assert grounding.ok, (text_of(facts), grounding.offending)


@settings(deadline=None)
@given(reason_lists(), st.integers(1, 99), st.integers(1, 99))
def test_another_percentage_put_into_the_plain_words_is_refused(drawn, old, new):
    reasons, title = drawn
    facts = worded(facts_of(reasons, title=title))
    shown = {number for fact in facts for number, unit in fact.numbers if unit == "percent"}
    if str(new) not in shown:
        assert not is_grounded(f"{text_of(facts)} You are at {new} %.", facts).ok


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text):
    grounding = is_grounded(text, FACTS, OTHERS)
    assert grounding.ok == (not grounding.offending)
