"""The decision again with one fact changed, scoring anew only what the change touches. Pure.

Exactly what `deciding.decide` gives for the changed situation (tests hold the two against each other), in a fraction of
its time: a slate's explanations ask for some dozens of such runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

from adaptive.common.probability import logit, sigmoid
from adaptive.recommendation.filtering import why_dropped
from adaptive.recommendation.gain import Gains
from adaptive.recommendation.ranking import scored_of
from adaptive.recommendation.reranking import Crowding, by_claim, is_overexposed, pick_slate
from adaptive.recommendation.skills import dependents_of, followers_of, readiness_again, readiness_of
from adaptive.recommendation.types import DIGITS, Candidate, Context, Decision, Scored

CONTENDERS = 20  # candidates beside those of the slate that `margin` looks at


def skill_moved(context: Context, skill_id: int, p_mastery: float) -> Context:
    """The context with another belief about one skill; what was traced of it moves as far."""
    skill = context.skills[skill_id]
    traced = {}
    if skill.known:
        known = sigmoid(logit(skill.known) + logit(p_mastery) - logit(skill.p_mastery))
        traced = {
            "known": round(known, DIGITS),
            "known_new": round(skill.known_new * known / skill.known, DIGITS),
        }
    skill = replace(skill, p_mastery=round(p_mastery, DIGITS), **traced)
    return replace(context, skills={**context.skills, skill_id: skill})


def success_moved(candidate: Candidate, skill_id: int, step: float) -> Candidate:
    """With the expected success that goes with a skill better known by `step` logits: by the skill's weight in it."""
    if candidate.p_correct is None or skill_id not in candidate.skills:
        return candidate
    weights = [1.0 / (place + 1) for place in range(len(candidate.skills))]
    weight = weights[candidate.skills.index(skill_id)] / sum(weights)
    p = sigmoid(logit(candidate.p_correct) + weight * step)
    return replace(candidate, p_correct=round(p, DIGITS))


class Base:
    """A decision as it was made, with what all changes of it share."""

    def __init__(self, context: Context, candidates: Sequence[Candidate], decision: Decision) -> None:
        self.context, self.candidates, self.decision = context, candidates, decision
        self.features = {s.candidate.id: s.features for s in decision.scored}
        self.slate = [pick.id for pick in decision.picks]
        self.explored = {pick.position: pick.id for pick in decision.picks if pick.is_exploration}
        self.scored = by_claim(context, decision.scored)
        self.ready = readiness_of(context)
        self.gains = Gains(context, self.ready).complete()
        self.dependents = dependents_of(context)
        self.of_skill: dict[int, list[int]] = {}
        for candidate in candidates:
            for skill_id in candidate.skills:
                self.of_skill.setdefault(skill_id, []).append(candidate.id)
        self._changes: dict[int, Change] = {}

    @cached_property
    def contenders(self) -> list[Scored]:
        """Who is looked at in the search for a flip: the slate and those that come next."""
        picked = set(self.slate)
        rest = [s for s in self.scored if s.candidate.id not in picked][:CONTENDERS]
        return [pick.scored for pick in self.decision.picks] + rest

    def unchanged(self) -> "Situation":
        return Situation(self.context, self.ready, self.gains, frozenset(), lambda c: c)

    def of_mastery(self, skill_id: int) -> "Change":
        """Another belief about a skill. Places of the slate with the same skill share the runs."""
        if skill_id not in self._changes:
            followers = followers_of(self.dependents, skill_id)
            self._changes[skill_id] = Change(
                base=self,
                now=self.context.skills[skill_id].p_mastery,
                at=lambda p: self._with_mastery(skill_id, followers, p),
            )
        return self._changes[skill_id]

    def of_success(self, candidate: Candidate) -> "Change":
        """Another expected success at one exercise."""

        def at(p: float) -> Situation:
            moved = lambda c: replace(c, p_correct=round(p, DIGITS))  # noqa: E731
            return Situation(self.context, self.ready, self.gains, frozenset([candidate.id]), moved)

        return Change(base=self, now=candidate.p_correct, at=at)

    def _with_mastery(self, skill_id: int, followers: Sequence[int] | None, p: float) -> "Situation":
        context = skill_moved(self.context, skill_id, p)
        if followers is None:
            ready = readiness_of(context)
            gains = Gains(context, ready)
            touched = frozenset(c.id for c in self.candidates)
        else:
            ready = readiness_again(context, self.ready, followers)
            renewed = {i for i in followers if ready[i] != self.ready[i]}
            gains = self.gains.after(context, ready, changed=skill_id, renewed=renewed, dependents=self.dependents)
            # Scores look at the states and readiness of a candidate's own skills and at what these unlock.
            skills = {skill_id} | renewed | gains.unlocking_anew
            touched = frozenset().union(*(self.of_skill.get(i, ()) for i in skills))
        step = logit(p) - logit(self.context.skills[skill_id].p_mastery)
        return Situation(context, ready, gains, touched, lambda c: success_moved(c, skill_id, step))


