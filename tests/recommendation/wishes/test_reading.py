"""What a request in words is taken to mean."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.recommendation.wishes.reading import MAX_TEXT, read_wish
from adaptive.recommendation.wishes.types import CODES, Wish

SKILLS = [
    (1, "What a fraction means"),
    (2, "Adding and subtracting fractions"),
    (3, "Decimals and percent"),
    (4, "Two-step equations"),
    (5, "Photosynthesis"),
    (6, "Order of operations"),
]


def read(text: str, **values) -> Wish:
    return read_wish(text, skills=SKILLS, **values)


def found(text: str, **values) -> dict:
    return {c.code: list(c.value) if isinstance(c.value, tuple) else c.value for c in read(text, **values).in_force}


# Kinds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a video", {"kinds": ["video"]}),
        ("a video or a text", {"kinds": ["video", "reading"]}),
        ("no video", {"not_kinds": ["video"]}),
        ("no videos or texts", {"not_kinds": ["video", "reading"]}),
        ("no video but a text", {"not_kinds": ["video"], "kinds": ["reading"]}),
        ("no video and a text", {"not_kinds": ["video"], "kinds": ["reading"]}),
        ("anything but exercises", {"not_kinds": ["exercise"]}),
        ("nothing but exercises", {"kinds": ["exercise"]}),
        ("not only videos", {"kinds": ["video"]}),
        ("I don't want to watch a video", {"not_kinds": ["video"]}),
        ("I would rather read than watch", {"kinds": ["reading"], "not_kinds": ["video"]}),
        ("video-free exercises", {"not_kinds": ["video"], "kinds": ["exercise"]}),
        ("I have a question", {}),
        ("for example something new", {}),
        ("kein Video, lieber eine Aufgabe", {"not_kinds": ["video"], "kinds": ["exercise"]}),
        ("Erklärvideos", {"kinds": ["video"]}),
        ("weder Texte noch Videos", {"not_kinds": ["reading", "video"]}),
    ],
)
def test_kinds(text, expected):
    assert found(text) == expected


# Minutes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 minutes", {"at_most": 10}),
        ("in 10 min", {"at_most": 10}),
        ("ten minutes", {"at_most": 10}),
        ("10-minute", {"at_most": 10}),
        ("at least 10 minutes", {"at_least": 10}),
        ("10 minutes or more", {"at_least": 10}),
        ("more than 10 minutes", {"at_least": 10}),
        ("not more than 10 minutes", {"at_most": 10}),
        ("no longer than about 10 minutes", {"at_most": 10}),
        ("no less than 10 minutes", {"at_least": 10}),
        ("5 to 15 minutes", {"at_least": 5, "at_most": 15}),
        ("between 5 and 15 min", {"at_least": 5, "at_most": 15}),
        ("half an hour", {"at_most": 30}),
        ("1.5 hours", {"at_most": 90}),
        ("3/4 of an hour", {"at_most": 45}),
        ("90 seconds", {"at_most": 1.5}),
        ("short", {"at_most": 5}),
        ("a short one under 3 minutes", {"at_most": 3}),
        ("not too long", {"at_most": 10}),
        ("something long", {"at_least": 10}),
        ("that was too long", {"at_most": 5}),
        ("99999999999999999999 minutes", {"at_most": 10_000}),
        ("1/0 minutes", {}),
        ("fractions with 10 parts", {"skills": [1, 2]}),
        ("höchstens 10 Minuten", {"at_most": 10}),
        ("über 10 Minuten", {"at_least": 10}),
        ("nicht länger als eine Viertelstunde", {"at_most": 15}),
        ("kurz", {"at_most": 5}),
    ],
)
def test_minutes(text, expected):
    assert found(text) == expected


# Difficulty


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("easy", ["easy"]),
        ("easier please", ["easy"]),
        ("for beginners", ["easy"]),
        ("not too hard", ["not_hard"]),
        ("nothing easy", ["not_easy"]),
        ("easy or medium", ["not_hard"]),
        ("that was too hard", ["easy"]),
        ("too easy", ["hard"]),
        ("a challenge", ["hard"]),
        ("ziemlich knifflige", ["hard"]),
        ("nicht zu schwer", ["not_hard"]),
    ],
)
def test_difficulty(text, expected):
    assert found(text) == {"difficulty": expected}


@pytest.mark.parametrize("text", ["easy and hard", "fractions are hard", "I find percent difficult"])
def test_what_is_said_of_the_matter_is_no_wish(text):
    assert "difficulty" not in found(text)


# Skills


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("adding fractions", [2]),
        ("subtract two fractions", [2]),
        ("the addition of fractions", [2]),
        ("percent", [3]),
        ("percentages", [3]),
        ("equations with two steps", [4]),
        ("fractions", [1, 2]),
        ("percent and fractions", [3, 1, 2]),
        ("photosynthese", [5]),
        ("fotosynthesis", None),
        ("step by step", None),
        ("in order", None),
        ("adding", [2]),
        ("adding numbers on percent", [3]),
    ],
)
def test_skills(text, expected):
    assert found(text).get("skills") == expected


@pytest.mark.parametrize("text", ["not fractions", "anything but fractions", "no fractions please"])
def test_skills_that_are_not_wanted(text):
    assert found(text) == {"not_skills": [1, 2]}


def test_a_question_about_the_matter_asks_for_no_skill_and_no_kind():
    wish = read("why do we add hard fractions in 10 minutes and read a text?")
    assert [c.code for c in wish.in_force if c.code != "skills"] == []
    assert wish.needs_match and wish.meaning.startswith("why do we add")


@pytest.mark.parametrize(
    "text", ["Is there a video?", "can you find me a video?", "what can I watch? a video", "Gibt es ein Video?"]
)
def test_a_polite_question_is_a_request(text):
    assert found(text)["kinds"] == ["video"]


# Pictures, and the rest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with pictures", True),
        ("pictures of leaf cells", True),
        ("with a diagram", True),
        ("no images", False),
        ("picture-free", False),
        ("with drawings", True),
        ("I like drawings", None),
        ("mit vielen Bildern", True),
        ("ohne Bilder", False),
    ],
)
def test_pictures(text, expected):
    assert found(text).get("pictures") == expected


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a short video about the rings of Saturn", "rings of Saturn"),
        ("please give me something quick because the bus comes", ""),
        ("a video on percent", "percent"),
        ("ein kurzes Video über die Ringe des Saturn", "Ringe Saturn"),
    ],
)
def test_what_is_left_is_the_meaning(text, meaning):
    assert read(text).meaning == meaning.replace(" of ", " ")


def test_typing_slips_are_put_right_but_words_of_their_own_are_left_alone():
    assert found("a shrot vidoe, beginer") == {"kinds": ["video"], "at_most": 5, "difficulty": ["easy"]}
    assert found("a story about sport on the border in the heart") == {}


# Taking back


def test_what_is_taken_back_is_still_shown_and_a_skill_becomes_words_again():
    wish = read("a short video on percent", without=["kinds", "skills"])
    assert [c.code for c in wish.in_force] == ["at_most"] and wish.taken_back == ("kinds", "skills")
    assert wish.needs_match and wish.search_text == "percent" and wish.codes == ("at_most", "words")
    again = wish.without(["words"])
    assert not again.needs_match and again.search_text == "" and again.codes == ("at_most",)
    assert read("a short video on percent").codes == ("kinds", "at_most", "skills"), "the skill's words need no match"


def test_the_words_of_a_constraint_are_those_of_the_request():
    text = "Not a video — at MOST 10 Minutes, two-step equations!"
    for constraint in read(text).constraints:
        assert constraint.words in text and [text[a:b] for a, b in constraint.spans] == [constraint.words]


# Anything at all

WORDS = (
    *("a", "no", "not", "video", "text", "short", "10", "minutes", "easy", "hard", "fractions", "adding", "on", "why"),
    *("with", "pictures", "and", "or", "but", "kein", "rather", "than", "which", "too", "half an hour", "at least"),
)
texts = st.text(max_size=300) | st.lists(st.sampled_from([*WORDS, ",", "?", "-", "\n"]), max_size=40).map(" ".join)


@given(texts, st.sampled_from(["en", "de", "fr", "", "xx-YY"]))
def test_any_text_is_read_and_survives_json(text, language):
    wish = read_wish(text, skills=SKILLS, language=language)
    assert Wish.from_json(json.loads(json.dumps(wish.to_json()))) == wish
    codes = [c.code for c in wish.constraints]
    assert codes == [code for code in CODES if code in codes], "each once, in their order"
    for constraint in wish.constraints:
        assert constraint.spans and all(0 <= a < b <= len(text) for a, b in constraint.spans)
        assert set(constraint.value if constraint.code in ("skills", "not_skills") else ()) <= {1, 2, 3, 4, 5, 6}
    assert read_wish(text, skills=SKILLS, language=language) == wish


@pytest.mark.parametrize(
    "text",
    [
        "video " * 5_000,
        "not " * 5_000,
        "9" * 10_000 + " minutes",
        "\x00\u202e\ufeff",
        "🍕" * 3_000,
        "((((" * 2_000,
        "a-" * 4_000,
    ],
)
def test_long_and_hostile_texts_are_read_to_a_limit(text):
    assert len(read(text).text) <= MAX_TEXT


def test_a_course_without_skills_or_with_odd_names():
    odd = [(1, ""), (2, "a"), (3, "???"), (4, "and"), (5, "Video"), (6, "x" * 10_000), (7, "Reading maps")]
    assert found_with("a video on reading maps", odd) == {"kinds": ("video",), "skills": (7,)}
    assert found_with("and a", odd) == {}


def found_with(text, skills):
    return {c.code: c.value for c in read_wish(text, skills=skills).in_force}


def test_the_parser_is_pure():
    code = (
        "import sys\n"
        "from adaptive.recommendation.wishes.reading import read_wish\n"
        "read_wish('a short video')\n"
        "print(sorted({'django', 'numpy', 'torch'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert out.stdout.strip() == "[]", out.stderr
