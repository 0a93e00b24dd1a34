#!/usr/bin/env python3
"""Times every page at 1,000 learners and 1,000,000 attempts in one course, through the real web server.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/measure_server_times.py --data FOLDER \
        [--requests 30] [--rounds 3] [--pages report,report-map] [--check]

Fills the folder's own database first (see large_course.py and lived_in.py: minutes, once), then runs `manage.py start
--no-worker` on it and asks whatever address of pages/urls.py answers a GET: as a student with as many attempts as the
middle one, as one with 100,000, as a teacher. None is forgotten: an address that needs something unknown ends the
script. p50 and p95 in milliseconds by the clock, from the request to the last byte (of a file that is sent while it is
read, to its first: how long the whole takes is said beside it): of each round, then the median of the rounds. Queries
are counted in this process. --check: exits 1 where a page is over the bar of 120 ms. --profile PAGE prints where the
time goes instead.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.large_course import COURSE, arguments, ensure, prepare, size_of  # noqa: E402
from tests.benchmarks.lived_in import People, live_in, people  # noqa: E402
from tests.benchmarks.measure_recommender import Server  # noqa: E402

BAR = 120.0  # ms, p95
ANSWERS = {200, 302, 303}


@dataclass(frozen=True, slots=True)
class Place:
    """An address that somebody can open."""

    name: str
    who: str
    path: str
    status: int


def logged_in(learner: Any) -> Any:
    from django.test import Client

    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(learner.user)
    return client


def values_of(who: str, all_of_them: People) -> dict[str, Any]:
    """What the addresses need, of this person: the exercise with most answers, their latest answer, a skill of it."""
    from django.db.models import Count

    from adaptive.catalog.models import Course, Resource
    from adaptive.conversation.models import TutorMessage
    from adaptive.events.models import Attempt
    from adaptive.recommendation.models import Homework, Slate

    course = Course.objects.get(external_id=COURSE)
    learner = all_of_them.student if who == "teacher" else getattr(all_of_them, who)
    exercises = Resource.objects.filter(course=course, kind="exercise", is_retired=False)
    exercise = exercises.annotate(n=Count("attempts")).order_by("-n").first()
    mine = Attempt.objects.filter(learner=learner).order_by("-submitted_at").first()
    waiting = Attempt.objects.filter(course=course, state="needs_review").order_by("pk").first()
    slates = Slate.objects.filter(learner=learner, course=course).order_by("-created_at")
    return {
        "course_id": course.pk,
        "resource_id": exercise.pk,
        "attempt_id": waiting.pk if who == "teacher" else mine.pk,
        "skill_id": exercise.skill_links.first().skill_id,
        "learner_id": learner.pk,
        "slate_id": slates.first().pk,
        "position": 1,
        "token": token_of(learner.pk, course.pk),
        "message_id": TutorMessage.objects.filter(conversation__learner=learner, role="tutor").latest("pk").pk,
        "ruling_id": 1,
        "homework_id": Homework.objects.filter(course=course).first().pk,
    }


@cache
def token_of(learner_id: int, course_id: int) -> str:
    """Of the learner's calendar. Opened once: a new address makes the old one answer nothing."""
    from adaptive.planning.calendar import feed_open
    from adaptive.planning.models import StudyPlan

    return feed_open(plan=StudyPlan.objects.get(learner=learner_id, course=course_id))


def places(wanted: set[str]) -> list[Place]:
    """Every address that answers a GET of somebody's; what takes a form alone, or is not theirs, has none."""
    from django.urls import reverse

    from adaptive.pages.urls import urlpatterns

    found = []
    for who in ("student", "long", "teacher"):
        client = logged_in(getattr(people(), who))
        course = reverse("adaptive:course", args=[values_course()])
        client.get(course)  # a slate is there from now on
        values = values_of(who, people())
        for pattern in urlpatterns:
            missing = set(pattern.pattern.converters) - set(values)
            if missing:
                raise SystemExit(f"“{pattern.name}” needs a value for {missing} here, so that it is timed")
            if wanted and pattern.name not in wanted:
                continue
            args = {name: values[name] for name in pattern.pattern.converters}
            path = reverse(f"adaptive:{pattern.name}", kwargs=args)
            status = client.get(path).status_code
            if status in ANSWERS:
                found.append(Place(pattern.name, who, path, status))
            elif status not in (403, 404, 405):
                raise SystemExit(f"{who}: {path} answers {status}")
    return found


def values_course() -> int:
    from adaptive.catalog.models import Course

    return Course.objects.get(external_id=COURSE).pk


