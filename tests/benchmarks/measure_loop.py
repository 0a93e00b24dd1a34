#!/usr/bin/env python3
"""Times the main loop of a running server over REST, standard library only.

    BASE=http://127.0.0.1:8000 TOKEN=$(python manage.py create_api_token bench --tenant demo --scopes read,write) \
        python tests/benchmarks/measure_loop.py [--closed 300] [--words 30] [--slates 100]

Prints p50 and p95 in milliseconds of: a closed answer (POST until assessed, mastery updated and answered), an answer in
words (POST until assessed, the worker otherwise idle), a slate of five; and the resident memory of every process of the
installation, from /proc.
"""

import argparse
import json
import os
import statistics
import time
import urllib.request
import uuid
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

BASE, TOKEN = os.environ["BASE"], os.environ["TOKEN"]
WORDS = [
    "Because you can only add pieces that have the same size.",
    "The denominators are different so the parts are not equal.",
    "You just add the top and the bottom numbers.",
    "It is about making the pieces the same before you count them.",
    "I dont know but maybe because they are fractions.",
]


class Client:
    """One connection, kept open as an LMS would."""

    def __init__(self) -> None:
        self.connection = HTTPConnection(urlsplit(BASE).netloc, timeout=60)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        raw = response.read()
        return response.status, json.loads(raw) if raw else {}


def report(what: str, times: list[float]) -> None:
    cuts = statistics.quantiles(times, n=20)
    print(f"{what}: p50 {statistics.median(times) * 1e3:.0f} ms, p95 {cuts[18] * 1e3:.0f} ms (n {len(times)})")


def set_up(client: Client) -> tuple[str, str]:
    course, learner = f"bench-{uuid.uuid4().hex[:6]}", f"bench-{uuid.uuid4().hex[:6]}"
    puts = [(f"/api/v1/courses/{course}/", {"title": "Bench", "language": "en"})]
    puts += [(f"/api/v1/courses/{course}/skills/s{n}/", {"name": f"Skill {n}", "description": ""}) for n in range(5)]
    puts += [
        (
            f"/api/v1/courses/{course}/resources/e{n}/",
            {
                "kind": "exercise",
                "title": f"Exercise {n}",
                "body": f"What is {n}/2 + {n}/4?",
                "skills": [f"s{n % 5}"],
                "response_format": "numeric",
                "answer": {"value": n * 0.75, "tolerance": 1e-6},
            },
        )
        for n in range(40)
    ]
    puts.append(
        (
            f"/api/v1/courses/{course}/resources/w/",
            {
                "kind": "exercise",
                "title": "Why",
                "body": "Why do fractions need a common denominator before they are added?",
                "skills": ["s0"],
                "response_format": "short_text",
                "answer": {"references": ["Because only parts of the same size can be counted together."]},
            },
        )
    )
    puts.append((f"/api/v1/learners/{learner}/", {"display_name": "Bench", "language": "en", "ai_consent": True}))
    puts.append((f"/api/v1/courses/{course}/enrolments/{learner}/", {"role": "learner"}))
    for path, body in puts:
        status, answer = client.call("PUT", path, body)
        assert status in (200, 201), answer
    return course, learner


def measure(client: Client, course: str, learner: str, args: argparse.Namespace) -> None:
    closed = []
    for n in range(args.closed):
        value = str(n % 40 * 0.75 if n % 3 else 1)
        body = {"learner": learner, "course": course, "resource": f"e{n % 40}", "response": {"value": value}}
        start = time.perf_counter()
        status, answer = client.call("POST", "/api/v1/attempts/", body)
        closed.append(time.perf_counter() - start)
        assert status == 201 and answer["state"] == "assessed", answer
    report("closed answer", closed)
    words, states = [], {}
    for n in range(args.words):
        body = {"learner": learner, "course": course, "resource": "w", "response": {"text": f"{WORDS[n % 5]} {n}."}}
        start = time.perf_counter()
        status, answer = client.call("POST", "/api/v1/attempts/", body)
        while answer["state"] == "queued" and time.perf_counter() - start < 60:
            time.sleep(0.02)
            status, answer = client.call("GET", f"/api/v1/attempts/{answer['id']}/")
        words.append(time.perf_counter() - start)
        states[answer["state"]] = states.get(answer["state"], 0) + 1
    if words:
        report(f"answer in words {states}", words)
    slates = []
    for _ in range(args.slates):
        start = time.perf_counter()
        status, answer = client.call(
            "POST",
            f"/api/v1/learners/{learner}/recommendations/",
            {"course": course, "count": 5, "purpose": "practice"},
        )
        slates.append(time.perf_counter() - start)
        assert status == 201 and answer["items"], answer
    if slates:
        report("slate of five", slates)


def memory() -> None:
    """Resident megabytes of this installation's processes."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = (status.parent / "cmdline").read_text().replace("\0", " ")
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if "lms_project" in command and "VmRSS" in lines:
            print(f"{int(lines['VmRSS'].split()[0]) / 1024:6.0f} MB  {command[:110]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--closed", type=int, default=300)
    parser.add_argument("--words", type=int, default=30)
    parser.add_argument("--slates", type=int, default=100)
    args = parser.parse_args()
    with urllib.request.urlopen(BASE + "/readyz", timeout=10) as ready:
        print("readyz:", ready.read().decode()[:300])
    client = Client()
    measure(client, *set_up(client), args)
    memory()


if __name__ == "__main__":
    main()
