"""Weights give probabilities, probabilities a verdict, and fitting finds what is there to find."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adaptive.assessment.types import LABELS
from adaptive.assessment.words import combine, measure
from adaptive.assessment.words.data import Graded, denied, made_up, mistyped, opposed, read_graded, sampled
from adaptive.assessment.words.features import FEATURES, TEXT_FEATURES
from adaptive.assessment.words.fit import fit_and_measure, fit_calibration, fit_weights


def test_the_shipped_weights_fit_the_features_and_say_where_they_come_from() -> None:
    full, text_only = combine.load(), combine.load(combine.SHIPPED_TEXT_ONLY)
    assert full.features == FEATURES and text_only.features == TEXT_FEATURES
    for combiner in (full, text_only):
        assert {"data", "seed", "n_fitted", "figures"} <= set(combiner.about)
        assert combiner.calibration[0] > 0
    assert full.about["llm"] and not text_only.about["llm"]


def test_better_evidence_never_scores_lower_with_the_shipped_weights() -> None:
    combiner = combine.load()
    poor, good = combiner.mean[: len(FEATURES)].copy(), combiner.mean[: len(FEATURES)].copy()
    for name in ("sim_best", "sim_covered", "overlap_new", "overlap_soft", "lm_reference_gain", "lm_answer_gain_total"):
        place = FEATURES.index(name)
        spread = combiner.scale[place]
        poor[place], good[place] = poor[place] - spread, good[place] + spread
    p = combiner.probabilities(np.stack([poor, good]))
    assert p[0, 0] < 0.4 < 0.6 < p[1, 0]


@given(arrays(float, (3, len(FEATURES)), elements=st.floats(-1e6, 1e6) | st.just(float("nan"))))
def test_any_numbers_give_probabilities_and_a_verdict(rows: np.ndarray) -> None:
    for p in combine.load().probabilities(rows):
        assert p.sum() == pytest.approx(1.0) and (p >= 0).all()
        label, score, confidence = combine.verdict_of(p)
        assert label in LABELS and 0 <= score <= 1 and 0.5 <= confidence <= 1
        assert (label == "correct") == (p[0] >= 0.5)


def test_credit_is_expected_credit() -> None:
    label, score, confidence = combine.verdict_of(np.array([0.3, 0.5, 0.1, 0.05, 0.05]))
    assert (label, score, confidence) == ("partially_correct", pytest.approx(0.55), pytest.approx(0.7))


def test_calibration_moves_right_against_not_right_only() -> None:
    p = np.array([[0.6, 0.2, 0.1, 0.05, 0.05]])
    moved = combine.calibrated(p, (2.0, -1.0))
    assert moved.sum() == pytest.approx(1.0)
    assert moved[0, 1] / moved[0, 2] == pytest.approx(2.0)
    assert combine.calibrated(p, (1.0, 0.0)) == pytest.approx(p)


def test_an_unfitted_model_that_disagrees_leads_to_doubt() -> None:
    sure = np.array([[0.95, 0.02, 0.01, 0.01, 0.01]])
    agreeing, denying = (combine.with_judge(sure, np.array([yes]))[0] for yes in (3.0, -3.0))
    assert combine.verdict_of(agreeing)[2] > 0.9
    assert combine.verdict_of(denying)[2] < 0.6


def test_weights_of_another_version_are_refused() -> None:
    content = json.loads(combine.SHIPPED.read_text())
    assert combine.to_json(combine.from_json(combine.SHIPPED.read_text())) == combine.SHIPPED.read_text()
    content["weights"] = content["weights"][:-1]
    with pytest.raises(ValueError, match="fit them again"):
        combine.from_json(json.dumps(content))
    del content["weights"]
    with pytest.raises(ValueError, match="incomplete"):
        combine.from_json(json.dumps(content))


def graded_by_rule(n: int, seed: int) -> tuple[np.ndarray, list[Graded]]:
    """Answers whose label hangs on two features, with noise."""
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(n, 3))
    strength = 2.5 * rows[:, 0] - 1.5 * rows[:, 1] + generator.logistic(size=n)
    labels = np.where(strength > 0, "correct", np.where(rows[:, 2] > 0.5, "contradictory", "incorrect"))
    graded = [
        Graded("made", f"q{index % 40}", "Why?", ("Because.",), f"answer {index}", str(label))
        for index, label in enumerate(labels)
    ]
    return rows, graded


def test_fitting_finds_the_rule_and_is_honest_about_its_confidence() -> None:
    rows, graded = graded_by_rule(2400, seed=5)
    names = ("one", "two", "three")
    combiner = fit_and_measure(rows, graded, features=names, products=(("one", "two"),), seed=1, about={}, penalty=1e-3)
    correct = combiner.weights[0] / combiner.scale
    assert correct[0] > 0 > correct[1]
    figures = combiner.about["figures"]["made"]
    assert figures["macro_f1_2way"] > 0.75
    assert figures["calibration_error"] < 0.06
    assert figures["accuracy_of_released"] > figures["accuracy_2way"]
    again = fit_and_measure(rows, graded, features=names, products=(("one", "two"),), seed=1, about={}, penalty=1e-3)
    assert combine.to_json(again) == combine.to_json(combiner), "the same data and seed give the same weights"


def test_fitted_weights_leave_no_slope() -> None:
    generator = np.random.default_rng(0)
    inputs, targets = generator.normal(size=(300, 4)), generator.integers(0, 5, 300)
    weights, bias = fit_weights(inputs, targets, np.ones(300), penalty=1e-2)
    errors = (combine.softmax(inputs @ weights.T + bias) - np.eye(5)[targets]) / 300
    assert np.abs(errors.T @ inputs + 1e-2 * weights).max() < 1e-4


def test_calibration_undoes_overconfidence() -> None:
    generator = np.random.default_rng(1)
    truth = 1 / (1 + np.exp(-generator.normal(size=4000)))
    right = generator.random(4000) < truth
    too_sure = 1 / (1 + np.exp(-3 * np.log(truth / (1 - truth))))
    slope, intercept = fit_calibration(too_sure, right)
    assert slope == pytest.approx(1 / 3, abs=0.05) and intercept == pytest.approx(0, abs=0.1)


def test_made_up_answers_are_wrong_in_the_way_they_say() -> None:
    real = [
        Graded(
            source="set",
            question_id=f"{topic}_1",
            question=f"Why does {topic} happen at night?",
            references=(f"{topic} is caused by cold air. It is slow.",),
            answer=f"because {topic} is what the cold air causes",
            label="correct",
        )
        for topic in ("frost", "fog", "dew")
    ]
    made = made_up(real, seed=3)
    kinds = {each.made for each in made}
    assert kinds == {
        *("shuffled", "keywords", "denied", "part", "echo", "stranger", "non_answer", "denied_answer", "opposed"),
    }
    for each in made:
        assert each.answer != each.references[0] and each.label != "correct"
    assert made == made_up(real, seed=3) != made_up(real, seed=4)


def test_the_marker_moves_what_contradicts_and_nothing_else() -> None:
    before = np.array([[0.6, 0.1, 0.1, 0.1, 0.1], [0.1, 0.5, 0.05, 0.05, 0.3], [1.0, 0.0, 0.0, 0.0, 0.0]])
    place = LABELS.index("contradictory")
    more = combine.with_contradiction(before, np.array([5.0, 5.0, 5.0]))
    less = combine.with_contradiction(before, np.array([-5.0, -5.0, -5.0]))
    for found in (more, less):
        assert found.sum(axis=1) == pytest.approx(1.0) and (found >= 0).all()
        assert found[:, 0] == pytest.approx(before[:, 0], abs=1e-5), "whether it is right stays as it was"
    assert (more[:2, place] > before[:2, place]).all() and (less[:2, place] < before[:2, place]).all()
    others = [n for n in range(1, 5) if n != place]
    assert more[1, others] / more[1, others].sum() == pytest.approx(before[1, others] / before[1, others].sum())


def test_answers_of_one_module_alone_have_no_stranger() -> None:
    real = [Graded("set", f"one_{n}", "Why?", (), "because the cold air is heavier", "correct") for n in range(3)]
    made = made_up(real, seed=3)
    assert "stranger" not in {each.made for each in made} and "denied_answer" in {each.made for each in made}


def test_a_word_is_exchanged_for_its_opposite() -> None:
    chance = random.Random(1)
    assert opposed("The lamp is brighter.", chance) == "The lamp is dimmer."
    assert opposed("Heavier air sinks", chance) == "Lighter air sinks"
    assert opposed("The lamp glows.", chance) == opposed("", chance) == ""


def test_slips_change_long_words_only_and_no_number() -> None:
    chance = random.Random(1)
    typed = mistyped("The current flows 12345 to it", chance).split()
    assert typed[3] == "12345" and typed[1] != "current" and typed[2] != "flows" and typed[0] == "The"
    assert mistyped("it is so", chance) == ""


def test_denying_turns_the_meaning() -> None:
    assert denied("The lamp is on.") == "The lamp is not on."
    assert denied("The lamp is not on.") == "The lamp is on."
    assert denied("Salt!") == ""


def test_a_larger_sample_keeps_the_smaller_one() -> None:
    _, graded = graded_by_rule(400, seed=1)
    assert set(sampled(graded, per_question=2, seed=1)) < set(sampled(graded, per_question=4, seed=1))


def test_a_bad_row_is_named(tmp_path) -> None:
    path = tmp_path / "answers.csv"
    head = "question_id,question,reference_answers,answer_id,answer,label_2way,label_3way\n"
    path.write_text(head + "q1,Why?,[BEST] Because. ||| So.,a1,because,correct,correct\nq1,Why?,B.,a2,x,wrong,wrong\n")
    with pytest.raises(ValueError, match=r"answers\.csv, row 3.*'wrong'"):
        read_graded(path)
    path.write_text(head + "q1,Why?,[BEST] Because. ||| So.,a1,because,correct,correct\n")
    assert read_graded(path)[0].references == ("Because.", "So.")
    path.write_text("question_id,answer\nq1,x\n")
    with pytest.raises(ValueError, match="column"):
        read_graded(path)


def test_figures_count_what_a_release_would_do() -> None:
    p = np.array([[0.9, 0.1, 0, 0, 0], [0.6, 0.4, 0, 0, 0], [0.1, 0, 0.9, 0, 0], [0.8, 0.2, 0, 0, 0]])
    found = measure.source_figures(p, ["correct", "incorrect", "contradictory", "incorrect"])
    assert found["accuracy_2way"] == 0.5 and found["released"] == 0.75
    assert found["accuracy_of_released"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["released_as_correct_of_not_correct"] == pytest.approx(1 / 3, abs=1e-3)
    assert measure.macro_f1(["a", "b"], ["a", "a"], ("a", "b", "c")) == pytest.approx(1 / 3)
