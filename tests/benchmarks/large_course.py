#!/usr/bin/env python3
"""Fills a database of its own with a course of 100,000 resources and 1,000,000 attempts, for the other benchmarks.

    python tests/benchmarks/large_course.py --data FOLDER [--resources 100000] [--learners 10000] [--attempts 1000000]

The folder becomes an installation's data folder (embedded PostgreSQL); what is in it already is used again. Everything
is made up from a seed. Skills follow each other in strands with prerequisites; vectors lie around their skill's place,
around a topic of it, and beside both; learners work their way along the skills, and their states are what the learner
model that ships makes of their attempts. Beside the large course stand one of 5,000 resources and one of 100.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

VERSION = 2  # of what is made: another one is made anew
TENANT, COURSE, TOKEN_FILE = "bench", "large", "token"
DIMENSIONS, N_SKILLS, N_STRANDS, N_TOPICS = 384, 400, 20, 8
MODEL = "all-MiniLM-L6-v2"  # as of the words that are asked with, so that these find something
KINDS = ("exercise", "reading", "worked_example", "video")
KIND_SHARES = (0.50, 0.39, 0.10, 0.01)
FORMATS = ("choice", "numeric", "cloze", "multiple_choice")
N_COLD, N_LONG, LONG_ATTEMPTS = 200, 2, 100_000
WORDS = [
    "number",
    "fraction",
    "whole",
    "part",
    "equal",
    "denominator",
    "numerator",
    "half",
    "third",
    "quarter",
    "add",
    "subtract",
    "multiply",
    "divide",
    "compare",
    "order",
    "line",
    "picture",
    "pizza",
    "cake",
    "ribbon",
    "metre",
    "litre",
    "hour",
    "minute",
    "money",
    "price",
    "share",
    "group",
    "row",
    "column",
    "table",
    "graph",
    "point",
    "axis",
    "slope",
    "change",
    "rate",
    "ratio",
    "percent",
    "decimal",
    "place",
    "value",
    "round",
    "estimate",
    "measure",
    "length",
    "area",
    "volume",
    "angle",
    "triangle",
    "square",
    "circle",
    "rectangle",
    "side",
    "corner",
    "shape",
    "turn",
    "mirror",
    "pattern",
    "rule",
    "sequence",
    "term",
    "variable",
    "equation",
    "solve",
    "balance",
    "unknown",
    "expression",
    "factor",
    "multiple",
    "prime",
    "power",
    "root",
    "negative",
    "positive",
    "zero",
    "sign",
    "chance",
    "event",
    "outcome",
    "sample",
    "mean",
    "median",
    "range",
    "chart",
    "data",
    "question",
    "reason",
    "explain",
    "show",
    "prove",
    "example",
    "mistake",
    "check",
    "answer",
    "step",
    "story",
    "train",
    "garden",
    "school",
    "market",
    "recipe",
    "bridge",
    "river",
    "game",
    "match",
    "team",
    "score",
    "player",
    "journey",
    "speed",
    "distance",
]
SYLLABLES = [
    "ba",
    "co",
    "di",
    "fe",
    "gu",
    "ha",
    "jo",
    "ki",
    "la",
    "me",
    "no",
    "pu",
    "ra",
    "si",
    "ta",
    "ve",
    "wo",
    "zu",
    "bri",
    "cla",
    "dro",
    "fle",
    "gra",
    "plo",
    "sti",
    "tru",
]


@dataclass(frozen=True, slots=True)
class Size:
    resources: int = 100_000
    learners: int = 10_000
    attempts: int = 1_000_000
    slates: int = 20_000


def prepare(data: Path) -> None:
    """Django on this data folder, its PostgreSQL running. Call it before anything of `adaptive` is imported."""
    os.environ["ADAPTIVE_DATA_DIR"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lms_project.settings")
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)  # never somebody's real database
    from lms_project.embedded.folders import Folders
    from lms_project.embedded.postgres import PostgresServer

    folders = Folders.of(data)
    folders.make()
    PostgresServer(folders).ensure()
    import django

    django.setup()


def ensure(data: Path, size: Size, *, say=print) -> None:
    """The database is there and filled; `prepare` came before."""
    from django.core.management import call_command
    from django.db import connection

    wanted = {"version": VERSION, **{name: getattr(size, name) for name in Size.__slots__}}
    note = data / "made.json"
    call_command("migrate", interactive=False, verbosity=0)
    if note.exists() and json.loads(note.read_text()) == wanted:
        return
    note.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE tablename LIKE 'adaptive%'"
        )
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} CASCADE")
    begun = time.monotonic()
    _Filling(size, say).run(data)
    note.write_text(json.dumps(wanted))
    say(f"filled in {time.monotonic() - begun:.0f} s")


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def vectors_of(rng: np.random.Generator, skill: np.ndarray, *, n_skills: int = N_SKILLS) -> np.ndarray:
    """Unit vectors: a strand's place, its skill's, one of the skill's topics', and the resource's own, in shares that
    leave a cosine of about .2 within a strand, .5 within a skill and .7 within a topic."""

    def normal(n: int) -> np.ndarray:
        return unit(rng.normal(size=(n, DIMENSIONS)))

    strand, place, topic = normal(N_STRANDS), normal(n_skills), normal(n_skills * N_TOPICS)
    own = normal(len(skill))
    which = skill * N_TOPICS + rng.integers(0, N_TOPICS, len(skill))
    parts = ((strand[skill % N_STRANDS], 0.2), (place[skill], 0.3), (topic[which], 0.2), (own, 0.3))
    return unit(sum(np.sqrt(share) * part for part, share in parts))


def vector_text(vector: np.ndarray) -> str:
    return "[" + ",".join(f"{x:.6g}" for x in vector.tolist()) + "]"


def copy_in(model: Any, names: Sequence[str], rows: Iterable[Sequence[Any]], **constant: Any) -> None:
    """COPY; the columns that are not named get their constant or their default."""
    from django.db import connection

    beside = {}
    for field in model._meta.concrete_fields:
        if field.attname in names or getattr(field, "generated", False):
            continue
        if field.attname in constant:
            beside[field.column] = constant[field.attname]
        elif not (field.has_db_default() or field.null or field.primary_key):
            if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
                beside[field.column] = datetime.now(UTC)
            else:
                value = field.get_default()
                is_json = field.get_internal_type() == "JSONField"
                beside[field.column] = json.dumps(value) if is_json else value
    columns = [*names, *beside]
    tail = tuple(beside.values())
    listed = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row, *tail))
    with connection.cursor() as cursor:
        if "id" in names and model._meta.pk.get_internal_type() == "BigAutoField":
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


class _Filling:
    def __init__(self, size: Size, say) -> None:
        self.size, self.say = size, say
        self.rng = np.random.default_rng(7)
        self.now = datetime.now(UTC).replace(microsecond=0)

    def run(self, data: Path) -> None:
        from django.db import connection

        from adaptive.catalog.models import Course
        from adaptive.tenants.services import tenant_ensure, token_create

        self.tenant = tenant_ensure(slug=TENANT)
        (data / TOKEN_FILE).write_text(token_create(tenant=self.tenant, name="bench", scopes=["read", "write"]))
        self.courses = {
            name: Course.objects.create(tenant=self.tenant, external_id=name, title=name.title())
            for name in (COURSE, "middle", "small")
        }
        dropped = self.indexes_drop()
        n_before = 0
        for name, n in ((COURSE, self.size.resources), ("middle", 5_000), ("small", 100)):
            n_before = self.resources(self.courses[name], n, n_before)
            self.say(f"  {n:,} resources in “{name}”")
        begun = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            for statement in dropped:
                cursor.execute(statement)
            cursor.execute("RESET maintenance_work_mem")
        self.say(f"  indexes of the vectors in {time.monotonic() - begun:.0f} s")
        self.learners()
        self.attempts()
        self.slates()
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def indexes_drop(self) -> list[str]:
        """Graph indexes are quicker built over all rows at once. Returns the statements that make them again."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%USING hnsw%' AND "
                "tablename LIKE 'adaptive_resource%'"
            )
            rows = cursor.fetchall()
            for name, _ in rows:
                cursor.execute(f"DROP INDEX {name}")
        return [definition for _, definition in rows]

    # --- catalogue ---------------------------------------------------------------------------------------------------

    def words(self) -> tuple[list[str], np.ndarray]:
        """A vocabulary, the commonest first, and how often each word comes: Zipf's law, flattened at the top, so that
        the commonest stand in about a third of all texts."""
        made = {a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[:8]}
        vocabulary = WORDS + sorted(made)[: 5_000 - len(WORDS)]
        weights = 1.0 / (np.arange(len(vocabulary)) + 20.0)
        return vocabulary, weights / weights.sum()

    def resources(self, course: Any, n: int, n_before: int) -> int:
        from adaptive.catalog.models import Resource, ResourceSkill, Skill, SkillPrerequisite
        from adaptive.mastery.models import ItemDifficulty

        rng, is_large = self.rng, course.external_id == COURSE
        n_skills = N_SKILLS if is_large else 40
        first_skill = (Skill.objects.order_by("-id").values_list("id", flat=True).first() or 0) + 1
        names = [
            f"{WORDS[s % len(WORDS)]} {WORDS[(7 * s + 3) % len(WORDS)]} {s + 1}".capitalize() for s in range(n_skills)
        ]
        rows = [(first_skill + s, course.pk, f"s{s}", names[s], "", s) for s in range(n_skills)]
        copy_in(Skill, ("id", "course_id", "external_id", "name", "description", "position"), rows)
        links = []
        for s in range(
            n_skills
        ):  # strands run beside each other: s needs the one before it in its strand, some another
            before = {s - N_STRANDS} if s >= N_STRANDS else set()
            if s >= 2 * N_STRANDS and rng.random() < 0.5:
                before.add(int(s - N_STRANDS - 1 - rng.integers(0, N_STRANDS - 1)))
            links += [(first_skill + s, first_skill + b) for b in sorted(before)]
        copy_in(SkillPrerequisite, ("skill_id", "prerequisite_id"), links)

        skill = np.sort(rng.integers(0, n_skills, n))  # written skill by skill
        vectors = vectors_of(rng, skill, n_skills=n_skills)
        kind = rng.choice(len(KINDS), n, p=KIND_SHARES)
        difficulty = np.clip(rng.beta(2.0, 4.0, n), 0.02, 0.98)
        retired = rng.random(n) < 0.05
        vocabulary, weights = self.words()
        chosen = rng.choice(len(vocabulary), size=(n, 60), p=weights)
        lengths = rng.integers(20, 60, n)
        minutes = np.where(kind == 0, rng.integers(1, 6, n), rng.integers(2, 25, n))
        made_at = [self.now - timedelta(days=float(d)) for d in np.sort(rng.uniform(1, 700, n))[::-1]]

        def row(i: int) -> tuple[Any, ...]:
            words = [vocabulary[w] for w in chosen[i, : lengths[i]]]
            is_exercise = kind[i] == 0
            form = FORMATS[i % len(FORMATS)] if is_exercise else ""
            choices = [{"id": c, "text": words[k]} for k, c in enumerate("abcd")] if form == "choice" else []
            return (
                n_before + i + 1, course.pk, f"r{i}", KINDS[kind[i]], f"{names[skill[i]]}: {' '.join(words[:3])}",
                " ".join(words).capitalize() + ".", form, json.dumps(choices),
                json.dumps({"choice": "a"} if form == "choice" else {"value": 1.0} if is_exercise else {}),
                float(minutes[i]), float(difficulty[i]) if is_exercise else None, bool(retired[i]),
                made_at[i], made_at[i], vector_text(vectors[i]), MODEL, "h", "h",
            )  # fmt: skip

        fields = (
            "id", "course_id", "external_id", "kind", "title", "body", "response_format", "choices", "answer",
            "duration_minutes", "authored_difficulty", "is_retired", "created_at", "updated_at", "embedding",
            "embedding_model", "content_hash", "embedded_hash",
        )  # fmt: skip
        copy_in(Resource, fields, map(row, range(n)))

        second = np.where(rng.random(n) < 0.3, (skill + N_STRANDS) % n_skills, -1)

        def skill_rows() -> Iterator[tuple[int, int, int]]:
            for i in range(n):
                yield n_before + i + 1, first_skill + int(skill[i]), 0
                if second[i] >= 0 and second[i] != skill[i]:
                    yield n_before + i + 1, first_skill + int(second[i]), 1

        copy_in(ResourceSkill, ("resource_id", "skill_id", "position"), skill_rows())
        logits = np.log(difficulty / (1 - difficulty)) + 0.8 + rng.normal(0, 0.3, n)
        half = [(n_before + i + 1, float(logits[i])) for i in range(n) if kind[i] == 0 and i % 2 == 0]
        copy_in(
            ItemDifficulty,
            ("resource_id", "prior_mean", "mean", "used"),
            ((pk, d, d, d) for pk, d in half),
            source="author",
            seen_updated_at=self.now,
            computed_at=self.now,
            prior_variance=1.0,
            variance=0.2,
            n_answers=20,
        )
        if is_large:
            self.first_skill, self.skill, self.second = first_skill, skill, second
            self.kind, self.retired, self.difficulty = kind, retired, logits
            self.vectors = vectors
        return n_before + n

    # --- people and what they did -------------------------------------------------------------------------------------

    def learners(self) -> None:
        from adaptive.learners.models import Enrolment, Learner

        n = self.size.learners
        names = [*(f"long{i}" for i in range(N_LONG)), *(f"cold{i}" for i in range(N_COLD))]
        names += [f"l{i}" for i in range(n - len(names))]
        rows = [(i + 1, self.tenant.pk, name, name) for i, name in enumerate(names)]
        copy_in(Learner, ("id", "tenant_id", "external_id", "display_name"), rows, is_simulated=True)
        course = self.courses[COURSE].pk
        copy_in(Enrolment, ("learner_id", "course_id", "role"), ((i + 1, course, "learner") for i in range(n)))

    def attempts(self) -> None:
        """A learner's row: resources of skills near where they stand on their way, the popular ones more often."""
        from adaptive.assessment.models import Assessment
        from adaptive.events.models import Attempt

        rng, size = self.rng, self.size
        n_long = min(LONG_ATTEMPTS, size.attempts // 4)
        n_others = size.learners - N_LONG - N_COLD
        shares = rng.lognormal(0.0, 0.8, n_others)
        left = size.attempts - N_LONG * n_long
        counts = np.maximum(1, np.floor(shares / shares.sum() * left).astype(int))
        counts[: max(left - counts.sum(), 0)] += 1
        counts = np.concatenate([np.full(N_LONG, n_long), np.zeros(N_COLD, int), counts])
        usable = (self.kind == 0) & ~self.retired
        exercises = [np.flatnonzero((self.skill == s) & usable) for s in range(N_SKILLS)]
        exercises = [found if len(found) else np.flatnonzero(usable) for found in exercises]
        who, what, when, score = [], [], [], []
        until = self.now.timestamp()
        for learner, n in enumerate(counts.tolist(), start=1):
            if not n:
                continue
            ability = rng.normal(0, 0.9)
            n_skills = min(N_SKILLS, 20 + n // 8)
            place = np.minimum((np.arange(n) * n_skills // n) + rng.integers(0, 20, n), N_SKILLS - 1)
            picked = np.array([exercises[s][int(len(exercises[s]) * rng.random() ** 2.5)] for s in place])
            p = 1 / (1 + np.exp(-(ability + 0.8 + 0.3 * np.log1p(np.arange(n) / 10) - self.difficulty[picked])))
            n_sessions = max(1, n // 12)
            days = np.sort(rng.uniform(0.05, 200, n_sessions))[::-1]
            session = np.sort(rng.integers(0, n_sessions, n))
            at = until - days[session] * 86_400 + np.arange(n) % 12 * 60
            who.append(np.full(n, learner))
            what.append(picked)
            when.append(np.sort(at))
            score.append((rng.random(n) < p).astype(float))
        who, what, when, score = (np.concatenate(part) for part in (who, what, when, score))
        seq = np.concatenate([np.arange(1, n + 1) for n in counts.tolist() if n])
        self.states(counts, what, when, score)
        order = np.argsort(when, kind="stable")
        course, tenant = self.courses[COURSE].pk, self.tenant.pk
        times = [datetime.fromtimestamp(int(t), UTC) for t in when]

        def rows() -> Iterator[tuple[Any, ...]]:
            for number, i in enumerate(order.tolist(), start=1):
                yield (
                    number, tenant, int(who[i]), course, int(what[i]) + 1, None, float(score[i]), times[i], times[i],
                    "rest", "assessed", int(seq[i]),
                )  # fmt: skip

        fields = (
            "id", "tenant_id", "learner_id", "course_id", "resource_id", "response", "given_score", "submitted_at",
            "received_at", "source", "state", "applied_seq",
        )  # fmt: skip
        copy_in(Attempt, fields, rows())
        copy_in(
            Assessment,
            ("attempt_id", "score", "label"),
            ((k, float(score[i]), "correct" if score[i] else "incorrect") for k, i in enumerate(order.tolist(), 1)),
            assessor_kind="lms",
        )
        self.say(f"  {len(who):,} attempts")

    def states(self, counts: np.ndarray, what: np.ndarray, when: np.ndarray, score: np.ndarray) -> None:
        from adaptive.backends.learner_model.base import Item, Observation
        from adaptive.mastery.models import LearnerState
        from adaptive.mastery.versions import model_in_use

        used = model_in_use(self.courses[COURSE])
        items: dict[int, Item] = {}
        for i in np.unique(what).tolist():
            ids = [self.first_skill + int(s) for s in (self.skill[i], self.second[i]) if s >= 0]
            items[i] = Item(id=i + 1, skill_ids=tuple(ids), difficulty=float(self.difficulty[i]))
        what, when, score = what.tolist(), when.tolist(), score.tolist()

        def rows() -> Iterator[tuple[Any, ...]]:
            start = 0
            for learner, n in enumerate(counts.tolist(), start=1):
                if n:
                    walk = used.model.walk()
                    for i in range(start, start + n):
                        walk.take(Observation(items[what[i]], score[i], when[i]))
                    yield learner, self.courses[COURSE].pk, used.tag, json.dumps(walk.state()), n
                start += n

        copy_in(LearnerState, ("learner_id", "course_id", "model", "state", "n_applied"), rows())
        self.say("  the learners' states")

    def slates(self) -> None:
        """Earlier slates, as large as real ones: one real receipt, given to many. One in three places has a word of
        the learner's behind it. A third of the learners have gaps from an assessment of performance."""
        from django.db import connection

        from adaptive.learners.models import Learner
        from adaptive.performance.models import PerformanceAssessment
        from adaptive.practice.services import slate_next
        from adaptive.recommendation.models import GapQuery, Impression, ImpressionEvent, Slate

        rng, n = self.rng, self.size.slates
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        course = self.courses[COURSE]
        learner = Learner.objects.get(external_id="l0")
        real = slate_next(learner=learner, course=course)
        context, candidates = json.dumps(real.context, default=str), json.dumps(real.candidates)
        whose = rng.integers(N_LONG + N_COLD + 1, self.size.learners + 1, n)
        at = [self.now - timedelta(days=float(d)) for d in np.sort(rng.uniform(0.1, 60, n))[::-1]]
        import uuid

        keys = [uuid.UUID(int=int(a) << 64 | int(b)) for a, b in rng.integers(0, 2**62, (n, 2))]
        copy_in(
            Slate,
            ("id", "learner_id", "purpose", "policy", "context", "candidates", "created_at"),
            ((keys[i], int(whose[i]), "practice", real.policy, context, candidates, at[i]) for i in range(n)),
            tenant_id=self.tenant.pk,
            course_id=course.pk,
        )
        first = (Impression.objects.order_by("-id").values_list("id", flat=True).first() or 0) + 1
        picks = [rng.choice(self.size.resources, 5, replace=False) + 1 for _ in range(n)]
        copy_in(
            Impression,
            ("id", "slate_id", "position", "resource_id", "score"),
            ((first + 5 * i + k, keys[i], k + 1, int(picks[i][k]), 0.1) for i in range(n) for k in range(5)),
            propensity=0.95,
        )
        types = ("click", "dismiss", "disagree", "complete", "impression")
        reasons = ("too_easy", "too_hard", "seen", "not_now")
        events = [
            (
                first + 5 * i + k,
                (t := types[int(rng.integers(5))]),
                reasons[(i + k) % 4] if t == "disagree" else "",
                at[i],
            )
            for i in range(n)
            for k in range(5)
            if rng.random() < 0.33
        ]
        copy_in(ImpressionEvent, ("impression_id", "type", "reason", "created_at"), events)
        learners = range(N_LONG + N_COLD + 1, self.size.learners + 1, 3)
        day = timedelta(days=1)
        copy_in(
            PerformanceAssessment,
            ("id", "learner_id", "starts_at", "ends_at"),
            ((i, pk, self.now - day, self.now) for i, pk in enumerate(learners, start=1)),
            course_id=course.pk,
            period="session",
            state="ready",
            made_at=self.now,
        )
        gaps = []
        for i, pk in enumerate(learners, start=1):
            for skill in rng.choice(N_SKILLS, 3, replace=False).tolist():
                like = int(np.searchsorted(self.skill, skill)) % len(self.skill)
                vector = unit(self.vectors[like] + 0.5 * unit(rng.normal(size=DIMENSIONS)))
                gaps.append((i, pk, self.first_skill + skill, "what was missing", 0.4, vector_text(vector)))
        copy_in(
            GapQuery,
            ("assessment_id", "learner_id", "skill_id", "text", "score", "vector"),
            gaps,
            course_id=course.pk,
            embedding_model=MODEL,
        )
        self.say(f"  {n:,} slates")


def arguments(parser: argparse.ArgumentParser) -> None:
    default = Size()
    parser.add_argument("--data", required=True, type=Path, help="folder of the benchmark's own data")
    for name in Size.__slots__:
        parser.add_argument(f"--{name}", type=int, default=getattr(default, name))


def size_of(args: argparse.Namespace) -> Size:
    return Size(**{name: getattr(args, name) for name in Size.__slots__})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    args = parser.parse_args()
    prepare(args.data.resolve())
    ensure(args.data.resolve(), size_of(args))


if __name__ == "__main__":
    main()
