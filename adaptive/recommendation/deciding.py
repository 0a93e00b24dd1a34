"""The pure part of the pipeline in one call: the same context and candidates always give the same slate.

Retrieval, the only part that asks the database, comes before it (see pipeline).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .filtering import filter_candidates
from .ranking import rank
from .reranking import pick_slate
from .types import Candidate, Context, Decision


def decide(context: Context, candidates: Sequence[Candidate]) -> Decision:
    """Filtering, ranking, re-ranking."""
    kept, dropped = filter_candidates(context, candidates)
    scored = rank(context, kept)
    return Decision(dropped=dropped, scored=scored, picks=pick_slate(context, scored))


def receipt_of(decision: Decision, candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Every candidate as it is stored with the slate: best first, then those that were dropped, with the reason."""
    by_id = {candidate.id: candidate for candidate in candidates}
    rows = [
        {**s.candidate.to_json(), "features": s.features.to_json(), "score": s.score, "dropped": None}
        for s in decision.scored
    ]
    rows += [
        {**by_id[i].to_json(), "features": None, "score": None, "dropped": reason}
        for i, reason in decision.dropped.items()
    ]
    return rows


def from_receipt(
    context: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]
) -> tuple[Context, tuple[Candidate, ...]]:
    """What a stored slate was decided from, for deciding it again."""
    return Context.from_json(context), tuple(Candidate.from_json(row) for row in candidates)
