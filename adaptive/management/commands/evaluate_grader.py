"""How well the assessor of words agrees with people's labels, from plain CSV files: no database."""

import os
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.assessment.words import grader
from adaptive.assessment.words.data import Graded, read_graded
from adaptive.backends.embedding.base import EmbeddingUnavailable
from adaptive.backends.learner_model.evaluation import peak_memory_mb
from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.registry import get_embedding, get_marker
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_csv, write_json
from adaptive.conf import settings

MAX_COPIES = 0.15  # of TEST that may equal answers the marker knows: many pupils answer in the same few words
SHARE_SEEN = 0.6  # of TRAIN that the shipped marker must know to stand for one fitted on it: some questions judge it


class Command(BaseCommand):
    help = (
        "Fits the assessor of words on TRAIN and assesses every row of TEST. Where the marker that ships was fitted on "
        "most of TRAIN's answers and knows few of TEST's (pupils write alike: up to 15 % may equal known ones; the "
        "report counts them), it is taken as it is; --fresh fits from the base model all the same. Where it knows more "
        "of TEST, it is fitted afresh, on TRAIN alone, which takes long."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("train", metavar="TRAIN.csv", help="question_id, question, reference_answers, answer, ...")
        parser.add_argument("test", metavar="TEST.csv", help="the same columns")
        parser.add_argument("--labels", choices=("2way", "3way"), required=True)
        parser.add_argument("--report", required=True, metavar="REPORT.json")
        parser.add_argument("--predictions", required=True, metavar="OUT.csv")
        parser.add_argument("--model", metavar="DIR", help="a folder that --save wrote: nothing is fitted")
        parser.add_argument(
            "--save", metavar="DIR", help="where what is fitted is kept; a broken fit goes on from there"
        )
        parser.add_argument("--fresh", action="store_true", help="fit from the base model, whatever ships")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)

    def handle(self, *args: Any, **options: Any) -> None:
        n_ways = int(options["labels"][0])
        try:
            for name in ("report", "predictions"):
                check_writable(Path(options[name]))
            test, train = read_answers(options["test"]), read_answers(options["train"])
            started = time.perf_counter()
            chosen, how = self._grader(train, test, options)
            fit_seconds = time.perf_counter() - started
            chosen.marker.load()
            started = time.perf_counter()
            probabilities = chosen.probabilities(test, say=self._say)
            seconds = time.perf_counter() - started
        except (InvalidInput, ValueError, ModelUnavailable, EmbeddingUnavailable) as error:
            raise CommandError(str(getattr(error, "detail", error))) from None
        said, confidence = grader.decided(probabilities, n_ways)
        wanted = [grader.label_of(each, n_ways) for each in test]
        report = {
            **grader.figures_of(wanted, said, n_ways),
            "labels": options["labels"],
            "n_rows": len(test),
            "n_questions": len({each.question_id for each in test}),
            "n_train_rows": len(train),
            "n_test_seen": grader.n_seen_by(chosen.marker, test),
            "fitted": how,
            "fit_seconds": round(fit_seconds, 1),
            "answers_per_second": round(len(test) / max(seconds, 1e-9), 2),
            "peak_memory_mb": peak_memory_mb(),
            "marker": f"{chosen.marker.name} {chosen.marker.version}",
            "seed": options["seed"],
        }
        rows = [
            (each.answer_id or number, label, round(float(p), 4), round(float(c), 4))
            for number, (each, label, p, c) in enumerate(
                zip(test, said, probabilities[:, 0], confidence, strict=True), 1
            )
        ]
        try:
            write_csv(Path(options["predictions"]), ("answer_id", "label", "score", "confidence"), rows)
            write_json(Path(options["report"]), report)
        except InvalidInput as error:
            raise CommandError(str(error.detail)) from None
        self.stdout.write(
            f"{options['labels']}: macro-F1 {report['macro_f1']:.3f}, weighted-F1 {report['weighted_f1']:.3f}, "
            f"accuracy {report['accuracy']:.3f} on {len(test):,} answers; {report['answers_per_second']:.1f} a second"
        )

    def _grader(self, train: list[Graded], test: list[Graded], options: dict[str, Any]) -> tuple[grader.Grader, str]:
        embedding, marker, conf = get_embedding(), get_marker(), settings()
        marker_options = {"model_dir": str(conf.model_dir), **conf.marker_options, "threads": options["threads"]}
        if marker is None:
            raise InvalidInput("The AI is switched off by the settings, so there is nothing to assess with.")
        if options["model"]:
            return grader.loaded(Path(options["model"]), marker_options, embedding), "loaded"
        known = grader.shipped(marker, embedding)
        n_test, n_train = grader.n_seen_by(marker, test), grader.n_seen_by(marker, train)
        if not options["fresh"] and n_test <= MAX_COPIES * len(test) and n_train > SHARE_SEEN * len(train):
            self._say("The marker that ships was fitted on these training answers: it is taken as it is.")
            return known, "shipped"
        if n_test > MAX_COPIES * len(test):
            self._say(f"The marker that ships has seen {n_test:,} of the test answers, so another is fitted.")
        from adaptive.backends.cross_encoder.marker import assembled_folder

        base = Path(marker_options["base"]) if marker_options.get("base") else assembled_folder(conf.model_dir)
        self._say(f"Fitting on {len(train):,} answers.")
        with tempfile.TemporaryDirectory() as passing:
            folder = Path(options["save"] or passing)
            made = grader.fitted(
                train,
                folder,
                base=base,
                marker_options=marker_options,
                embedding=embedding,
                seed=options["seed"],
                threads=options["threads"],
                say=self._say,
            )
            made.marker.load()  # before a passing folder goes
        return made, "fitted"

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)
        self.stderr.flush()


def read_answers(path: str) -> list[Graded]:
    """InvalidInput, one sentence, on a file that is none."""
    try:
        found = read_graded(Path(path))
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {path}.") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}.") from None
    except ValueError as error:
        raise InvalidInput(str(error)) from None
    if not found:
        raise InvalidInput(f"{path} has no rows below its header.")
    return found
