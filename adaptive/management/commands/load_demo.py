from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.common.clock import now
from adaptive.common.errors import AdaptiveError
from adaptive.practice.demo.services import demo_load, is_empty


class Command(BaseCommand):
    help = "Loads the demonstration: two courses, a teacher and thirty simulated learners with a term of attempts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there is any course already")

    def handle(self, *args: Any, if_empty: bool, **options: Any) -> None:
        if if_empty and not is_empty():
            self.stdout.write("There are courses already: the demonstration was not loaded.")
            return
        try:
            loaded = demo_load(now=now(), say=lambda sentence: self.stdout.write(f"  {sentence}"))
        except AdaptiveError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(
            f"The demonstration is loaded: {loaded.n_courses} courses, {loaded.n_learners} simulated learners, "
            f"{loaded.n_attempts:,} new attempts."
        )
