"""What one try at an exercise is expected to add to the goal: P(correct) on the goal's skills at its day. Pure.

Of a skill's level nothing but p_mastery is known, and that with less certainty the fewer answers stand behind it; so
the gain is the mean over a normal distribution of levels (Gauss-Hermite, five points) around the level that p_mastery
stands for. The level rises by growth * log(1 + practice), practice fades until the goal's day, and it counts in part
where prerequisites are missing or success is out of reach or certain (see practice_effects). In the all-or-none picture
the gain is P(not known) * p_learn, and P(known) * what a review adds to its being recalled then (FSRS-6). A try at a
prerequisite is credited with what it unlocks as well.

Unit: about what a first try adds to a skill of middling level under typical growth.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adaptive.backends.learner_model.forgetting import GOOD, first_memory, next_memory, retrievability
from adaptive.backends.learner_model.practice_effects import PracticeEffects, amount_of
from adaptive.common.probability import clamp, logit, sigmoid

from .types import Context, SkillState

_POINTS = ((-2.8570, 0.011257), (-1.3556, 0.222076), (0.0, 0.533333), (1.3556, 0.222076), (2.8570, 0.011257))
_LEAST, _MOST = 0.02, 0.98  # of P(known enough), for a level that stays finite
_SHRINKS = 0.19  # of the variance, by each answer
_MIDDLING = 5.0  # difficulty of FSRS, 1 to 10
_LOGISTIC_NORMAL = 0.3927  # pi / 8: the mean of a logistic of a normal (MacKay 1992)
FRESH = (1.0, 1.0, 1.0)
FIRST_STABILITY = first_memory(GOOD)[0]
UNIT = 0.03  # P(correct) on one skill
_BLUR = 0.03  # p (1 - p) of a certain level that is not quite certain


@dataclass(frozen=True, slots=True)
class SkillGain:
    """A skill's part in a try, without what depends on the exercise. See `Gains.of_try`."""

    bases: tuple[tuple[float, float, float], ...]  # (weight, level without practice, its share at the goal's day)
    growth: float
    amount: float  # practice so far, as of the goal's day
    fresh: float  # what is left of one try at the goal's day
    learnt: float  # all or none: what learning or reviewing it now is worth
    all_or_none: float
    scale: float

    def of(self, counts: float, counts_anyway: float | None = None) -> float:
        """P(correct) on the skill that a try adds which counts so much, in [0, 1].

        counts_anyway: what it counts where skills are known or not, and success out of reach is no reason; None: the
        same.
        """
        grown = self.growth * math.log1p(self.amount + counts * self.fresh)
        added = sum(w * (_sigmoid(base + grown) - now) for w, base, now in self.bases)
        anyway = counts if counts_anyway is None else counts_anyway
        return (1.0 - self.all_or_none) * self.scale * added + self.all_or_none * anyway * self.learnt


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -30 else 0.0


def skill_gain(skill: SkillState, effects: PracticeEffects, *, stated: float, horizon_days: float) -> SkillGain:
    """stated: logits by which the learner says to be better than believed."""
    guess, growth = effects.guess, effects.growth_at(skill.id)
    share = clamp((skill.p_mastery - guess) / (1.0 - guess), _LEAST, _MOST)
    variance = effects.spread / (1.0 + _SHRINKS * skill.n_attempts)
    middle = logit(share) * math.sqrt(1.0 + _LOGISTIC_NORMAL * variance) + stated
    without = middle - growth * math.log1p(amount_of(skill.practice))
    amount, fresh = amount_of(skill.practice, horizon_days), amount_of(FRESH, horizon_days)
    grown, spread = growth * math.log1p(amount), math.sqrt(variance)
    bases = tuple((w, without + z * spread, _sigmoid(without + z * spread + grown)) for z, w in _POINTS)
    known = known_of(skill, effects, stated=stated)
    least = FIRST_STABILITY if skill.id in effects.rates_of else 0.0
    learnt = (1.0 - known.p) * known.learns * fresh + known.renewable * _reviewed(skill, horizon_days, least=least)
    learnt *= known.worth
    return SkillGain(bases, growth, amount, fresh, learnt, effects.all_or_none, 1.0 - guess)


