"""From a course's marks to a stored version: learned, judged on answers left out, in use only where it is better."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import transaction

from adaptive.assessment.agreement import (
    PairedMark,
    active_version,
    agreement_refresh,
    model_of,
    paired_marks,
    shift_of,
)
from adaptive.assessment.models import AssessorVersion
from adaptive.assessment.trust import calibrator
from adaptive.assessment.trust.calibrator import Calibrator, Learned, Marked, shifted
from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.catalog.models import Course
from adaptive.common.errors import InvalidInput
from adaptive.common.hashing import stable_hash
from adaptive.common.metrics import ece, log_loss
from adaptive.common.text import count
from adaptive.practice.finetuning.adapting import adapters_learn

MIN_MARKS, MIN_EXERCISES = 30, 2
MIN_LATER = 50  # marks later than those a version was learned from, from which it is judged by these alone
Progress = Callable[[float, str], None]
"""progress(share done in [0, 1], a few words)"""


@dataclass(frozen=True, slots=True)
class Order:
    """What to learn, for which course."""

    course: Course
    kind: str = AssessorVersion.Kind.CALIBRATOR
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Fitted:
    """All of a version but its place in the database."""

    order: Order
    base: str
    params: dict[str, Any]
    data: dict[str, Any]
    figures: dict[str, Any]
    fit_seconds: float


@dataclass(frozen=True, slots=True)
class Stored:
    """held_back: why it was not put in use though that was asked for; "" otherwise. is_new: False where the same marks
    had been learned from before."""

    version: AssessorVersion
    held_back: str
    is_new: bool


def _calibrator(
    marks: list[PairedMark], order: Order, in_use: AssessorVersion | None, progress: Progress
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(params, figures) of a calibrator."""
    marked = as_marked(marks)
    learned = calibrator.learn(marked, seed=order.seed, progress=progress)
    params = {
        "calibrator": learned.calibrator.to_json(),
        "by_fold": {str(fold): each.to_json() for fold, each in learned.by_fold.items()},
        "spread": learned.spread,
    }
    return params, _figures(marks, marked, learned, in_use)


