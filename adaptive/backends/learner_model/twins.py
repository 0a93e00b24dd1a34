"""Learners who stand in a log twice: under another id, with (nearly) the same answers to the same items.

Public logs have them (in ASSISTments 2009 they hold a third of the rows). A model that remembers training learners well
predicts such a twin almost perfectly, which says nothing about learners it has not met; so figures are given without
them too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from .base import Observation

MIN_SHARED = 20  # items answered by both
MIN_SHARE = 0.5  # of the items of the one with fewer
MIN_AGREEMENT = 0.97
MAX_ONE_KIND = 0.93  # where nearly all shared answers are right (or wrong), agreement means nothing
_MAX_LEARNERS_PER_ANSWER = 250  # an answer that more have given says too little to look for twins by
_MIN_COMMON = 12


def with_a_twin(test: Mapping[str, Sequence[Observation]], train: Mapping[str, Sequence[Observation]]) -> set[str]:
    """Names of the test learners who have a twin among the training learners."""
    index = _Index(train)
    return {name for name, history in test.items() if index.twins_of(name, history)}


def one_name_for_twins(histories: Mapping[str, Sequence[Observation]]) -> dict[str, str]:
    """Learner -> the name that stands for them: the same for twins (and for twins of twins), else their own."""
    index = _Index(histories)
    stands_for = {name: name for name in histories}

    def root(name: str) -> str:
        while stands_for[name] != name:
            name = stands_for[name]
        return name

    for name, history in histories.items():
        for other in index.twins_of(name, history):
            a, b = sorted((root(name), root(other)))
            stands_for[b] = a
    return {name: root(name) for name in histories}


class _Index:
    """Learners by their answers."""

    def __init__(self, histories: Mapping[str, Sequence[Observation]]) -> None:
        self._known = {name: _answers(history) for name, history in histories.items()}
        self._by_answer: dict[tuple[int, bool], list[str]] = {}
        for name, answers in self._known.items():
            for answer in answers.items():
                self._by_answer.setdefault(answer, []).append(name)

    def twins_of(self, name: str, history: Sequence[Observation]) -> list[str]:
        answers = _answers(history)
        if len(answers) < MIN_SHARED:
            return []
        common: Counter[str] = Counter()
        for answer in answers.items():
            others = self._by_answer.get(answer, ())
            if len(others) <= _MAX_LEARNERS_PER_ANSWER:
                common.update(others)
        return [
            other
            for other, n in common.most_common(6)
            if n >= _MIN_COMMON and other != name and _are_twins(answers, self._known[other])
        ]


def _answers(history: Sequence[Observation]) -> dict[int, bool]:
    """Item -> was the last answer right."""
    return {observation.item.id: observation.score >= 0.5 for observation in history}


def _are_twins(a: Mapping[int, bool], b: Mapping[int, bool]) -> bool:
    shared = a.keys() & b.keys()
    if len(shared) < MIN_SHARED or len(shared) < MIN_SHARE * min(len(a), len(b)):
        return False
    right = sum(a[item] for item in shared) / len(shared)
    agreement = sum(a[item] == b[item] for item in shared) / len(shared)
    return agreement >= MIN_AGREEMENT and 1.0 - MAX_ONE_KIND <= right <= MAX_ONE_KIND
