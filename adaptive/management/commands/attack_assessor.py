"""How hard the assessor of words is to fool: answers made up by rule, over the demonstration courses and a file."""

import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.assessment.attacks.base import Attack, Target
from adaptive.assessment.attacks.report import Outcome, report_of, table
from adaptive.assessment.attacks.suite import KINDS, attacks_on, chosen
from adaptive.assessment.types import AssessorUnavailable, Verdict
from adaptive.assessment.words.assessor import RELEASE_CONFIDENCE, WordsTask, assess_words_batch
from adaptive.assessment.words.data import Graded, by_question, read_authored, read_graded
from adaptive.assessment.words.guards import guard
from adaptive.backends.registry import get_embedding, get_llm, get_marker
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json
from adaptive.practice.demo.services import fixtures_folder

PART = 32  # attacks assessed together; progress is said about every twenty seconds
SAY_EVERY = 20


class Command(BaseCommand):
    help = (
        "Attacks the assessor of words: answers made up by rule that must earn nothing, and right answers written "
        "another way that must go on earning a mark. Over the exercises in words of the demonstration courses and, "
        "with --answers, over the questions of a file of graded answers. Needs no database."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--answers", metavar="FILE.csv", help="graded answers: their questions are attacked, too")
        parser.add_argument("--limit", type=int, metavar="N", help="at most N exercises of each source, by lot")
        parser.add_argument("--report", metavar="REPORT.json", help="where the figures go")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--kind",
            action="append",
            default=[],
            choices=sorted(kind.name for kind in KINDS),
            metavar="KIND",
            help="this kind alone (repeatable); an honest kind wants `clean` beside it",
        )
        parser.add_argument(
            "--release-confidence",
            type=float,
            default=RELEASE_CONFIDENCE,
            metavar="P",
            help=f"from which a mark counts without a person (default {RELEASE_CONFIDENCE})",
        )
        parser.add_argument(
            "--skip-held",
            action="store_true",
            help="ask no model about answers that a rule holds back whatever it says: several times faster",
        )
        parser.add_argument(
            "--guards-only",
            action="store_true",
            help="ask no model, but take every answer that no rule holds back for a released full mark: the worst case",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit must be at least 1.", returncode=2)
        if not 0.0 <= options["release_confidence"] <= 1.0:
            raise CommandError("--release-confidence must lie between 0 and 1.", returncode=2)
        target = Path(options["report"]) if options["report"] else None
        try:
            if target:
                check_writable(target)
            attacks = self._attacks(options)
            outcomes, about = self._outcomes(attacks, options)
            report = {"seed": options["seed"], "limit": options["limit"], **about, **report_of(outcomes)}
            for line in table(report):
                self.stdout.write(line)
            if target:
                write_json(target, report)
        except AssessorUnavailable as error:
            raise CommandError(str(error)) from None
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        n_kinds, n_exercises = len(report["kinds"]), len({(each.target.source, each.target.id) for each in attacks})
        missed = [name for name, figures in report["groups"].items() if figures.get("passed") is False]
        self.stdout.write(
            f"{len(outcomes):,} answers of {n_kinds} kinds to {n_exercises} exercises: "
            + (f"bars missed by {', '.join(missed)}." if missed else "all bars held.")
            + (f" Report: {target}" if target else "")
        )

    def _attacks(self, options: dict[str, Any]) -> list[Attack]:
        sources = [("demonstration courses", targets_of(read_authored(fixtures_folder())))]
        if options["answers"]:
            path = Path(options["answers"])
            try:
                sources.append((path.name, targets_of(read_graded(path))))
            except FileNotFoundError:
                raise CommandError(f"There is no file {path}.") from None
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"{path} cannot be read as CSV: {error}.") from None
            except ValueError as error:
                raise CommandError(str(error)) from None
            if not sources[-1][1]:
                raise CommandError(f"{path} has no rows below its header.")
        kinds = [kind for kind in KINDS if not options["kind"] or kind.name in options["kind"]]
        out = []
        for name, targets in sources:
            some = chosen(targets, limit=options["limit"], seed=options["seed"])
            self._say(f"{name}: {len(some)} of {len(targets)} exercises in words")
            for target in some:
                out += attacks_on(target, others=targets, seed=options["seed"], kinds=kinds)
        return out

    def _outcomes(self, attacks: Sequence[Attack], options: dict[str, Any]) -> tuple[list[Outcome], dict[str, Any]]:
        if options["guards_only"]:
            return [guarded(attack) for attack in attacks], {"assessor": "guards only"}
        llm, embedding, marker = get_llm(), get_embedding(), get_marker()
        about = {
            "assessor": f"{llm.name} {llm.version}",
            "embedding": embedding.name,
            "release_confidence": options["release_confidence"],
        }
        out: list[Outcome] = []
        if options["skip_held"]:
            about["held_without_model"] = True
            out = [outcome for attack in attacks if not (outcome := guarded(attack)).is_released]
            held = {id(outcome.attack) for outcome in out}
            attacks = [attack for attack in attacks if id(attack) not in held]
            self._say(f"{len(out):,} answers are held back by rule, {len(attacks):,} are left for the model")
        n_held = len(out)
        started = said = time.monotonic()
        for start in range(0, len(attacks), PART):
            part = attacks[start : start + PART]
            verdicts = assess_words_batch(
                [WordsTask(each.target.question, list(each.target.references), each.answer) for each in part],
                llm=llm,
                embedding=embedding,
                marker=marker,
                release_confidence=options["release_confidence"],
            )
            # Whoever read them; the key alone says nothing of the model.
            about["assessor"] = next((verdict.model for verdict in verdicts if verdict.model), about["assessor"])
            out += [
                outcome_of(attack, verdict, options["release_confidence"])
                for attack, verdict in zip(part, verdicts, strict=True)
            ]
            n_done = len(out) - n_held
            if time.monotonic() - said > SAY_EVERY or n_done == len(attacks):
                said = time.monotonic()
                rate = n_done / max(said - started, 1e-9)
                left = (len(attacks) - n_done) / rate / 60
                self._say(f"{n_done:,} of {len(attacks):,} answers, {rate:.1f} a second, {left:.0f} min left")
        return out, about

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)  # progress, not an error, so not in red
        self.stderr.flush()


def targets_of(graded: Sequence[Graded]) -> list[Target]:
    """One target a question; answers that are right in part are neither right nor wrong."""
    out = []
    for group in by_question(list(graded)).values():
        first = group[0]
        out.append(
            Target(
                id=first.question_id,
                question=first.question,
                references=tuple(text for text in first.references if text.strip()),
                right=tuple(each.answer for each in group if each.is_correct),
                wrong=tuple(each.answer for each in group if each.label in ("incorrect", "contradictory")),
                source=first.source,
            )
        )
    return [target for target in out if target.references]


def outcome_of(attack: Attack, verdict: Verdict, release_confidence: float) -> Outcome:
    """As the product releases: by key at once, by model from the confidence asked for and without a doubt."""
    is_sure = verdict.assessor_kind == "key" or verdict.confidence >= release_confidence
    why = tuple(verdict.details.get("why", ()))
    return Outcome(attack, verdict.score, is_sure and not verdict.needs_review, why)


def guarded(attack: Attack) -> Outcome:
    """The worst case: a model that would believe everything."""
    found = guard(
        answer=attack.answer, references=list(attack.target.references), accepted=[], question=attack.target.question
    )
    return Outcome(attack, 0.0 if found else 1.0, not found, (found.reason,) if found else ())
