"""Protocol KT-1: how well a learner model predicts learners it has never seen.

Fitted on the training learners; then every row of every test learner is predicted from that learner's rows before it,
and from its own item, skills and time. Nothing is refitted on the test part; a learner's first row counts too. Scores
between 0 and 1 count in log_loss, rmse and ece as they are, in auc as correct from .5 on.
"""

import statistics
import sys
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from adaptive.common.errors import InvalidInput
from adaptive.common.metrics import auc, calibration, ece, log_loss, mean_auc_per_group, rmse

from .base import LearnerModel, Observation
from .logs import AttemptLog, id_of
from .twins import with_a_twin

if sys.platform != "win32":
    import resource

Histories = Mapping[str, Sequence[Observation]]
Say = Callable[[str], None]

N_FOLDS = 5  # where a log has no folds of its own
PROGRESS_EVERY = 50_000
_AVERAGED = ("auc", "log_loss", "rmse", "ece", "auc_per_learner_mean", "auc_without_twins")


def evaluate(
    model_class: type[LearnerModel],
    train: Histories,
    test: Histories,
    *,
    seed: int,
    say: Say,
    train_name: str,
    test_name: str,
) -> dict[str, Any]:
    """The report on one split. InvalidInput, with the name of the part, where all its answers are of one kind."""
    _require_both_outcomes(train, train_name)
    _require_both_outcomes(test, test_name)
    started = time.perf_counter()
    params = model_class.fit(train, seed, on_progress=say)
    fit_seconds = time.perf_counter() - started

    started = time.perf_counter()
    y, p, learner_of = predict_all(model_class(params), test, say=say)
    predict_seconds = time.perf_counter() - started
    per_learner = mean_auc_per_group(y, p, learner_of)
    twins = with_a_twin(test, train)
    alone = np.isin(learner_of, [number for number, name in enumerate(test) if name not in twins])
    if twins:
        say(f"{len(twins):,} test learners have a twin with the same answers in training: see auc_without_twins")
    return {
        "auc": round(auc(y, p), 6),
        "log_loss": round(log_loss(y, p), 6),
        "rmse": round(rmse(y, p), 6),
        "ece": round(ece(y, p), 6),
        "auc_per_learner_mean": None if per_learner is None else round(per_learner, 6),
        "auc_without_twins": _auc_or_none(y[alone], p[alone]),
        "n_learners_with_a_twin": len(twins),
        "n_rows_of_twins": int(len(y) - alone.sum()),
        "n_rows": len(y),
        "n_learners": len(test),
        "n_train_rows": sum(len(history) for history in train.values()),
        "n_train_learners": len(train),
        "n_learners_in_both": len(train.keys() & test.keys()),
        "fit_seconds": round(fit_seconds, 2),
        "predict_seconds": round(predict_seconds, 2),
        "peak_memory_mb": peak_memory_mb(),
        "model": model_class.name,
        "model_version": model_class.version,
        "seed": seed,
        "calibration": [asdict(one) for one in calibration(y, p)],
    }


def _auc_or_none(y: np.ndarray, p: np.ndarray) -> float | None:
    """None where the rows left are of one kind."""
    return round(auc(y, p), 6) if 0 < int((y >= 0.5).sum()) < len(y) else None


def predict_all(
    model: LearnerModel, histories: Histories, *, say: Say | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(scores, P(correct) just before each, number of the learner), row by row."""
    y, p, learner_of = array("d"), array("d"), array("q")
    for number, history in enumerate(histories.values()):
        walk = model.walk()
        for observation in history:
            p.append(walk.predict_then_take(observation))
            y.append(observation.score)
            learner_of.append(number)
            if say and not len(y) % PROGRESS_EVERY:
                say(f"predicted {len(y):,} rows")
    return np.array(y), np.array(p), np.array(learner_of)


def folds_of(log: AttemptLog) -> dict[str, str]:
    """Fold by learner: the file's own, else the learner's id modulo 5."""
    if log.folds:
        return log.folds
    return {learner: str(id_of(learner) % N_FOLDS) for learner in log.histories}


def cross_validate(
    model_class: type[LearnerModel], log: AttemptLog, *, seed: int, say: Say, only: Sequence[str] = ()
) -> dict[str, Any]:
    """Each fold (or those in `only`) once as test, all others as training; figures are means over the folds."""
    folds = folds_of(log)
    names = sorted(set(folds.values()), key=lambda name: (len(name), name))
    if len(names) < 2:
        raise InvalidInput(f"{log.path} has one fold only ({names[0]!r}), so there is nothing to train on.")
    for name in only:
        if name not in names:
            raise InvalidInput(f"{log.path} has no fold {name!r}; its folds are {', '.join(names)}.")
    reports = []
    for name in only or names:
        train = {learner: rows for learner, rows in log.histories.items() if folds[learner] != name}
        test = {learner: rows for learner, rows in log.histories.items() if folds[learner] == name}
        say(f"fold {name}: {len(train):,} learners to train on, {len(test):,} to predict")
        report = evaluate(
            model_class,
            train,
            test,
            seed=seed,
            say=say,
            train_name=f"{log.path} without fold {name}",
            test_name=f"{log.path}, fold {name},",
        )
        say(f"fold {name}: auc {report['auc']:.4f}, log loss {report['log_loss']:.4f}, ece {report['ece']:.4f}")
        reports.append({"fold": name, **report})
    return _mean_report(reports)


def _mean_report(reports: list[dict[str, Any]]) -> dict[str, Any]:
    first = reports[0]
    whole: dict[str, Any] = {}
    for name in _AVERAGED:
        values = [report[name] for report in reports if report[name] is not None]
        whole[name] = round(statistics.fmean(values), 6) if values else None
    whole["auc_spread"] = round(statistics.pstdev(report["auc"] for report in reports), 6)
    for name in ("n_rows", "n_learners", "n_learners_with_a_twin", "n_rows_of_twins"):
        whole[name] = sum(report[name] for report in reports)
    for name in ("fit_seconds", "predict_seconds"):
        whole[name] = round(sum(report[name] for report in reports), 2)
    whole["peak_memory_mb"] = peak_memory_mb()
    return {
        **whole,
        "model": first["model"],
        "model_version": first["model_version"],
        "seed": first["seed"],
        "folds": reports,
    }


def peak_memory_mb() -> float | None:
    """The most memory this process has held so far; None where the system does not say."""
    if sys.platform == "win32":
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024.0 * 1024.0 if sys.platform == "darwin" else 1024.0), 1)


def _require_both_outcomes(histories: Histories, what: str) -> None:
    n = n_right = 0
    for history in histories.values():
        n += len(history)
        n_right += sum(observation.score >= 0.5 for observation in history)
    if n_right == 0 or n_right == n:
        which = "wrong" if n_right == 0 else "correct"
        raise InvalidInput(f"{what} has only {which} answers in its {n:,} rows, so there is nothing to tell apart.")