@dataclass(frozen=True, slots=True)
class Situation:
    """The changed situation. `touched`: candidates whose score may differ. `moved`: such a one as it is then."""

    context: Context
    ready: Mapping[int, float]
    gains: Gains
    touched: frozenset[int]
    moved: Callable[[Candidate], Candidate]


@dataclass
class Change:
    """One fact with its value `now`, and the runs for other values of it."""

    base: Base
    now: float
    at: Callable[[float], Situation]

    def __post_init__(self) -> None:
        self._runs: dict[float, _Run] = {}

    def ids(self, p: float) -> list[int]:
        """The slate with the fact at p, as a full run of the decision gives it."""
        return self._run(p).ids()

    def margin(self, p: float, position: int) -> float:
        """How far the pick of this place is from standing in it or before, with the fact at p: above 0, it does not.

        In units of the score. Right but for who is no contender so far, and for draws that fall otherwise.
        """
        return self._run(p).margin(position)

    def _run(self, p: float) -> "_Run":
        if p not in self._runs:
            self._runs[p] = _Run(self, self.base.unchanged() if p == self.now else self.at(p))
        return self._runs[p]


class _Run:
    def __init__(self, change: Change, situation: Situation) -> None:
        self.change, self.base, self.situation = change, change.base, situation
        self._known: dict[int, Scored | None] = {}
        self._ids: list[int] | None = None
        self._margins: dict[int, float] = {}

    def scored(self, candidate: Candidate) -> Scored | None:
        """None: the filter drops it."""
        if candidate.id not in self._known:
            at = self.situation
            moved = at.moved(candidate)
            is_dropped = why_dropped(at.context, moved)
            before = self.base.features.get(candidate.id)
            self._known[candidate.id] = (
                None if is_dropped else scored_of(at.context, moved, at.ready, at.gains, before=before)
            )
        return self._known[candidate.id]

    def ids(self) -> list[int]:
        if self._ids is None:
            touched = self.situation.touched
            scored = [s for s in self.base.decision.scored if s.candidate.id not in touched]
            for candidate in self.base.candidates:
                if candidate.id in touched and (one := self.scored(candidate)):
                    scored.append(one)
            self._ids = [pick.id for pick in pick_slate(self.situation.context, scored)]
        return self._ids

    def margin(self, position: int) -> float:
        if position not in self._margins:
            self._margins[position] = self._margin(position)
        return self._margins[position]

    def _margin(self, position: int) -> float:
        """Over the places up to this one, the least that the pick's score lacks of who stands there without it."""
        context, base, touched = self.base.context, self.base, self.situation.touched
        own: Scored | None = None
        others: list[Scored] = []
        for one in base.contenders:
            if one.candidate.id in touched:
                one = self.scored(one.candidate)
                if one is None:
                    continue
            if one.candidate.id == base.slate[position - 1]:
                own = one
            else:
                others.append(one)
        if own is None:
            return inf if others else -inf
        if context.pins or context.shown:
            others = by_claim(context, sorted(others, key=lambda s: -s.score))
        else:
            others.sort(key=lambda s: -s.score)
        n_pinned = sum(s.candidate.id in context.pins for s in others)
        last = is_overexposed(context, own.candidate.id)
        crowding, least = Crowding(context.policy), inf
        for place in range(1, position + 1):
            if not others:
                return -inf
            if place <= n_pinned:
                winner = min(
                    others, key=lambda s: context.pins[s.candidate.id].place if s.candidate.id in context.pins else inf
                )
            else:
                free = (
                    others if not context.shown else [s for s in others if not is_overexposed(context, s.candidate.id)]
                )
                if not free and not last:
                    return -inf
                winner, value = _highest(free or others, crowding)
                if bool(free) != last:
                    least = min(least, value - crowding.lowered(own))
                drawn = base.explored.get(place)
                winner = next((s for s in others if s.candidate.id == drawn), winner) if drawn else winner
            others.remove(winner)
            crowding.add(winner.candidate)
        return least


def _highest(scored: Sequence[Scored], crowding: Crowding) -> tuple[Scored, float]:
    """Who counts most for the next place. scored: the highest score first; nobody's is raised."""
    best, most = scored[0], -inf
    for one in scored:
        if one.score < most and one.score >= 0:
            break
        value = crowding.lowered(one)
        if value > most or (value == most and one.candidate.id < best.candidate.id):
            best, most = one, value
    return best, most
