import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.catalog.selectors import course_get
from adaptive.common.clock import now
from adaptive.common.errors import AdaptiveError
from adaptive.management.progress import Progress, count
from adaptive.practice.log_import import attempt_log_import
from adaptive.tenants.models import Tenant


class Command(BaseCommand):
    help = "Loads an attempt log (CSV, gzip allowed) into a course as learners and attempts, and replays it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("csv", type=Path, help="columns learner, item, skills, correct, position")
        parser.add_argument("--course", required=True, help="the course's external id")
        parser.add_argument("--tenant", default="demo", help="the tenant's slug (default: demo)")

    def handle(self, *args: Any, csv: Path, course: str, tenant: str, **options: Any) -> None:
        started = time.monotonic()
        progress = Progress(self.stdout, "attempts replayed")
        try:
            owner = Tenant.objects.filter(slug=tenant).first()
            if owner is None:
                raise CommandError(f"There is no tenant “{tenant}”.")
            done = attempt_log_import(
                course=course_get(tenant=owner, course=course),
                path=csv,
                now=now(),
                say=lambda sentence: self.stdout.write(f"  {sentence}"),
                progress=progress,
            )
        except AdaptiveError as error:
            raise CommandError(error.detail) from None
        finally:
            progress.end()
        if not done.is_new:
            there = count(done.n_attempts, "attempt")
            self.stdout.write(f"{csv.name} is in course “{course}” already ({there}): nothing was changed.")
            return
        self.stdout.write(
            f"Imported {count(done.n_attempts, 'attempt')} of {count(done.n_learners, 'learner')} at "
            f"{count(done.n_items, 'exercise')} and replayed them in {time.monotonic() - started:.0f} s. {done.times}"
        )
