"""The plain wording: one sentence that says why, and up to three facts with their numbers, spoken to "you".

Every number and name comes from the fact's own `shown` values, so the wording cannot say more than was logged. No
Django model; only its translations, in the language that is active.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .facts import NAMES, UNITS, Fact, number_shown

Shown = dict[str, Any]


def _shown(fact: Fact) -> Shown:
    """The values as they are said; the names as they are."""
    shown: Shown = {k: number_shown(k, v) for k, v in fact.values.items() if k in UNITS and v is not None}
    shown |= {k: str(v) for k, v in fact.values.items() if k in NAMES}
    for listed in ("prerequisites", "asked"):
        if fact.values.get(listed):
            shown[listed] = ", ".join(_("“%(name)s”") % {"name": name} for name in fact.values[listed])
    return shown


def sentence_of(fact: Fact) -> str:
    """The one sentence of the strongest reason."""
    return _SENTENCES.get(fact.code, _fits)(fact, _shown(fact))


def line_of(fact: Fact) -> str:
    """One short sentence that tells the fact with its numbers."""
    return _LINES.get(fact.code, _fits)(fact, _shown(fact))


def worded(facts: Sequence[Fact]) -> list[Fact]:
    """The facts with their texts, in the active language."""
    return [replace(fact, text=sentence_of(fact) if fact.role == "sentence" else line_of(fact)) for fact in facts]


def text_of(facts: Sequence[Fact]) -> str:
    """The whole explanation as one short paragraph."""
    return " ".join(fact.text for fact in facts if fact.text)


def _fits(fact: Fact, s: Shown) -> str:
    return _("This fits where you are now.")


def _next_skill(fact: Fact, s: Shown) -> str:
    if int(s["n_attempts"]) > 0:
        return _("Keep going with “%(skill)s”: it is the next step on your way.") % s
    if "prerequisites" in s:
        return _("You are ready for your next step, “%(skill)s”: you know %(prerequisites)s well enough.") % s
    return _("Your next step is “%(skill)s”.") % s


def _mastery_line(fact: Fact, s: Shown) -> str:
    n = int(s["n_attempts"])
    if n == 0:
        return _("You have not practised “%(skill)s” yet; so far we guess about %(p_mastery)s %%.") % s
    return (
        ngettext(
            "After %(n_attempts)s answer we put you at about %(p_mastery)s %% in “%(skill)s”.",
            "After %(n_attempts)s answers we put you at about %(p_mastery)s %% in “%(skill)s”.",
            n,
        )
        % s
    )


def _room_sentence(fact: Fact, s: Shown) -> str:
    return _("There is still something for you to win in “%(skill)s”.") % s


def _due_sentence(fact: Fact, s: Shown) -> str:
    return _("It is time to refresh “%(skill)s” before it fades.") % s


def _due_line(fact: Fact, s: Shown) -> str:
    if "retrievability" in s:
        return _("You would still have “%(skill)s” at hand with a chance of about %(retrievability)s %%.") % s
    return _("Your review of “%(skill)s” is due.") % s


def _missed_sentence(fact: Fact, s: Shown) -> str:
    return _("This picks up what you missed in “%(missed)s”.") % s


def _missed_line(fact: Fact, s: Shown) -> str:
    return _("It comes close to what was missing in “%(missed)s”: about %(similarity)s %% alike.") % s


def _missing_sentence(fact: Fact, s: Shown) -> str:
    return _("This helps with the gap that we saw in “%(missed)s”.") % s


def _missing_line(fact: Fact, s: Shown) -> str:
    return _("It comes close to what your answers lacked in “%(missed)s”: about %(similarity)s %% alike.") % s


def _query_sentence(fact: Fact, s: Shown) -> str:
    return _("This fits what you asked for: “%(query)s”.") % s


def _query_line(fact: Fact, s: Shown) -> str:
    if "n_matched" in s:
        return (
            ngettext(
                "%(n_matched)s of the %(n_words)s word you looked for is in it.",
                "%(n_matched)s of the %(n_words)s words you looked for are in it.",
                int(s["n_words"]),
            )
            % s
        )
    if "similarity" in s:
        return _("It comes close to what your words mean: about %(similarity)s %% alike.") % s
    return _("It fits the words you looked for.")


def _as_asked(fact: Fact, s: Shown) -> str:
    return _("It is as you asked: %(asked)s.") % s


def _explores_sentence(fact: Fact, s: Shown) -> str:
    return _("Here is something a little different, so that we learn what helps you.")


def _explores_line(fact: Fact, s: Shown) -> str:
    return _("About %(share)s %% of our suggestions are drawn by chance from the good ones.") % s


def _nothing_due(fact: Fact, s: Shown) -> str:
    return _("Nothing is due for review today, so here is something to practise instead.")


def _pinned_sentence(fact: Fact, s: Shown) -> str:
    if fact.values.get("scope") == "learner":
        return _("Your teacher chose this for you.")
    if fact.values.get("scope") == "cohort":
        return _("Your teacher chose this for your group.")
    return _("Your teacher chose this for everyone in the course.")


def _pinned_line(fact: Fact, s: Shown) -> str:
    n = int(s["days"])
    if n == 0:
        return _("It was put on top today, and stays there until you have done it.")
    return (
        ngettext(
            "It was put on top %(days)s day ago, and stays there until you have done it.",
            "It was put on top %(days)s days ago, and stays there until you have done it.",
            n,
        )
        % s
    )


def _stated_line(fact: Fact, s: Shown) -> str:
    if fact.values.get("said") == "too_easy":
        return _("You told us that “%(skill)s” felt too easy, so we look for harder ones.") % s
    return _("You told us that “%(skill)s” felt too hard, so we look for gentler ones.") % s


def _preferred_line(fact: Fact, s: Shown) -> str:
    what, value, is_stated = fact.values.get("what"), fact.values.get("value"), fact.values.get("is_stated")
    if what == "pace":
        if value == "brisk":
            return _("You told us that you like bigger steps.")
        return _("You told us that you like smaller steps.")
    liked = {
        "exercise": _("exercises"),
        "reading": _("texts to read"),
        "video": _("videos"),
        "worked_example": _("worked examples"),
        "short": _("short things"),
        "long": _("longer things"),
    }.get(str(value), _("things in this language"))
    if is_stated:
        return _("You told us that you like %(liked)s.") % {"liked": liked}
    return _("Lately you took to %(liked)s more than to other things.") % {"liked": liked}


def _window_line(fact: Fact, s: Shown) -> str:
    return (
        _(
            "You are about %(p_correct)s %% likely to get it right, "
            "inside the stretch from %(low)s %% to %(high)s %% that is worth most."
        )
        % s
    )


def _window_sentence(fact: Fact, s: Shown) -> str:
    return _("This should be neither too easy nor too hard for you.")


def _expected_line(fact: Fact, s: Shown) -> str:
    return _("You are about %(p_correct)s %% likely to get it right.") % s


def _popular_sentence(fact: Fact, s: Shown) -> str:
    return _("This has helped others in your course lately.")


def _popular_line(fact: Fact, s: Shown) -> str:
    n = int(s["n_learners"])
    if "later_success" in s:
        return (
            ngettext(
                "%(n_learners)s learner worked on it lately; their next answer scored about %(later_success)s %%.",
                "%(n_learners)s learners worked on it lately; their next answers scored about %(later_success)s %%.",
                n,
            )
            % s
        )
    return (
        ngettext("%(n_learners)s learner worked on it lately.", "%(n_learners)s learners worked on it lately.", n) % s
    )


def _followed_sentence(fact: Fact, s: Shown) -> str:
    return _("Others went on to this after “%(after)s”, and did well.") % s


def _followed_line(fact: Fact, s: Shown) -> str:
    return (
        ngettext(
            "%(n_learners)s learner went on to it after “%(after)s”; for %(n_right)s of them it went well.",
            "%(n_learners)s learners went on to it after “%(after)s”; for %(n_right)s of them it went well.",
            int(s["n_learners"]),
        )
        % s
    )


def _timely_sentence(fact: Fact, s: Shown) -> str:
    return _("Your course is working on “%(skill)s” right now.") % s


def _timely_line(fact: Fact, s: Shown) -> str:
    return (
        ngettext(
            "%(n_learners)s other learner answered something on “%(skill)s” in the last %(days)s days.",
            "%(n_learners)s other learners answered something on “%(skill)s” in the last %(days)s days.",
            int(s["n_learners"]),
        )
        % s
    )


def _fresh_sentence(fact: Fact, s: Shown) -> str:
    return _("This is new in your course.")


def _fresh_line(fact: Fact, s: Shown) -> str:
    n = int(s["days"])
    if n == 0:
        return _("It came in today.")
    return ngettext("It came in %(days)s day ago.", "It came in %(days)s days ago.", n) % s


def _minutes_line(fact: Fact, s: Shown) -> str:
    return ngettext("It takes about %(minutes)s minute.", "It takes about %(minutes)s minutes.", int(s["minutes"])) % s


_Wording = Callable[[Fact, Shown], str]
_SENTENCES: dict[str, _Wording] = {
    "next_skill": _next_skill,
    "room_to_learn": _room_sentence,
    "due_review": _due_sentence,
    "similar_to_missed": _missed_sentence,
    "was_missing": _missing_sentence,
    "matches_query": _query_sentence,
    "as_asked": _as_asked,
    "explores": _explores_sentence,
    "nothing_due": _nothing_due,
    "pinned": _pinned_sentence,
    "stated": _stated_line,
    "preferred": _preferred_line,
    "in_window": _window_sentence,
    "popular": _popular_sentence,
    "co_practised": _followed_sentence,
    "timely": _timely_sentence,
    "fresh": _fresh_sentence,
}
_LINES: dict[str, _Wording] = {
    "next_skill": _mastery_line,
    "room_to_learn": _mastery_line,
    "due_review": _due_line,
    "similar_to_missed": _missed_line,
    "was_missing": _missing_line,
    "matches_query": _query_line,
    "as_asked": _as_asked,
    "explores": _explores_line,
    "pinned": _pinned_line,
    "stated": _stated_line,
    "preferred": _preferred_line,
    "in_window": _window_line,
    "expected": _expected_line,
    "popular": _popular_line,
    "co_practised": _followed_line,
    "timely": _timely_line,
    "fresh": _fresh_line,
    "takes_minutes": _minutes_line,
}


def would_change_text(flip: Any) -> str:
    """One sentence from a counterfactual.Flip."""
    s = {
        "instead": flip.instead_title,
        "skill": flip.skill,
        "threshold": number_shown("p_mastery", flip.threshold),
        "now": number_shown("p_mastery", flip.now),
    }
    if flip.fact == "p_correct":
        if flip.direction == "above":
            condition = _("you were %(threshold)s %% or more likely to get this right")
        else:
            condition = _("you were %(threshold)s %% or less likely to get this right")
    elif flip.direction == "above":
        condition = _("you stood at %(threshold)s %% or more in “%(skill)s”")
    else:
        condition = _("you stood at %(threshold)s %% or less in “%(skill)s”")
    # Two messages, the condition within the sentence, so that translators meet each condition once.
    sentence = _("You would have got “%(instead)s” instead if %(condition)s (now about %(now)s %%).")
    return sentence % {**s, "condition": condition % s}
