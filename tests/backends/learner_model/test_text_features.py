import numpy as np
import pytest

from adaptive.backends.learner_model.text_features import FEATURE_NAMES, ExerciseText, feature_matrix, text_features


def named(exercise: ExerciseText, **embeddings) -> dict[str, float]:
    return dict(zip(FEATURE_NAMES, text_features(exercise, **embeddings), strict=True))


def test_what_can_be_counted_is_counted():
    one = named(
        ExerciseText(
            question="Which of these is NOT a colour of the 3 in the picture?",
            choices=("Red", "All of the above", "A very long wrong answer"),
            right=(True, False, False),
            n_skills=2,
            markup="Which? ![A picture](x.png)\n\n| a | b |\n|---|---|",
        )
    )
    assert one["n_choices"] == 3 and one["n_skills"] == 2
    assert one["has_negation"] and one["has_all_of_the_above"] and one["has_picture"] and one["has_table"]
    assert one["log_digits"] == pytest.approx(np.log(2)) and one["log_length_right_to_wrong"] < -1
    assert not one["is_true_or_false"] and np.isnan(one["choices_alike"])


def test_code_and_true_or_false_are_seen():
    code = named(ExerciseText("What comes out? SELECT name FROM pupil WHERE age > 9"))
    assert code["log_code_words"] == pytest.approx(np.log(4)) and not code["has_picture"]
    assert named(ExerciseText("def double(x): return x * 2"))["log_code_words"] > 0
    assert named(ExerciseText("What is it for?"))["log_code_words"] == 0
    assert named(ExerciseText("The sea is salty.", ("True", "False.")))["is_true_or_false"]


def test_likeness_of_choices():
    question = np.array([1.0, 0.0])
    choices = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    one = named(
        ExerciseText("q", ("a", "b", "c"), (True, False, False)),
        question_embedding=question,
        choice_embeddings=choices,
    )
    assert one["choices_alike"] == pytest.approx(1 / 3) and one["closest_choices"] == 1
    assert one["right_nearer_to_question"] == 1 and one["right_in_the_middle"] == pytest.approx(-1 / 3)
    unknown = named(ExerciseText("q", ("a", "b", "c")), question_embedding=question, choice_embeddings=choices)
    assert unknown["choices_alike"] == one["choices_alike"] and np.isnan(unknown["right_in_the_middle"])


@pytest.mark.parametrize("question", ["", "\x00", "?" * 100_000, "漢字", "\ud800", "| " * 30_000])
def test_any_text_gives_numbers(question):
    row = text_features(ExerciseText(question, ("", "")))
    assert len(row) == len(FEATURE_NAMES) and not np.isinf(row).any()


def test_lengths_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="2 choices and 1 marks"):
        text_features(ExerciseText("q", ("a", "b"), (True,)))
    with pytest.raises(ValueError, match="2 choices and 3 embeddings"):
        text_features(ExerciseText("q", ("a", "b")), choice_embeddings=np.eye(3))


def test_a_matrix_of_nothing_keeps_its_width():
    assert feature_matrix([]).shape == (0, len(FEATURE_NAMES))
    assert feature_matrix([text_features(ExerciseText("a"))]).shape == (1, len(FEATURE_NAMES))
