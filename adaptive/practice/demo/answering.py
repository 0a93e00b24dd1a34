"""What a simulated learner writes or picks: a right, partly right or wrong response in the shape of the exercise."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any, Literal

from adaptive.catalog.formats import Exercise
from adaptive.catalog.formats.matching import sides
from adaptive.catalog.formats.numeric import key_values

Outcome = Literal["right", "partial", "wrong"]
FAVOURITE_WEIGHT = 12.0


@dataclass(frozen=True, slots=True)
class Answerable:
    """An exercise with the author's examples of responses: {"right": [...], "partial": [...], "wrong": [...]}."""

    exercise: Exercise
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def respond(answerable: Answerable, outcome: Outcome, *, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    """A response that aims at the outcome; the key has the last word on what it is worth.

    tends_to: misconceptions that this learner shows more often than others do.
    """
    return _WAYS[answerable.exercise.response_format](answerable, outcome, tends_to, rng)


def _wrong_one(wrong: list[dict[str, Any]], tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    weights = [FAVOURITE_WEIGHT if one.get("misconception") in tends_to else 1.0 for one in wrong]
    return rng.choices(wrong, weights)[0]


def _choice(given: Answerable, outcome: Outcome, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    right = given.exercise.answer["choice"]
    if outcome == "right":
        return {"choice": right}
    wrong = [choice for choice in given.exercise.choices if choice["id"] != right]
    return {"choice": _wrong_one(wrong, tends_to, rng)["id"]}


def _multiple_choice(given: Answerable, outcome: Outcome, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    right = list(given.exercise.answer["choices"])
    wrong = [choice for choice in given.exercise.choices if choice["id"] not in right]
    picked = set(right)
    if outcome == "partial" and len(right) > 1:
        picked.discard(rng.choice(right))
    elif outcome != "right" and wrong:
        picked = {_wrong_one(wrong, tends_to, rng)["id"]}
        if rng.random() < 0.5:
            picked.add(rng.choice(right))
    return {"choices": [choice_id for choice_id in given.exercise.choice_ids if choice_id in picked]}


def number_text(value: float) -> str:
    """A number as a pupil would write it: a whole number, a short decimal or a fraction."""
    near = Fraction(value).limit_denominator(400)
    if near.denominator == 1 or abs(float(near) - value) > 1e-9 * max(1.0, abs(value)):
        return f"{value:.10g}"
    short = f"{value:.10g}"
    return short if len(short) <= 5 else f"{near.numerator}/{near.denominator}"


def _numeric(given: Answerable, outcome: Outcome, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    right = key_values(given.exercise.answer)[0]
    if outcome == "right":
        return rng.choice(given.examples.get("right") or [{"value": number_text(right)}])
    errors = given.exercise.answer.get("common_errors") or []
    if errors and rng.random() < 0.8:
        return {"value": number_text(_wrong_one(errors, tends_to, rng)["value"])}
    return {"value": number_text(right + rng.choice([-1, 1, 2]))}


def _ordering(given: Answerable, outcome: Outcome, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    order = list(given.exercise.answer["order"])
    if outcome == "partial":
        at = rng.randrange(len(order) - 1)
        order[at], order[at + 1] = order[at + 1], order[at]
    elif outcome == "wrong":
        rng.shuffle(order)
    return {"order": order}


def _matching(given: Answerable, outcome: Outcome, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    pairs = dict(given.exercise.answer["pairs"])
    left, right = sides(given.exercise)
    if outcome == "partial" and len(left) > 1:
        one, other = rng.sample(left, 2)
        pairs[one], pairs[other] = pairs[other], pairs[one]
    elif outcome == "wrong":
        pairs = {left_id: rng.choice([r for r in right if r != pairs[left_id]] or right) for left_id in left}
    return {"pairs": pairs}


def _cloze(given: Answerable, outcome: Outcome, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    gaps = [rng.choice(accepted[:2]) for accepted in given.exercise.answer["gaps"]]
    wrong = rng.choice(given.examples.get("wrong") or [{"gaps": ["?"] * len(gaps)}])["gaps"]
    if outcome == "wrong":
        return {"gaps": list(wrong)}
    if outcome == "partial":
        at = rng.randrange(len(gaps))
        gaps[at] = wrong[at] if wrong[at].strip() else "?"
    return {"gaps": gaps}


def _words(given: Answerable, outcome: Outcome, tends_to: Collection[str], rng: Random) -> dict[str, Any]:
    examples = given.examples.get(outcome) or given.examples.get("wrong") or [{"text": "I don't know."}]
    return {"text": _in_another_hand(rng.choice(examples)["text"], rng)}


def _in_another_hand(text: str, rng: Random) -> str:
    """The same words with a habit of writing, so that not everybody hands in the very same text."""
    if rng.random() < 0.3:
        text = text.rstrip(".")
    habit = rng.random()
    if habit < 0.25 and text[:1].isupper() and not text.startswith(("I ", "I'")):
        return text[:1].lower() + text[1:]
    return text


_WAYS: dict[str, Callable[[Answerable, Outcome, Collection[str], Random], dict[str, Any]]] = {
    "choice": _choice,
    "multiple_choice": _multiple_choice,
    "numeric": _numeric,
    "ordering": _ordering,
    "matching": _matching,
    "cloze": _cloze,
    "short_text": _words,
    "long_text": _words,
}
