"""What to do about a message. Pure: the same seen, the same move.

The order matters: orders to the tutor and fishing for answers first, so that no clever wording of them reaches the
rest; then talk; then questions about the matter; then requests; a question back last, and at most MAX_ASKED in a row.
"""

from adaptive.recommendation.wishes.types import DIFFICULTY, SKILLS

from .types import (
    ABOUT_YOU,
    ASKS_BACK,
    ATTACK,
    BYE,
    CAN_DO,
    DECLINES,
    EXPLAIN,
    EXPLAINS,
    FISHING,
    FISHING_NUMBERS,
    FOLLOW_UP,
    HELLO,
    NEXT,
    NOTHING,
    QUESTION,
    RECOMMENDS,
    REFUSES_ANSWER,
    STUCK,
    TALKS,
    THANKS,
    UNSURE,
    Move,
    Seen,
)

MAX_ASKED = 2
MANY_SKILLS = 3  # more than so many named by one word: ask which
COVERED = 0.5  # of the content words, by weight, that a passage must hold
COVERED_IF_NEAR = 0.34
NEAR = 0.5  # cosine similarity of message and resource


def decide(seen: Seen) -> Move:
    return _guarded(seen) or _talk(seen) or _matter(seen) or _request(seen) or _vague(seen)


def is_covered(seen: Seen) -> bool:
    """Does the course speak of what the message is about?"""
    is_near = seen.similarity is not None and seen.similarity >= NEAR
    return bool(seen.passages) and seen.coverage >= (COVERED_IF_NEAR if is_near else COVERED)


def _named(seen: Seen) -> tuple[int, ...]:
    constraint = seen.heard.wish.constraint(SKILLS)
    return tuple(constraint.value) if constraint is not None else ()


def _guarded(seen: Seen) -> Move | None:
    heard = seen.heard
    if heard.has(ATTACK):
        return Move(DECLINES, "orders")
    met = seen.met if seen.met is not None and seen.met.is_open else None
    if met is not None and (met.how != "title" or heard.has(FISHING, FISHING_NUMBERS)):
        return Move(REFUSES_ANSWER, "of_exercise", exercise=met.exercise, skills=_named(seen))
    if heard.has(FISHING):
        return Move(REFUSES_ANSWER, "of_exercise" if seen.open_exercise else "of_any", exercise=seen.open_exercise)
    return None


def _talk(seen: Seen) -> Move | None:
    heard = seen.heard
    if heard.has(ABOUT_YOU) and not _named(seen) and not is_covered(seen):
        return Move(DECLINES, "about_me")
    if heard.has(CAN_DO) and not heard.words:
        return Move(TALKS, "can_do")
    if heard.words or heard.wish.in_force:
        return None
    if heard.has(THANKS):
        return Move(TALKS, "thanks")
    if heard.has(BYE):
        return Move(TALKS, "bye")
    return None


def _matter(seen: Seen) -> Move | None:
    """A question about the matter itself."""
    heard = seen.heard
    named = _named(seen)
    asks = heard.has(EXPLAIN, QUESTION) or (heard.has(STUCK) and bool(heard.words))
    if not asks or (heard.has(NEXT) and not heard.has(EXPLAIN)):
        return None
    if not heard.words and not named:
        return None
    if _wants_things(seen) and heard.wish.is_topic_only:
        return None  # "do you have a video on percent?"
    if is_covered(seen):
        return Move(EXPLAINS, "quotes", skills=named)
    if named and (heard.wish.is_topic_only or not heard.words):
        return Move(RECOMMENDS, "on_topic", skills=named, query=heard.text)
    if heard.words:
        return Move(NOTHING, "not_in_course", skills=named, values={"words": heard.words})
    return None


def _wants_things(seen: Seen) -> bool:
    return any(constraint.code != SKILLS for constraint in seen.heard.wish.in_force)


def _request(seen: Seen) -> Move | None:
    heard, wish, before = seen.heard, seen.heard.wish, seen.remembered
    named = _named(seen)
    if heard.words and not named and not is_covered(seen) and (wish.needs_match or not wish.in_force):
        if seen.near_skills and before.n_asked:
            return None
        return Move(NOTHING, "not_in_course", values={"words": heard.words})
    if named:
        if len(named) > MANY_SKILLS and not _wants_things(seen) and before.n_asked < MAX_ASKED:
            return Move(ASKS_BACK, "which_topic", skills=named)
        return Move(RECOMMENDS, "as_asked", skills=named, query=heard.text)
    if heard.has(STUCK) and {constraint.code for constraint in wish.in_force} == {DIFFICULTY}:
        return None  # "this is too hard for me" asks for no easy thing in particular
    if _wants_things(seen):
        is_more = heard.has(FOLLOW_UP) and not heard.words and bool(before.skills)
        return Move(RECOMMENDS, "as_asked", skills=before.skills if is_more else (), query=heard.text)
    if heard.has(NEXT):
        return Move(RECOMMENDS, "next")
    if heard.words and is_covered(seen):
        if before.n_asked and seen.near_skills:
            return _topic(seen)
        return Move(EXPLAINS, "quotes")
    return None


def _topic(seen: Seen) -> Move:
    """An answer to a question, in words that name no skill: what was found says which."""
    is_sure = len(seen.near_skills) == 1 and len(seen.passages) > 1
    if not is_sure and seen.remembered.n_asked < MAX_ASKED:
        return Move(ASKS_BACK, "which_topic", skills=seen.near_skills)
    return Move(RECOMMENDS, "on_topic", skills=seen.near_skills[:1])


def _vague(seen: Seen) -> Move:
    heard, before = seen.heard, seen.remembered
    if before.n_asked and heard.words and seen.near_skills:
        return _topic(seen)
    if before.n_asked >= MAX_ASKED:
        return Move(RECOMMENDS, "best_guess", skills=before.skills)
    if before.n_asked:
        return Move(ASKS_BACK, "which_form", skills=before.skills)
    if heard.has(HELLO) and not heard.has(STUCK):
        return Move(ASKS_BACK, "hello")
    if heard.has(STUCK, UNSURE):
        return Move(ASKS_BACK, "stuck")
    return Move(ASKS_BACK, "what")
