"""The product's own assessor on a file of answers: no training, no database."""

import csv
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.assessment.types import AssessorUnavailable, Verdict
from adaptive.assessment.words.assessor import WordsTask, assess_words_batch
from adaptive.assessment.words.data import references_of
from adaptive.backends.registry import get_embedding, get_llm, get_marker
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_csv

NEEDED = ("question", "reference_answers", "answer")
_BATCH = 64
MAX_CELL = 10_000_000  # characters: an answer may be absurdly long, and gets a result all the same


class Command(BaseCommand):
    help = "Assesses every answer of IN.csv (question, reference_answers, answer) as the product would."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="IN.csv")
        parser.add_argument("--out", required=True, metavar="OUT.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = Path(options["file"]), Path(options["out"])
        try:
            check_writable(target)
            ids, tasks = _read(source)
            rows = zip(ids, self._verdicts(tasks), strict=True)
            write_csv(
                target,
                ("answer_id", "score", "label", "confidence", "needs_review"),
                ((name, each.score, each.label, each.confidence, int(each.needs_review)) for name, each in rows),
            )
        except AssessorUnavailable as away:
            raise CommandError(f"The answers cannot be assessed: {away}") from None
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"{len(tasks):,} answers assessed. Results: {target}")

    def _verdicts(self, tasks: list[WordsTask]) -> Iterator[Verdict]:
        models = {"llm": get_llm(), "embedding": get_embedding(), "marker": get_marker()}
        started = time.perf_counter()
        for start in range(0, len(tasks), _BATCH):
            verdicts = assess_words_batch(tasks[start : start + _BATCH], **models)
            yield from verdicts
            n = start + len(verdicts)
            rate = n / (time.perf_counter() - started)
            self.stderr.write(f"assessed {n:,} of {len(tasks):,} answers, {rate:.1f} a second", style_func=str)


def _read(source: Path) -> tuple[list[str], list[WordsTask]]:
    csv.field_size_limit(MAX_CELL)
    ids, tasks = [], []
    try:
        with open(source, newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle, restkey="more")
            missing = [name for name in NEEDED if name not in (reader.fieldnames or [])]
            if missing:
                raise CommandError(f"{source} has no column {missing[0]}; it needs {', '.join(NEEDED)}.")
            for number, row in enumerate(reader, start=2):
                if "more" in row or any(row[name] is None for name in NEEDED):
                    raise CommandError(f"{source}, row {number}: it has another number of fields than the header.")
                ids.append(row.get("answer_id") or str(number - 1))
                tasks.append(WordsTask(row["question"], references_of(row["reference_answers"]), row["answer"]))
    except FileNotFoundError:
        raise CommandError(f"There is no file {source}.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{source} cannot be read: {error}.") from None
    if not tasks:
        raise CommandError(f"{source} has no rows below its header.")
    return ids, tasks
