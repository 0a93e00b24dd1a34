"""`manage.py start`: everything on one machine, until Ctrl-C."""

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

from lms_project import env
from lms_project.embedded.children import Plan
from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import Folders
from lms_project.embedded.postgres import PostgresServer
from lms_project.embedded.redis import RedisServer
from lms_project.embedded.server import Server
from lms_project.embedded.supervisor import Supervisor, listen
from lms_project.startup import broker_check, demo_logins, static_collect

WEB_PROCESSES, WEB_THREADS = 2, 4


def port_number(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; use a number from 1 to 65535")
    return int(text)


class Command(BaseCommand):
    help = "Runs everything on this machine: database, broker, web, workers, scheduler. Ctrl-C stops all of it."
    requires_system_checks = []  # they may ask the database, which is not there yet

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=port_number, default=8000, help="the web server's port (8000)")
        parser.add_argument("--no-worker", action="store_true", help="only the web server; jobs wait")
        parser.add_argument("--no-ai", action="store_true", help="no language model; what needs one waits")

    def handle(self, *args: object, port: int, no_worker: bool, no_ai: bool, **options: object) -> None:
        self.begun = time.monotonic()
        host = os.environ.get("ADAPTIVE_BIND", "127.0.0.1")
        shown = f"[{host}]" if ":" in host else {"0.0.0.0": "127.0.0.1"}.get(host, host)
        url = f"http://{shown}:{port}/"
        folders = Folders.of(Path(settings.DATA_DIR))
        if no_ai:
            os.environ["ADAPTIVE_AI"] = "off"  # for every child, and those of the services started again
        supervisor = Supervisor(folders, services=services(folders), cwd=settings.BASE_DIR, say=self.say)
        try:
            with supervisor.holding(url=url), listen(host, port) as listener:
                supervisor.services_start()
                self.prepare()
                self.say("web", "starting")
                web = supervisor.child_start(web_plan(listener.fileno()))
                supervisor.web_wait(web, host=host, port=port)
                if not no_worker:
                    for plan in worker_plans(folders):
                        supervisor.child_start(plan)
                self.greet(url, no_worker=no_worker, no_ai=no_ai, folders=folders)
                supervisor.run()
        except ServiceError as error:
            self.stderr.write(f"adaptive cannot start: {error}")
            raise SystemExit(1) from None
        self.say("start", "stopped; nothing of it runs any more, and the data is kept")

    def prepare(self) -> None:
        """Database and static files as this version of the program needs them."""
        try:
            connection = connections[DEFAULT_DB_ALIAS]
            connection.ensure_connection()
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if plan:
                self.say("database", f"applying {len(plan)} migrations")
                call_command("migrate", interactive=False, verbosity=0)
            self.say("database", "up to date")
        except OperationalError as error:
            raise ServiceError(f"the database of DATABASE_URL does not answer: {one_line(error)}") from None
        except DatabaseError as error:
            raise ServiceError(f"a migration failed, and nothing of it was kept: {one_line(error)}") from None
        broker_check(settings.CELERY_BROKER_URL)
        if static_collect():
            self.say("web", "static files collected")
        if "load_demo" in get_commands():
            call_command("load_demo", if_empty=True, stdout=self.stdout, stderr=self.stderr)
        connections.close_all()

    def greet(self, url: str, *, no_worker: bool, no_ai: bool, folders: Folders) -> None:
        lines = ["", f"Ready after {time.monotonic() - self.begun:.1f} s. Open {url}"]
        lines += [f"  {line}" for line in columns(demo_logins())]
        if no_worker:
            lines.append("No worker runs (--no-worker): answers in words wait until one does.")
        elif no_ai:
            lines.append("No language model runs (--no-ai): answers in words wait for a teacher.")
        lines.append(f"Logs are in {folders.logs}. Press Ctrl-C to stop everything.")
        self.show("\n".join(lines))

    def say(self, who: str, sentence: str) -> None:
        self.show(f"[{who}] {sentence}")

    def show(self, text: str) -> None:
        # A terminal that was closed must not keep the stop from being finished.
        with contextlib.suppress(OSError):
            self.stdout.write(text)
            self.stdout.flush()


def services(folders: Folders) -> list[Server]:
    """The embedded services that no setting replaces, in the order in which they start."""
    found: list[Server] = []
    if env.database_is_embedded(os.environ):
        found.append(PostgresServer(folders))
    if env.broker_is_embedded(os.environ):
        found.append(RedisServer(folders))
    return found


def web_plan(handle: int) -> Plan:
    scratch = ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []
    command = [
        *[sys.executable, "-m", "gunicorn", "lms_project.wsgi", "--bind", f"fd://{handle}"],
        *["--worker-class", "gthread", "--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)],
        # Loaded once and then forked: half the memory and half the time of loading it in each process.
        *["--preload", "--timeout", "60", "--graceful-timeout", "10", "--keep-alive", "5"],
        *["--no-control-socket", *scratch],
    ]
    return Plan("web", command, environ={"ADAPTIVE_DB_POOL": str(WEB_THREADS)}, handles=[handle])


def worker_plans(folders: Folders) -> list[Plan]:
    celery = [sys.executable, "-m", "celery", "-A", "lms_project"]
    # Always prefork, never solo: only a process of its own can be ended when a job overruns its time limit.
    worker = ["--pool", "prefork", "--without-gossip", "--without-mingle", "--loglevel", "INFO", "--concurrency"]
    beat = ["beat", "--schedule", str(folders.run / "beat-schedule"), "--pidfile", "", "--loglevel", "INFO"]
    return [
        Plan("quick", [*celery, "worker", "--queues", "quick", "--hostname", "quick@%h", *worker, "1"]),
        Plan(
            "model",
            [*celery, "worker", "--queues", "model", "--hostname", "model@%h", *worker, "1"],
            environ={"ADAPTIVE_PRELOAD_MODELS": "1"},  # the first answer in words should not wait for the weights
        ),
        # Two at once, so that learners' states need not wait for a fit to end; both only when nobody else has work.
        Plan(
            "slow",
            [*celery, "worker", "--queues", "slow", "--hostname", "slow@%h", *worker, "2"],
            environ={"ADAPTIVE_NICENESS": "15"},
        ),
        Plan("scheduler", [*celery, *beat]),
    ]


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as lines, their columns one below the other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
