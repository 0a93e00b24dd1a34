from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.catalog.models import Course
from adaptive.events.models import Attempt
from adaptive.learners.models import Learner
from adaptive.management.progress import Progress, count
from adaptive.mastery.models import LearnerState
from adaptive.mastery.selectors import replay_progress
from adaptive.mastery.services import Difference, state_check, state_rebuild

N_SHOWN = 5


class Command(BaseCommand):
    help = (
        "Rebuilds what is believed of all learners from their attempts. With --check nothing is changed: what is "
        "stored is compared with a replay by the model that wrote it, and any difference ends with exit status 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, only compare")
        parser.add_argument("--course", help="only this course (its external id); all courses otherwise")
        parser.add_argument("--tenant", help="only this tenant (its slug); all tenants otherwise")

    def handle(self, *args: Any, check: bool, course: str | None, tenant: str | None, **options: Any) -> None:
        courses = list(_courses(course, tenant))
        pairs = [(found, learner) for found in courses for learner in _learners(found)]
        progress = Progress(self.stdout, "learners checked" if check else "learners replayed")
        found: list[Difference] = []
        n_different = 0
        for n, (of_course, learner) in enumerate(pairs, 1):
            if check:
                differences = _differences(learner, of_course)
                n_different += bool(differences)
                found += differences[: N_SHOWN - len(found)]
            else:
                state_rebuild(learner=learner, course=of_course)
            progress(n, len(pairs))
        progress.end()
        n_attempts = Attempt.objects.filter(course__in=courses, applied_seq__isnull=False).count()
        states, attempts = count(len(pairs), "learner state"), count(n_attempts, "attempt")
        about = f"{states} and {attempts} in {count(len(courses), 'course')}"
        if n_different:
            for one in found:
                self.stderr.write(
                    f"  {one.learner}, {one.what}: stored {_short(one.stored)}, replay {_short(one.replayed)}"
                )
            raise CommandError(f"{n_different:,} of {about} differ from their replay.")
        n_waiting = sum(progress.n_waiting for progress in replay_progress(courses).values())
        waits = f" {count(n_waiting, 'state')} still waiting for the version in use." if n_waiting else ""
        self.stdout.write(f"No difference: {about}.{waits}" if check else f"Replayed: {about}.{waits}")


def _courses(course: str | None, tenant: str | None) -> Any:
    found = Course.objects.order_by("pk")
    found = found.filter(tenant__slug=tenant) if tenant else found
    found = found.filter(external_id=course) if course else found
    if (course or tenant) and not found:
        raise CommandError(f"There is no course “{course}”." if course else f"There is no course of tenant “{tenant}”.")
    return found


def _learners(course: Course) -> list[Learner]:
    """Who has a state in the course, and who should have one."""
    with_state = LearnerState.objects.filter(course=course).values("learner_id")
    with_attempts = Attempt.objects.filter(course=course, applied_seq__isnull=False).values("learner_id").distinct()
    return list(Learner.objects.filter(pk__in=with_state.union(with_attempts)).order_by("pk"))


def _differences(learner: Learner, course: Course) -> list[Difference]:
    if not LearnerState.objects.filter(learner=learner, course=course).exists():
        return [Difference(learner.external_id, f"state in {course.external_id}", None, "one made of attempts")]
    return state_check(learner=learner, course=course)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
