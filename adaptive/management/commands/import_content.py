import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.catalog.importers import IMPORTERS, importer_for
from adaptive.catalog.importers.store import Report, content_store
from adaptive.catalog.selectors import course_get
from adaptive.common.errors import AdaptiveError
from adaptive.learners.selectors import learner_get
from adaptive.learners.services import enrolment_put
from adaptive.tenants.services import tenant_ensure

N_SHOWN = 20


class Command(BaseCommand):
    help = "Imports a question bank or course. Says what came in, by kind, and names every element left out, and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file or folder")
        parser.add_argument("--course", required=True, help="the external id of the course; made where it is new")
        parser.add_argument("--tenant", default="demo", help="the tenant's slug (default: demo)")
        parser.add_argument("--teacher", metavar="ID", help="also enrol this person, by external id, as a teacher")
        parser.add_argument("--format", default="auto", choices=["auto", *IMPORTERS], help="default: auto")
        parser.add_argument("--dry-run", action="store_true", help="read and check everything, store nothing")
        parser.add_argument("--json", type=Path, metavar="REPORT", help="write the whole report to this file")

    def handle(self, *args: Any, file: Path, course: str, tenant: str, dry_run: bool, **options: Any) -> None:
        try:
            importer = importer_for(file, options["format"])
            self.stdout.write(f"  reading {file} as {importer.name}")
            content = importer.read(file)
            owner = tenant_ensure(slug=tenant)
            teacher = learner_get(tenant=owner, learner=options["teacher"]) if options["teacher"] else None
            self.stdout.write(f"  {len(content.resources):,} resources and {len(content.skills):,} skills to store")
            report = content_store(
                tenant=owner,
                course_id=course,
                content=content,
                importer=importer,
                source=file.name,
                is_dry_run=dry_run,
            )
            if teacher and not dry_run:
                enrolment_put(learner=teacher, course=course_get(tenant=owner, course=course), role="teacher")
        except AdaptiveError as error:
            raise CommandError(error.detail) from None
        if options["json"]:
            _write(options["json"], report)
        for one in report.left_out[:N_SHOWN]:
            self.stdout.write(f"  left out: {one.element}: {one.reason}")
        if len(report.left_out) > N_SHOWN:
            more = len(report.left_out) - N_SHOWN
            self.stdout.write(f"  left out: {more:,} more" + ("" if options["json"] else "; --json names all"))
        for note in report.notes:
            self.stdout.write(f"  {note}")
        verb = "Would import" if dry_run else "Imported"
        self.stdout.write(f"{verb} {_counts(report)} into course “{course}”; {_left_out(len(report.left_out))}.")


def _write(path: Path, report: Report) -> None:
    try:
        path.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"The report {path} cannot be written: {error.strerror or error}.") from None


def _left_out(n: int) -> str:
    return "nothing left out" if not n else "1 element left out" if n == 1 else f"{n:,} elements left out"


def _counts(report: Report) -> str:
    """ "98 skills, 212 exercises (212 choice)"."""
    counts = report.n_created + report.n_changed
    parts = []
    for kind, n in counts.items():
        if kind == "course":
            continue
        words = kind.replace("_", " ") + ("" if n == 1 else "s")
        formats = ", ".join(f"{n:,} {name}" for name, n in report.n_by_response_format.most_common())
        parts.append(f"{n:,} {words}" + (f" ({formats})" if kind == "exercise" else ""))
    return ", ".join(parts) or "no element"
