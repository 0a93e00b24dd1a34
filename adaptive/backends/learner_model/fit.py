"""Finds the shipped parameters of the default learner model from attempt logs. Offline, a maintainer's tool:

    python -m adaptive.backends.learner_model.fit LOG.csv.gz LOG.csv.gz ... --seed 0

Every log counts with all its rows. A fifth of the learners (by a stable hash of log, learner and seed) is held out; the
file gets the figures on them. Only what holds for any course is shipped: no item's or skill's own numbers.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from adaptive.common.errors import InvalidInput
from adaptive.common.hashing import stable_seed
from adaptive.common.metrics import auc, ece, log_loss

from .base import Item, LearnerModel, Observation, Params
from .logs import AttemptLog, read_log
from .pfa import PfaForgetting

Histories = dict[str, list[Observation]]
_SPACING = 1 << 50  # ids of the n-th log are moved by n times this, so that logs never share an item


def split_learners(log: AttemptLog, number: int, seed: int) -> tuple[Histories, Histories]:
    """(training, held out), ids moved apart from those of other logs."""
    train: Histories = {}
    held_out: Histories = {}
    moved: dict[int, Item] = {}
    for learner, history in log.histories.items():
        part = held_out if stable_seed(number, learner, seed) % 5 == 0 else train
        part[f"{number}/{learner}"] = [
            replace(o, item=moved.setdefault(id(o.item), _moved(o.item, number * _SPACING))) for o in history
        ]
    return train, held_out


def _moved(item: Item, by: int) -> Item:
    return Item(id=item.id + by, skill_ids=tuple(skill + by for skill in item.skill_ids))


def predictions(model: LearnerModel, histories: Mapping[str, Sequence[Observation]]) -> tuple[list[float], list[float]]:
    """(scores, P(correct) just before each), learner after learner."""
    y, p = [], []
    for history in histories.values():
        state = model.empty()
        for observation in history:
            p.append(model.predict_then_step(state, observation))
            y.append(observation.score)
    return y, p


def shipped_params(paths: Sequence[str], seed: int) -> Params:
    """Parameters for courses never seen, with their held-out figures: with and without the items' own difficulties."""
    train: Histories = {}
    parts = []
    for number, path in enumerate(paths):
        some, rest = split_learners(read_log(path), number, seed)
        train |= some
        parts.append((path, rest))
    params = PfaForgetting.fit(train, seed)
    shipped = {key: value for key, value in params.items() if key not in ("items", "skills")}
    figures = {}
    for path, rest in parts:
        name = Path(path).parent.name + "/" + Path(path).name
        figures[name] = {}
        for label, some_params in (("known_items", params), ("new_items", shipped)):
            y, p = predictions(PfaForgetting(some_params), rest)
            figures[name][label] = {
                "auc": round(auc(y, p), 4),
                "log_loss": round(log_loss(y, p), 4),
                "ece": round(ece(y, p), 4),
                "n_rows": len(y),
                "n_learners": len(rest),
            }
    return {**shipped, "fitted": {**params["fitted"], "held_out": figures}}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", metavar="LOG")
    parser.add_argument("--out", default=str(Path(__file__).parent / "defaults" / "pfa_forgetting.json"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        params = shipped_params(options.logs, options.seed)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 1
    Path(options.out).write_text(json.dumps(params, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(params["fitted"], indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
