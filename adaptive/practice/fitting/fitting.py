"""One fit from data to a stored version: measured on held-out learners first, then fitted on everything."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from adaptive.backends.learner_model.base import LearnerModel, Params
from adaptive.backends.learner_model.baselines import BestLr
from adaptive.backends.learner_model.difficulty_evaluation import known_difficulties
from adaptive.backends.registry import class_at, get_learner_model
from adaptive.catalog.models import Course
from adaptive.common.errors import InvalidInput
from adaptive.common.text import count
from adaptive.mastery.activation import defaults_activate, version_activate
from adaptive.mastery.models import DifficultyFit, LearnerModelVersion
from adaptive.mastery.versions import active_version, load_version
from adaptive.mastery.words import WordsFit, words_fit
from adaptive.practice import difficulties, replaying
from adaptive.practice.fitting.data import FitData, data_of_attempts, data_of_log
from adaptive.practice.fitting.measuring import Predicted, compared, figures_of, predicted, split_by_learner
from adaptive.practice.fitting.memory import forgetting_fitted

Progress = Callable[[float, str], None]
"""progress(share done in [0, 1], a few words)"""


@dataclass(frozen=True, slots=True)
class Order:
    """What to fit: the class at `backend`, on the course's answers (course None: on all), or on the log at `path`."""

    backend: str
    course: Course | None
    path: Path | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Fitted:
    """All of a version but its place in the database."""

    order: Order
    name: str
    model_version: str
    params: Params
    data: dict[str, Any]
    figures: dict[str, Any]
    fit_seconds: float
    words: WordsFit | None = None


def fit(order: Order, *, progress: Progress) -> Fitted:
    """Reads, holds a fifth of the learners out, fits on the rest, measures, and fits again on everything.

    Raises InvalidInput, one sentence, for data that cannot be used.
    """
    model_class: type[LearnerModel] = class_at(order.backend)
    data = _data(order, lambda words: progress(0.02, words))
    split = split_by_learner(data, seed=order.seed)
    n = f"{sum(map(len, split.held_out.values())):,} answers of {split.n_held_out:,} learners"

    def stage(begins: float, what: str) -> Callable[[str], None]:
        progress(begins, what)
        return lambda words: progress(begins, f"{what}: {words}")

    say = stage(0.05, f"{model_class.name} without the {split.n_held_out:,} learners held out")
    measured = model_class(_fitted(model_class, split.train, order.seed, say))
    new = predicted(measured, split.held_out)
    say = stage(0.45, "Best-LR on the same learners, to compare with")
    baseline = (
        new if model_class is BestLr else predicted(BestLr(BestLr.fit(split.train, 0, on_progress=say)), split.held_out)
    )
    stage(0.55, f"predicting {n} that were held out")
    in_use, old_model = _in_use(order.course)
    old = predicted(old_model, split.held_out)

    def old_refitted() -> Predicted:
        if type(old_model) is model_class:
            return new  # the same kind on more data: nothing that could be worse
        say = stage(0.57, f"{old_model.name}, in use, without these learners too")
        return predicted(type(old_model)(_fitted(type(old_model), split.train, order.seed, say)), split.held_out)

    figures = {
        "held_out": {"n_learners": split.n_held_out, "n_rows": len(new.y), "seed": order.seed},
        "model": figures_of(new.y, new.p),
        "best_lr": figures_of(baseline.y, baseline.p),
        "in_use": {
            "version": in_use.pk if in_use else 0,
            "name": old_model.name,
            **figures_of(old.y, old.p),
        },
        "compared": compared(new, old, seen_until=_seen_until(in_use, data), old_refitted=old_refitted),
    }
    say = stage(0.6, f"{model_class.name} on all {data.n_learners:,} learners")
    started = time.perf_counter()
    params = _fitted(model_class, data.histories, order.seed, say)
    seconds = round(time.perf_counter() - started, 2)
    say = stage(0.96, "how fast is forgotten")
    if forgetting := forgetting_fitted(model_class, params, data, seed=order.seed, say=say):
        figures["forgetting"] = forgetting
    say = stage(0.98, "how hard new exercises are")
    words = words_fit(known_difficulties(data.histories, params.get("pfa") or params), say=say)
    progress(0.99, "storing it")
    facts = {**data.facts, **({"notes": data.notes} if data.notes else {})}
    return Fitted(order, model_class.name, model_class.version, params, facts, figures, seconds, words)


def _data(order: Order, say: Callable[[str], None]) -> FitData:
    if order.path is None:
        return data_of_attempts(course=order.course, say=say)
    assert order.course is not None
    return data_of_log(course=order.course, path=order.path, say=say)


def _fitted(model_class: type[LearnerModel], histories: Any, seed: int, say: Callable[[str], None]) -> Params:
    """The parameters as the database will give them back; ValueError where it could not keep them."""
    return json.loads(json.dumps(model_class.fit(histories, seed, on_progress=say), allow_nan=False))


