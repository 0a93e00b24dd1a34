"""The drill: a real installation (`manage.py start`), answers over REST, kills with -9 in turn, then an audit."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from lms_project.embedded.children import MARK, marked
from lms_project.embedded.folders import Folders
from lms_project.embedded.postgres import PostgresServer
from lms_project.embedded.redis import RedisServer

ROOT = Path(__file__).resolve().parents[2]
COURSE = "drill"
N_LEARNERS, N_CLIENTS = 20, 4
WORDS = "Only parts of the same size can be counted together, so both fractions need one denominator."
# What they are assessed as does not matter here, but that most of them are, and some go to a teacher, does.
ANSWERS = [
    "Only parts of the same size can be counted together ({})",
    "Only parts of the same size can be counted together, so both ({})",
    "I do not know, exercise {} is hard",
    "Because the denominators must be equal before adding the parts, see {}.",
    "You can only count pieces together when they are all the same size. {}",
    "Only parts of the same size can be counted together, so both fractions need one denominator. {}",
]


@dataclass
class Report:
    """What came of one drill. `problems` is empty when nothing was lost, doubled or left undone."""

    n_submitted: int = 0
    n_accepted: int = 0
    n_retries: int = 0
    kills: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    seconds_submitting: float = 0.0
    seconds_after_last_kill: float = 0.0  # from the last kill to the last attempt's decision
    replay_check: str = ""
    problems: list[str] = field(default_factory=list)


class Installation:
    """One `manage.py start` on a data folder of its own."""

    def __init__(self, folder: Path, *, settings: str) -> None:
        self.folders = Folders(folder, folder / "run")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.environ = {
            **{name: value for name, value in os.environ.items() if name != MARK},
            "ADAPTIVE_DATA_DIR": str(folder),
            "ADAPTIVE_RUN_DIR": str(folder / "run"),
            "DJANGO_SETTINGS_MODULE": settings,
        }
        for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
            self.environ.pop(name, None)
        self.token = ""
        self.process: subprocess.Popen | None = None

    def start(self, *, seconds: float = 180.0) -> None:
        log = (self.folders.data / "start.out").open("ab")
        command = [sys.executable, "manage.py", "start", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
        wait_for(lambda: "Ready after" in self.said() or self.process.poll() is not None, seconds)
        if self.process.poll() is not None:
            raise RuntimeError(f"start ended:\n{self.said()[-2000:]}")

    def said(self) -> str:
        return (self.folders.data / "start.out").read_text()

    def manage(self, *arguments: str, seconds: float = 300.0) -> subprocess.CompletedProcess:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=seconds)

    def stop(self) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=90)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, error.read()[:500]

    # --- who can be killed -----------------------------------------------------------------------------------------

    def processes(self, child: str) -> list[psutil.Process]:
        """The processes of one child of `start`, the first of them the one that `start` made."""
        mark = json.loads((self.folders.data / "start.json").read_text())["mark"]
        found = [psutil.Process(identity.pid) for identity in marked(f"{mark}:{child}")]
        return sorted(found, key=lambda process: (process.ppid() != self.process.pid, process.pid))

    def kill(self, what: str) -> str:
        if what == "redis wiped":
            # Held still, so that it cannot start Redis again before the data is gone.
            self.process.send_signal(signal.SIGSTOP)
            try:
                os.kill(RedisServer(self.folders).running().pid, signal.SIGKILL)
                shutil.rmtree(self.folders.redis)
            finally:
                self.process.send_signal(signal.SIGCONT)
        elif what == "redis":
            os.kill(RedisServer(self.folders).running().pid, signal.SIGKILL)
        elif what == "postgres":
            os.kill(PostgresServer(self.folders).running().pid, signal.SIGKILL)
        else:
            name, _, part = what.partition(" ")
            processes = self.processes(name)
            os.kill((processes[-1] if part == "process" else processes[0]).pid, signal.SIGKILL)
        return what


# The three kinds of process in turn, the parents as well as those that do the work, and Redis once without its data.
TARGETS = [
    *["model process", "web", "redis", "postgres"],
    *["model", "web process", "redis wiped", "postgres"],
    *["quick", "web", "redis", "postgres", "model process", "scheduler", "model"],
]


def drill(
    folder: Path,
    *,
    n_submissions: int = 900,
    n_kills: int = 15,
    seconds: float = 75.0,
    settle_seconds: float = 120.0,
    settings: str = "tests.chaos.settings",
    share_in_words: float = 2 / 3,
    say: Callable[[str], None] = print,
) -> Report:
    """Submits answers for about `seconds` while killing, waits until all are decided (or none was in `settle_seconds`),
    and looks for what went wrong."""
    report = Report()
    installation = Installation(folder, settings=settings)
    try:
        installation.start()
        course_make(installation)
        say(f"started; {n_submissions} answers and {n_kills} kills follow")
        accepted, last_kill = _submit_and_kill(
            installation, report, n_submissions, n_kills, seconds, share_in_words, say
        )
        _settle(installation, report, accepted, last_kill, settle_seconds)
        _audit(installation, report, accepted)
        said = installation.manage("replay_mastery", "--check")
        report.replay_check = (said.stdout.strip() or said.stderr.strip()).splitlines()[-1]
        if said.returncode != 0:
            report.problems.append(f"replay_mastery --check: {report.replay_check}")
    finally:
        status = installation.stop()
    if status != 0:
        report.problems.append(f"start ended with status {status}")
    return report


def course_make(installation: Installation) -> None:
    """A course of four exercises, two of them in words, and twenty learners; all by the public interface."""
    made = installation.manage("create_api_token", "drill", "--tenant", "drill", "--scopes", "read,write,admin")
    installation.token = made.stdout.splitlines()[-1]

    def put(path: str, body: dict) -> None:
        status, said = installation.call("PUT", f"/api/v1/{path}", body)
        if status not in (200, 201):
            raise RuntimeError(f"PUT {path}: {status} {said}")

    put(f"courses/{COURSE}/", {"title": "Drill", "language": "en"})
    put(f"courses/{COURSE}/skills/sums/", {"name": "Sums", "description": "Adding fractions", "prerequisites": []})
    for number in range(2):
        words = {"response_format": "short_text", "answer": {"references": [WORDS]}}
        put(
            f"courses/{COURSE}/resources/words-{number}/",
            {
                "kind": "exercise",
                "title": f"W{number}",
                "body": "Why a common denominator?",
                "skills": ["sums"],
                **words,
            },
        )
        value = {"response_format": "numeric", "answer": {"value": 0.75, "tolerance": 0.001}}
        put(
            f"courses/{COURSE}/resources/number-{number}/",
            {"kind": "exercise", "title": f"N{number}", "body": "What is 1/2 + 1/4?", "skills": ["sums"], **value},
        )
    for number in range(N_LEARNERS):
        put(f"learners/l{number}/", {"display_name": f"L{number}", "language": "en", "ai_consent": True})
        put(f"courses/{COURSE}/enrolments/l{number}/", {"role": "learner"})


def _submit_and_kill(
    installation: Installation,
    report: Report,
    n_submissions: int,
    n_kills: int,
    seconds: float,
    share_in_words: float,
    say: Callable[[str], None],
) -> tuple[dict[str, str], float]:
    """Returns the accepted answers (idempotency key -> attempt id) and when the last kill was. What was not accepted
    is sent again."""
    accepted: dict[str, str] = {}
    lock, numbers = threading.Lock(), iter(range(n_submissions))
    run, begun = uuid.uuid4().hex[:8], time.monotonic()

    def client() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            time.sleep(max(0.0, begun + seconds * number / n_submissions - time.monotonic()))
            key = f"{run}-{number}"
            _submit(installation, report, lock, accepted, number, key, share_in_words)

    clients = [threading.Thread(target=client) for _ in range(N_CLIENTS)]
    for thread in clients:
        thread.start()
    for number in range(n_kills):
        time.sleep(max(0.0, begun + seconds * (number + 0.5) / n_kills - time.monotonic()))
        what = TARGETS[number % len(TARGETS)]
        try:
            report.kills.append(wait_for(lambda what=what: installation.kill(what), 30.0))
            say(f"  {time.monotonic() - begun:5.1f} s: killed {what}; {len(accepted)} accepted")
        except TimeoutError:
            report.problems.append(f"there was no {what} to kill for 30 s")
    last_kill = time.monotonic()
    for thread in clients:
        thread.join()
    report.n_submitted, report.n_accepted = n_submissions, len(accepted)
    report.seconds_submitting = round(time.monotonic() - begun, 1)
    return accepted, last_kill


def _submit(
    installation: Installation,
    report: Report,
    lock: threading.Lock,
    accepted: dict[str, str],
    number: int,
    key: str,
    share_in_words: float,
) -> None:
    rng = random.Random(number)
    in_words = rng.random() < share_in_words
    response = {"text": rng.choice(ANSWERS).format(number)} if in_words else {"value": "3/4"}
    body = {
        "learner": f"l{rng.randrange(N_LEARNERS)}",
        "course": COURSE,
        "resource": f"{'words' if in_words else 'number'}-{rng.randrange(2)}",
        "response": response,
    }
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            status, said = installation.call("POST", "/api/v1/attempts/", body, **{"Idempotency-Key": key})
            if status in (200, 201, 202):
                with lock:
                    accepted[key] = str(said["id"])
                return
            if status < 500 and status != 429:
                report.problems.append(f"answer {number}: {status} {said}")
                return
        except (OSError, ValueError, http.client.HTTPException):
            pass
        with lock:
            report.n_retries += 1
        time.sleep(0.2)
    report.problems.append(f"answer {number} was not accepted within 90 s")


def _settle(
    installation: Installation, report: Report, accepted: dict[str, str], last_kill: float, settle_seconds: float
) -> None:
    fewest, since = len(accepted) + 1, time.monotonic()
    while True:
        report.states = _states(installation, accepted)
        waiting = report.states.get("queued", 0)
        if not waiting:
            break
        if waiting < fewest:
            fewest, since = waiting, time.monotonic()
        if time.monotonic() - since > settle_seconds:
            report.problems.append(f"{waiting} wait, and none was decided in {settle_seconds:.0f} s")
            break
        time.sleep(0.5)
    report.seconds_after_last_kill = round(time.monotonic() - last_kill, 1)


def _states(installation: Installation, accepted: dict[str, str]) -> dict[str, int]:
    with PostgresServer(installation.folders).connect() as connection:
        rows = connection.execute(
            "SELECT state, count(*) FROM adaptive_attempt WHERE idempotency_key = ANY(%s) GROUP BY state",
            [list(accepted)],
        ).fetchall()
    return {str(state): int(count) for state, count in rows}


def _audit(installation: Installation, report: Report, accepted: dict[str, str]) -> None:
    """Every accepted answer is there once, decided once, and taken into its learner's state once."""
    with PostgresServer(installation.folders).connect() as connection:
        stored = Counter(
            key
            for (key,) in connection.execute(
                "SELECT idempotency_key FROM adaptive_attempt WHERE idempotency_key = ANY(%s)", [list(accepted)]
            )
        )
        if missing := set(accepted) - set(stored):
            report.problems.append(f"{len(missing)} accepted answers are missing: {sorted(missing)[:5]}")
        checks = {
            "stored twice": "SELECT idempotency_key FROM attempts GROUP BY 1 HAVING count(*) > 1",
            "assessed twice": (
                "SELECT a.id FROM attempts a JOIN adaptive_assessment s ON s.attempt_id = a.id "
                "WHERE s.assessor_kind <> 'teacher' GROUP BY a.id HAVING count(*) > 1"
            ),
            "assessed without an assessment": (
                "SELECT a.id FROM attempts a WHERE state = 'assessed' AND NOT EXISTS "
                "(SELECT FROM adaptive_assessment s WHERE s.attempt_id = a.id AND s.is_current)"
            ),
            "assessed and not taken into the state": (
                "SELECT id FROM attempts WHERE state = 'assessed' AND applied_seq IS NULL"
            ),
            "states whose count is not that of their attempts": (
                "SELECT s.id FROM adaptive_learnerstate s WHERE s.n_applied <> "
                "(SELECT count(*) FROM adaptive_attempt a WHERE a.applied_seq IS NOT NULL "
                "AND a.learner_id = s.learner_id AND a.course_id = s.course_id)"
            ),
        }
        connection.execute(
            "CREATE TEMP VIEW attempts AS SELECT a.* FROM adaptive_attempt a "
            f"JOIN adaptive_course c ON c.id = a.course_id WHERE c.external_id = '{COURSE}'"
        )
        for what, query in checks.items():
            if rows := connection.execute(query).fetchall():
                report.problems.append(f"{len(rows)} {what}: {[row[0] for row in rows[:5]]}")


def wait_for(true: Callable[[], Any], seconds: float) -> Any:
    """The first true value of a call, tried again while it is false or fails."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if value := true():
                return value
        except (OSError, AttributeError, IndexError, ValueError, psutil.Error):
            pass
        time.sleep(0.1)
    raise TimeoutError(f"not within {seconds:.0f} s")
