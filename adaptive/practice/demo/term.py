"""A simulated term of a class as attempts of the past: marked by the key, or by the teacher of the demonstration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from adaptive.assessment.keys import assess_by_key
from adaptive.assessment.types import Verdict
from adaptive.catalog.content import CourseFolder
from adaptive.catalog.formats import Exercise, read_response
from adaptive.catalog.models import Course, Resource
from adaptive.common.hashing import stable_seed
from adaptive.learners.models import Learner
from adaptive.practice.bulk import PastAttempt
from adaptive.practice.demo.answering import Answerable
from adaptive.practice.demo.logins import TEACHER
from adaptive.practice.demo.people import PEOPLE, Profile
from adaptive.practice.demo.simulation import WORDS, SimAttempt, SimExercise, simulate

# So many of the latest answers in words of each course nobody has marked yet: there is something to do for the teacher.
N_WAITING = 5
MARKS = {
    "right": (1.0, "correct", ("Yes, and well explained.", "Right, in your own words. Good.", "Exactly.")),
    "partial": (
        0.5,
        "partially_correct",
        ("That is a good part of it; say why as well.", "Right so far. One thing is still missing."),
    ),
    "wrong": (
        0.0,
        "incorrect",
        ("Not yet. Look at the hints and try it in your own words again.", "Look once more at what the question asks."),
    ),
}


@dataclass(frozen=True, slots=True)
class Made:
    """One simulated attempt: whose, their which (from 1), and what they tend to get wrong."""

    username: str
    number: int
    profile: Profile
    attempt: SimAttempt


def sim_exercises(content: CourseFolder) -> list[SimExercise]:
    """The course's exercises as the simulation knows them, in the order of the course."""
    return [
        SimExercise(
            id=data["id"],
            skill=data["skills"][0],
            difficulty=data["authored_difficulty"],
            minutes=data["duration_minutes"],
            misconceptions=tuple(data.get("misconceptions", ())),
            answerable=Answerable(
                Exercise(data["response_format"], data["body"], tuple(data.get("choices", ())), data["answer"]),
                data.get("examples", {}),
            ),
        )
        for data in content.exercises
    ]


def simulate_class(course_id: str, exercises: Sequence[SimExercise], *, end: datetime, seed: int) -> list[Made]:
    """The term of everybody who works in the course, learner by learner. `end`: its last day."""
    made = []
    for person in PEOPLE:
        if profile := person.courses.get(course_id):
            attempts = simulate(profile, exercises, seed=stable_seed(seed, course_id, person.username), end=end)
            made += [Made(person.username, number, profile, attempt) for number, attempt in enumerate(attempts, 1)]
    return made


def term_of(
    *, course: Course, content: CourseFolder, learners: dict[str, Learner], now: datetime, seed: int
) -> list[PastAttempt]:
    """The class's term, ready to load; it ends yesterday. learners: by username."""
    end = datetime.combine(now.date() - timedelta(days=1), time(0), tzinfo=now.tzinfo)
    made = simulate_class(course.external_id, sim_exercises(content), end=end, seed=seed)
    resource_ids = dict(Resource.objects.filter(course=course).values_list("external_id", "pk"))
    waiting = _waiting(made)
    rng = Random(stable_seed(seed, course.external_id, "teacher"))
    past = []
    for one in made:
        attempt, exercise = one.attempt, one.attempt.exercise.answerable.exercise
        response = read_response(exercise, attempt.response)
        verdict = assess_by_key(exercise, response)
        is_marked = verdict is None
        if verdict is None:
            verdict = _teachers_verdict(one, rng)
        marked_after = min(timedelta(hours=rng.randint(2, 9)), now - attempt.submitted_at)
        waits = (one.username, one.number) in waiting
        past.append(
            PastAttempt(
                learner_id=learners[one.username].pk,
                resource_id=resource_ids[attempt.exercise.id],
                submitted_at=attempt.submitted_at,
                started_at=attempt.started_at,
                latency_ms=round((attempt.submitted_at - attempt.started_at).total_seconds() * 1000),
                n_hints=attempt.n_hints,
                response=response,
                verdict=None if waits else verdict,
                idempotency_key=f"demo:{course.external_id}:{one.username}:{one.number}",
                assessed_by=TEACHER.username if is_marked else "",
                assessed_after=marked_after if is_marked else timedelta(0),
                waits_because="A simulated answer that nobody has marked yet." if waits else "",
            )
        )
    return past


def _waiting(made: Sequence[Made]) -> set[tuple[str, int]]:
    """The latest answers in words, of different learners: these wait for the teacher."""
    found: dict[str, tuple[str, int]] = {}
    for one in sorted(made, key=lambda one: one.attempt.submitted_at, reverse=True):
        if one.attempt.exercise.response_format in WORDS and len(found) < N_WAITING:
            found.setdefault(one.username, (one.username, one.number))
    return set(found.values())


def _teachers_verdict(one: Made, rng: Random) -> Verdict:
    score, label, sentences = MARKS[one.attempt.outcome]
    misconception = ""
    if one.attempt.outcome == "wrong" and one.attempt.exercise.misconceptions:
        typical = one.attempt.exercise.misconceptions
        theirs = [name for name in typical if name in one.profile.misconceptions]
        misconception = rng.choice(theirs or typical)
    return Verdict(
        score=score,
        label=label,
        confidence=1.0,
        feedback=rng.choice(sentences),
        misconception=misconception,
        assessor_kind="teacher",
    )
