"""What a learner model is fitted on: the answers of a course, of all courses, or a log from elsewhere."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.logs import LogRow, id_of, read_rows
from adaptive.catalog.models import Course, Resource, Skill
from adaptive.common.clock import from_epoch
from adaptive.common.errors import InvalidInput
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.mastery.items import items_of
from adaptive.mastery.replay import observation_of
from adaptive.practice.log_times import MADE_UP_TIMES, times_of

N_NAMED = 5
SAY_EVERY = 50_000
# A log without times gets them built up backwards from here; a fixed moment, so that the same log gives the same fit.
LOG_ENDS_AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()

Say = Callable[[str], None]


@dataclass(slots=True)
class FitData:
    """Histories by learner and course, each in order; `person` of a history: whose it is, for the split by learner.

    undated: histories whose times are not those of people, as a log had none, or a simulation made them.
    facts: what a version remembers of the data it was fitted on. notes: sentences on what does not fit the course.
    """

    histories: dict[str, list[Observation]] = field(default_factory=dict)
    person: dict[str, str] = field(default_factory=dict)
    undated: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        return sum(map(len, self.histories.values()))

    @property
    def n_learners(self) -> int:
        return len(set(self.person.values()))


def _facts(data: FitData, *, source: str, fingerprint: str, **more: Any) -> None:
    times = [observation.at for history in data.histories.values() for observation in history]
    data.facts = {
        "source": source,
        "n_rows": data.n_rows,
        "n_learners": data.n_learners,
        "from": from_epoch(min(times)).isoformat() if times else None,
        "until": from_epoch(max(times)).isoformat() if times else None,
        "hash": fingerprint,
        **more,
    }


def data_of_attempts(*, course: Course | None, say: Say) -> FitData:
    """The applied attempts of the course, or of all courses, with their scores as they count now."""
    attempts = Attempt.objects.filter(applied_seq__isnull=False, assessments__is_current=True)
    if course is not None:
        attempts = attempts.filter(course=course)
    # Without what their answers said of them: those held out must not have told the difficulties they are measured by.
    items = items_of(attempts.order_by().values_list("resource_id", flat=True).distinct(), is_answered=False)
    data, digest = FitData(), hashlib.sha256()
    learner_of: dict[str, int] = {}
    rows = attempts.order_by("course_id", "learner_id", "applied_seq").values_list(
        *("course_id", "learner_id", "resource_id", "assessments__score", "submitted_at", "n_hints", "latency_ms"),
        f"assessments__details__{MADE_UP_TIMES}",
    )
    for number, (*row, is_made_up) in enumerate(rows.iterator(chunk_size=5000), start=1):
        course_id, learner_id, resource_id, score, submitted_at, n_hints, latency_ms = row
        key = f"{course_id}/{learner_id}"
        learner_of[key] = learner_id
        if is_made_up:
            data.undated.add(key)
        observation = observation_of(
            item=items[resource_id],
            score=score,
            submitted_at=submitted_at.timestamp(),
            n_hints=n_hints,
            latency_ms=latency_ms,
        )
        data.histories.setdefault(key, []).append(observation)
        digest.update(f"{tuple(row)!r}\x1e".encode())
        if not number % SAY_EVERY:
            say(f"read {number:,} answers")
    # By their own ids, not by keys of this database: the same class is split in the same way wherever it is loaded.
    learners = {
        pk: (f"{tenant}/{external_id}", is_simulated)
        for pk, tenant, external_id, is_simulated in Learner.objects.filter(
            pk__in=set(learner_of.values())
        ).values_list("pk", "tenant__slug", "external_id", "is_simulated")
    }
    data.person = {key: learners[pk][0] for key, pk in learner_of.items()}
    data.undated |= {key for key, pk in learner_of.items() if learners[pk][1]}
    n_simulated = sum(is_simulated for _, is_simulated in learners.values())
    _facts(data, source="attempts", fingerprint=digest.hexdigest(), n_simulated=n_simulated)
    say(f"{data.n_rows:,} answers of {data.n_learners:,} learners")
    return data


def file_hash(path: Path) -> str:
    """Of the file's bytes. InvalidInput where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise InvalidInput(f"{path} is a folder, not a CSV file.") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None