@dataclass(frozen=True, slots=True)
class Known:
    """A skill in the all-or-none picture. p: P(known); renewable: the part of it that a review makes last longer.

    learns: P(learnt by a try if not known). worth: what knowing it adds to P(correct).
    """

    p: float
    renewable: float
    learns: float
    worth: float


def known_of(skill: SkillState, effects: PracticeEffects, *, stated: float = 0.0) -> Known:
    """As traced, where the course has rates; else as far as p_mastery tells."""
    rates = effects.rates_of.get(skill.id)
    if rates is None:
        worth = 1.0 - effects.slip - effects.guess
        p = clamp((skill.p_mastery - effects.guess) / worth, 0.0, 1.0) if worth > 0 else 1.0
        return Known(p, p, effects.p_learn_at(skill.id), max(worth, 0.0))
    p = rates.known if skill.known is None else skill.known
    # What was known before the first answer has lasted already; the forgetting curve is of what was learnt here.
    new = skill.known_new / p if p else 0.0
    if stated:
        p = sigmoid(logit(clamp(p, _LEAST, _MOST)) + stated)
    return Known(p, new * p, rates.learn, 1.0 - rates.slip - rates.guess)


def _reviewed(skill: SkillState, horizon_days: float, *, least: float = 0.0) -> float:
    """P(recalled at the goal's day) that a right answer now adds to a known skill; 0 for one never practised.

    least: days of stability that it has if it is known: where misses are slips of who knows, they shorten nothing.
    """
    if skill.stability_days is None or skill.days_since is None:
        return 0.0
    before = max(skill.stability_days, least)
    stability, _ = next_memory(before, _MIDDLING, skill.days_since, GOOD)
    without = retrievability(skill.days_since + horizon_days, before)
    return max(retrievability(horizon_days, stability) - without, 0.0)


