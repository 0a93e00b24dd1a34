"""Our recommender through the services that pages call, `slate_next` and `answer_submit`, on the simulated clock."""

from datetime import timedelta

import numpy as np

from adaptive.backends.learner_model.practice_effects_fit import MIN_ANSWERS
from adaptive.common.clock import now
from adaptive.conf import settings
from adaptive.evaluation.policies.base import History, Policy
from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Floats, Ints
from adaptive.practice.finetuning.recommending import recommending_learn, recommending_store
from adaptive.practice.fitting.fitting import Order, fit, version_store
from adaptive.practice.services import answer_submit, slate_next

from .installing import chosen, history_load, install, response_to, statistics_refresh

BEFORE = timedelta(days=30)  # by which earlier learners' answers came before


def _silent(share: float, words: str) -> None:
    return None


class ThroughServices(Policy):
    """Each learner does what stands first in a new slate. Call it inside `thrown_away`."""

    name = "ours"

    def __init__(self) -> None:
        self._history: History | None = None

    def learn(self, view: CourseView, history: History, seed: int) -> None:
        self._history = history

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        self._installed = install(view, learners)
        # The last step lies in the past: an answer may not come from the future.
        self._start = now() - timedelta(days=float(view.timetable.at[-1]) + 1.0)
        self._previous = np.zeros(len(learners), dtype=np.int64)
        if self._history is not None:
            course = self._installed.course
            n_answers = history_load(self._installed, self._history, start=self._start - BEFORE)
            order = Order(settings().learner_model_to_fit, course, seed=seed)
            version_store(fit(order, progress=_silent), activate=True, force=True)
            course.refresh_from_db()
            if n_answers >= MIN_ANSWERS:
                recommending_store(recommending_learn(course=course, seed=seed, progress=_silent), activate=True)

    def choose(self, step: int, at: float) -> Ints:
        moment = self._start + timedelta(days=at)
        statistics_refresh(step)
        items: list[int | None] = []
        self._places: list[int | None] = []
        for learner in self._installed.learners:
            slate = slate_next(learner=learner, course=self._installed.course, count=1, at=moment)
            first = slate.impressions.first()
            items.append(None if first is None else self._installed.items[first.resource_id])
            self._places.append(None if first is None else first.pk)
        return chosen(items, self._previous)

    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        self._previous = items
        moment = self._start + timedelta(days=at)
        for n, learner in enumerate(self._installed.learners):
            item = int(items[n])
            answer_submit(
                tenant=self._installed.tenant,
                learner=learner,
                course=self._installed.course,
                resource=self._installed.resources[item],
                response=response_to(item, is_right=bool(scores[n] > 0.5)),
                submitted_at=moment,
                source="simulation",
                impression_id=self._places[n],
            )
