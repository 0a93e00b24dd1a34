"""How well the difficulty of new exercises is told from their words: plain CSV files, no database."""

import csv
import os
import re
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from adaptive.backends.embedding.base import EmbeddingModel, EmbeddingUnavailable
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from adaptive.backends.learner_model.available import DEFAULT_MODEL, MODELS
from adaptive.backends.learner_model.difficulty_evaluation import (
    QuestionBank,
    known_difficulties,
    order_report,
    use_report,
)
from adaptive.backends.learner_model.logs import read_log
from adaptive.backends.learner_model.text_features import ExerciseText, feature_matrix, text_features
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json

ENCODERS = {"sentence": SentenceEncoder, "hashing": HashingEncoder}
FILES = {
    "Questions.csv": ("id", "question_text"),
    "Question_Choices.csv": ("id", "choice_text", "is_correct", "question_id"),
    "Question_KC_Relationships.csv": ("question_id", "knowledgecomponent_id"),
}


class Command(BaseCommand):
    help = (
        "Predicts the difficulty of held-out questions from their words, compares it with what the answers showed and "
        "with the mean of their skills, and measures what it is worth to a learner model. FOLDER has the form of "
        "DBE-KT22: Questions.csv, Question_Choices.csv, Question_KC_Relationships.csv, attempts.csv.gz."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER")
        parser.add_argument("--report", required=True, metavar="REPORT.json", help="where the figures go")
        parser.add_argument("--model", default=DEFAULT_MODEL, choices=sorted(MODELS))
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--splits", type=int, default=10, help="splits of the questions for the rank correlation")
        parser.add_argument(
            "--learner-fold",
            action="append",
            default=[],
            metavar="FOLD",
            help="test learners (repeatable; default 0; by id modulo 5 where the log has no folds)",
        )
        parser.add_argument("--order-only", action="store_true", help="the rank correlation alone: seconds")
        parser.add_argument("--encoder", default="sentence", choices=sorted(ENCODERS))

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(options["report"])
        if options["splits"] < 1:
            raise CommandError("--splits must be at least 1.", returncode=2)
        try:
            check_writable(target)
            report = self._report(options)
            write_json(target, report)
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        except EmbeddingUnavailable as error:
            raise CommandError(str(error)) from None
        order = report["order"]
        self.stdout.write(
            f"{order['n_questions']} questions: Spearman {order['words']['spearman']:.3f} from words, "
            f"{order['skills']['spearman']:.3f} from skills' means. Report: {target}"
        )

    def _report(self, options: dict[str, Any]) -> dict[str, Any]:
        folder = Path(options["folder"])
        encoder = ENCODERS[options["encoder"]](threads=int(os.environ.get("OMP_NUM_THREADS") or 2))
        bank = read_bank(folder, encoder)
        log = read_log(folder / "attempts.csv.gz")
        self._say(f"{len(bank.ids)} questions, {log.n_rows:,} answers of {len(log.histories):,} learners")
        known = known_difficulties(log.histories)
        report: dict[str, Any] = {
            "protocol": "difficulty from words",
            "folder": str(folder),
            "encoder": encoder.name,
            "order": order_report(bank, known, n_splits=options["splits"], say=self._say),
        }
        if not options["order_only"]:
            report["use"] = [
                use_report(MODELS[options["model"]], log, bank, learner_fold=fold, seed=options["seed"], say=self._say)
                for fold in options["learner_fold"] or ["0"]
            ]
        return report

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)  # progress, not an error, so not in red
        self.stderr.flush()


def read_bank(folder: Path, encoder: EmbeddingModel) -> QuestionBank:
    """The questions of a folder, with skills, text features and embeddings. InvalidInput naming file and fault."""
    questions, choice_rows, skill_rows = (_rows(folder / name, columns) for name, columns in FILES.items())
    skills: dict[int, set[int]] = defaultdict(set)
    for row in skill_rows:
        skills[int(row["question_id"])].add(int(row["knowledgecomponent_id"]))
    choices: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    for row in sorted(choice_rows, key=lambda row: int(row["id"])):
        choices[int(row["question_id"])].append((row["choice_text"], row["is_correct"].strip().lower() == "true"))
    questions.sort(key=lambda row: int(row["id"]))
    ids = tuple(int(row["id"]) for row in questions)
    if len(set(ids)) < len(ids):
        raise InvalidInput(f"{folder / 'Questions.csv'} has an id twice.")
    texts = [
        ExerciseText(
            question=row["question_text"],
            choices=tuple(text for text, _ in choices[question_id]),
            right=tuple(is_right for _, is_right in choices[question_id]),
            n_skills=len(skills[question_id]),
            markup=row.get("question_rich_text") or "",
        )
        for question_id, row in zip(ids, questions, strict=True)
    ]
    whole = encoder.encode([f"{text.question}\n{' '.join(text.choices)}" for text in texts])
    stems = encoder.encode([text.question for text in texts])
    of_choices = encoder.encode([choice for text in texts for choice in text.choices])
    rows, start = [], 0
    for text, stem in zip(texts, stems, strict=True):
        end = start + len(text.choices)
        rows.append(text_features(text, question_embedding=stem, choice_embeddings=of_choices[start:end]))
        start = end
    authored = np.array([_number(row.get("difficulty")) for row in questions])
    return QuestionBank(
        ids=ids,
        skill_ids=tuple(tuple(sorted(skills[question_id])) for question_id in ids),
        embeddings=whole.astype(np.float64),
        features=feature_matrix(rows),
        formats=tuple("single_choice" if text.choices else "" for text in texts),
        authored=None if np.isnan(authored).all() else authored,
    )


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read as CSV: {error}.") from None
    if not rows:
        raise InvalidInput(f"{path} has no rows below its header.")
    if missing := [name for name in columns if name not in rows[0]]:
        raise InvalidInput(f"{path} lacks the columns {', '.join(missing)}.")
    for number, row in enumerate(rows, start=1):
        for name in columns:
            is_id = name == "id" or name.endswith("_id")
            if row[name] is None or (is_id and not re.fullmatch(r"\d{1,15}", row[name].strip())):
                raise InvalidInput(f"{path}, record {number}, has {name} = {row[name]!r}, which cannot be.")
    return rows


def _number(text: str | None) -> float:
    try:
        return float(text) if text else float("nan")
    except ValueError:
        return float("nan")
