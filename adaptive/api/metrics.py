"""Counts for Prometheus, in its text format. No learner, course or tenant is named."""

import time

from celery import current_app
from django.db import connection
from redis import Redis

from adaptive.api.broker import ask
from adaptive.events.models import Attempt

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def queues() -> list[str]:
    """The names of the queues that the installation's jobs go to."""
    routes = current_app.conf.task_routes or {}
    named = {route["queue"] for route in routes.values() if isinstance(route, dict) and "queue" in route}
    return sorted(named | {current_app.conf.task_default_queue})


def queue_depths() -> dict[str, int] | None:
    """Messages that wait in each queue; None where the broker is away, or no Redis."""
    names = queues()

    def lengths(redis: Redis) -> list[int]:
        with redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.llen(name)
            return pipe.execute()

    found = ask(lengths)
    return None if found is None else dict(zip(names, found, strict=True))


def _read() -> tuple[dict[str, int], float, dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM adaptive_attempt GROUP BY state")
        by_state = dict(cursor.fetchall())
        cursor.execute(
            "SELECT COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - min(received_at)), 0)"
            " FROM adaptive_attempt WHERE state = 'queued'"
        )
        oldest = float(cursor.fetchone()[0])
        cursor.execute(
            "SELECT (SELECT count(*) FROM adaptive_learner), (SELECT count(*) FROM adaptive_course),"
            " (SELECT count(*) FROM adaptive_resource WHERE NOT is_retired), (SELECT count(*) FROM adaptive_slate)"
        )
        rows = dict(zip(("learners", "courses", "resources", "recommendations"), cursor.fetchone(), strict=True))
    return {state: by_state.get(state, 0) for state in Attempt.State.values}, oldest, rows


def render() -> str:
    """The whole page."""
    started = time.perf_counter()
    by_state, oldest, rows = _read()
    lines = ["# HELP adaptive_attempts Attempts by state.", "# TYPE adaptive_attempts gauge"]
    lines += [f'adaptive_attempts{{state="{state}"}} {n}' for state, n in by_state.items()]
    lines += [
        "# HELP adaptive_oldest_waiting_seconds Age of the oldest attempt that waits to be assessed.",
        "# TYPE adaptive_oldest_waiting_seconds gauge",
        f"adaptive_oldest_waiting_seconds {oldest:.3f}",
    ]
    for name, n in rows.items():
        lines += [f"# HELP adaptive_{name} Rows.", f"# TYPE adaptive_{name} gauge", f"adaptive_{name} {n}"]
    depths = queue_depths()
    lines += ["# HELP adaptive_broker_up Did the broker answer?", "# TYPE adaptive_broker_up gauge"]
    lines += [f"adaptive_broker_up {int(depths is not None)}"]
    if depths is not None:
        lines += ["# HELP adaptive_queue_depth Jobs waiting in a queue.", "# TYPE adaptive_queue_depth gauge"]
        lines += [f'adaptive_queue_depth{{queue="{name}"}} {n}' for name, n in depths.items()]
    lines += [
        "# HELP adaptive_scrape_seconds How long this page took.",
        "# TYPE adaptive_scrape_seconds gauge",
        f"adaptive_scrape_seconds {time.perf_counter() - started:.4f}",
    ]
    return "\n".join(lines) + "\n"
