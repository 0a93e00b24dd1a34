"""What must not be decided by numbers alone. Pure: looks at the texts, calls no model.

A guard never gives credit. `blocks` ends the matter (there is nothing to assess); otherwise the assessor runs for its
hints, but a person decides. A reason with `only_credit` forbids credit and nothing else: a wrong answer may be as odd
as it likes. docs/assessment.md says what each rule holds back of people's right answers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .lexicon import BOOSTERS, FILLERS, FOREIGN_WORDS, FUNCTION_WORDS
from .orders import is_disguised, is_order, readings
from .text import MAX_CHARACTERS, Text, latin_share, plain, stem
from .wording import (
    alternates,
    common_run,
    contradicts_itself,
    corrected,
    is_rearranged,
    is_turned_copy,
    n_order_faults,
)

MIN_KEYWORDS, MAX_KEYWORD_FUNCTION_SHARE = 5, 0.1
MIN_KEYWORDS_IN_PART = 6
MIN_REPEATED_WORDS, MAX_DISTINCT_SHARE, MAX_DISTINCT_SHARE_OF_LONG, LONG_WORDS = 6, 0.45, 0.25, 25
MIN_BESIDE_WORDS = 7  # that carry meaning
MIN_MIXED_WORDS = 3
MIN_COPIED_WORDS, MIN_ADDED_WORDS = 9, 4
SENTENCE_WORDS = 4
MIN_ORDER_WORDS = 5
MIN_ECHO_RUN, MIN_ECHO_SHARE = 3, 0.75  # words in a row; of the words that carry meaning
PADDED_WORDS, PADDED_TIMES = 80, 4
_LETTER_NAME = re.compile(r"\b[B-HJ-Z]\b")
_OTHER_LETTERS = re.compile(r"[^\W\d_]{3,}")
_TEX_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_PLAIN_TEX = frozenset(
    ("frac", "dfrac", "tfrac", "times", "cdot", "div", "text", "mathrm", "left", "right", "le", "ge", "ne", "sqrt")
)
_BLUFF = re.compile(
    r"""
    \beveryone\ knows\b
    | \b(?:works?\ )?(?:exactly\ )?(?:as|like)\ (?:we|i|you)\ (?:have\ )?(?:learned|learnt|saw|said|discussed)\b
    | (?:\bworks?\ )?(?:\bexactly\ )?(?:\bas\ )?\bin\ (?:the|our)\ (?:lecture|class|book|lesson)\b
    | \bas\ the\ (?:book|lecture|teacher)\ says\b | \bby\ definition\b | \b(?:from\ the\ )?basic\ principles?\b
    | \bscientists\ have\b | \bproven\b(?:\ it)?(?:\ many\ times)? | \bclearly\ the\ case\b
    | \bmany\ different\ factors\b | \b(?:play|have)\ an\ important\ role\b(?:\ here)?
    | \b(?:the\ )?(?:interplay\ of\ the\ )?underlying\ \w+ | \bas\ expected\b | \bobvious(?:ly)?\b(?:\ works)?
    | \bit\ depends\b | \bjust\ how\b | \bfully\ agree\b | \b(?:is|what)\ it\ is\b
    | \b(?:sometimes\ )?(?:it\ )?is\ one\ way\ and\b(?:\ sometimes\ the\ other)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LAUGHTER = re.compile(r"\b(\w{1,3})\1{2,}\b|\b(\w+)(?:\W+\2\b){2,}", re.IGNORECASE)
