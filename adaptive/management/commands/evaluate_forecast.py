"""How honest the study plan's forecast is, from plain CSV files: no database."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.backends.learner_model.base import Observation
from adaptive.backends.learner_model.fit import split_learners
from adaptive.backends.learner_model.logs import AttemptLog, read_log
from adaptive.backends.learner_model.pfa import PfaForgetting
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json
from adaptive.planning.calibration import (
    Replayed,
    calibrate,
    coverage_of,
    halves,
    pooled,
    replay_forecasts,
    split,
)
from adaptive.planning.forecast import DEFAULTS, FITTED, SHIPPED, Band, band_of

PARTS = ("calibrate", "test")
TOO_FEW = 30


class Command(BaseCommand):
    help = (
        "Replays forecasts of the study plan on real logs and reports what share of the outcomes fell into the 80 % "
        "band, on learners that neither the learner model nor the band has seen. --calibrate finds the band's numbers "
        "anew on other learners of the same logs; --write ships them. Reads CSV, gzip allowed; needs no database."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("logs", metavar="LOG", nargs="+", help="CSV: learner, item, skills, correct, position, ...")
        parser.add_argument("--report", required=True, metavar="REPORT.json", help="where the figures go")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--calibrate", action="store_true", help="with numbers found anew, not those that ship")
        parser.add_argument("--write", action="store_true", help=f"with --calibrate: write them to {DEFAULTS.name}")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"] and not options["calibrate"]:
            raise CommandError("--write goes with --calibrate.", returncode=2)
        target = Path(options["report"])
        try:
            check_writable(target)
            report = self._report(options)
            write_json(target, report)
            if options["write"]:
                write_json(DEFAULTS, {kind: {**report[kind], "seed": report["seed"]} for kind in (SHIPPED, FITTED)})
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        said = "; ".join(
            f"{kind}: {report[kind]['test']['coverage']:.1%} of {report[kind]['test']['n_forecasts']:,} forecasts"
            for kind in (SHIPPED, FITTED)
        )
        self.stdout.write(f"Within the 80 % band, each log weighing the same: {said}. Report: {target}")

    def _report(self, options: dict[str, Any]) -> dict[str, Any]:
        seed = options["seed"]
        found: dict[str, dict[str, dict[str, Replayed]]] = {SHIPPED: {}, FITTED: {}}
        for path in options["logs"]:
            log = read_log(path)
            name = f"{Path(path).parent.name}/{Path(path).name}"
            self._say(f"{name}: {log.n_rows:,} rows of {len(log.histories):,} learners")
            found[SHIPPED][name] = self._shipped(name, log, seed)
            found[FITTED][name] = self._fitted(name, log, seed)
        return {
            "seed": seed,
            "logs": list(found[SHIPPED]),
            "is_calibrated_anew": options["calibrate"],
            **{kind: self._of_kind(kind, some, options) for kind, some in found.items()},
        }

    def _shipped(self, name: str, log: AttemptLog, seed: int) -> dict[str, Replayed]:
        """With the learner model as it ships; of the logs that its coefficients come from, the learners held out."""
        model = PfaForgetting()
        fitted = model.params["fitted"]
        histories: dict[str, Sequence[Observation]] = dict(log.histories)
        if name in fitted["held_out"]:
            _, histories = split_learners(log, list(fitted["held_out"]).index(name), fitted["seed"])
        parts = halves(histories, seed=seed)
        return {part: self._replay(f"{name}, as shipped", part, model, parts[part], seed) for part in PARTS}

    def _fitted(self, name: str, log: AttemptLog, seed: int) -> dict[str, Replayed]:
        parts = split(log.histories, seed=seed)
        self._say(f"{name}: fitting the learner model on {len(parts['fit']):,} learners")
        model = PfaForgetting(PfaForgetting.fit(parts["fit"], seed))
        return {part: self._replay(f"{name}, fitted", part, model, parts[part], seed) for part in PARTS}

    def _replay(self, name: str, part: str, model: PfaForgetting, histories: Any, seed: int) -> Replayed:
        found = replay_forecasts(model, histories, seed=seed)
        self._say(f"{name}: {len(found):,} forecasts to {part}")
        if len(found) < TOO_FEW:
            raise InvalidInput(f"{name} gives {len(found)} forecasts to {part}; at least {TOO_FEW} are needed.")
        return found

    def _of_kind(self, kind: str, found: dict[str, dict[str, Replayed]], options: dict[str, Any]) -> dict[str, Any]:
        seed = options["seed"]
        band = calibrate([parts["calibrate"] for parts in found.values()]) if options["calibrate"] else band_of(kind)
        logs = {name: coverage_of(band, parts["test"], seed=seed) for name, parts in found.items()}
        report: dict[str, Any] = {"band": asdict(band), "test": pooled(logs), "logs": logs}
        if options["calibrate"]:
            report["calibrated_on"] = {
                "n_forecasts": sum(len(parts["calibrate"]) for parts in found.values()),
                "n_learners": sum(len(set(parts["calibrate"].learner.tolist())) for parts in found.values()),
            }
            if len(found) > 1:
                report["log_left_out"] = {name: self._left_out(name, found, seed)["coverage"] for name in found}
        return report

    def _left_out(self, name: str, found: dict[str, dict[str, Replayed]], seed: int) -> dict[str, Any]:
        """The coverage on a log from which the band knows nothing."""
        band: Band = calibrate([parts["calibrate"] for other, parts in found.items() if other != name])
        return coverage_of(band, found[name]["test"], seed=seed)

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)
        self.stderr.flush()