def _in_use(course: Course | None) -> tuple[LearnerModelVersion | None, LearnerModel]:
    version = active_version(course)
    return version, load_version(version) if version else get_learner_model()


def _seen_until(in_use: LearnerModelVersion | None, data: FitData) -> float | None:
    if in_use is None or "source" not in in_use.data:  # the defaults that ship
        return None
    if in_use.data.get("source") != "attempts" or data.facts["source"] != "attempts":
        # Two logs, or a log and the answers: whether one holds the other's learners nobody knows.
        return float("inf") if in_use.data.get("hash") == data.facts["hash"] else None
    return datetime.fromisoformat(in_use.data["until"]).timestamp()


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a fit. held_back: why it was not put in use though that was asked for; "" otherwise."""

    version: LearnerModelVersion
    is_active: bool
    held_back: str


@transaction.atomic
def version_store(fitted: Fitted, *, activate: bool, force: bool = False, actor: str = "") -> Stored:
    """Keeps the fit as a version and, where asked for and not worse than what is in use, puts it in use."""
    version = LearnerModelVersion.objects.create(
        name=fitted.name,
        backend=fitted.order.backend,
        model_version=fitted.model_version,
        course=fitted.order.course,
        params=fitted.params,
        data=fitted.data,
        seed=fitted.order.seed,
        figures=fitted.figures,
        fit_seconds=fitted.fit_seconds,
    )
    if words := fitted.words:
        DifficultyFit.objects.create(
            version=version, params=words.params, embedding_model=words.embedding_model, n_items=words.n_items
        )
    held_back = "" if force or not activate else why_held_back(fitted.figures)
    if activate and not held_back:
        version_activate(version=version, actor=actor)
        _tell_workers(version.course)
    return Stored(version, activate and not held_back, held_back)


def _tell_workers(course: Course | None) -> None:
    """Another version is in use: difficulties first, so that the states are replayed with them."""
    difficulties.publish_for(course)
    replaying.publish_for(course)


def version_use(*, number: int, course: Course | None, actor: str = "") -> str:
    """Puts an earlier version in use again, or (0) the defaults that ship. Returns a sentence on what was done.

    course: where version 0 shall count; of any other version it only has to be the right one, where given.
    """
    if number == 0:
        with transaction.atomic():
            defaults_activate(course=course, actor=actor)
            _tell_workers(course)
        where = f"course “{course.external_id}”" if course else "every course that has no version of its own"
        return f"The shipped defaults are in use for {where}; the learners' states follow in the background."
    version = LearnerModelVersion.objects.select_related("course__tenant").defer("params").filter(pk=number).first()
    if version is None:
        raise InvalidInput(f"There is no version {number}.")
    where = f"course “{version.course.external_id}”" if version.course else "all courses"
    if course is not None and version.course_id != course.pk:
        raise InvalidInput(f"Version {number} is of {where}, not of course “{course.external_id}”.")
    with transaction.atomic():
        version_activate(version=version, actor=actor)
        _tell_workers(version.course)
    return f"Version {number}, {version.name}, is in use for {where}; the learners' states follow in the background."


def why_held_back(figures: dict[str, Any]) -> str:
    """Why a version with these figures should not be put in use; "" where nothing speaks against it."""
    found, in_use = figures["compared"], figures["in_use"]
    if not found["is_worse"]:
        return ""
    later = " that came after the fit of the version in use" if found["rows"] == "unseen" else ""
    other = version_name(in_use)
    if found["rows"] == "refitted":
        other = f"{in_use['name']}, the model of {other}, fitted without these learners"
    return (
        f"Its log loss on the {found['n']:,} answers held out{later} is {found['log_loss']:.4f}, worse than the "
        f"{found['log_loss_in_use']:.4f} of {other}."
    )


def version_name(in_use: dict[str, Any]) -> str:
    return f"version {in_use['version']}" if in_use["version"] else "the shipped defaults"


def figures_line(figures: dict[str, Any]) -> str:
    return f"auc {figures['auc']:.4f}, log loss {figures['log_loss']:.4f}, ece {figures['ece']:.4f}"


def sentence_of(stored: Stored) -> str:
    """What an operator is told at the end."""
    version, data, figures = stored.version, stored.version.data, stored.version.figures
    held_out = figures["held_out"]
    if stored.is_active:
        end = "It is in use now, and the learners' states follow in the background."
    else:
        end = (
            f"It is stored but not in use. {stored.held_back}" if stored.held_back else "It is stored, not in use yet."
        )
    return (
        f"Version {version.pk}, {version.name}, is fitted on {data['n_rows']:,} answers of {data['n_learners']:,} "
        f"learners in {version.fit_seconds:.1f} s. On the {held_out['n_rows']:,} answers of "
        f"{count(held_out['n_learners'], 'learner')} held out: {figures_line(figures['model'])}; "
        f"best-lr: {figures_line(figures['best_lr'])}; "
        f"{version_name(figures['in_use'])}, in use so far: {figures_line(figures['in_use'])}. {end}"
    )
