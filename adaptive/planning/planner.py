"""From what a learner is believed to know, and their time, to dated sessions. Pure, nothing drawn by chance.

The learner model is walked along: every planned exercise counts as answered as the model expects it, so that later
sessions build on earlier ones. A session first reviews what will be due by then (retrievability below .9, most
forgotten first; at most REVIEW_SHARE of the time while there is something new), then goes on with the next skill whose
prerequisites hold, reading first, exercises until it is mastered. The session before the last is a mock of all skills,
so that the last one can go to what it shows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from adaptive.backends.learner_model.base import SECONDS_PER_DAY, Observation, SkillView, Walk
from adaptive.planning.types import (
    LEARN,
    MOCK,
    MOCK_SESSION,
    PRACTICE_SESSION,
    REVIEW,
    Block,
    Material,
    PlanResource,
    Session,
    Slot,
)

VERSION = "planner-1"
REVIEW_SHARE = 0.5
READY = 0.6  # p_mastery from which a skill can carry those that build on it
MASTERED, MIN_ATTEMPTS = 0.85, 3  # as mastery_status has it
CEILING = 0.95  # nobody is asked to practise beyond
TURN = 6  # exercises on one skill before another gets its turn
REVIEW_EXERCISES = 2
REVIEW_GAP = 1.5 * SECONDS_PER_DAY  # what was practised yesterday is not reviewed today, however shaky it is
LEAST_SESSION = 8.0  # minutes, where the day has so many
LEAST_BLOCK = 3.0  # minutes for which another skill is taken up
MOST_REPEATS = 3  # of one exercise in a plan
MOST_ANSWERS = 3000  # of a plan; what lies beyond is planned when it comes nearer
MOCK_FROM = 3  # sessions
FIRST_OVERRUN = 2.0  # of a slot, by its first resource, where that is all there would be
TO_BEGIN = 2  # exercises for which there must be time, reading included, to begin with something new


@dataclass(slots=True)
class _Course:
    """What the planner looks up, and what it has given out so far."""

    material: Material
    walk: Walk
    goal: float
    exercises: dict[int, list[PlanResource]]
    readings: dict[int, list[PlanResource]]
    views: dict[int, SkillView]
    used: Counter[int]
    n_planned: Counter[int]  # exercises by skill
    n_answers: int = 0

    def refresh(self, skill_id: int, at: float) -> SkillView:
        self.views[skill_id] = self.walk.skill(skill_id, at)
        return self.views[skill_id]


def plan_sessions(walk: Walk, *, material: Material, slots: Sequence[Slot], target: float) -> list[Session]:
    """The sessions, at most one a slot; a slot for which the course has nothing useful gets none.

    walk: from the learner's state; it is moved along. target: of the exam, a share; skills are practised up to it where
    it lies above mastery.
    """
    course = _Course(
        material=material,
        walk=walk,
        goal=max(MASTERED, min(target, CEILING)),
        exercises={skill: [] for skill in material.skills},
        readings={skill: [] for skill in material.skills},
        views={},
        used=Counter(),
        n_planned=Counter(),
    )
    for resource in sorted(material.resources, key=_easiest_first):
        place = course.exercises if resource.item else course.readings
        if resource.skill_id in place:
            place[resource.skill_id].append(resource)
    mock = len(slots) - 2 if len(slots) > MOCK_FROM else len(slots) - 1 if len(slots) == MOCK_FROM else -1
    sessions = []
    for number, slot in enumerate(slots):
        if course.n_answers >= MOST_ANSWERS:
            break
        blocks = _mock(course, slot) if number == mock else _practice(course, slot)
        if blocks:
            kind = MOCK_SESSION if number == mock else PRACTICE_SESSION
            sessions.append(Session(slot.day, slot.starts_at, kind, tuple(blocks)))
    return sessions


def _easiest_first(resource: PlanResource) -> tuple[int, float, int]:
    difficulty = resource.item.difficulty if resource.item and resource.item.difficulty is not None else 0.0
    return resource.n_done, difficulty, resource.id


@dataclass(slots=True)
class _Clock:
    """Minutes used of a slot, and what was used in it."""

    slot: Slot
    spent: float
    today: set[int]

    @property
    def at(self) -> float:
        return self.slot.starts_at + self.spent * 60.0

    def fits(self, minutes: float) -> bool:
        if self.spent + minutes <= self.slot.minutes:
            return True
        return self.spent == 0.0 and minutes <= self.slot.minutes * FIRST_OVERRUN


def _practice(course: _Course, slot: Slot) -> list[Block]:
    clock = _Clock(slot, 0.0, set())
    for skill in course.material.skills:
        if skill not in course.views or course.views[skill].n_attempts:  # what was never met has not changed
            course.refresh(skill, slot.starts_at)
    due = sorted(
        (view for view in course.views.values() if _is_due(view, slot.starts_at)),
        key=lambda view: (view.retrievability or 0.0, view.skill_id),
    )
    has_new = any(_is_open(course, skill) for skill in course.material.skills)
    limit = slot.minutes * (REVIEW_SHARE if has_new else 1.0)
    blocks = []
    for view in due:
        if clock.spent >= limit:
            break
        _add(blocks, _block(course, clock, REVIEW, view.skill_id, most=REVIEW_EXERCISES))
    tried = {block.skill_id for block in blocks}
    while (skill := _next_skill(course, tried)) is not None:
        if blocks and slot.minutes - clock.spent < LEAST_BLOCK:
            break
        tried.add(skill)
        is_new = course.views[skill].n_attempts == 0
        if is_new and blocks and not _can_begin(course, clock, skill):
            continue
        _add(blocks, _block(course, clock, LEARN, skill, most=TURN, with_reading=is_new))
        if clock.spent >= slot.minutes:
            break
    if blocks:
        _fill(course, clock, blocks)
    return blocks


def _fill(course: _Course, clock: _Clock, blocks: list[Block]) -> None:
    """Nobody sits down for one minute: a short session takes up what is known least, too."""
    taken = {block.skill_id for block in blocks}
    for view in sorted(course.views.values(), key=lambda view: (view.p_mastery, view.skill_id)):
        if clock.spent >= LEAST_SESSION:
            break
        if view.n_attempts and view.skill_id not in taken:
            _add(blocks, _block(course, clock, REVIEW, view.skill_id, most=REVIEW_EXERCISES))


def _is_due(view: SkillView, at: float) -> bool:
    if not view.n_attempts or view.due_at is None or view.last_at is None:
        return False
    return view.due_at <= at and view.last_at <= at - REVIEW_GAP


def _mock(course: _Course, slot: Slot) -> list[Block]:
    """A question of each skill in turn, as often as there is time."""
    clock = _Clock(slot, 0.0, set())
    taken: dict[int, list[PlanResource]] = {}
    found = True
    while found and clock.spent < slot.minutes:
        found = False
        for skill in course.material.skills:
            exercise = _exercise(course, clock, skill)
            if exercise is None:
                continue
            _answer(course, clock, exercise)
            course.refresh(skill, clock.at)
            taken.setdefault(skill, []).append(exercise)
            found = True
    return [
        Block(MOCK, skill, sum(one.minutes for one in some), tuple(one.id for one in some))
        for skill, some in taken.items()
    ]


def _add(blocks: list[Block], block: Block | None) -> None:
    if block is not None:
        blocks.append(block)


def _is_open(course: _Course, skill: int) -> bool:
    view = course.views[skill]
    return not (view.n_attempts >= MIN_ATTEMPTS and view.p_mastery >= course.goal)


def _next_skill(course: _Course, tried: set[int]) -> int | None:
    """The next skill to work on: prerequisites first, what was begun before what is new, each in its turn."""
    place = {skill: number for number, skill in enumerate(course.material.skills)}
    candidates = [
        skill
        for skill in course.material.skills
        if skill not in tried and _is_open(course, skill) and (course.exercises[skill] or course.readings[skill])
    ]
    ready = [skill for skill in candidates if _is_ready(course, skill)]

    def turn(skill: int) -> tuple[int, bool, int]:
        return course.n_planned[skill] // TURN, course.views[skill].n_attempts == 0, place[skill]

    return min(ready or candidates, key=turn, default=None)


def _can_begin(course: _Course, clock: _Clock, skill: int) -> bool:
    reading = next((one.minutes for one in course.readings[skill] if not course.used[one.id] and not one.n_done), 0.0)
    exercises = sorted(one.minutes for one in course.exercises[skill])[:TO_BEGIN]
    return clock.fits(reading + sum(exercises))


def _is_ready(course: _Course, skill: int) -> bool:
    """Do the skills before it carry it? One without any exercise cannot be asked for."""
    for before in course.material.prerequisites.get(skill, ()):
        view = course.views.get(before)
        if view is None or not course.exercises[before]:
            continue
        if not view.n_attempts or view.p_mastery < READY:
            return False
    return True


def _block(
    course: _Course, clock: _Clock, purpose: str, skill: int, *, most: int, with_reading: bool = False
) -> Block | None:
    """Exercises on one skill until it is where it should be, `most` are given or the time is over."""
    resources: list[PlanResource] = []
    if with_reading:
        reading = next((one for one in course.readings[skill] if not course.used[one.id] and not one.n_done), None)
        if reading is not None and clock.fits(reading.minutes):
            course.used[reading.id] += 1
            clock.spent += reading.minutes
            resources.append(reading)
    n = 0
    while n < most and (exercise := _exercise(course, clock, skill)) is not None:
        _answer(course, clock, exercise)
        resources.append(exercise)
        n += 1
        view = course.refresh(skill, clock.at)
        if purpose == LEARN and not _is_open(course, skill):
            break
        if purpose == REVIEW and view.p_mastery >= MASTERED:
            break
    if not resources:
        return None
    return Block(purpose, skill, sum(one.minutes for one in resources), tuple(one.id for one in resources))


def _exercise(course: _Course, clock: _Clock, skill: int) -> PlanResource | None:
    """The exercise on the skill that was given least, easy before hard; none twice a day."""
    if clock.spent >= clock.slot.minutes or course.n_answers >= MOST_ANSWERS:
        return None
    candidates = [
        one
        for one in course.exercises[skill]
        if one.id not in clock.today and course.used[one.id] < MOST_REPEATS and clock.fits(one.minutes)
    ]
    return min(candidates, key=lambda one: (course.used[one.id] + one.n_done, one.n_done), default=None)


def _answer(course: _Course, clock: _Clock, exercise: PlanResource) -> None:
    assert exercise.item is not None
    score = course.walk.predict(exercise.item, clock.at)
    course.walk.take(Observation(item=exercise.item, score=score, at=clock.at))
    course.used[exercise.id] += 1
    course.n_planned[exercise.skill_id] += 1
    course.n_answers += 1
    clock.spent += exercise.minutes
    clock.today.add(exercise.id)
