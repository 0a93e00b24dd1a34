#!/usr/bin/env python3
"""Times POST /learners/{id}/recommendations/ at 100,000 resources and 1,000,000 attempts, through the real web server.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/measure_recommender.py --data FOLDER \
        [--requests 200] [--seconds 20] [--cases practice,words] [--profile practice]

Fills the folder's own database first (see large_course.py: minutes, once), then runs `manage.py start --no-worker` on
it. One client: p50 and p95 by the clock, for every purpose, with a query in words, for cold learners and for learners
with 100,000 attempts; beside them the processor time that the web server and the database took for a request, which
other work on the machine disturbs less. Four clients: requests a second. Queries a request are counted in this process,
with Django's own client. `--profile CASE` prints where this process's time goes instead.
"""

import argparse
import cProfile
import itertools
import json
import os
import pstats
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402

from tests.benchmarks.large_course import (  # noqa: E402
    COURSE,
    N_COLD,
    N_LONG,
    TOKEN_FILE,
    WORDS,
    arguments,
    ensure,
    prepare,
    size_of,
)

N_ACTIVE = 60  # learners who have answered today and then ask
CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of request. learners: external ids, asked for in turn. bodies: what is asked."""

    name: str
    learners: tuple[str, ...]
    bodies: tuple[dict[str, Any], ...]

    def requests(self) -> Iterator[tuple[str, dict[str, Any]]]:
        learners, bodies = itertools.cycle(self.learners), itertools.cycle(self.bodies)
        while True:
            yield f"/api/v1/learners/{next(learners)}/recommendations/", next(bodies)


def active_learners(seed: int = 3) -> list[str]:
    from adaptive.learners.models import Learner

    n = Learner.objects.count() - N_LONG - N_COLD
    return [f"l{i}" for i in sorted(random.Random(seed).sample(range(n), N_ACTIVE))]


def queries_in_words(n: int = 40) -> list[str]:
    draws = random.Random(5)
    frames = (
        "a short {} about {} and {}",
        "why do {} and {} matter for {}",
        "{} {}",
        "something easy on {} with a picture of {}",
        "explain {}",
    )
    return [
        (frame := frames[i % len(frames)]).format(*(draws.choice(WORDS) for _ in range(frame.count("{}"))))
        for i in range(n)
    ]


def cases() -> list[Case]:
    active = tuple(active_learners())
    body: dict[str, Any] = {"course": COURSE, "count": 5}
    found = [
        Case(purpose, active, ({**body, "purpose": purpose},))
        for purpose in ("practice", "review", "feed", "catalogue")
    ]
    found.append(Case("words", active, tuple({**body, "query": query} for query in queries_in_words())))
    found.append(Case("cold", tuple(f"cold{i}" for i in range(N_COLD // 2)), ({**body, "purpose": "practice"},)))
    found.append(Case("long", tuple(f"long{i}" for i in range(N_LONG)), ({**body, "purpose": "practice"},)))
    found.append(Case("twenty", active, ({**body, "count": 20},)))
    found.append(Case("reading", active, ({**body, "kinds": ["reading"]},)))
    return found


class Server:
    """`manage.py start --no-worker` on a free port."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = data / "start.log"
        environ = {**os.environ, "ADAPTIVE_DATA_DIR": str(data)}
        command = [sys.executable, "manage.py", "start", "--no-worker", "--port", str(self.port)]
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + 120
        while "Ready after" not in self.log.read_text():
            if self.popen.poll() is not None or time.monotonic() > until:
                self.stop()
                raise SystemExit(self.log.read_text())
            time.sleep(0.1)
        children = psutil.Process(self.popen.pid).children(recursive=True)
        self.web = [p for p in children if "gunicorn" in " ".join(p.cmdline())]
        run = json.loads((data / "run" / "postgres.json").read_text())
        self.postmaster = psutil.Process(int(run["pid"]))

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGINT)
            self.popen.wait(timeout=60)

    def seconds(self) -> tuple[float, float]:
        """Processor time so far of (web, database)."""
        return _cpu(self.web), _cpu([self.postmaster, *self.postmaster.children(recursive=True)])


