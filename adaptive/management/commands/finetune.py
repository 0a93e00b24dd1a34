"""Learns from a school's own marks or its log; keeps versions with their figures, puts them in use, takes them back."""

import argparse
import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.assessment.agreement import model_of
from adaptive.assessment.models import AssessorFit, AssessorVersion
from adaptive.catalog.models import Course
from adaptive.common.errors import AdaptiveError
from adaptive.common.text import count
from adaptive.practice import relearning
from adaptive.practice.finetuning import recommending
from adaptive.practice.finetuning.jobs import finetune_ask, how_far
from adaptive.practice.finetuning.learning import (
    KINDS,
    Order,
    figures_line,
    learn,
    sentence_of,
    version_store,
    version_use,
    why_unusable,
)
from adaptive.recommendation.effects import effects_use
from adaptive.recommendation.models import RecommenderVersion


class Command(BaseCommand):
    help = (
        "Learns from the marks of a course's teachers (--task assess) or from its answers what practice does there "
        "(--task recommend), and stores it as a version with its figures. --activate puts it in use; an assessor only "
        "where it is better than the one in use."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--task", choices=["assess", "recommend"], default="assess", help="what shall get better")
        parser.add_argument("--course", required=True, help="the course's external id")
        parser.add_argument("--tenant", help="the tenant's slug, where several have a course of this id")
        parser.add_argument(
            "--kind",
            choices=sorted(KINDS),
            default="calibrator",
            help="what is learned (default calibrator; best: what does best on questions left out)",
        )
        parser.add_argument("--seed", type=int, default=0, help="decides who is left out together (default 0)")
        parser.add_argument("--activate", action="store_true", help="put it in use where it is better")
        parser.add_argument(
            "--background", action="store_true", help="leave it to a worker; --list shows how far it is"
        )
        parser.add_argument("--unasked", action="store_true", help=argparse.SUPPRESS)  # as the sweep calls it
        other = parser.add_mutually_exclusive_group()
        other.add_argument("--list", action="store_true", help="show versions and what was asked for")
        other.add_argument("--use", type=int, metavar="N", help="put version N in use; 0: the assessor as it ships")

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["list"] or options["use"] is not None) and (options["activate"] or options["background"]):
            raise CommandError("--list and --use go without --activate and --background.", returncode=2)
        course = _course(options["course"], options["tenant"])
        if options["task"] == "recommend":
            self._recommend(course, options)
            return
        try:
            if options["list"]:
                self._list(course)
            elif options["use"] is not None:
                self.stdout.write(version_use(number=options["use"], course=course, actor=_actor()))
            elif options["background"]:
                asked = finetune_ask(
                    course=course,
                    kind=options["kind"],
                    seed=options["seed"],
                    activate=options["activate"],
                    asked_by=_actor(),
                )
                self.stdout.write(f"Job {asked.pk} is asked for: a worker does it, --list shows how far it is.")
            else:
                fitted = learn(Order(course, options["kind"], options["seed"]), progress=self._say)
                self.stdout.write(sentence_of(version_store(fitted, activate=options["activate"], actor=_actor())))
        except AdaptiveError as error:
            raise CommandError(error.detail) from None

    def _recommend(self, course: Course, options: dict[str, Any]) -> None:
        if options["background"]:
            raise CommandError(
                "--background is not for --task recommend: it takes a few minutes at most.", returncode=2
            )
        try:
            if options["unasked"]:
                version = relearning.effects_renew(course=course)
                self.stdout.write(recommending.sentence_of(version) if version else "Nothing was due.")
            elif options["list"]:
                versions = RecommenderVersion.objects.filter(course=course).order_by("pk")
                for version in versions:
                    self.stdout.write(recommending.sentence_of(version))
                self.stdout.write(f"{count(len(versions), 'version')}. Where none is in use, the defaults are.")
            elif options["use"] is not None:
                version = effects_use(course=course, number=options["use"], actor=_actor())
                self.stdout.write(recommending.sentence_of(version) if version else "The defaults are in use.")
            else:
                learned = recommending.recommending_learn(course=course, seed=options["seed"], progress=self._say)
                version = recommending.recommending_store(learned, activate=options["activate"], actor=_actor())
                self.stdout.write(f"Stored: {recommending.sentence_of(version)}.")
        except AdaptiveError as error:
            raise CommandError(error.detail) from None

    def _say(self, share: float, words: str) -> None:
        self.stdout.write(f"  {share:4.0%}  {words}")
        self.stdout.flush()

    def _list(self, course: Course) -> None:
        versions, model_in_use = AssessorVersion.objects.filter(course=course).order_by("pk"), model_of(course)
        for version in versions:
            data, why = version.data, why_unusable(version, model_in_use=model_in_use)
            line = (
                f"{'*' if version.is_active else ' '} version {version.pk}: {version.kind}, "
                f"{version.created_at:%Y-%m-%d}, {count(data['n_marks'], 'mark')} on "
                f"{count(data['n_exercises'], 'exercise')}, seed {version.seed}, {figures_line(version)}"
            )
            self.stdout.write(f"{line}. {why}" if why else line)
        for asked in reversed(AssessorFit.objects.filter(course=course).order_by("-pk")[:10]):
            self.stdout.write(f"  job {asked.pk}: {asked.kind}, {asked.status}: {how_far(asked)}")
        self.stdout.write(
            f"{count(len(versions), 'version')}; * is in use. Where none is, the assessor is as it ships."
        )


def _actor() -> str:
    try:
        return f"command line, {getpass.getuser()}"
    except (KeyError, OSError):
        return "command line"


def _course(external_id: str, tenant: str | None) -> Course:
    found = Course.objects.select_related("tenant").filter(external_id=external_id)
    found = list(found.filter(tenant__slug=tenant) if tenant else found)
    if not found:
        where = f" of tenant “{tenant}”" if tenant else ""
        raise CommandError(f"There is no course “{external_id}”{where}.")
    if len(found) > 1:
        slugs = ", ".join(sorted(course.tenant.slug for course in found))
        raise CommandError(f"Several tenants have a course “{external_id}”: add --tenant, one of {slugs}.")
    return found[0]
