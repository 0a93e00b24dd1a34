"""Fits a learner model on a course's own answers, keeps it as a version with its figures, puts versions in use."""

import argparse
import getpass
import json
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.backends.learner_model.available import MODELS
from adaptive.backends.registry import class_at
from adaptive.catalog.models import Course
from adaptive.common.errors import AdaptiveError, InvalidInput
from adaptive.common.processes import be_nice, end_with_parent
from adaptive.conf import settings
from adaptive.management.progress import count
from adaptive.mastery.models import LearnerModelFit, LearnerModelVersion
from adaptive.mastery.selectors import replay_progress
from adaptive.mastery.versions import path_of, why_unusable
from adaptive.practice.effects import LeaseLost
from adaptive.practice.fitting.fitting import Order, figures_line, fit, sentence_of, version_store, version_use
from adaptive.practice.fitting.jobs import (
    AGAIN,
    FAILED,
    FINAL,
    PROGRESS,
    fit_ask,
    fit_cancel,
    fit_finish,
    how_far,
    order_of,
)

NICENESS = 15
SAY_EVERY = 2.0


class Command(BaseCommand):
    help = (
        "Fits a learner model on the answers of a course (of all courses without --course) and stores it as a version "
        "with its figures on held-out learners. --activate puts it in use unless it predicts worse than what is in use."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--course", help="the course's external id; all courses of the installation otherwise")
        parser.add_argument("--tenant", help="the tenant's slug, where several have a course of this id")
        parser.add_argument("--from", dest="path", type=Path, metavar="CSV", help="fit on this log; needs --course")
        parser.add_argument(
            "--model", choices=sorted(MODELS), help="which learner model (default: the setting LEARNER_MODEL_TO_FIT)"
        )
        parser.add_argument("--seed", type=int, default=0, help="decides who is held out, and the fit (default 0)")
        parser.add_argument("--activate", action="store_true", help="put it in use where it is not worse")
        parser.add_argument("--force", action="store_true", help="with --activate: put it in use in any case")
        parser.add_argument(
            "--background", action="store_true", help="leave it to a worker; see --list for its progress"
        )
        other = parser.add_mutually_exclusive_group()
        other.add_argument("--list", action="store_true", help="show versions, fits and how far the states are")
        other.add_argument("--use", type=int, metavar="N", help="put version N in use; 0: the defaults that ship")
        other.add_argument("--cancel", type=int, metavar="FIT", help="cancel a fit that waits or is at work")
        # The worker's own: do the work of this row, in this process, for the holder of this lease.
        other.add_argument("--work", type=int, help=argparse.SUPPRESS)
        parser.add_argument("--token", type=uuid.UUID, help=argparse.SUPPRESS)
        parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["work"] is not None:
            self._work(options)
            return
        fits = not (options["list"] or options["use"] is not None or options["cancel"] is not None)
        if options["path"] and not options["course"]:
            raise CommandError("--from needs --course: the log's items are found in a course.", returncode=2)
        if options["force"] and not options["activate"]:
            raise CommandError("--force goes with --activate.", returncode=2)
        if not fits and (options["path"] or options["activate"] or options["background"]):
            raise CommandError("--list, --use and --cancel go without a fit's options.", returncode=2)
        course = _course(options["course"], options["tenant"])
        try:
            if options["list"]:
                self._list(course)
            elif options["use"] is not None:
                self.stdout.write(version_use(number=options["use"], course=course, actor=_actor()))
            elif options["cancel"] is not None:
                self._cancel(options["cancel"])
            else:
                self._fit(course, options)
        except AdaptiveError as error:
            raise CommandError(error.detail) from None

    def _fit(self, course: Course | None, options: dict[str, Any]) -> None:
        backend = path_of(MODELS[options["model"]]) if options["model"] else settings().learner_model_to_fit
        if options["background"]:
            asked = fit_ask(
                course=course,
                backend=backend,
                seed=options["seed"],
                path=options["path"],
                activate=options["activate"],
                force=options["force"],
                asked_by=_actor(),
            )
            self.stdout.write(f"Fit {asked.pk} is asked for: a worker does it, --list shows how far it is.")
            return
        fitted = fit(Order(backend, course, options["path"], options["seed"]), progress=self._progress())
        stored = version_store(fitted, activate=options["activate"], force=options["force"], actor=_actor())
        self.stdout.write(sentence_of(stored))

    def _progress(self) -> Callable[[float, str], None]:
        """A line for every stage, and one now and then within."""
        last = {"stage": "", "at": 0.0}

        def say(share: float, words: str) -> None:
            stage = words.partition(":")[0]
            if stage == last["stage"] and time.monotonic() - last["at"] < SAY_EVERY:
                return
            last.update(stage=stage, at=time.monotonic())
            self.stdout.write(f"  {share:4.0%}  {words}")
            self.stdout.flush()

        return say

    def _cancel(self, number: int) -> None:
        if not fit_cancel(number):
            found = LearnerModelFit.objects.filter(pk=number).first()
            raise CommandError(f"Fit {number} is {found.status} already." if found else f"There is no fit {number}.")
        self.stdout.write(f"Fit {number} is cancelled.")

    def _list(self, course: Course | None) -> None:
        versions = LearnerModelVersion.objects.defer("params").select_related("course").order_by("pk")
        fits = LearnerModelFit.objects.select_related("course").order_by("-pk")
        courses = Course.objects.order_by("pk")
        if course is not None:
            versions, fits = versions.filter(course=course), fits.filter(course=course)
            courses = courses.filter(pk=course.pk)
        for version in versions:
            self.stdout.write(f"{'*' if version.is_active else ' '} version {version.pk}: {_version_line(version)}")
        for asked in reversed(fits[:10]):
            self.stdout.write(f"  fit {asked.pk}: {_fit_line(asked)}")
        waiting = 0
        for progress in replay_progress(courses).values():
            if progress.n_waiting:
                waiting += progress.n_waiting
                done = progress.n_states - progress.n_waiting
                failed = f"; {progress.n_failed:,} failed: {progress.error}" if progress.n_failed else ""
                self.stdout.write(
                    f"  course {progress.course.external_id}: {done:,} of {count(progress.n_states, 'state')} by the "
                    f"version in use, {progress.n_waiting:,} to follow{failed}"
                )
        follow = f" {count(waiting, 'state')} still to follow." if waiting else ""
        self.stdout.write(
            f"{count(len(versions), 'version')}; * is in use. Where none is, it is the shipped defaults.{follow}"
        )

    def _work(self, options: dict[str, Any]) -> None:
        end_with_parent(options["parent"])
        be_nice(NICENESS)

        def tell(kind: str, what: Any) -> None:
            print(kind + json.dumps(what), flush=True)

        asked = LearnerModelFit.objects.select_related("course__tenant").get(pk=options["work"])
        try:
            fitted = fit(order_of(asked), progress=lambda share, words: tell(PROGRESS, [share, words]))
            fit_finish(fit_id=asked.pk, token=options["token"], fitted=fitted)
        except LeaseLost as lost:
            tell(FAILED, str(lost))
            sys.exit(AGAIN)
        except InvalidInput as error:
            tell(FAILED, error.detail)
            sys.exit(FINAL)
        except MemoryError:
            tell(FAILED, "There was not enough memory for it.")
            sys.exit(AGAIN)
        except Exception as error:
            tell(FAILED, f"{type(error).__name__}: {error}")
            raise


def _actor() -> str:
    try:
        return f"command line, {getpass.getuser()}"
    except (KeyError, OSError):
        return "command line"


def _course(external_id: str | None, tenant: str | None) -> Course | None:
    if external_id is None:
        return None
    found = Course.objects.select_related("tenant").filter(external_id=external_id)
    found = list(found.filter(tenant__slug=tenant) if tenant else found)
    if not found:
        where = f" of tenant “{tenant}”" if tenant else ""
        raise CommandError(f"There is no course “{external_id}”{where}.")
    if len(found) > 1:
        slugs = ", ".join(sorted(course.tenant.slug for course in found))
        raise CommandError(f"Several tenants have a course “{external_id}”: add --tenant, one of {slugs}.")
    return found[0]


def _version_line(version: LearnerModelVersion) -> str:
    where = f"course {version.course.external_id}" if version.course else "all courses"
    if "source" not in version.data:
        return f"the shipped defaults, {where}"
    data, figures = version.data, figures_line(version.figures["model"])
    line = (
        f"{version.name}, {where}, {version.created_at:%Y-%m-%d}, {data['n_rows']:,} answers of "
        f"{data['n_learners']:,} learners, seed {version.seed}, held out: {figures}"
    )
    why = why_unusable(version)
    return f"{line}. {why}" if why else line


def _fit_line(asked: LearnerModelFit) -> str:
    where = f"course {asked.course.external_id}" if asked.course else "all courses"
    try:
        name = class_at(asked.backend).name
    except ImportError:
        name = asked.backend
    version = f", version {asked.version_id}" if asked.version_id else ""
    how = how_far(asked)
    return f"{name}, {where}, {asked.status}{version}" + (f": {how}" if how else "")