def _cpu(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        # Of sessions that have ended, their server keeps the account.
        total += times.user + times.system + times.children_user + times.children_system
    return total


class Client:
    """One connection, kept open as an LMS would."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any) -> tuple[int, Any, float]:
        text = json.dumps(body)
        begun = time.perf_counter()
        self.connection.request("POST", path, text, self.headers)
        response = self.connection.getresponse()
        raw = response.read()
        return response.status, json.loads(raw), time.perf_counter() - begun


def answer_today(client: Client, learners: list[str]) -> None:
    """Four answers of each, two of them wrong, so that there is something missed; of one, what was missing in words."""
    from adaptive.catalog.models import Resource
    from adaptive.events.models import Attempt
    from adaptive.recommendation.hints import slate_hint_record
    from adaptive.recommendation.models import Slate

    n = 0
    for learner in learners:
        latest = Attempt.objects.filter(learner__external_id=learner).order_by("-submitted_at").first()
        skill = latest.resource.skill_links.first().skill_id if latest else None
        near = Resource.objects.filter(course__external_id=COURSE, kind="exercise", is_retired=False)
        if skill:
            near = near.filter(skill_links__skill=skill, skill_links__position=0)
        names = list(near.values_list("external_id", flat=True)[:80])
        for place, resource in enumerate(random.Random(learner).sample(names, min(len(names), 4))):
            body = {"learner": learner, "course": COURSE, "resource": resource, "score": float(place % 2)}
            status, answer, _ = client.post("/api/v1/attempts/", body)
            assert status == 201, answer
            n += 1
            if place == 0:
                attempt = Attempt.objects.select_related("resource").get(pk=answer["id"])
                slate_hint_record(attempt=attempt, score=0.0, missing="x", vector=attempt.resource.embedding)
    print(f"{n} answers by {len(learners)} learners given first; {Slate.objects.count():,} slates are stored")


def measure_one(server: Server, token: str, case: Case, n: int) -> dict[str, Any]:
    client, requests = Client(server.port, token), case.requests()
    for path, body in itertools.islice(requests, max(10, n // 10)):
        client.post(path, body)
    times, statuses, n_items, n_empty = [], Counter(), 0, 0
    before = server.seconds()
    for path, body in itertools.islice(requests, n):
        status, answer, seconds = client.post(path, body)
        statuses[status] += 1
        times.append(seconds)
        n_items += len(answer.get("items", ()))
        n_empty += not answer.get("items")
    after = server.seconds()
    cuts = statistics.quantiles(times, n=20)
    return {
        "p50": statistics.median(times) * 1e3,
        "p95": cuts[18] * 1e3,
        "web": (after[0] - before[0]) / n * 1e3,
        "database": (after[1] - before[1]) / n * 1e3,
        "items": n_items / n,
        "empty": n_empty,
        "statuses": dict(statuses),
    }


def measure_many(server: Server, token: str, several: list[Case], seconds: float) -> dict[str, Any]:
    """CLIENTS at once, each with its own connection, case after case in turn."""
    done: list[float] = []
    statuses: Counter = Counter()
    until = time.monotonic() + seconds

    def work(number: int) -> None:
        client = Client(server.port, token)
        streams = [itertools.islice(case.requests(), number * 7, None) for case in several]
        for stream in itertools.cycle(streams):
            if time.monotonic() >= until:
                return
            status, _, took = client.post(*next(stream))
            statuses[status] += 1
            done.append(took)

    before, begun = server.seconds(), time.monotonic()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, after = time.monotonic() - begun, server.seconds()
    cuts = statistics.quantiles(done, n=20)
    return {
        "rate": len(done) / took,
        "p50": statistics.median(done) * 1e3,
        "p95": cuts[18] * 1e3,
        "web": (after[0] - before[0]) / len(done) * 1e3,
        "database": (after[1] - before[1]) / len(done) * 1e3,
        "statuses": dict(statuses),
    }


def in_process(token: str) -> Callable[[str, dict[str, Any]], Any]:
    """The same request without a server between, for counting and profiling."""
    from django.test import Client as DjangoClient

    client = DjangoClient(headers={"Authorization": f"Bearer {token}"})

    def post(path: str, body: dict[str, Any]) -> Any:
        response = client.post(path, json.dumps(body), content_type="application/json")
        assert response.status_code == 201, response.content
        return response

    return post


def queries_of(token: str, case: Case, n: int = 12) -> tuple[int, int]:
    """(fewest, most) statements of a request; the first few requests fill what a process keeps."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    post, counts = in_process(token), []
    for number, (path, body) in enumerate(itertools.islice(case.requests(), n + 3)):
        with CaptureQueriesContext(connection) as captured:
            post(path, body)
        if number >= 3:
            counts.append(len(captured))
    return min(counts), max(counts)


def profile(token: str, case: Case, n: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    post, requests = in_process(token), case.requests()
    for path, body in itertools.islice(requests, 10):
        post(path, body)
    profiler = cProfile.Profile()
    begun = time.process_time(), time.perf_counter()
    for path, body in itertools.islice(requests, n):
        post(path, body)
    cpu, wall = time.process_time() - begun[0], time.perf_counter() - begun[1]
    print(f"{case.name}: {cpu / n * 1e3:.1f} ms of this process, {wall / n * 1e3:.1f} ms by the clock a request")
    profiler.enable()
    for path, body in itertools.islice(requests, n):
        post(path, body)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(r"/adaptive/|execute|json", 60)
    totals: dict[str, list[float]] = {}
    with CaptureQueriesContext(connection) as captured:
        for path, body in itertools.islice(requests, n):
            post(path, body)
    for query in captured.captured_queries:
        start = " ".join(query["sql"].split())
        key = (
            start[:60] if not start.startswith("SELECT") else start[:40] + " ... " + start[start.find(" FROM ") :][:90]
        )
        totals.setdefault(key, []).append(float(query["time"]) * 1e3)
    print("statements, milliseconds a request (as the client sees them) and how many a request")
    for key, times in sorted(totals.items(), key=lambda pair: -sum(pair[1]))[:40]:
        print(f"  {sum(times) / n:7.2f}  {len(times) / n:5.2f}  {key}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    parser.add_argument("--requests", type=int, default=200, help="of one client, for each case")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the four clients, for each mixture")
    parser.add_argument("--rounds", type=int, default=1, help="the whole measurement so many times")
    parser.add_argument("--cases", default="", help="names, separated by commas (all)")
    parser.add_argument("--profile", default="", help="a case: print where the time goes, in this process")
    args = parser.parse_args()
    data = args.data.resolve()
    prepare(data)
    ensure(data, size_of(args))
    token = (data / TOKEN_FILE).read_text().strip()
    every = cases()
    if args.profile:
        profile(token, next(case for case in every if case.name == args.profile), args.requests)
        return
    wanted = args.cases.split(",") if args.cases else [case.name for case in every]
    chosen = [case for case in every if case.name in wanted]
    server = Server(data)
    try:
        learners = sorted({name for case in every if case.name != "cold" for name in case.learners})
        answer_today(Client(server.port, token), learners)
        for _ in range(args.rounds):
            table(server, token, chosen, args)
    finally:
        server.stop()


def table(server: Server, token: str, chosen: list[Case], args: argparse.Namespace) -> None:
    load = os.getloadavg()[0]
    print(f"load of the machine before: {load:.2f}; one client, {args.requests} requests each")
    print(f"{'case':<11}{'p50 ms':>8}{'p95 ms':>8}{'web cpu':>9}{'db cpu':>8}{'items':>7}{'empty':>7}{'queries':>9}")
    for case in chosen:
        row = measure_one(server, token, case, args.requests)
        low, high = queries_of(token, case)
        queries = str(high) if low == high else f"{low}-{high}"
        print(
            f"{case.name:<11}{row['p50']:>8.1f}{row['p95']:>8.1f}{row['web']:>9.1f}{row['database']:>8.1f}"
            f"{row['items']:>7.1f}{row['empty']:>7}{queries:>9}"
            + ("" if set(row["statuses"]) == {201} else f"  {row['statuses']}"),
            flush=True,
        )
    mixtures = {"practice": [c for c in chosen if c.name == "practice"], "all of these": chosen}
    for name, several in mixtures.items():
        if several and args.seconds > 0:
            row = measure_many(server, token, several, args.seconds)
            print(
                f"{CLIENTS} clients, {name}: {row['rate']:.1f} requests a second, p50 {row['p50']:.0f} ms, "
                f"p95 {row['p95']:.0f} ms, processor web {row['web']:.1f} ms, database {row['database']:.1f} ms a "
                f"request, {row['statuses']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