def data_of_log(*, course: Course, path: Path, say: Say) -> FitData:
    """A log's rows, its items and skills being those of the course with the same external ids.

    An exercise of the course has the course's own skills. What the course does not have takes part in the fit all the
    same, as it says something about learners and forgetting, but is named in `notes`. InvalidInput, with file and
    row, for a log that cannot be right, and for one that has nothing to do with the course.
    """
    fingerprint = file_hash(path)
    of_learner: dict[str, list[LogRow]] = {}
    for number, row in enumerate(read_rows(path), start=1):
        of_learner.setdefault(row.learner, []).append(row)
        if not number % SAY_EVERY:
            say(f"{path.name}: read {number:,} rows")
    match = _Match(course, path, of_learner)
    data = FitData()
    for learner in sorted(of_learner):
        rows = of_learner[learner]
        data.person[learner] = learner
        if any(row.at is None for row in rows):
            data.undated.add(learner)
        data.histories[learner] = [
            Observation(match.item(row), row.score, moment.submitted, elapsed_seconds=moment.seconds)
            for row, moment in zip(rows, times_of(rows, end=LOG_ENDS_AT), strict=True)
        ]
    data.notes = match.notes()
    _facts(
        data,
        source="file",
        fingerprint=fingerprint,
        file=path.name,
        n_unknown_items=len(match.unknown_items),
        n_unknown_skills=len(match.unknown_skills),
    )
    say(f"{path.name}: {data.n_rows:,} rows of {data.n_learners:,} learners")
    for note in data.notes:
        say(note)
    return data


def _foreign(label: str) -> int:
    """A number for what the course does not have; negative, so that it is never the key of something it has."""
    number = id_of(label)
    return number if number < 0 else -1 - number


class _Match:
    """The items and skills of a log, found in the course by their external ids."""

    def __init__(self, course: Course, path: Path, of_learner: dict[str, list[LogRow]]) -> None:
        self.course, self.path = course, path
        self.unknown_items: dict[str, int] = {}  # label -> its first row
        self.unknown_skills: dict[str, int] = {}
        exercises = Resource.objects.filter(course=course, kind=Resource.Kind.EXERCISE)
        keys = dict(exercises.values_list("external_id", "pk"))
        self._skills = dict(Skill.objects.filter(course=course).values_list("external_id", "pk"))
        rows = [row for theirs in of_learner.values() for row in theirs]
        known = items_of((keys[label] for label in {row.item for row in rows} if label in keys), is_answered=False)
        self._items: dict[str, Item] = {label: known[pk] for label, pk in keys.items() if pk in known}
        self._foreign: dict[tuple[str, str], Item] = {}
        for row in sorted(rows, key=lambda row: row.number):
            if row.item not in self._items:
                self.unknown_items.setdefault(row.item, row.number)
            for skill in _labels(row.skills):
                if skill not in self._skills:
                    self.unknown_skills.setdefault(skill, row.number)
        if not known:
            raise InvalidInput(
                f"{path.name} has no item that is an exercise of course “{course.external_id}”: "
                f"{_named(self.unknown_items)}."
            )

    def item(self, row: LogRow) -> Item:
        if (found := self._items.get(row.item)) is not None:
            return found
        key = (row.item, row.skills)
        if key not in self._foreign:
            skills = (self._skills.get(label, _foreign(label)) for label in _labels(row.skills))
            self._foreign[key] = Item(id=_foreign(row.item), skill_ids=tuple(sorted(set(skills))))
        return self._foreign[key]

    def notes(self) -> list[str]:
        course = f"course “{self.course.external_id}”"
        found = []
        for labels, one, many in (
            (self.unknown_items, "item that is no exercise", "items that are no exercises"),
            (self.unknown_skills, "skill that is none", "skills that are none"),
        ):
            if labels:
                what = one if len(labels) == 1 else many
                found.append(f"{self.path.name} has {len(labels):,} {what} of {course}: {_named(labels)}.")
        return found


def _labels(skills: str) -> Iterator[str]:
    return (part.strip() for part in skills.split(";") if part.strip())


def _named(first_row: dict[str, int]) -> str:
    named = ", ".join(f"{label[:40]} (row {row})" for label, row in list(first_row.items())[:N_NAMED])
    more = len(first_row) - N_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
