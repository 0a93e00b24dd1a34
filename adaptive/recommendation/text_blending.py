"""What the language model expects from words alone, blended into candidates by its measured weight. One query, or none.

    logit P(correct) += share * weight * z          of an exercise ("succeeds")
    value            *= exp(share * weight * z)     within bounds ("likes", "needs", see text_weights.favour_of)

share falls as answers come in, of others to the resource and of the learner (text_weights.share_of).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adaptive.common.probability import logit, sigmoid
from adaptive.recommendation.models import TextForecast
from adaptive.recommendation.text_forecasts import at_standing
from adaptive.recommendation.text_weights import share_of
from adaptive.recommendation.types import Candidate, Context, rounded

LIKING_AT = 0.6  # liking is not asked of a standing: at the middle one


def with_forecasts(
    candidates: Sequence[Candidate], context: Context, words: Mapping[str, Mapping[str, Any]]
) -> tuple[Candidate, ...]:
    """The candidates in their order, those with a forecast moved by it. No query where no weight is above 0."""
    counts = {name: row for name, row in words.items() if row["weight"] > 0 and row["sd"] > 0}
    if not counts or not candidates:
        return tuple(candidates)
    ids = [candidate.id for candidate in candidates]
    values = dict(TextForecast.objects.filter(resource__in=ids).values_list("resource_id", "values"))
    return tuple(_moved(c, context, counts, values[c.id]) if c.id in values else c for c in candidates)


def _moved(
    candidate: Candidate,
    context: Context,
    counts: Mapping[str, Mapping[str, Any]],
    values: Mapping[str, Sequence[float]],
) -> Candidate:
    share = share_of(candidate.n_answers, context.n_attempts)
    skill = context.skills.get(candidate.main_skill) if candidate.main_skill is not None else None
    standing = skill.p_mastery if skill else LIKING_AT
    forecast = {}
    for name, row in counts.items():
        if name in values:
            odds = at_standing(values[name], LIKING_AT if name == "likes" else standing)
            forecast[name] = rounded(share * row["weight"] * (odds - row["mean"]) / row["sd"])
    p_correct = candidate.p_correct
    if p_correct is not None and "succeeds" in forecast:
        p_correct = rounded(sigmoid(logit(p_correct) + forecast["succeeds"]))
    return replace(candidate, p_correct=p_correct, forecast=forecast)
