"""Which candidates may not stand in the slate, each with the one reason that is logged. Pure."""

from collections.abc import Sequence

from .skills import due_skills, is_known
from .types import Candidate, Context, Policy, Tried
from .wishes.keeping import why_not_kept

RIGHT_FROM = 0.8  # a score from which an exercise counts as answered right
MINUTES_PER_DAY = 1440.0

WRONG_COURSE = "wrong_course"
RETIRED = "retired"
WRONG_KIND = "wrong_kind"
NO_MATCH = "no_match"
NOT_AS_ASKED = "not_as_asked"  # does not keep what a request in words asks for
BEING_READ = "being_read"
ANSWERED_RIGHT = "answered_right"
JUST_TRIED = "just_tried"
NOT_DUE = "not_due"
MASTERED = "mastered"
# Those that a teacher said, kept in Context.ruled_out.
NEVER, SWAPPED = "never", "swapped"
RULED = frozenset({NEVER, SWAPPED})
# Those that the learner said, kept in Context.set_aside.
DISMISSED, COMPLETED = "dismissed", "completed"
TOO_EASY, TOO_HARD, SEEN, NOT_NOW = "too_easy", "too_hard", "seen", "not_now"
SAID = frozenset({DISMISSED, COMPLETED, TOO_EASY, TOO_HARD, SEEN, NOT_NOW})


def why_dropped(context: Context, candidate: Candidate) -> str:
    """The code of the first reason against it, or "" where there is none."""
    if candidate.course_id != context.course_id:
        return WRONG_COURSE
    if candidate.is_retired:
        return RETIRED
    if ruled := context.ruled_out.get(candidate.id, ""):
        return ruled
    if context.kinds and candidate.kind not in context.kinds:
        return WRONG_KIND
    if context.query and "query_words" not in candidate.found:
        return NO_MATCH
    if context.wish is not None and why_not_kept(context.wish, candidate):
        return NOT_AS_ASKED
    said = context.set_aside.get(candidate.id, "")
    if said and not (said == COMPLETED and candidate.kind == "exercise"):  # of exercises, the answers tell
        return said
    tried = context.tried.get(candidate.id)
    is_pinned = candidate.id in context.pins  # whoever has done it since has no pin any more (see rulings)
    code = why_tried(context.policy, tried, is_due=bool(due_skills(context, candidate))) if tried else ""
    if code and not (is_pinned and code == ANSWERED_RIGHT):
        return code
    if is_pinned:
        return ""
    if context.purpose == "review" and not due_skills(context, candidate):
        return NOT_DUE
    if context.purpose in ("practice", "review") and not context.query and is_known(context, candidate):
        return MASTERED
    return ""


def why_tried(policy: Policy, tried: Tried, *, is_due: bool) -> str:
    """Why an exercise rests after the latest answer to it, "" where it need not. A due review may come sooner."""
    if tried.last_score is None:
        return BEING_READ
    if tried.last_score >= RIGHT_FROM:
        rest_days = policy.review_rest_days if is_due else policy.right_rest_days
        return ANSWERED_RIGHT if tried.minutes_ago < rest_days * MINUTES_PER_DAY else ""
    return JUST_TRIED if tried.minutes_ago < policy.tried_rest_minutes else ""


def filter_candidates(context: Context, candidates: Sequence[Candidate]) -> tuple[list[Candidate], dict[int, str]]:
    """(those that stay, resource id -> reason of those that do not)."""
    kept, dropped = [], {}
    for candidate in candidates:
        if reason := why_dropped(context, candidate):
            dropped[candidate.id] = reason
        else:
            kept.append(candidate)
    return kept, dropped
