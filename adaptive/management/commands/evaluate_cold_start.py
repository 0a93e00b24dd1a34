"""What the first learners' answers are worth to the next ones where no learner model was fitted: a log, no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.backends.learner_model.cold_start import cold_start_report
from adaptive.backends.learner_model.logs import read_log
from adaptive.backends.learner_model.pfa import PfaForgetting
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json


class Command(BaseCommand):
    help = (
        "Predicts a fifth of the learners of LOG with the shipped learner model, after so many of the others have "
        "answered and the exercises' difficulties were told from their answers. Nothing is fitted."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("log", metavar="LOG.csv[.gz]")
        parser.add_argument("--report", required=True, metavar="REPORT.json", help="where the figures go")
        parser.add_argument(
            "--learners", type=int, nargs="+", default=[0, 5, 20, 80, 1_000_000], help="default: 0 5 20 80 and all"
        )
        parser.add_argument("--seed", type=int, default=0, help="decides the order of the learners (default 0)")

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(options["report"])
        if min(options["learners"]) < 0:
            raise CommandError("--learners are numbers from 0.", returncode=2)
        try:
            check_writable(target)
            log = read_log(Path(options["log"]))
            rows = cold_start_report(
                PfaForgetting(), log.histories, options["learners"], seed=options["seed"], say=self._say
            )
            report = {"protocol": "cold start", "log": str(log.path), "seed": options["seed"], "after": rows}
            write_json(target, report)
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        last = rows[-1]
        self.stdout.write(
            f"AUC {rows[0]['auc']:.4f} after {rows[0]['n_learners']:,} learners, {last['auc']:.4f} after "
            f"{last['n_learners']:,}. Report: {target}"
        )

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)  # progress, not an error, so not in red
        self.stderr.flush()
