"""Who wrote a text is taken out of it; the rest stays as it was."""

import time

import pytest

from adaptive.common.redacting import EMAIL, NAME, redacted

ALICE = {"names": ["Alice van Dyke"], "ids": ["alice17", "42"]}


@pytest.mark.parametrize(
    ("text", "left", "removed"),
    [
        ("I am Alice van Dyke.", "I am ….", {NAME: 1}),
        ("alice van dyke says no", "… says no", {NAME: 1}),
        ("Signed: Alice, ALICE, Dyke", "Signed: …, …, …", {NAME: 3}),
        ("ask ALICE17 or a.b+c@mail.school.org!", "ask … or …!", {NAME: 1, EMAIL: 1}),
        ("Alices chalice is 42 and malice", "Alices chalice is 42 and malice", {}),
        ("dyke is a wall, alice", "dyke is a wall, alice", {}),
        ("3@4 and @home and a@b", "3@4 and @home and a@b", {}),
        ("", "", {}),
    ],
)
def test_names_and_addresses_go(text, left, removed):
    found = redacted(text, **ALICE)
    assert (found.text, found.removed) == (left, removed)


def test_what_the_exercise_speaks_of_stays():
    found = redacted("Rose cuts 3 of 8. It will fit, said Will.", names=["Rose Will"], ids=["rose"], kept="Rose has 8")
    assert found.text == "Rose cuts 3 of 8. It will fit, said …." and found.removed == {NAME: 1}


@pytest.mark.parametrize("name", ["", " ", "(", "[a-z]*", "\\", "A", "李", "🙂", "’", "--", "a" * 255])
def test_odd_names_break_nothing(name):
    assert redacted("It is 3/4 of (a) [a-z]*.", names=[name], ids=[name]).text.startswith("It is 3/4 of")


@pytest.mark.parametrize("text", ["a" * 10_000, "a@" * 5_000, "a.b-c+" * 2_000, "x@" + "y." * 5_000, "é " * 5_000])
def test_no_text_is_slow(text):
    started = time.process_time()
    redacted(text, names=["Al Bo Ce De Ef"] * 3, ids=["a" * 255], kept=text)
    assert time.process_time() - started < 1.0
