"""Ranking by expected learning gain per minute. Pure.

    worth = window * (gain + asked * forgetting_weight * forgetting + hint_weight * hint) * repeat
    value = (worth + popular_weight * popularity + fresh_weight * freshness) * kind_weight * preference * words * rest
    score = value / minutes                        without a query
    score = match * (QUERY_BASE + value)           with one (minutes is 1 then)

gain        what a try is expected to add to the goal at its day, see the module gain.
window      how well the expected success falls into zpd_low..zpd_high: too easy teaches little, too hard discourages
            (it yields where skills were found to be known or not).
            Of what is not answered: 1 on a skill not practised yet or after a related miss, else less.
forgetting  1 - retrievability: what a review would win back, whatever the mastery. asked is 1 where a review is, else
            AT_PRACTICE: the gain knows what fades until the goal's day, and counted twice it keeps learners at what
            they once knew (it cost 6 to 8 points of the way to the oracle with simulated learners).
hint        nearness to what the last assessments found missing.
words       what the language model expects from the words alone, as far as that was found to help; else 1.
repeat      an exercise answered right before has less to teach.
In the feed, new and popular weigh FEED_FACTOR times as much. Every term is kept with the candidate (types.Features).
"""

from collections.abc import Iterable, Mapping

from .features import features_of
from .gain import Gains
from .skills import readiness_of
from .types import Candidate, Context, Features, Scored

QUERY_BASE = 0.3
FEED_FACTOR = 8.0
AT_PRACTICE = 0.1


def score_of(context: Context, f: Features) -> float:
    policy = context.policy
    asked = 1.0 if context.purpose == "review" else AT_PRACTICE
    worth = (
        f.window * (f.gain + asked * policy.forgetting_weight * f.forgetting + policy.hint_weight * f.hint) * f.repeat
    )
    beside = policy.popular_weight * f.popularity + policy.fresh_weight * f.freshness
    if context.purpose == "feed":
        beside *= FEED_FACTOR
    value = (worth + beside) * f.kind_weight * f.preference * f.words * f.rest
    if context.query:
        return f.match * (QUERY_BASE + value) / f.minutes
    return value / f.minutes


def scored_of(
    context: Context,
    candidate: Candidate,
    ready: Mapping[int, float],
    gains: Gains,
    *,
    before: Features | None = None,
) -> Scored:
    """`ready`: readiness by skill id, as skills.readiness_of gives it; `gains` of the same context. before: see
    features_of."""
    features = features_of(context, candidate, ready, gains, before=before)
    return Scored(candidate=candidate, features=features, score=score_of(context, features))


def rank(context: Context, candidates: Iterable[Candidate]) -> tuple[Scored, ...]:
    """All candidates with features and score, best first; equal scores in order of id."""
    ready = readiness_of(context)
    gains = Gains(context, ready)
    scored = [scored_of(context, candidate, ready, gains) for candidate in candidates]
    return tuple(sorted(scored, key=lambda s: (-s.score, s.candidate.id)))
