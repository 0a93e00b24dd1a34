"""How much a skill was practised, as a decision sees it. Pure."""

from collections.abc import Sequence

from adaptive.backends.learner_model.practice_effects import NO_PRACTICE, Mass, mass_of

from .types import rounded


def practice_of(days_ago: Sequence[float], n_attempts: int = 0) -> Mass:
    """Tries of one skill so many days ago; of n_attempts in all, those not listed count as the oldest of these."""
    if not days_ago:
        return NO_PRACTICE
    older = max(n_attempts - len(days_ago), 0)
    return tuple(rounded(value) or 0.0 for value in mass_of(days_ago, older))  # type: ignore[return-value]
