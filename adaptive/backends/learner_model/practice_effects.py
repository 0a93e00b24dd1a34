"""What practice does to a learner: how much it teaches, when it is wasted, how its effect fades. No Django, no clock.

Two pictures of learning, mixed by `all_or_none`:

- growth: the logit of a skill rises by `growth` per log(1 + practice), the additive factors model (Cen et al. 2006)
  with practice that fades as in `pfa`; practice counts in part where its prerequisites are missing (`unready`) or where
  success lies outside of the window of success (`outside`).
- all or none: a skill is known or not, and each try at an unknown one makes it known with `p_learn` (Bayesian
  knowledge tracing, Corbett and Anderson 1995); see `tracing`, whose rates of a course stand in `rates_of`.

A course without a fit of its own gets the defaults: .22 logits per log(1 + opportunities) was seen on real logs, with 5
to 95 % of the skills between .09 and .39.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .tracing import Rates

HALF_LIVES_DAYS = (2.0, 30.0, 1500.0)
SHARES = (0.256, 0.255, 0.489)  # together they follow (1 + days) ^ -.154
_RATES = tuple(math.log(2.0) / days for days in HALF_LIVES_DAYS)

Mass = tuple[float, float, float]
"""Practice of one skill, fading with the three half-lives; each counts one try as 1 right after it."""

NO_PRACTICE: Mass = (0.0, 0.0, 0.0)


def faded(mass: Mass, days: float) -> Mass:
    """The same practice `days` later; days >= 0."""
    return tuple(value * math.exp(-rate * days) for value, rate in zip(mass, _RATES, strict=True))  # type: ignore[return-value]


def amount_of(mass: Mass, days: float = 0.0) -> float:
    """How many fresh tries the practice is worth, `days` from now."""
    if days <= 0:
        return sum(share * value for share, value in zip(SHARES, mass, strict=True))
    return sum(share * value * math.exp(-rate * days) for share, value, rate in zip(SHARES, mass, _RATES, strict=True))


def mass_of(days_ago: Sequence[float], older: int = 0) -> Mass:
    """Of tries so many days ago; `older`: further tries as long ago as the oldest of these."""
    mass = [0.0, 0.0, 0.0]
    oldest = max(days_ago, default=0.0)
    for days, n in [*((days, 1) for days in days_ago), (oldest, older)]:
        for place, rate in enumerate(_RATES):
            mass[place] += n * math.exp(-rate * max(days, 0.0))
    return tuple(mass)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class PracticeEffects:
    """The numbers of a course. `growth_of` and `p_learn_of`: skill id -> its own where it was fitted.

    growth: logits per log(1 + practice). guess: P(correct) of who knows nothing. unready, outside, all_or_none: shares
    in [0, 1]. p_learn, slip: probabilities. spread: variance (logits^2) of what is not known of an unpractised skill.
    rates_of: skill id -> the rates by which P(known) is traced, where skills were found to be known or not; there a
    logit of difficulty counts `per_logit`.
    """

    growth: float = 0.22
    guess: float = 0.2
    unready: float = 0.5
    outside: float = 0.3
    all_or_none: float = 0.15
    p_learn: float = 0.15
    slip: float = 0.1
    spread: float = 0.8
    growth_of: Mapping[int, float] = field(default_factory=dict)
    p_learn_of: Mapping[int, float] = field(default_factory=dict)
    per_logit: float = 0.5
    rates_of: Mapping[int, Rates] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("guess", "unready", "outside", "all_or_none", "p_learn", "slip"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:  # also catches NaN
                raise ValueError(f"{name} of practice effects must lie in [0, 1], not {value!r}.")
        if self.guess + self.slip >= 1.0:
            raise ValueError("guess and slip of practice effects must together be below 1.")
        for name, value in [("growth", self.growth), ("spread", self.spread), *self.growth_of.items()]:
            if not 0.0 <= value <= 10.0:
                raise ValueError(f"growth and spread must lie in [0, 10], not {value!r} ({name}).")
        if any(not 0.0 <= p <= 1.0 for p in self.p_learn_of.values()):
            raise ValueError("p_learn of practice effects must lie in [0, 1].")
        if not 0.0 <= self.per_logit <= 10.0:
            raise ValueError(f"per_logit of practice effects must lie in [0, 10], not {self.per_logit!r}.")
        for skill, rates in self.rates_of.items():
            if not all(0.0 < rate < 1.0 for rate in rates) or rates.guess + rates.slip >= 1.0:
                raise ValueError(
                    f"rates of practice effects must lie between 0 and 1, guess and slip together too (skill {skill})."
                )

    def growth_at(self, skill_id: int) -> float:
        return self.growth_of.get(skill_id, self.growth)

    def p_learn_at(self, skill_id: int) -> float:
        return self.p_learn_of.get(skill_id, self.p_learn)

    def only(self, skill_ids: Sequence[int]) -> "PracticeEffects":
        """The same without the numbers of other skills."""
        wanted = set(skill_ids)
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("growth_of", "p_learn_of", "rates_of"):
            data[name] = {key: value for key, value in data[name].items() if key in wanted}
        return PracticeEffects(**data)

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        for name in ("growth_of", "p_learn_of"):
            data[name] = {str(key): value for key, value in data[name].items()}
        data["rates_of"] = {str(key): list(rates) for key, rates in self.rates_of.items()}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PracticeEffects":
        """ValueError for numbers that cannot be; names it does not know are passed over."""
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        for name in ("growth_of", "p_learn_of"):
            values[name] = {int(key): float(value) for key, value in values.get(name, {}).items()}
        rates = values.get("rates_of", {})
        values["rates_of"] = {int(key): Rates(*(float(rate) for rate in row)) for key, row in rates.items()}
        return cls(**values)