class Gains:
    """The gains of a context's skills, each worked out when it is first asked for."""

    def __init__(
        self,
        context: Context,
        ready: Mapping[int, float],
        *,
        before: "Gains | None" = None,
        changed: int | None = None,
    ) -> None:
        """before: of a context that differs in the state of the skill `changed` alone."""
        self._context, self._ready, self._before, self._changed = context, ready, before, changed
        self._effects = context.effects
        self._fresh = amount_of(FRESH, context.horizon_days)
        self._gains: dict[int, SkillGain] = {}
        self._unlocks: dict[int, list[tuple[int, float]]] | None = None
        self._places: dict[int, int] = {}
        self.unlocking_anew: set[int] = set()
        goal = context.goal
        self._weights = goal if goal else None

    def complete(self) -> "Gains":
        """With what waits worked out, before many contexts that differ in one skill are derived from it."""
        self._places = {skill_id: place for place, skill_id in enumerate(self._context.skills)}
        self._unlocks = self._waiting()
        return self

    def after(
        self,
        context: Context,
        ready: Mapping[int, float],
        *,
        changed: int,
        renewed: Iterable[int],
        dependents: Mapping[int, Sequence[int]],
    ) -> "Gains":
        """The gains of a context that differs from this one in the state of the skill `changed` alone.

        `renewed`: skills whose readiness differs as well; `dependents`: see skills.dependents_of. Prerequisites that
        are credited with something else than before stand in `unlocking_anew`.
        """
        other = Gains(context, ready, before=self, changed=changed)
        if self._unlocks is None:
            return other
        skills, waiting = context.skills, {changed, *renewed, *dependents.get(changed, ())}
        held_by = {p for i in waiting for p in skills[i].prerequisites if p in skills}
        among = {i for p in held_by for i in dependents.get(p, ())}
        again = other._waiting(sorted(among, key=self._places.__getitem__))
        other._unlocks = dict(self._unlocks)
        for key in held_by:
            if again.get(key, []) != self._unlocks.get(key, []):
                other._unlocks[key] = again.get(key, [])
                other.unlocking_anew.add(key)
        return other

    def weight_of(self, skill_id: int) -> float:
        """What the skill counts for the goal; 1 for all where none was chosen."""
        return 1.0 if self._weights is None else self._weights.get(skill_id, 0.0)

    def _gain(self, skill: SkillState) -> SkillGain:
        found = self._gains.get(skill.id)
        if found is None and self._before is not None and skill.id != self._changed:
            return self._before._gain(skill)
        if found is None:
            stated = self._context.stated.get(skill.id, 0.0)
            found = skill_gain(skill, self._effects, stated=stated, horizon_days=self._context.horizon_days)
            self._gains[skill.id] = found
        return found

    def of_try(self, skills: Sequence[SkillState], teaching: float) -> float:
        """The gain of one try at an exercise of these skills, main one first, in units of a typical gain.

        teaching: in [0, 1], how well its success lies where practice teaches.
        """
        effects = self._effects
        outside = effects.outside + (1.0 - effects.outside) * teaching
        weights = [1.0 / (place + 1) for place in range(len(skills))]
        whole = sum(weights)
        total = 0.0
        for weight, skill in zip(weights, skills, strict=True):
            ready = self._ready.get(skill.id, 1.0)
            counts = weight / whole * (effects.unready + (1.0 - effects.unready) * ready)
            own = self._gain(skill).of(counts * outside, counts if effects.rates_of else None)
            total += self.weight_of(skill.id) * own + self._unlocked(skill, own)
        return total / UNIT

    def roughly(self, skill: SkillState) -> float:
        """About the gain of one try at an exercise of this skill alone, for choosing among hundreds of skills.

        At the level that p_mastery stands for, without the mean over what it may be, and without what it unlocks.
        """
        effects = self._effects
        guess = effects.guess
        share = clamp((skill.p_mastery - guess) / (1.0 - guess), _LEAST, _MOST)
        amount = amount_of(skill.practice, self._context.horizon_days)
        counts = effects.unready + (1.0 - effects.unready) * self._ready.get(skill.id, 1.0)
        grown = effects.growth_at(skill.id) * math.log1p(counts * self._fresh / (1.0 + amount))
        added = (1.0 - guess) * (share * (1.0 - share) + _BLUR) * grown
        known = known_of(skill, effects)
        unknown = 1.0 - (known.p if skill.id in effects.rates_of else share)
        learnt = unknown * known.learns * counts * known.worth * self._fresh
        weighed = (1.0 - effects.all_or_none) * added + effects.all_or_none * learnt
        return self.weight_of(skill.id) * weighed / UNIT

    def _unlocked(self, skill: SkillState, own: float) -> float:
        """What the skills that wait for this one gain, as far as `own` brings it nearer to what they need."""
        policy, effects = self._context.policy, self._effects
        if effects.unready >= 1.0 or policy.unlock_tries <= 0 or skill.p_mastery >= policy.ready_at:
            return 0.0
        if self._unlocks is None:
            self._unlocks = self._waiting()
        # The square of the share of ready_at, as skills.readiness_of counts it: its slope at where it stands.
        slope = 2.0 * skill.p_mastery / policy.ready_at**2 if policy.ready_at > 0 else 0.0
        nearer = own * slope * (1.0 - effects.unready) * policy.unlock_tries
        return sum(potential for _, potential in self._unlocks.get(skill.id, ())) * nearer

    def _waiting(self, among: Iterable[int] | None = None) -> dict[int, list[tuple[int, float]]]:
        """Prerequisite -> (skill, its gain by one try if it were ready) of those that it holds back most.

        among: only of these skills, in the context's order.
        """
        found: dict[int, list[tuple[int, float]]] = {}
        skills = self._context.skills
        for skill in skills.values() if among is None else (skills[i] for i in among):
            before = [skills[p] for p in skill.prerequisites if p in skills]
            if before and self._ready.get(skill.id, 1.0) < 1.0:
                least = min(before, key=lambda s: (s.p_mastery, s.id))
                potential = self.weight_of(skill.id) * self._gain(skill).of(1.0)
                found.setdefault(least.id, []).append((skill.id, potential))
        return found


def teaching_of(p_felt: float | None, low: float, high: float, slope: float) -> float:
    """1 where success is uncertain enough to teach, falling outside [low, high] as exp(-(distance / slope)^2)."""
    if p_felt is None:
        return 1.0
    distance = max(low - p_felt, p_felt - high, 0.0)
    return math.exp(-((distance / slope) ** 2))
