"""Answers that say nothing: gibberish, blanks, bluff, and lists of the right words."""

import string

from adaptive.assessment.words.lexicon import FUNCTION_WORDS
from adaptive.assessment.words.text import Text

from .base import Kind, Maker

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SYLLABLES = tuple(start + vowel for start in ("b", "f", "k", "l", "m", "cl", "dr", "st") for vowel in "aiou")
_GLUE = ("the", "of", "and", "is", "to", "with", "in", "a", "for")
_SAYINGS = (
    "A stitch in time saves nine and the early bird catches the worm.",
    "My favourite football team won the match on Saturday and we had pizza.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.",
)


def _letters(maker: Maker) -> str:
    return " ".join(
        "".join(maker.chance.choices(string.ascii_lowercase, k=maker.chance.randint(4, 9))) for _ in range(7)
    )


def _keyboard(maker: Maker) -> str:
    return " ".join("".join(maker.chance.choices(maker.chance.choice(_ROWS), k=6)) for _ in range(6))


def _made_up_words(maker: Maker) -> str:
    return " ".join("".join(maker.chance.choices(_SYLLABLES, k=3)) for _ in range(8)).capitalize() + "."


def _salad(maker: Maker) -> list[str]:
    words = maker.key_words[:12]
    maker.chance.shuffle(words)
    return words if len(words) >= 3 else []


def _with_glue(maker: Maker) -> str:
    return " ".join(f"{word} {maker.chance.choice(_GLUE)}" for word in _salad(maker))


def _question_words(maker: Maker) -> str:
    words = Text(maker.question).content_words[:10]
    maker.chance.shuffle(words)
    return " ".join(words)


def _topic(maker: Maker) -> str:
    """What the question is about, in two words, for a bluff that sounds like it."""
    words = [word for word in Text(maker.asking).content_words if len(word) > 3 and word not in FUNCTION_WORDS]
    return " and the ".join(words[-2:]) or "thing"


def _tells(words: str):
    return lambda maker: words.format(topic=_topic(maker))


KINDS: tuple[Kind, ...] = (
    *(
        Kind(name, "gibberish", make)
        for name, make in {
            "blank": lambda maker: " \u200b\n\t",
            "emoji": lambda maker: "".join(maker.chance.choices("😀👍✅💯🙏🔥", k=5)),
            "punctuation": lambda maker: "".join(maker.chance.choices("?!.,;:-*", k=12)),
            "random_letters": _letters,
            "keyboard": _keyboard,
            "made_up_words": _made_up_words,
            "one_letter": lambda maker: maker.chance.choice("abcdx"),
            "random_digits": lambda maker: " ".join(str(maker.chance.randrange(1000, 99999)) for _ in range(4)),
            "yes": lambda maker: maker.chance.choice(("yes", "Yes.", "true", "correct", "right!")),
            "saying": lambda maker: maker.chance.choice(_SAYINGS),
            "laughter": lambda maker: maker.chance.choice(("hahahaha", "lol lol lol", "blah blah blah blah")),
        }.items()
    ),
    *(
        Kind(name, "bluff", _tells(words))
        for name, words in {
            "everyone_knows": "Everyone knows that, it obviously works exactly as in the lecture.",
            "as_learned": "It is as we learned in class and as the book says about the {topic}.",
            "by_definition": "This follows by definition from the basic principles of the {topic}.",
            "authority": "Scientists have proven it many times, so it is clearly the case for the {topic}.",
            "vague": "There are many different factors of the {topic} which play an important role here.",
            "learned_words": "Owing to the interplay of the underlying mechanisms, the {topic} behaves as expected.",
            "dont_know": "I don't know, but it is the right answer.",
            "it_depends": "It depends on the {topic} because sometimes it is one way and sometimes the other.",
            "because_it_is": "Because that is just how the {topic} is.",
            "agree_with_all": "I fully agree with what the question says about the {topic}.",
        }.items()
    ),
    *(
        Kind(name, "keywords", make)
        for name, make in {
            "key_words": lambda maker: " ".join(_salad(maker)),
            "key_words_commas": lambda maker: ", ".join(_salad(maker)),
            "key_words_sorted": lambda maker: " ".join(sorted(_salad(maker))),
            "key_words_lines": lambda maker: "\n".join(f"- {word}" for word in _salad(maker)),
            "key_words_with_glue": _with_glue,
            "key_words_many_times": lambda maker: " ".join(_salad(maker) * 8),
            "one_key_word_repeated": lambda maker: " ".join(maker.key_words[:1] * 8),
            "question_words": _question_words,
            "key_words_after_wrong": lambda maker: (
                f"{maker.wrong.rstrip('. ')}. {' '.join(_salad(maker))}" if _salad(maker) else ""
            ),
        }.items()
    ),
)
