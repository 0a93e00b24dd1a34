"""What can be counted in the words of an exercise that nobody has answered: numbers for `difficulty`.

Negation and "all of the above" are looked for in English words; in another language these stay 0 and the regression
gives them no weight. No number is taken from the answers of learners.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURE_NAMES: tuple[str, ...] = (
    "log_characters",  # of the question
    "log_characters_of_a_choice",
    "n_choices",
    "is_true_or_false",
    "log_digits",
    "has_negation",
    "log_code_words",
    "log_symbols",
    "capitals",  # share of the letters
    "mean_word_length",
    "log_sentences",
    "n_skills",
    "has_picture",
    "has_table",
    "has_all_of_the_above",
    "log_length_right_to_wrong",  # right choices longer than wrong ones are easier to guess
    "choices_alike",  # mean cosine between two choices
    "closest_choices",  # the highest of them
    "right_nearer_to_question",  # cosine to the question, right minus wrong choices
    "right_in_the_middle",  # cosine of right to wrong choices, minus the mean between two choices
)
MAX_CHARACTERS = 20_000

_NEGATION = re.compile(r"\b(not|except|incorrect|wrong|false|never|cannot)\b", re.I)
_ABOVE = re.compile(r"\b(all of (the|these)|none of (the|these)|both)\b", re.I)
_CODE = re.compile(
    r"\b(SELECT|FROM|WHERE|JOIN|GROUP BY|HAVING|INSERT|UPDATE|DELETE|CREATE|TABLE|EXISTS|UNION|IN)\b"
    r"|\b(def|return|while|for|if|else|class|import|void|int|print)\b(?=[^\n]{0,40}[(){}:;=])"
)
_SYMBOL = re.compile(r"[^\w\s.,;:?!'\"()-]")
_PICTURE = re.compile(r"<img\b|!\[[^\]]{0,500}\]\(", re.I)
_TABLE = re.compile(r"<table\b|^\s*\|.*\|\s*$", re.I | re.M)
_TRUE_FALSE = ({"true", "false"}, {"yes", "no"})


@dataclass(frozen=True, slots=True)
class ExerciseText:
    """The words of an exercise. `right` says which of `choices` are right, of the same length; empty where unknown.

    `markup`: the question with its Markdown or HTML, in which pictures and tables are looked for; "" = `question`.
    """

    question: str
    choices: tuple[str, ...] = ()
    right: tuple[bool, ...] = ()
    n_skills: int = 1
    markup: str = ""


def text_features(
    exercise: ExerciseText, *, question_embedding: Floats | None = None, choice_embeddings: Floats | None = None
) -> Floats:
    """The numbers named in FEATURE_NAMES, (20,); NaN where one has no meaning or its embedding was not given.

    Embeddings have length 1: the question's (d,), the choices' (n_choices, d). ValueError where lengths do not match.
    """
    choices, right = exercise.choices, np.array(exercise.right, dtype=bool)
    if len(right) not in (0, len(choices)):
        raise ValueError(f"There are {len(choices)} choices and {len(right)} marks of which are right.")
    question = exercise.question[:MAX_CHARACTERS]
    whole = "\n".join((question, *choices))[:MAX_CHARACTERS]
    markup = (exercise.markup or question)[:MAX_CHARACTERS]
    letters = [character.isupper() for character in whole if character.isalpha()]
    words = whole.split()
    lengths = np.array([len(choice) for choice in choices], dtype=np.float64)
    has_both = len(right) > 0 and right.any() and not right.all()
    alike = _choice_similarities(right if has_both else None, question_embedding, choice_embeddings, len(choices))
    return np.array(
        [
            np.log1p(len(question)),
            np.log1p(lengths.mean()) if len(lengths) else np.nan,
            len(choices),
            {choice.strip().rstrip(".").casefold() for choice in choices} in _TRUE_FALSE,
            np.log1p(sum(character.isdigit() for character in whole)),
            _NEGATION.search(whole) is not None,
            np.log1p(len(_CODE.findall(whole))),
            np.log1p(len(_SYMBOL.findall(whole))),
            sum(letters) / len(letters) if letters else 0.0,
            sum(map(len, words)) / len(words) if words else 0.0,
            np.log1p(sum(whole.count(mark) for mark in ".?!\n")),
            exercise.n_skills,
            _PICTURE.search(markup) is not None,
            _TABLE.search(markup) is not None,
            _ABOVE.search(" ".join(choices)) is not None,
            np.log((lengths[right].mean() + 1.0) / (lengths[~right].mean() + 1.0)) if has_both else np.nan,
            *alike,
        ],
        dtype=np.float64,
    )


def feature_matrix(rows: Sequence[Floats]) -> Floats:
    """(n, 20) from what `text_features` gave; (0, 20) of nothing."""
    return np.array(rows, dtype=np.float64).reshape(-1, len(FEATURE_NAMES))


def _choice_similarities(
    right: NDArray[np.bool_] | None, question: Floats | None, choices: Floats | None, n_choices: int
) -> list[float]:
    found = [np.nan] * 4
    if choices is None or n_choices < 2:
        return found
    vectors = np.asarray(choices, dtype=np.float64)
    if vectors.shape[0] != n_choices:
        raise ValueError(f"There are {n_choices} choices and {vectors.shape[0]} embeddings of choices.")
    cosine = vectors @ vectors.T
    between = cosine[~np.eye(n_choices, dtype=bool)]
    found[0], found[1] = float(between.mean()), float(between.max())
    if right is not None:
        if question is not None:
            near = vectors @ np.asarray(question, dtype=np.float64)
            found[2] = float(near[right].mean() - near[~right].mean())
        found[3] = float(cosine[np.ix_(right, ~right)].mean() - between.mean())
    return found
