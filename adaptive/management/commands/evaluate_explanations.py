"""Makes slates of a course and looks up whether their explanations say what is so."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json
from adaptive.evaluation.receipts import check_receipts, course_find

MOST = 100_000


class Command(BaseCommand):
    help = (
        "Recommends to the learners of a course, looks every fact of the explanations up again, and flips the "
        "conditions of “you would have got another one if …” to see whether the pick changes. Nothing is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--course", required=True, help="the course's external id")
        parser.add_argument("--tenant", help="the tenant's slug, where several have a course of this id")
        parser.add_argument("--slates", type=int, default=2000)
        parser.add_argument("--flips", type=int, default=200, help="conditions that are flipped, at most")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--report", metavar="REPORT.json", help="where the figures go")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("slates", "flips"):
            if not 1 <= options[name] <= MOST:
                raise CommandError(f"--{name} is a number from 1 to {MOST:,}.", returncode=2)
        courses = course_find(options["course"], options["tenant"])
        if len(courses) != 1:
            what = "There is no" if not courses else "Several tenants have a"
            raise CommandError(f"{what} course “{options['course']}”; --tenant says whose.")
        try:
            if options["report"]:
                check_writable(Path(options["report"]))
            found = check_receipts(
                course=courses[0],
                n_slates=options["slates"],
                n_flips=options["flips"],
                seed=options["seed"],
                say=self._say,
            )
            if not found.n_slates:
                raise InvalidInput(f"Course “{options['course']}” has no learners.")
            if options["report"]:
                write_json(Path(options["report"]), found.to_json())
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        for words in (found.wrong + found.wrong_flips)[:20]:
            self.stdout.write(f"  {words}")
        self.stdout.write(f"facts: {', '.join(f'{code} {n:,}' for code, n in found.by_code.most_common())}")
        if found.unchecked:
            self.stdout.write(f"not looked up: {', '.join(f'{code} {n:,}' for code, n in found.unchecked.items())}")
        share = found.n_flips_kept / found.n_flips if found.n_flips else 0.0
        self.stdout.write(
            f"{found.n_slates:,} slates ({found.n_empty:,} empty), {found.n_facts:,} facts, {len(found.wrong)} that do "
            f"not match; {found.n_flips_kept} of {found.n_flips} conditions change the pick as said ({share:.1%})"
        )

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)
        self.stderr.flush()