_UNKNOWING = re.compile(
    r"\bi\s+(?:do\s+not|don['’]?t|dont)\s+(?:really\s+)?know\b|\bidk\b|\bno\s+(?:idea|clue)\b|\bi\s+forgot\b",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"""
    \bit\ (?:is|'s)\ (?:also\ )?(?:not\ true|false|untrue|wrong|not\ the\ case|incorrect)\ that\b
    | \bnobody\ (?:can|could|should)\ say\b | \b(?:exactly|just)\ the\ opposite\b | \bsome\ (?:people\ )?(?:say|think)\b
    | \b(?:that|which|this)\ is\ (?:wrong|false|not\ true|incorrect|untrue)\W*$ | [.,!?]\s*not\W*$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MAYBE = re.compile(r"\b(?:maybe|perhaps|possibly|(?:might|could) be)\b", re.IGNORECASE)
_OR_MAYBE = re.compile(r"\bor (?:maybe|perhaps|possibly|it (?:might|could))\b", re.IGNORECASE)
_EITHER_OR = re.compile(r"\beither\b.{20,500}\bor\b.{20}", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Guarded:
    """reason: short name, "" when nothing was found. blocks: there is nothing that could be assessed. only_credit: the
    reason matters only where there would be credit."""

    reason: str = ""
    blocks: bool = False
    only_credit: bool = False

    def __bool__(self) -> bool:
        return bool(self.reason)


def guard(*, answer: str, references: list[str], accepted: list[str], question: str = "") -> Guarded:
    """The first reason found why a person should decide, strongest first.

    question: as it was asked; without it the rules about echoes and about answers beside the point cannot speak.
    """
    text = Text(answer)
    if not any(character.isalnum() for character in text.text):
        # Nothing that could be read: blank, punctuation, emoji.
        return Guarded("empty" if not text.text else "no_words", blocks=True)
    if len(answer) > MAX_CHARACTERS:
        return Guarded("too_long")
    if looks_like_instruction(text.text):
        return Guarded("instruction")
    usable = [reference for reference in [*references, *accepted] if Text(reference).words]
    if not usable:
        return Guarded("no_reference", blocks=True)
    given = " ".join(usable)
    if is_other_script(text.text, given):
        return Guarded("other_script")
    if _is_other_language(text, given):
        return Guarded("other_language")
    reason = doubt_about_wording(text, [Text(plain(reference)) for reference in usable], Text(plain(question)))
    return Guarded(reason, only_credit=True) if reason else Guarded()


def looks_like_instruction(text: str) -> bool:
    """Whether the text speaks to whoever marks it, carries marks of a prompt's format, or hides its words in a code."""
    text = text[:MAX_CHARACTERS]
    return is_order(text) or is_disguised(text) or any(is_order(reading) for reading in readings(text))


def is_other_script(text: str, given: str) -> bool:
    """Whether the text has words in another script than the references, though these are in Latin letters."""
    if latin_share(given) < 0.7:
        return False
    return latin_share(text) < 0.7 or any(
        latin_share(run) < 0.5 and run not in given for run in _OTHER_LETTERS.findall(text[:MAX_CHARACTERS])
    )


def doubt_about_wording(answer: Text, references: Sequence[Text], question: Text) -> str:
    """Why these words should earn nothing without a person; "" when nothing speaks against it."""
    if any(answer.words == reference.words for reference in references):
        return ""
    of_references = frozenset().union(*(reference.stems for reference in references))
    known = frozenset(word for text in (*references, question) for word in text.words)
    words = corrected(answer.words, known)
    given = of_references | question.stems | {stem(word) for word in FILLERS}
    copied = [reference.words for reference in references]
    longest = max(len(reference) for reference in copied)
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("too_short", lambda: _says_nothing(answer) and min(map(len, copied)) >= SENTENCE_WORDS),
        ("repetition", lambda: _is_repetition(answer)),
        ("keywords", lambda: _is_list_of_words(answer, references)),
        ("word_order", lambda: _is_out_of_order(answer, words, references, question)),
        ("copy", lambda: is_turned_copy(words, copied)),
        ("copy_and_more", lambda: any(_is_copy_and_more(answer, each, given) for each in references)),
        ("denial_frame", lambda: bool(_FRAME.search(answer.text)) and not _says(references, _FRAME)),
        ("hedged", lambda: _is_hedged(answer, references)),
        ("unknowing", lambda: bool(_UNKNOWING.search(answer.text))),
        ("bluff", lambda: _is_bluff(answer, of_references, question)),
        ("padded", lambda: len(words) > PADDED_WORDS + PADDED_TIMES * longest),
        ("tex_noise", lambda: _has_tex_noise(answer)),
        ("boosters", lambda: len(BOOSTERS & set(words)) >= 3),
        ("echo", lambda: _is_echo(answer, of_references, question)),
        ("beside", lambda: _is_beside(answer, words, of_references, question)),
    )
    return next((name for name, applies in checks if applies()), "")


def _is_other_language(text: Text, given: str) -> bool:
    return len({word for word in text.words if word in FOREIGN_WORDS} - set(Text(given).words)) >= 2


def _says_nothing(answer: Text) -> bool:
    """A single letter, numbers alone, or nothing but "yes, that is right"."""
    words = answer.words
    if len(answer.text) == 1 or not any(word[0].isalpha() for word in words):
        return True
    return all(word in FILLERS or word in FUNCTION_WORDS for word in words)


