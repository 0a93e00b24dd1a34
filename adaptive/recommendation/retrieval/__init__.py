"""Generators of candidates, each by its name, and which of them a purpose asks."""

from types import ModuleType

from . import (
    co_practised,
    due_review,
    fresh,
    next_skill,
    popular,
    query_words,
    similar_content,
    timely,
    what_was_missing,
)

GENERATORS: tuple[ModuleType, ...] = (
    query_words,
    due_review,
    similar_content,
    what_was_missing,
    next_skill,
    co_practised,
    timely,
    popular,
    fresh,
)

# Name -> most resources it may bring, by purpose. A slate with a query asks query_words alone.
SHARES: dict[str, dict[str, int]] = {
    "practice": {"due_review": 20, "similar_content": 20, "what_was_missing": 16, "next_skill": 48},
    "review": {"due_review": 60},
    "feed": {
        "similar_content": 20,
        "what_was_missing": 16,
        "next_skill": 20,
        "co_practised": 12,
        "timely": 16,
        "popular": 20,
        "fresh": 20,
    },
    "catalogue": {
        "similar_content": 20,
        "what_was_missing": 16,
        "next_skill": 40,
        "co_practised": 20,
        "popular": 24,
        "fresh": 12,
    },
}
QUERY_SHARES = {"query_words": 60}
# Asked as well where little is known of the learner, or where the others found too little.
STAND_IN = {"popular": 24}