def _adapter(
    marks: list[PairedMark], order: Order, in_use: AssessorVersion | None, progress: Progress
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(params, figures) of adapters of the cross-encoder with a calibrator over them."""
    base = model_of(order.course)
    more, marked, learned, marks = adapters_learn(
        marks, course=order.course, base=base, seed=order.seed, progress=progress
    )
    params = {
        "calibrator": learned.calibrator.to_json(),
        "by_fold": {str(fold): each.to_json() for fold, each in learned.by_fold.items()},
        "spread": learned.spread,
        **more,
    }
    return params, _figures(marks, marked, learned, in_use)


# Each takes the marks, the order, the version in use and `progress`, and gives parameters and figures with the keys of
# `_figures`. `practice/gate.py` applies what it stored (`with_last_word`), `assessment/agreement.py` judges by it
# (`decisions`).
LEARNERS: dict[str, Callable[..., tuple[dict[str, Any], dict[str, Any]]]] = {
    AssessorVersion.Kind.CALIBRATOR: _calibrator,
    AssessorVersion.Kind.ADAPTER: _adapter,
}
BEST = "best"  # of all of them, the one with the lowest log loss on questions left out
KINDS = (*LEARNERS, BEST)


def as_marked(marks: list[PairedMark]) -> Marked:
    return Marked(
        p=np.array([mark.p for mark in marks], dtype=float),
        right=np.array([mark.is_right for mark in marks], dtype=bool),
        exercise=[mark.exercise for mark in marks],
        learner=[mark.learner for mark in marks],
    )


def learn(order: Order, *, progress: Progress = lambda share, words: None) -> Fitted:
    """Reads the marks, learns, and judges on questions and learners left out.

    Raises InvalidInput, one sentence, where there is too little to learn from.
    """
    started = time.perf_counter()
    progress(0.02, "reading the marks")
    base = model_of(order.course)
    marks = [mark for mark in paired_marks(course=order.course, model=base) if mark.p is not None]
    n_exercises = len({mark.exercise for mark in marks})
    if len(marks) < MIN_MARKS or n_exercises < MIN_EXERCISES:
        raise InvalidInput(
            f"Course “{order.course.external_id}” has {count(len(marks), 'mark')} on {count(n_exercises, 'exercise')} "
            f"that say something of the assessor in use, which is too little to learn from: at least {MIN_MARKS} on "
            f"{MIN_EXERCISES} are needed."
        )
    in_use = active_version(order.course, model=base)
    if order.kind == BEST:
        kind, params, figures = _best(marks, order, in_use, progress)
        order = replace(order, kind=kind)
    else:
        params, figures = LEARNERS[order.kind](marks, order, in_use, progress)
    progress(0.98, "storing it")
    data = {
        "n_marks": len(marks),
        "n_exercises": n_exercises,
        "n_learners": len({mark.learner for mark in marks}),
        "n_right": sum(mark.is_right for mark in marks),
        "until_mark": max(mark.marked_id for mark in marks),
        "hash": stable_hash([[mark.attempt_id, mark.exercise, mark.p, mark.is_right] for mark in marks]),
    }
    return Fitted(order, base, params, data, figures, round(time.perf_counter() - started, 3))


def _best(
    marks: list[PairedMark], order: Order, in_use: AssessorVersion | None, progress: Progress
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """(kind, params, figures) of what is best on the same answers with their questions left out."""
    params, figures = _calibrator(marks, order, in_use, progress)
    try:
        more, theirs = _adapter(marks, order, in_use, progress)
    except InvalidInput as why:
        progress(0.97, f"no adapters: {why.detail}")
        return AssessorVersion.Kind.CALIBRATOR, params, figures
    if theirs["questions_left_out"]["n"] != len(marks):
        seen = set(map(int, more["shifts"]))
        _, figures_of_same = _calibrator([m for m in marks if m.attempt_id in seen], order, in_use, progress)
    else:
        figures_of_same = figures
    ours = figures_of_same["questions_left_out"]["log_loss"]
    if theirs["questions_left_out"]["log_loss"] < ours:
        return AssessorVersion.Kind.ADAPTER, more, {**theirs, "log_loss_of_calibrator": ours}
    return (
        AssessorVersion.Kind.CALIBRATOR,
        params,
        {
            **figures,
            "log_loss_of_adapter": theirs["questions_left_out"]["log_loss"],
        },
    )


def _measured(right: np.ndarray, p: np.ndarray) -> dict[str, Any]:
    agrees = (p >= 0.5) == right
    figures = {"log_loss": log_loss(right, p), "ece": ece(right, p), "accuracy": float(agrees.mean())}
    return {**{name: round(value, 6) for name, value in figures.items()}, "n": len(right)}


def _figures(
    marks: list[PairedMark], marked: Marked, learned: Learned, in_use: AssessorVersion | None
) -> dict[str, Any]:
    """On questions left out, on learners left out, of the assessor as it ships, and beside the version in use."""
    right = marked.right
    figures: dict[str, Any] = {
        "questions_left_out": _measured(right, learned.by_question),
        "learners_left_out": _measured(right, learned.by_learner),
        "shipped": _measured(right, marked.p),
        "spread": learned.spread,
        "in_use": None,
    }
    if in_use is not None:
        later = np.array([mark.marked_id > in_use.data["until_mark"] for mark in marks])
        rows = later if later.sum() >= MIN_LATER else np.ones(len(marks), dtype=bool)
        shifts = [shift_of(mark, in_use) or 0.0 for mark in marks]
        seen = Marked(shifted(marked.p, np.array(shifts)), marked.right, marked.exercise, marked.learner)
        theirs = Calibrator.from_json(in_use.params["calibrator"]).predict(seen)
        figures["in_use"] = {
            "version": in_use.pk,
            # "all": it has seen some of these marks, which flatters it; a new one has to be better all the same.
            "rows": "later" if rows is later else "all",
            **_measured(right[rows], theirs[rows]),
            "log_loss_new": round(log_loss(right[rows], learned.by_learner[rows]), 6),
        }
    return figures


def why_held_back(figures: dict[str, Any]) -> str:
    """Why what is in use stays in use, in a sentence; "" where the new one is better."""
    new, shipped = figures["questions_left_out"]["log_loss"], figures["shipped"]["log_loss"]
    if not new < shipped:
        return f"On questions left out its log loss is {new:.4f}, not lower than the {shipped:.4f} of the shipped one."
    if in_use := figures["in_use"]:
        ours, theirs = in_use["log_loss_new"], in_use["log_loss"]
        if not ours < theirs:
            return (
                f"Its log loss is {ours:.4f}, not lower than the {theirs:.4f} of version {in_use['version']}, in use."
            )
    return ""


@transaction.atomic
def version_store(fitted: Fitted, *, activate: bool, actor: str = "") -> Stored:
    """Keeps what was learned as a version and, where asked for and better, puts it in use.

    The same marks and seed give the version that is there already.
    """
    order = fitted.order
    Course.objects.select_for_update(no_key=True).get(pk=order.course.pk)
    same = AssessorVersion.objects.filter(
        course=order.course, kind=order.kind, kind_version=calibrator.VERSION, base=fitted.base, seed=order.seed
    )
    version = same.filter(data__hash=fitted.data["hash"]).first()
    is_new = version is None
    if version is None:
        version = AssessorVersion.objects.create(
            course=order.course,
            kind=order.kind,
            kind_version=calibrator.VERSION,
            base=fitted.base,
            params=fitted.params,
            data=fitted.data,
            figures=fitted.figures,
            seed=order.seed,
            fit_seconds=fitted.fit_seconds,
        )
    held_back = why_held_back(version.figures) if activate and not version.is_active else ""
    if activate and not held_back and not version.is_active:
        version_activate(version=version, actor=actor)
    return Stored(version, held_back, is_new)


@transaction.atomic
def version_activate(*, version: AssessorVersion, actor: str = "") -> None:
    """Puts the version in use and measures agreement with it anew. InvalidInput for one that cannot be used."""
    if why := why_unusable(version, model_in_use=model_of(version.course)):
        raise InvalidInput(why)
    former = _deactivate(version.course)
    AssessorVersion.objects.filter(pk=version.pk).update(is_active=True)
    version.is_active = True
    _note(version.course, subject=version, actor=actor, former=former, number=version.pk)
    agreement_refresh(course=version.course)


def why_unusable(version: AssessorVersion, *, model_in_use: str) -> str:
    """Why the program as it is now cannot use the version, in words; "" where it can.

    model_in_use: `model_of` the version's course, which a list of versions reads once and not for each.
    """
    if version.kind not in LEARNERS or version.kind_version != calibrator.VERSION:
        return f"Version {version.pk} was learned by another program than this one: learn it again."
    if version.base != model_in_use:
        return (
            f"Version {version.pk} corrects the assessor “{version.base}”, and “{model_in_use}” is in use: "
            "learn it again."
        )
    return ""


def _deactivate(course: Course) -> int:
    active = AssessorVersion.objects.select_for_update().filter(course=course, is_active=True)
    former = active.values_list("pk", flat=True).first() or 0
    AssessorVersion.objects.filter(course=course, is_active=True).update(is_active=False)
    return former


def _note(course: Course, *, subject: Any, actor: str, former: int, number: int) -> None:
    audit_record(
        tenant=course.tenant,
        action="assessor_version_activate",
        subject=subject,
        actor_kind=AuditEntry.ActorKind.PERSON if actor else AuditEntry.ActorKind.SYSTEM,
        actor=actor,
        inputs={"before": former, "course": course.external_id},
        outcome={"in_use": number},
    )


def version_use(*, number: int, course: Course, actor: str = "") -> str:
    """Puts an earlier version in use again, or (0) the assessor as it ships. Returns a sentence on what was done."""
    where = f"course “{course.external_id}”"
    if number == 0:
        with transaction.atomic():
            former = _deactivate(course)
            if former:
                _note(course, subject=course, actor=actor, former=former, number=0)
            agreement_refresh(course=course)
        return f"The assessor as it ships is in use for {where}."
    version = AssessorVersion.objects.select_related("course__tenant").filter(pk=number, course=course).first()
    if version is None:
        raise InvalidInput(f"There is no version {number} of {where}.")
    version_activate(version=version, actor=actor)
    return f"Version {number}, {version.kind}, is in use for {where}."


def figures_line(version: AssessorVersion) -> str:
    """ "log loss 0.4123 on questions left out (the shipped one 0.5310)"."""
    new, shipped = version.figures["questions_left_out"], version.figures["shipped"]
    return f"log loss {new['log_loss']:.4f} on questions left out (as shipped {shipped['log_loss']:.4f})"


def sentence_of(stored: Stored) -> str:
    """What was learned, how good it is, and whether it is in use: the last line of the command."""
    version, data = stored.version, stored.version.data
    how = "is learned from" if stored.is_new else "was learned before from the same"
    line = (
        f"Version {version.pk}, {version.kind}, {how} {count(data['n_marks'], 'mark')} on "
        f"{count(data['n_exercises'], 'exercise')} in {version.fit_seconds:.1f} s: {figures_line(version)}."
    )
    if version.is_active:
        return f"{line} It is in use now."
    if stored.held_back:
        return f"{line} {stored.held_back} It is stored but not in use."
    return f"{line} It is stored, not in use yet."
