"""What the learner reads after an answer in words: authored sentences, never text of a model or of the reference.

They say in general terms what was right and what to look at next; the hints of the exercise say more. They are stored
in English and shown in the reader's language, see assessment.showing.
"""

from .text import Text


def _(text: str) -> str:
    """Marks a text to be translated, as gettext_noop does: this folder works without Django."""
    return text


RIGHT = _("Yes, that says what matters.")
NEARLY = _("You are on the right track, but something is still missing.")
NEARLY_SHORT = _("You are on the right track. Say a little more: give the reason, too.")
OPPOSITE = _("This says something that does not fit. Check which way round it goes.")
BESIDE = _("This does not speak of what was asked. Read the question once more and answer it in your own words.")
ECHO = _("This repeats the question. Say what you think the answer is, and why.")
WRONG = _("Not yet. Think about the main idea of the question again.")
WRONG_NUMBER = _("Not yet. Check the numbers in your answer.")
WAITING = _("A teacher will read this answer.")
UNREADABLE = _("There are no words here that could be read. Write your answer as a sentence.")
EMPTY = _("Nothing was written.")
SENTENCES = frozenset(
    {RIGHT, NEARLY, NEARLY_SHORT, OPPOSITE, BESIDE, ECHO, WRONG, WRONG_NUMBER, WAITING, UNREADABLE, EMPTY}
)


def feedback_for(label: str, values: dict[str, float], answer: Text) -> str:
    """One or two sentences for a verdict; `values` are the answer's features by name."""
    if label == "correct":
        return RIGHT
    if label == "partially_correct":
        return NEARLY_SHORT if len(answer.words) < 8 else NEARLY
    if label == "contradictory":
        return OPPOSITE
    if values.get("is_bare_echo"):
        return ECHO
    if label == "irrelevant":
        return BESIDE
    return WRONG_NUMBER if values.get("numbers_other", 0.0) >= 0.5 and values.get("numbers_missing") else WRONG
