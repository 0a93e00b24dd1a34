"""Learning adapters (LoRA) of the cross-encoder from a course's own marks, with a calibrator over them.

Every answer is judged by a correction that was fitted without its learner, and once more by one without its question;
the calibrator is fitted to what the former say. Answers of learners who do not agree that models read them are not read
again.
"""

import time
from typing import Any

import numpy as np

from adaptive.assessment.agreement import PairedMark
from adaptive.assessment.models import AssessorVersion
from adaptive.assessment.trust import calibrator
from adaptive.assessment.trust.calibrator import Learned, Marked, log_odds, shifted
from adaptive.assessment.words.assessor import WordsTask, triple_of
from adaptive.backends.cross_encoder.correcting import Correction, Read
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.cross_encoder.triples import Triple
from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.registry import get_marker
from adaptive.catalog.models import Course
from adaptive.common.errors import InvalidInput
from adaptive.common.text import count
from adaptive.events.models import Attempt
from adaptive.learners.consents import MARKING, agrees
from adaptive.practice.reading import words_given

MOST_READ = 400  # the latest marks: a pass over them takes minutes on two cores
MIN_READ = 30
SAY_EVERY = 2.0  # seconds


def marker_of(base: str) -> Marker:
    """The cross-encoder that read the course's answers. Raises InvalidInput where it is not the one in use."""
    marker = get_marker()
    if marker is None or not marker.is_available():
        raise InvalidInput("The cross-encoder is not installed or switched off, so that it has nothing to learn.")
    if not base.startswith(f"{marker.name} {marker.version}+"):
        raise InvalidInput(
            f"The marked answers were read by “{base}”, not by the cross-encoder in use: let it read some first."
        )
    return marker


def triple_for(attempt: Attempt) -> Triple:
    """What the cross-encoder reads of an answer, without who wrote it."""
    exercise, answer = attempt.resource, attempt.resource.answer
    return triple_of(
        WordsTask(
            question=f"{exercise.title}\n{exercise.body}",
            references=list(answer.get("references", [])),
            answer=words_given(attempt).text,
            accepted=list(answer.get("accepted", [])),
        )
    )


def adapters_learn(
    marks: list[PairedMark], *, course: Course, base: str, seed: int, progress: Any
) -> tuple[dict[str, Any], Marked, Learned, list[PairedMark]]:
    """(params of a version, what was learned from, what was learned, the marks it was learned from).

    Raises InvalidInput where the marker is another one or too few answers may be read.
    """
    marker = marker_of(base)
    attempts = {
        attempt.pk: attempt
        for attempt in Attempt.objects.filter(pk__in=[mark.attempt_id for mark in marks]).select_related(
            "resource", "course", "learner"
        )
    }
    marks = [
        mark for mark in marks if mark.attempt_id in attempts and agrees(attempts[mark.attempt_id].learner, MARKING)
    ][-MOST_READ:]
    if len(marks) < MIN_READ or len({mark.exercise for mark in marks}) < 2:
        raise InvalidInput(
            f"Of course “{course.external_id}” {count(len(marks), 'marked answer')} may be read again; {MIN_READ} on 2 "
            "exercises are needed to learn adapters."
        )
    latest = [0.0]

    def say(share: float, words: str) -> None:
        if time.monotonic() - latest[0] > SAY_EVERY:
            latest[0] = time.monotonic()
            progress(share, words)

    words = f"reading {count(len(marks), 'marked answer')} again"
    progress(0.03, words)
    triples = [triple_for(attempts[mark.attempt_id]) for mark in marks]
    try:
        read = Read(marker, triples, on_batch=lambda share: say(0.03 + 0.3 * share, words))
        return _learn(read, marks, seed=seed, say=say)
    except ModelUnavailable as away:
        raise InvalidInput(f"The cross-encoder cannot learn now: {away}") from away


def _learn(
    read: Read, marks: list[PairedMark], *, seed: int, say: Any
) -> tuple[dict[str, Any], Marked, Learned, list[PairedMark]]:
    marked = Marked(
        p=np.array([mark.p for mark in marks], dtype=float),
        right=np.array([mark.is_right for mark in marks], dtype=bool),
        exercise=[mark.exercise for mark in marks],
        learner=[mark.learner for mark in marks],
    )
    offset, without = log_odds(marked.p), read.margins()
    by_learner, by_question = calibrator.learner_folds(marked, seed=seed), calibrator.question_folds(marked, seed=seed)
    fits = [*(("learners", by_learner, f) for f in sorted(set(by_learner.tolist())))]
    fits += [*(("questions", by_question, f) for f in sorted(set(by_question.tolist())))]
    moved = {"learners": np.zeros(len(marks)), "questions": np.zeros(len(marks))}

    def fitted(seen: np.ndarray, number: int, words: str) -> Correction:
        share = 0.35 + 0.6 * number / (len(fits) + 1)
        return read.fit(
            offset=offset, right=marked.right, without=without, seen=seen, seed=seed, on_step=lambda: say(share, words)
        )

    for number, (what, folds, fold) in enumerate(fits):
        seen = folds != fold
        if seen.any():
            correction = fitted(seen, number, f"adapters without a fifth of the {what}")
            moved[what][~seen] = read.shifts(correction, without)[~seen]
    whole = fitted(np.ones(len(marks), dtype=bool), len(fits), "adapters on all marks")

    def with_shift(what: str) -> Marked:
        return Marked(shifted(marked.p, moved[what]), marked.right, marked.exercise, marked.learner)

    learners = calibrator.learn(with_shift("learners"), seed=seed)
    questions, _ = calibrator.apart(with_shift("questions"), by_question, spread=learners.spread)
    learned = Learned(learners.calibrator, learners.by_fold, questions, learners.by_learner, learners.spread)
    params = {
        "adapters": whole.to_json(),
        # Of the answers it was learned from: by corrections that had not seen their learners.
        "shifts": {str(m.attempt_id): round(float(s), 4) for m, s in zip(marks, moved["learners"], strict=True)},
    }
    return params, marked, learned, marks


def shift_for(attempt: Attempt, version: AssessorVersion) -> float | None:
    """Logits by which the version's adapters move an answer's P(right); None where they cannot be asked."""
    try:
        marker = marker_of(version.base)
        read = Read(marker, [triple_for(attempt)])
        return round(float(read.shifts(Correction.from_json(version.params["adapters"]))[0]), 4)
    except (InvalidInput, ModelUnavailable, ValueError, KeyError):
        return None
