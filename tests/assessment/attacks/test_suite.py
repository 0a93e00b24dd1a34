"""The attacks themselves: what they make, that they make it again, and that honest ones stay honest."""

from collections import Counter

import pytest

from adaptive.assessment.attacks.base import BARS, Target
from adaptive.assessment.attacks.honest import in_other_order, with_synonyms
from adaptive.assessment.attacks.meaning import exchanged, negated, opposed
from adaptive.assessment.attacks.suite import KINDS, MAX_RIGHT, attacks_on, chosen
from adaptive.assessment.words.text import Text

LAMPS = Target(
    id="lamps-e1",
    question="Two lamps are in series with a battery. Why do both go out when one lamp is unscrewed?",
    references=(
        "Unscrewing one lamp breaks the only path, so the circuit is open and no current of 2 A flows for 3 s.",
    ),
    right=("There is only one path, so when you take one out the circuit is broken", "because there's a gap now"),
    wrong=("the battery gets empty faster", "the lamps are too weak"),
)
SALT = Target("salt-e1", "How did the class get the salt?", ("The water was evaporated.",), ("they boiled it",), ("?",))


class Chance:
    """Always the first choice."""

    def choice(self, options):
        return options[0]


def test_there_are_many_kinds_in_every_group_each_named_once() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    groups = Counter(kind.group for kind in KINDS)
    assert set(groups) == set(BARS)
    assert sum(n for group, n in groups.items() if group != "honest") >= 100 and groups["honest"] >= 8


def test_nearly_every_kind_can_be_made_of_a_full_exercise() -> None:
    made = {attack.kind for attack in attacks_on(LAMPS, others=[LAMPS, SALT], seed=1)}
    assert {kind.name for kind in KINDS} - made <= {"units_changed", "other_word_order", "opposite_word_in_right"}


def test_the_same_seed_makes_the_same_attacks_and_another_others() -> None:
    def answers(seed: int) -> list[str]:
        return [attack.answer for attack in attacks_on(LAMPS, others=[LAMPS, SALT], seed=seed)]

    assert answers(1) == answers(1) != answers(2)


def test_no_attack_is_a_right_answer_and_every_honest_one_comes_from_one() -> None:
    for seed in range(5):
        for attack in attacks_on(LAMPS, others=[LAMPS, SALT], seed=seed):
            if attack.is_honest:
                assert attack.clean in LAMPS.right
            else:
                assert attack.answer not in (*LAMPS.right, *LAMPS.references)
    clean = [attack for attack in attacks_on(LAMPS, others=[LAMPS], seed=1) if attack.kind == "clean"]
    assert {attack.answer for attack in clean} == set(LAMPS.right) and len(clean) <= MAX_RIGHT


def test_an_exercise_with_references_alone_is_attacked_too() -> None:
    bare = Target("bare", "Why?", ("The circuit is open and no current flows.",))
    attacks = attacks_on(bare, others=[bare], seed=1)
    assert not any(attack.is_honest for attack in attacks) and len({attack.kind for attack in attacks}) > 80


def test_a_larger_sample_keeps_the_smaller_one() -> None:
    targets = [Target(str(number), "Why?", ("Because.",)) for number in range(20)]
    some, more = chosen(targets, limit=5, seed=3), chosen(targets, limit=9, seed=3)
    assert len(some) == 5 and set(some) < set(more) and chosen(targets, limit=None, seed=3) == targets


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The circuit is open.", "The circuit is not open."),
        ("It does not flow.", "It does flow."),
        ("It can't flow.", "It can flow."),
        ("It isn't open.", "It is open."),
        ("There is no gap.", "There is some gap."),
        ("Plants grow.", ""),
    ],
)
def test_a_sentence_is_denied_or_its_denial_taken_away(text: str, wanted: str) -> None:
    assert negated(text) == wanted


def test_opposites_and_exchanged_words() -> None:
    assert opposed("The lamp is brighter.", Chance()) == "The lamp is dimmer."
    assert opposed("Plants eat.", Chance()) == ""
    assert exchanged("Roots bring water to leaves.", Chance()) == "water bring Roots to leaves."
    assert exchanged("Roots.", Chance()) == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("the lamp is dark because the circuit is open", "Because the circuit is open, the lamp is dark."),
        ("the circuit is open, so the lamp is dark", "The lamp is dark because the circuit is open."),
        ("If it is open, the lamp is dark.", "The lamp is dark if it is open."),
        ("The lamp is dark", ""),
    ],
)
def test_clauses_change_places_and_the_words_stay(text: str, wanted: str) -> None:
    assert in_other_order(text) == wanted


def test_synonyms_are_exchanged_whole_words_only() -> None:
    assert with_synonyms("Because it's big") == "Since it is large"
    assert with_synonyms("becauses sofa") == ""


def test_honest_slips_change_a_few_letters_only() -> None:
    for seed in range(10):
        for attack in attacks_on(LAMPS, others=[LAMPS], seed=seed):
            if attack.kind in ("one_typo", "two_typos"):
                one, other = Text(attack.clean).words, Text(attack.answer).words
                assert len(one) == len(other)
                assert 1 <= sum(a != b for a, b in zip(one, other, strict=True)) <= 2