def _is_repetition(answer: Text) -> bool:
    words = answer.words
    share = len(set(words)) / len(words)
    few = share < (MAX_DISTINCT_SHARE if len(words) <= LONG_WORDS else MAX_DISTINCT_SHARE_OF_LONG)
    if len(words) >= MIN_REPEATED_WORDS and few:
        return True
    sentences = [sentence.casefold() for sentence in answer.sentences if len(sentence.split()) >= MIN_REPEATED_WORDS]
    return len(set(sentences)) < len(sentences) or bool(_LAUGHTER.fullmatch(answer.text.strip(" .!")))


def _is_list_of_words(answer: Text, references: Sequence[Text]) -> bool:
    """Words that carry meaning without small words between, where the references are sentences."""
    if any(reference.function_word_share < 0.2 for reference in references):
        return False
    proper = [word for word in answer.words if word.isalpha() and (len(word) > 1 or word in "ai")]
    if len(proper) >= MIN_KEYWORDS and _small_share(proper) < MAX_KEYWORD_FUNCTION_SHARE:
        return True
    pieces = [Text(piece, is_clean=True).words for piece in (*re.split(r"[.!?:]\s", answer.text), answer.text)]
    bare = [piece for piece in pieces if piece and not _small_share(piece) and all(map(str.isalpha, piece))]
    if alternates(answer) or any(len(piece) >= MIN_KEYWORDS_IN_PART for piece in bare):
        return True
    return any(_is_mixed_part(piece, reference.words) for piece in bare for reference in references)


def _is_mixed_part(words: list[str], reference: list[str]) -> bool:
    """A few bare words of one reference in another order than it has them: "salt leaving evaporated water"."""
    if len(words) < MIN_MIXED_WORDS or len(set(words)) < len(words) or not set(words) <= set(reference):
        return False
    left = iter(reference)
    return not all(word in left for word in words)  # each found after the one before


def _small_share(words: list[str]) -> float:
    small = sum(word in FUNCTION_WORDS or "'" in word for word in words)
    return small / max(1, len(words))


def _is_out_of_order(answer: Text, words: list[str], references: Sequence[Text], question: Text) -> bool:
    has_names = any(_LETTER_NAME.search(text.text) for text in (*references, question))
    if len(words) >= MIN_ORDER_WORDS and n_order_faults(answer.text, is_a_name=has_names):
        return True
    return any(is_rearranged(words, reference.words) for reference in references)


def _is_copy_and_more(answer: Text, reference: Text, given: frozenset[str]) -> bool:
    """A whole reference word by word, and beside it words of its own that may take it back. given: known stems."""
    n = len(reference.words)
    if n < MIN_COPIED_WORDS or len(answer.words) < n + MIN_ADDED_WORDS or answer.stems <= given:
        return False
    return any(answer.words[start : start + n] == reference.words for start in range(len(answer.words) - n + 1))


def _is_hedged(answer: Text, references: Sequence[Text]) -> bool:
    alternatives = answer.words.count("or")
    if alternatives >= 2 and not any("or" in reference.words for reference in references):
        return True
    if _OR_MAYBE.search(answer.text) and len(_MAYBE.findall(answer.text)) >= 2:
        return True
    return bool(_EITHER_OR.search(answer.text)) or contradicts_itself(answer)


def _is_bluff(answer: Text, of_references: frozenset[str], question: Text) -> bool:
    """A bluffer's phrase, and without it no word that the references have beyond the question."""
    rest, n = _BLUFF.subn(" ", answer.text)
    return bool(n) and not (Text(rest, is_clean=True).stems & (of_references - question.stems))


def _has_tex_noise(answer: Text) -> bool:
    return len(set(_TEX_COMMAND.findall(answer.text)) - _PLAIN_TEX) >= 2


def _is_echo(answer: Text, of_references: frozenset[str], question: Text) -> bool:
    """Nothing but the question's words, a good run of them in its order."""
    if not question.words or not of_references - question.stems:
        return False
    if {stem(word) for word in answer.content_words if word not in FILLERS} - question.stems:
        return False
    run = common_run(answer.words, question.words)
    own, copied = ([word for word in words if word not in FILLERS | FUNCTION_WORDS] for words in (answer.words, run))
    return len(run) >= MIN_ECHO_RUN and len(set(copied)) >= MIN_ECHO_SHARE * len(set(own))


def _is_beside(answer: Text, words: list[str], of_references: frozenset[str], question: Text) -> bool:
    """Shares no word that carries meaning with any reference nor with the question."""
    if not question.words or answer.numbers or len(answer.content_words) < MIN_BESIDE_WORDS:
        return False
    starts = {word[:4] for word in of_references | question.stems}
    return not any(stem(word)[:4] in starts for word in words if word not in FUNCTION_WORDS)


def _says(references: Sequence[Text], pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(reference.text) for reference in references)
