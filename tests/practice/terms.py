"""A small class with a term of answers behind it, for tests of fitting: learners and exercises differ."""

import random
from datetime import timedelta

from adaptive.assessment.types import Verdict
from adaptive.catalog.models import Resource
from adaptive.common.clock import now
from adaptive.common.probability import sigmoid
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.practice.bulk import PastAttempt, attempts_load
from tests.factories import Cast, enrol, exercise_make, learner_make

START = now() - timedelta(days=60)


def scored(score: float) -> Verdict:
    label = "correct" if score >= 1 else "incorrect"
    return Verdict(score=score, label=label, confidence=1.0, feedback="", assessor_kind="key", model="key")


def learners_make(cast: Cast, n: int) -> list[Learner]:
    made = [learner_make(cast.tenant, f"learner{number:02}", login=False) for number in range(n)]
    for learner in made:
        enrol(learner, cast.course)
    return made


def term_make(cast: Cast, *, n_learners: int = 15, n_answers: int = 30, seed: int = 1) -> list[Learner]:
    """That many learners with that many answers each, at twelve exercises from very easy to very hard."""
    rng = random.Random(seed)
    exercises = [
        exercise_make(cast.course, [cast.skills[n % 3]], "choice", external_id=f"item{n}", authored_difficulty=0.4)
        for n in range(12)
    ]
    learners = learners_make(cast, n_learners)
    _answer(cast, learners, exercises, n_answers, rng)
    return learners


def term_make_more(cast: Cast) -> None:
    """The same learners go on, with a hundred answers each."""
    learners = list(Learner.objects.filter(external_id__startswith="learner"))
    exercises = list(cast.course.resources.filter(external_id__startswith="item").order_by("pk"))
    _answer(cast, learners, exercises, 100, random.Random(7))


def _answer(cast: Cast, learners: list[Learner], exercises: list[Resource], n_answers: int, rng: random.Random) -> None:
    attempts = []
    for learner in learners:
        ability = rng.gauss(0, 1)
        for n in range(n_answers):
            item = rng.randrange(12)
            score = float(rng.random() < sigmoid(ability + 0.05 * n - (item - 6) * 0.8))
            attempts.append(
                PastAttempt(
                    learner_id=learner.pk,
                    resource_id=exercises[item].pk,
                    submitted_at=START + timedelta(hours=12 * n, minutes=learner.pk % 60),
                    given_score=score,
                    verdict=scored(score),
                )
            )
    attempts_load(course=cast.course, attempts=attempts, source=Attempt.Source.IMPORT)
