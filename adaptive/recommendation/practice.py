"""How much a skill was practised, as a decision sees it. Pure."""

from collections.abc import Iterable, Sequence

from adaptive.backends.learner_model.practice_effects import NO_PRACTICE, Mass, PracticeEffects, mass_of
from adaptive.backends.learner_model.tracing import Answer, trace

from .types import rounded


def practice_of(days_ago: Sequence[float], n_attempts: int = 0) -> Mass:
    """Tries of one skill so many days ago; of n_attempts in all, those not listed count as the oldest of these."""
    if not days_ago:
        return NO_PRACTICE
    older = max(n_attempts - len(days_ago), 0)
    return tuple(rounded(value) or 0.0 for value in mass_of(days_ago, older))  # type: ignore[return-value]


def known_of(effects: PracticeEffects, answers: Iterable[Answer]) -> dict[int, dict[str, float]]:
    """Skill id -> `known` and `known_new` of its state after the answers, oldest first; nothing where that is not
    traced."""
    if not effects.rates_of:
        return {}
    traced = trace(effects.rates_of, answers, per_logit=effects.per_logit)
    return {skill: {"known": rounded(one.p), "known_new": rounded(one.new)} for skill, one in traced.items()}
