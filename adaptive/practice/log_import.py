"""A log of attempts from elsewhere becomes learners, attempts and belief."""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from django.db import transaction

from adaptive.assessment.types import Verdict
from adaptive.backends.learner_model.logs import LogRow, read_rows
from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import from_epoch
from adaptive.common.errors import InvalidInput
from adaptive.common.text import control_character
from adaptive.events.models import Attempt
from adaptive.events.services import CLOCK_SKEW, EARLIEST
from adaptive.learners.models import Enrolment, Learner
from adaptive.practice.bulk import PastAttempt, Progress, attempts_load
from adaptive.practice.log_times import MADE_UP_TIMES, Times, times_of

N_NAMED = 5
ENDS_AT = time(18)


@dataclass(frozen=True, slots=True)
class LogImported:
    """What came in. is_new: False where the same log was in the course already and nothing was changed.

    times: a sentence that says where the times of the attempts come from.
    """

    is_new: bool
    n_attempts: int
    n_learners: int
    n_items: int
    n_changes: int = 0
    times: str = ""


@transaction.atomic
def attempt_log_import(
    *,
    course: Course,
    path: Path,
    now: datetime,
    say: Callable[[str], None] = lambda sentence: None,
    progress: Progress = lambda done, total: None,
) -> LogImported:
    """Loads the log into the course as learners, enrolments and assessed attempts, and replays it: all or nothing.

    The same log a second time changes nothing. Raises InvalidInput, naming the file and the row, for a log that cannot
    be right, and for exercises that are not in the course.
    """
    Course.objects.select_for_update().get(pk=course.pk)  # one import into a course at a time
    rows = list(read_rows(path))
    name = path.name
    _check_learners(name, rows)
    resources = _resources(course, name, rows)
    say(f"{len(rows):,} rows of {name} are in order")
    key = f"import:{_fingerprint(rows)}:{course.pk}"
    n_learners = len({row.learner for row in rows})
    if Attempt.objects.filter(tenant_id=course.tenant_id, idempotency_key=f"{key}:{rows[0].number}").exists():
        return LogImported(False, len(rows), n_learners, len(resources))
    times, sentence = _times(name, rows, now)
    learner_ids = _learners_put(course, [row.learner for row in rows])
    say(f"{n_learners:,} learners are enrolled")
    verdicts: dict[float, Verdict] = {}
    attempts = []
    for row, (submitted, seconds) in zip(rows, times, strict=True):
        moment = from_epoch(submitted)
        attempts.append(
            PastAttempt(
                learner_id=learner_ids[row.learner],
                resource_id=resources[row.item],
                submitted_at=moment,
                started_at=None if seconds is None else moment - timedelta(seconds=seconds),
                latency_ms=None if seconds is None else round(seconds * 1000),
                given_score=row.score,
                verdict=verdicts.setdefault(row.score, _verdict(row.score, is_dated=row.at is not None)),
                idempotency_key=f"{key}:{row.number}",
            )
        )
    loaded = attempts_load(course=course, attempts=attempts, source=Attempt.Source.IMPORT, progress=progress)
    return LogImported(True, loaded.n_attempts, n_learners, len(resources), loaded.n_changes, sentence)


def _verdict(score: float, *, is_dated: bool) -> Verdict:
    label = "correct" if score >= 0.999 else "partially_correct" if score > 0 else "incorrect"
    return Verdict(
        score=score,
        label=label,
        confidence=1.0,
        feedback="",
        assessor_kind="lms",
        model="lms",
        details={} if is_dated else {MADE_UP_TIMES: True},
    )


def _fingerprint(rows: list[LogRow]) -> str:
    """The same for the same log, packed or not, whatever its line ends."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.learner}\x1f{row.item}\x1f{row.score!r}\x1f{row.position!r}\x1f{row.at!r}\x1e".encode())
    return digest.hexdigest()[:16]


def _check_learners(name: str, rows: list[LogRow]) -> None:
    for row in rows:
        if len(row.learner) > 200 or control_character(row.learner):
            raise InvalidInput(
                f"{name}, row {row.number}, has a learner that is no id: 1 to 200 characters, none a control character."
            )


def _resources(course: Course, name: str, rows: list[LogRow]) -> dict[str, int]:
    """Item -> key of its exercise, for the items of the log."""
    first_row: dict[str, int] = {}
    for row in rows:
        first_row.setdefault(row.item, row.number)
    known = {
        external_id: (pk, kind)
        for external_id, pk, kind in Resource.objects.filter(
            course=course, external_id__in=[item for item in first_row if "\x00" not in item]
        ).values_list("external_id", "pk", "kind")
    }
    unknown = [item for item in first_row if item not in known or known[item][1] != Resource.Kind.EXERCISE]
    if unknown:
        named = ", ".join(f"{item[:40]} (row {first_row[item]})" for item in unknown[:N_NAMED])
        more = f" and {len(unknown) - N_NAMED:,} more" if len(unknown) > N_NAMED else ""
        raise InvalidInput(f"{name} has items that are no exercises of course “{course.external_id}”: {named}{more}.")
    return {item: known[item][0] for item in first_row}


def _times(name: str, rows: list[LogRow], now: datetime) -> tuple[list[Times], str]:
    """The times of all rows, and the sentence that says where they come from."""
    of_learner: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        of_learner[row.learner].append(index)
    end = datetime.combine(now.date() - timedelta(days=1), ENDS_AT, tzinfo=now.tzinfo)
    times: list[Times | None] = [None] * len(rows)
    for indices in of_learner.values():
        found = times_of([rows[index] for index in indices], end=end.timestamp())
        for index, moment in zip(indices, found, strict=True):
            times[index] = moment
    if rows[0].at is not None:
        earliest, latest = EARLIEST.timestamp(), (now + CLOCK_SKEW).timestamp()
        for row, moment in zip(rows, times, strict=True):
            if not earliest <= moment.submitted <= latest:
                raise InvalidInput(f"{name}, row {row.number}, has a timestamp in the future, or before 1990.")
        return times, "The times are those of the file."
    how = "one attempt a minute" if rows[0].lag is None else "built up from its buckets of seconds"
    return times, (
        f"The file has no timestamps: they are {how}, each learner's last attempt yesterday at {ENDS_AT:%H:%M} UTC."
    )


def _learners_put(course: Course, external_ids: list[str]) -> dict[str, int]:
    """Learners made where they do not exist, enrolled where they are not yet. Returns external id -> key."""
    wanted = list(dict.fromkeys(external_ids))
    Learner.objects.bulk_create(
        [
            Learner(tenant_id=course.tenant_id, external_id=external_id, display_name=f"Learner {external_id}")
            for external_id in wanted
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    found = dict(
        Learner.objects.filter(tenant_id=course.tenant_id, external_id__in=wanted).values_list("external_id", "pk")
    )
    Enrolment.objects.bulk_create(
        [Enrolment(learner_id=pk, course=course) for pk in found.values()], ignore_conflicts=True, batch_size=1000
    )
    return found
