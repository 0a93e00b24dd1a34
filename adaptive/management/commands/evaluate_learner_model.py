"""How well a learner model predicts, by protocol KT-1, from plain CSV files: no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.backends.learner_model.available import DEFAULT_MODEL, MODELS
from adaptive.backends.learner_model.evaluation import cross_validate, evaluate
from adaptive.backends.learner_model.logs import AttemptLog, read_log
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json


class Command(BaseCommand):
    help = (
        "Fits a learner model on TRAIN and predicts every row of TEST online; or, with --folds, cross-validates on one "
        "file by its column fold (learner id modulo 5 where it has none). Reads CSV, gzip allowed; needs no database."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("train", metavar="TRAIN", help="CSV: learner, item, skills, correct, position, ...")
        parser.add_argument("test", metavar="TEST", nargs="?", help="the same, of other learners")
        parser.add_argument("--report", required=True, metavar="REPORT.json", help="where the figures go")
        parser.add_argument("--model", default=DEFAULT_MODEL, choices=sorted(MODELS))
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--folds", action="store_true", help="cross-validation on the one file TRAIN")
        parser.add_argument(
            "--only-fold", action="append", default=[], metavar="FOLD", help="with --folds: this fold as test alone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["folds"] == bool(options["test"]):
            raise CommandError("Give TRAIN and TEST, or --folds and one file.", returncode=2)
        if options["only_fold"] and not options["folds"]:
            raise CommandError("--only-fold goes with --folds.", returncode=2)
        target = Path(options["report"])
        try:
            check_writable(target)
            report = self._report(options)
            write_json(target, report)
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        self.stdout.write(
            f"{report['model']}: auc {report['auc']:.4f}, log_loss {report['log_loss']:.4f}, "
            f"rmse {report['rmse']:.4f}, ece {report['ece']:.4f} "
            f"on {report['n_rows']:,} rows of {report['n_learners']:,} learners; "
            f"fitted in {report['fit_seconds']:.0f} s, predicted in {report['predict_seconds']:.0f} s. Report: {target}"
        )

    def _report(self, options: dict[str, Any]) -> dict[str, Any]:
        model_class, seed = MODELS[options["model"]], options["seed"]
        train = self._read(options["train"])
        if options["folds"]:
            if not train.folds:
                self._say("The file has no column fold; learners are split by id modulo 5.")
            report = cross_validate(model_class, train, seed=seed, say=self._say, only=options["only_fold"])
            return {"protocol": "KT-1", "file": train.path, **report}
        test = self._read(options["test"])
        report = evaluate(
            model_class,
            train.histories,
            test.histories,
            seed=seed,
            say=self._say,
            train_name=train.path,
            test_name=test.path,
        )
        if report["n_learners_in_both"]:
            self._say(
                f"Beware: {report['n_learners_in_both']:,} learners are in both files, where KT-1 wants others; if "
                "they are the same people, these figures are too good."
            )
        return {"protocol": "KT-1", "train": train.path, "test": test.path, **report}

    def _read(self, path: str) -> AttemptLog:
        log = read_log(path, on_progress=lambda n: self._say(f"{path}: read {n:,} rows"))
        self._say(f"{path}: {log.n_rows:,} rows of {len(log.histories):,} learners")
        return log

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)  # progress, not an error, so not in red
        self.stderr.flush()