def queries_of(client: Any, place: Place) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(place.path)  # what is made once is made now
    with CaptureQueriesContext(connection) as captured:
        status = client.get(place.path).status_code
    if status != place.status:
        raise SystemExit(f"{place.who}: {place.path} answers {status}, at first {place.status}")
    return len(captured)


class Got(NamedTuple):
    ms: float  # of a file until it begins, of a page until its end
    whole_ms: float
    size: int  # bytes
    is_file: bool


class Browser:
    """One connection with a login, kept open."""

    def __init__(self, port: int, client: Any) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        self.headers = {"Cookie": cookies, "Accept-Encoding": "gzip", "Accept-Language": "en"}

    def get(self, place: Place) -> Got:
        begun = time.perf_counter()
        self.connection.request("GET", place.path, headers=self.headers)
        response = self.connection.getresponse()
        is_file = "attachment" in response.headers.get("Content-Disposition", "")
        first = response.read(1) if is_file else b""
        began = (time.perf_counter() - begun) * 1e3
        body = first + response.read()
        whole = (time.perf_counter() - begun) * 1e3
        if response.status != place.status:
            raise SystemExit(f"{place.who}: {place.path} answers {response.status}")
        return Got(began if is_file else whole, whole, len(body), is_file)


def rounds_of(browser: Browser, place: Place, *, n: int, rounds: int) -> Iterator[tuple[float, float]]:
    """(p50, p95) of each round."""
    for _ in range(3):
        browser.get(place)
    for _ in range(rounds):
        times = [browser.get(place).ms for _ in range(n)]
        yield statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[18]


def profile(place: Place, n: int) -> None:
    """Where this process's time goes, and the statements with theirs."""
    import cProfile
    import pstats

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = logged_in(getattr(people(), place.who))
    for _ in range(3):
        client.get(place.path)
    begun = time.perf_counter()
    for _ in range(n):
        client.get(place.path)
    print(f"{place.name} of {place.who}: {(time.perf_counter() - begun) / n * 1e3:.0f} ms in this process")
    with CaptureQueriesContext(connection) as captured:
        client.get(place.path)
    for query in sorted(captured.captured_queries, key=lambda one: -float(one["time"]))[:6]:
        print(f"  {float(query['time']) * 1e3:7.0f} ms  {' '.join(query['sql'].split())[:1500]}")
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(n):
        client.get(place.path)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(r"/adaptive/|execute|render", 25)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    parser.set_defaults(resources=2_000, learners=1_000)
    parser.add_argument("--requests", type=int, default=30, help="of each page in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", default="", help="names of addresses, separated by commas (all)")
    parser.add_argument("--profile", default="", help="a page: print where the time goes, in this process")
    parser.add_argument("--check", action="store_true", help="exit 1 where a page misses the bar")
    args = parser.parse_args()
    data = args.data.resolve()
    prepare(data)
    ensure(data, size_of(args))
    live_in(data)
    from django.conf import settings
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)  # pages name their files by what is in them
    settings.ALLOWED_HOSTS = ["*"]
    found = places({args.profile} if args.profile else set(filter(None, args.pages.split(","))))
    if args.profile:
        for place in found:
            profile(place, 10)
        return 0
    counts = {place: queries_of(logged_in(getattr(people(), place.who)), place) for place in found}
    server = Server(data)
    missed = []
    try:
        browsers = {who: Browser(server.port, logged_in(getattr(people(), who))) for who in {p.who for p in found}}
        print(f"load of the machine before: {os.getloadavg()[0]:.2f}")
        print(f"{'page':<20}{'who':<9}{'p50 ms':>8}{'p95 ms':>8}{'queries':>9}{'kB':>7}")
        for place in found:
            pairs = list(rounds_of(browsers[place.who], place, n=args.requests, rounds=args.rounds))
            p50, p95 = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
            got = browsers[place.who].get(place)
            row = f"{place.name:<20}{place.who:<9}{p50:>8.1f}{p95:>8.1f}{counts[place]:>9}{got.size / 1e3:>7.1f}"
            row += f"  a file; the whole of it {got.whole_ms:.0f} ms" if got.is_file else ""
            print(row + ("  over the bar" if p95 >= BAR else ""), flush=True)
            if p95 >= BAR:
                missed.append(place)
        print(f"{len(missed)} of {len(found)} at {BAR:.0f} ms or more; load after: {os.getloadavg()[0]:.2f}")
    finally:
        server.stop()
    return 1 if args.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
