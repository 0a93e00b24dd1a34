"""How the cross-encoder's reading becomes a verdict, with a stand-in for the network."""

from collections.abc import Sequence

import numpy as np
import pytest

from adaptive.assessment.types import AssessorUnavailable
from adaptive.assessment.words import combine, grader
from adaptive.assessment.words.assessor import WordsTask, _case, assess_words_batch
from adaptive.assessment.words.data import Graded
from adaptive.assessment.words.features import MARKED_FEATURES
from adaptive.assessment.words.marking import MAX_PARTS, PART_WORDS, marker_features, parts_of
from adaptive.backends.cross_encoder.triples import CLASSES, Triple
from adaptive.backends.embedding.hashing import HashingEncoder


class StandIn:
    """Says correct where the answer has the word "evaporates", contradictory where it has "freezes"."""

    name, version = "stand-in", "1"

    def __init__(self) -> None:
        self.read: list[Triple] = []

    def is_available(self) -> bool:
        return True

    def load(self) -> None:
        pass

    def logits(self, triples: Sequence[Triple]) -> np.ndarray:
        self.read += triples
        rows = []
        for each in triples:
            row = np.zeros(len(CLASSES))
            row[CLASSES.index("correct")] = 6.0 if "evaporates" in each.answer else -6.0
            row[CLASSES.index("contradictory")] = 4.0 if "freezes" in each.answer else -4.0
            rows.append(row)
        return np.array(rows)


def case(answer: str):
    return _case(WordsTask("What happens to the water?", ["It evaporates into the air."], answer))


def test_a_right_answer_and_a_contrary_one_are_told_apart():
    right, contrary = marker_features([case("it evaporates"), case("it freezes")], marker=StandIn())
    assert right["marker_correct"] > 5 > 0 > contrary["marker_correct"]
    assert contrary["marker_contradictory"] > 0 > right["marker_contradictory"]
    assert right["marker_spread"] == 0.0


def test_a_long_answer_is_read_to_its_end_and_its_disagreement_with_itself_is_seen():
    long = "it evaporates into the air " + "and so on " * 60 + "no it freezes"
    marker = StandIn()
    (found,) = marker_features([case(long)], marker=marker)
    assert any("freezes" in each.answer for each in marker.read)
    assert found["marker_spread"] > 5


@pytest.mark.parametrize("n_words", [1, PART_WORDS, 81, 82, 400, 5000])
def test_parts_of_an_answer_are_few_and_hold_its_ends(n_words):
    words = [f"w{n}" for n in range(n_words)]
    parts = parts_of(" ".join(words))
    assert 1 <= len(parts) <= MAX_PARTS
    assert parts[0].split()[0] == words[0]
    assert parts[-1].split()[-1] == words[-1]


def test_three_ways_hold_all_of_the_probability():
    found = grader.three_way(np.array([[0.5, 0.2, 0.1, 0.05, 0.15], [0.0, 0.0, 1.0, 0.0, 0.0]]))
    assert found.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert grader.decided(found, 3)[0] == ["correct", "contradictory"]
    assert grader.decided(found, 2)[0] == ["correct", "incorrect"]


def test_figures_are_those_of_a_worked_example():
    wanted = ["correct", "correct", "incorrect", "contradictory"]
    said = ["correct", "incorrect", "incorrect", "contradictory"]
    figures = grader.figures_of(wanted, said, 3)
    assert figures["accuracy"] == 0.75
    assert figures["f1_correct"] == pytest.approx(2 / 3, abs=1e-6)
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, abs=1e-6)
    assert figures["weighted_f1"] == pytest.approx((2 * 2 / 3 + 2 / 3 + 1) / 4, abs=1e-6)


def test_the_shipped_combiner_follows_the_marker():
    combiner = combine.load(combine.SHIPPED_MARKER)
    assert set(combiner.features) <= set(MARKED_FEATURES)
    rows = np.tile(combiner.mean, (2, 1))
    place = combiner.features.index("marker_correct")
    rows[:, place] = (-6.0, 6.0)
    p = combiner.probabilities(rows)[:, 0]
    assert p[0] < 0.2
    assert p[1] > 0.7


def test_answers_are_read_by_the_marker_where_it_is_there():
    """Who decided stands in the verdict to the last weight; a right answer with a doubtful form waits for a person."""
    marker = StandIn()
    tasks = [
        WordsTask("Why is the dish dry?", ["The water evaporates."], "since all of the water evaporates in the sun"),
        WordsTask("Why is the dish dry?", ["The water evaporates."], "because the water freezes there at night"),
        WordsTask("Why is the dish dry?", ["The water evaporates."], "sun water dish evaporates air heat wind"),
        WordsTask("Why is the dish dry?", ["The water evaporates."], "The water evaporates"),
        WordsTask("Why is the dish dry?", ["The water evaporates."], ""),
    ]
    right, against, listed, copied, empty = assess_words_batch(
        tasks, llm=None, embedding=HashingEncoder(), marker=marker
    )
    assert (right.label, right.assessor_kind, right.details["combiner"]) == ("correct", "llm", "marker")
    assert right.model == f"stand-in 1+{combine.load(combine.SHIPPED_MARKER).version}"
    assert against.label != "correct" and against.score < 0.3
    assert listed.needs_review and listed.score == 0.0
    assert (copied.assessor_kind, copied.model, empty.label) == ("key", "", "irrelevant")
    assert len(marker.read) == 3, "what a key decides no model reads"


def test_without_marker_and_language_model_nothing_is_decided():
    class Away(StandIn):
        def is_available(self) -> bool:
            return False

    with pytest.raises(AssessorUnavailable):
        assess_words_batch([WordsTask("Why?", ["So."], "it is")], llm=None, embedding=HashingEncoder(), marker=Away())


def test_what_was_learnt_by_heart_is_counted():
    class Known(StandIn):
        def about(self):
            import base64

            from adaptive.assessment.words.data import fingerprint_of

            return {"answers": base64.b64encode(fingerprint_of(graded("It   EVAPORATES"))).decode()}

    def graded(answer: str) -> Graded:
        return Graded("set", "q", "What happens?", ("It evaporates.",), answer, "correct")

    assert grader.n_seen_by(Known(), [graded("it evaporates"), graded("it boils")]) == 1
