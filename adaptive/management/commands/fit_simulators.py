"""Fits the numbers of the simulated learners to logs of real answers, for who has such logs. Needs no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json
from adaptive.evaluation.simulators import parameters
from adaptive.evaluation.simulators.fitting import parameters_of, read_answers

GUESS = 0.2  # of choice exercises with five choices
FORGETTING = 0.154  # the decay of FSRS-6's published defaults: (1 + days) ^ -.154


class Command(BaseCommand):
    help = (
        "Fits the simulated learners of evaluate_recommender to LOGs (CSV, gzip allowed: learner, item, skills, "
        "correct, position) and writes the file that the simulators read."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("logs", metavar="LOG", nargs="+", help="logs for the worlds of gradual growth")
        parser.add_argument("--tracing", metavar="LOG", help="log for the hidden-Markov world, else the last one")
        parser.add_argument("--out", default=str(parameters.FILE), metavar="OUT.json", help="where the numbers go")

    def handle(self, *args: Any, **options: Any) -> None:
        out = Path(options["out"])
        try:
            check_writable(out)
            logs = [read_answers(Path(path)) for path in options["logs"]]
            tracing = read_answers(Path(options["tracing"])) if options["tracing"] else logs[-1]
            found = parameters_of(logs, tracing, guess=GUESS, forgetting=FORGETTING, say=self._say)
            if not found["hidden_markov"]["skills"]:
                raise CommandError(f"{tracing.name} has no skill with enough learners for the hidden-Markov world.")
            write_json(out, found)
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        except (OSError, ValueError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from None
        growth = found["growth"]
        self.stdout.write(
            f"slope {growth['slope_mean']}, ability SD {growth['ability_sd']}, skill SD {growth['skill_sd']}, "
            f"exercise SD {growth['item_sd']}; {len(found['hidden_markov']['skills'])} skills traced. Written: {out}"
        )

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)
        self.stderr.flush()
