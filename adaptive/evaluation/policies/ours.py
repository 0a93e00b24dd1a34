"""Our recommender, played in memory: the learner model's beliefs and `deciding.decide`, as the pipeline joins them."""

import numpy as np

from adaptive.backends.learner_model.base import Item, LearnerModel, Observation, Params, Walk
from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.backends.learner_model.practice_effects_fit import effects_fit
from adaptive.backends.learner_model.tracing import Answer
from adaptive.common.hashing import stable_seed
from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Floats, Ints
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.filtering import RIGHT_FROM
from adaptive.recommendation.practice import known_of, practice_of
from adaptive.recommendation.types import Candidate, Context, Decision, SkillState, Tried, rounded
from adaptive.recommendation.types import Policy as Numbers

from .base import History, Policy

START = 1_760_000_000.0  # epoch seconds of the first exercise
DAY = 86_400.0
ZPD = (0.55, 0.90)  # adaptive.conf's window where the course sets none
FIRST_ID = 1


class Ours(Policy):
    """decide() over all exercises of the course, one pick a step."""

    name = "ours"

    def __init__(
        self,
        model: type[LearnerModel] | None = None,
        params: Params | None = None,
        numbers: Numbers | None = None,
        zpd: tuple[float, float] = ZPD,
        to_fit: type[LearnerModel] | None = None,
        effects: PracticeEffects | None = None,
    ) -> None:
        """model: class of the learner model (None: the shipped default), with params (None: those that ship).

        to_fit: the class that `learn` fits on the history; None: `model`'s.
        """
        from adaptive.backends.learner_model.pfa import PfaForgetting

        self._class = model or PfaForgetting
        self._to_fit = to_fit or self._class
        self._model = self._class(params)
        # The sessions count out exercises, not minutes.
        self._numbers, self._zpd = numbers or Numbers(exploration=0.0, minutes_power=0.0), zpd
        self._effects = effects or PracticeEffects()

    def learn(self, view: CourseView, history: History, seed: int) -> None:
        items = items_of(view)
        histories = {
            str(n): [
                Observation(items[int(i)], float(s), START + DAY * float(at))
                for i, s, at in zip(sequence.items, sequence.scores, sequence.at, strict=True)
            ]
            for n, sequence in enumerate(history)
        }
        self._model = self._to_fit(self._to_fit.fit(histories, seed))
        before = {FIRST_ID + skill: [FIRST_ID + p for p in ps] for skill, ps in enumerate(view.prerequisites) if ps}
        self._effects, self.figures = effects_fit(histories, before, seed=seed)

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        self._view, self._learners, self._seed = view, learners, seed
        self._items = items_of(view)
        self._walks: list[Walk] = [self._model.walk() for _ in learners]
        self._tried: list[dict[int, list[float]]] = [{} for _ in learners]
        self._practised: list[dict[int, list[float]]] = [{} for _ in learners]
        self._answers: list[list[Answer]] = [[] for _ in learners]

    def choose(self, step: int, at: float) -> Ints:
        return np.array([self._choose_for(n, step, START + DAY * at) for n in range(len(self._learners))])

    def ranking(self, n: int, step: int, at: float) -> list[int]:
        """All exercises for the n-th learner, best first; those that the filter dropped come last. at: days."""
        decision = self._decide(n, step, START + DAY * at)
        best_first = [scored.candidate.id - FIRST_ID for scored in decision.scored]
        return best_first + [key - FIRST_ID for key in sorted(decision.dropped)]

    def _choose_for(self, n: int, step: int, at: float) -> int:
        if picks := self._decide(n, step, at).picks:
            return picks[0].id - FIRST_ID
        # Nothing fits: the page would say so; a learner who goes on anyway takes what was tried longest ago.
        tried = self._tried[n]
        return min(range(self._view.n_items), key=lambda item: (tried[item][3] if item in tried else 0.0, item))

    def _decide(self, n: int, step: int, at: float) -> Decision:
        walk, tried = self._walks[n], self._tried[n]
        skills, known = {}, known_of(self._effects, self._answers[n])
        for skill in range(self._view.n_skills):
            view = walk.skill(FIRST_ID + skill, at)
            skills[view.skill_id] = SkillState(
                id=view.skill_id,
                name="",
                p_mastery=rounded(view.p_mastery),
                n_attempts=view.n_attempts,
                retrievability=rounded(view.retrievability),
                stability_days=rounded(view.stability_days),
                days_since=None if view.last_at is None else rounded((at - view.last_at) / DAY),
                due_in_days=None if view.due_at is None else rounded((view.due_at - at) / DAY),
                prerequisites=tuple(FIRST_ID + p for p in self._view.prerequisites[skill]),
                practice=practice_of([(at - moment) / DAY for moment in self._practised[n].get(view.skill_id, ())]),
                **known.get(view.skill_id, {}),
            )
        context = Context(
            purpose="practice",
            count=1,
            course_id=0,
            seed=stable_seed(f"{self._seed}:{self._learners[n]}:{step}") >> 1,
            zpd_low=self._zpd[0],
            zpd_high=self._zpd[1],
            policy=self._numbers,
            n_attempts=step,
            skills=skills,
            effects=self._effects,
            horizon_days=rounded(max(self._view.timetable.test_at - (at - START) / DAY, 0.0)),
            tried={
                FIRST_ID + item: Tried(int(row[0]), int(row[1]), row[2], rounded((at - row[3]) / 60.0))
                for item, row in tried.items()
            },
        )
        candidates = [
            Candidate(
                id=FIRST_ID + item,
                kind="exercise",
                title="",
                skills=tuple(FIRST_ID + s for s in self._view.skills[item]),
                minutes=float(self._view.minutes[item]),
                response_format="choice",
                p_correct=rounded(walk.predict(self._items[item], at)),
            )
            for item in range(self._view.n_items)
        ]
        return decide(context, candidates)

    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        moment = START + DAY * at
        for n, (walk, tried, item, score) in enumerate(
            zip(self._walks, self._tried, items.tolist(), scores.tolist(), strict=True)
        ):
            for skill_id in self._items[item].skill_ids:
                self._practised[n].setdefault(skill_id, []).append(moment)
            walk.take(Observation(self._items[item], score, moment))
            self._answers[n].append(Answer(self._items[item].skill_ids, self._items[item].difficulty, score))
            row = tried.setdefault(item, [0, 0, 0.0, moment])
            row[0] += 1
            row[1] += score >= RIGHT_FROM
            row[2], row[3] = score, moment


def items_of(view: CourseView) -> list[Item]:
    """The course's exercises as the learner model sees them; ids from FIRST_ID on."""
    return [
        Item(
            FIRST_ID + item,
            tuple(FIRST_ID + s for s in skills),
            None if view.authored is None else float(view.authored[item]),
            "choice",
        )
        for item, skills in enumerate(view.skills)
    ]
