"""The figures: who counts as accepted, who as released, and when a bar is missed."""

from adaptive.assessment.attacks.base import Attack, Target
from adaptive.assessment.attacks.report import Outcome, report_of, table

TARGET = Target("e1", "Why?", ("Because.",), ("because",))


def outcome(kind: str, group: str, score: float, is_released: bool, clean: str = "") -> Outcome:
    return Outcome(Attack(kind, group, TARGET, "x", clean), score, is_released)


def test_a_mark_that_waits_for_a_person_fools_nobody() -> None:
    report = report_of(
        [
            outcome("echo", "near", 0.9, True),
            outcome("echo", "near", 0.9, False),
            outcome("echo", "near", 0.4, True),
            outcome("echo", "near", 0.0, False),
        ]
    )
    echo = report["kinds"]["echo"]
    assert (echo["n"], echo["n_accepted"], echo["n_accepted_released"], echo["n_released"]) == (4, 2, 1, 2)
    assert (echo["accepted"], echo["accepted_released"], echo["accepted_among_released"]) == (0.5, 0.25, 0.5)
    assert echo["to_person"] == 0.5
    assert report["groups"]["near"]["passed"] is False and report["passed"] is False


def test_the_kind_that_gets_through_is_named_though_its_group_holds_the_bar() -> None:
    held = [outcome("echo", "near", 0.0, True)] * 98
    report = report_of([*held, outcome("denied", "near", 1.0, True), outcome("denied", "near", 0.0, True)])
    near = report["groups"]["near"]
    assert near["passed"] and (near["worst_kind"], near["worst_accepted_released"]) == ("denied", 0.5)
    assert "worst: denied 50%" in "\n".join(table(report))


def test_bars_of_the_groups() -> None:
    held = [outcome("yes", "gibberish", 0.0, True)] * 99 + [outcome("yes", "gibberish", 1.0, True)]
    assert report_of(held)["passed"] is True
    assert report_of([*held, outcome("yes", "gibberish", 1.0, True)])["passed"] is False
    assert report_of([outcome("hedged", "other", 1.0, True)])["passed"] is True, "reported, without a bar"


def test_honest_answers_are_compared_with_the_same_ones_unchanged() -> None:
    clean = [outcome("clean", "honest", 1.0, True, clean=text) for text in "ab"]
    changed = [outcome("one_typo", "honest", 1.0, True, "a"), outcome("one_typo", "honest", 0.2, True, "b")]
    report = report_of([*clean, *changed])
    assert report["kinds"]["one_typo"]["accepted"] == 0.5 and report["kinds"]["one_typo"]["clean_accepted"] == 1.0
    assert report["groups"]["honest"]["loss"] == 0.5 and report["passed"] is False
    others = [outcome("lower_case", "honest", 1.0, True, text) for text in "ab"] * 20
    assert report_of([*clean, *changed, *others])["passed"] is False, "one kind that is refused is not averaged away"
    lost = [outcome("clean", "honest", 0.0, False, "a"), outcome("one_typo", "honest", 0.0, False, "a")]
    assert report_of(lost)["passed"] is True, "what was refused unchanged is no loss of the change"


def test_the_table_names_every_kind_and_every_group() -> None:
    report = report_of([outcome("echo", "near", 0.9, True), outcome("clean", "honest", 1.0, True, "a")])
    lines = "\n".join(table(report))
    assert "echo" in lines and "MISSED" in lines and "honest" in lines and max(map(len, lines.split("\n"))) <= 120


def test_no_attacks_make_no_figures() -> None:
    assert report_of([]) == {"n": 0, "passed": True, "groups": {}, "kinds": {}}
