"""Asks our labelled requests in words and tells how many were understood and kept."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json
from adaptive.evaluation.requests import SETS, evaluate_requests
from adaptive.learners.models import Learner
from adaptive.tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Asks the labelled requests of fixtures/requests and tells in how many every constraint was understood and is "
        "kept by every recommended item. The courses are loaded for it, or those of --tenant are asked; all that is "
        "written is rolled back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS), metavar="SET")
        parser.add_argument("--tenant", metavar="SLUG", help="ask this tenant's own courses, such as demo")
        parser.add_argument("--learner", metavar="ID", default="alice", help="for whom, with --tenant (default alice)")
        parser.add_argument("--report", metavar="REPORT.json", help="where the figures go")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = learner = None
        try:
            if options["report"]:
                check_writable(Path(options["report"]))
            if options["tenant"]:
                tenant = Tenant.objects.filter(slug=options["tenant"]).first()
                learner = Learner.objects.filter(tenant=tenant, external_id=options["learner"]).first()
                if learner is None:
                    raise InvalidInput(f"There is no learner {options['learner']} of a tenant {options['tenant']}.")
            reports = evaluate_requests(options["sets"], tenant=tenant, learner=learner, say=self._say)
            rows = [report.to_json() for report in reports]
            if options["report"]:
                write_json(Path(options["report"]), {"protocol": "requests in words", "sets": rows})
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        for row in rows:
            self.stdout.write(
                f"{row['set']}: {row['n_requests']} requests, {row['understood_as_labelled']} understood as labelled, "
                f"{row['understood_and_kept_in_every_item']} of them kept in every item ({row['share_kept']:.1%}); "
                f"{row['n_constraints_kept']} of {row['n_constraints']} constraints; {row['n_items']} items, "
                f"{row['n_empty']} slates empty, {row['n_empty_where_some_keep_all']} of them though some resource "
                f"keeps all constraints; {row['ms_p50']} ms (p95 {row['ms_p95']}); vectors {row['vectors']}"
            )

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)
        self.stderr.flush()
