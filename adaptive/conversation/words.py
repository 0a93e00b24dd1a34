"""The tutor's own words: a sentence or two for each move, in the active language. No model."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

SHOWN_WORDS = 4


def listed(words: Sequence[str]) -> str:
    """The words that were looked for, quoted; without figures, so that nothing can be confirmed by repeating it."""
    kept = [word[:40] for word in words if not any(c.isdigit() for c in word)][:SHOWN_WORDS]
    return " ".join(kept)


def sentence(code: str, *, words: Sequence[str] = ()) -> str:
    shown = listed(words)
    if code == "not_in_course":
        if shown:
            return _("This course has nothing on “%(words)s”. I can only speak of what is in it.") % {"words": shown}
        return _("This course has nothing on that. I can only speak of what is in it.")
    return str(_SENTENCES[code]())


_SENTENCES = {
    "orders": lambda: _(
        "I do not follow orders like that. I help with this course: ask about its topics, or for something to do."
    ),
    "of_exercise": lambda: _(
        "I do not give away the answer of an exercise, nor whether a guess is right. Hand in your try: it is marked, "
        "and its hints go step by step. What helps you find it yourself:"
    ),
    "of_any": lambda: _(
        "I do not give away the answers of exercises. Tell me what the exercise is about, and I look for "
        "what explains it."
    ),
    "about_me": lambda: _(
        "I am a program that searches this course, no person. What would you like to know about its topics?"
    ),
    "can_do": lambda: _(
        "I find exercises, readings, videos and examples of this course (“a short video on …”), and I quote what it "
        "says when you ask about its topics. I do not give away answers."
    ),
    "thanks": lambda: _("You are welcome. Ask again whenever you like."),
    "bye": lambda: _("See you. What you did is kept."),
    "quotes": lambda: _("This is what the course says:"),
    "as_asked": lambda: _("This fits what you asked for:"),
    "on_topic": lambda: _("This is what the course has on it, best for you first:"),
    "next": lambda: _("This helps you most right now:"),
    "best_guess": lambda: _("Then I would start with this; it helps you most right now:"),
    "which_topic": lambda: _("Which of these is it about?"),
    "which_form": lambda: _("How would you like to go on?"),
    "hello": lambda: _("Hello! What would you like to work on?"),
    "stuck": lambda: _("Let us find out where. What is it about?"),
    "what": lambda: _("What is it about? Say it in your own words, or choose:"),
    "quotes_hold_answers": lambda: _(
        "The course says something on this, but quoting it here could give away the answer of an exercise that you "
        "have not solved yet. Read it here:"
    ),
    "found_nothing": lambda: _("There is nothing here that fits right now."),
}


def pick_for_me() -> str:
    return _("Pick something for me")


def forms() -> list[str]:
    """How to go on; each is a request that the parser reads."""
    return [_("Something to read"), _("An exercise"), _("A worked example"), pick_for_me()]
