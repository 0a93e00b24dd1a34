"""Are the parts there? Each is asked in a second at most, and the answer is kept a moment: the page is open to all."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from celery import current_app
from django.db import connection

from adaptive.api.broker import redis_client
from adaptive.backends.registry import get_embedding, get_llm, get_marker
from adaptive.conf import settings

PART_SECONDS = 1.0
KEPT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part the service needs. `is_needed`: without it nothing can be answered (503)."""

    name: str
    is_ok: bool
    detail: str = ""
    is_needed: bool = False
    more: dict[str, Any] = field(default_factory=dict)


def database() -> Part:
    """A connection of its own: the pool's queue must not decide how long this takes."""
    params = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key not in {"context", "cursor_factory", "pool", "prepare_threshold"}
    }
    try:
        with psycopg.connect(**{**params, "connect_timeout": 2, "options": "-c statement_timeout=1000"}) as opened:
            opened.execute("SELECT 1 FROM adaptive_tenant LIMIT 1")
    except psycopg.Error as error:
        return Part("database", False, _first_line(error), is_needed=True)
    return Part("database", True, is_needed=True)


def broker() -> Part:
    try:
        if client := redis_client():
            client.ping()
        else:
            with current_app.connection_for_read() as opened:
                opened.ensure_connection(max_retries=1, timeout=PART_SECONDS)
    except Exception as error:  # each transport has its own
        return Part("broker", False, _first_line(error))
    return Part("broker", True)


def worker(broker_is_ok: bool) -> Part:
    """Does any worker answer? The first answer is enough."""
    if not broker_is_ok:
        return Part("worker", False, "Cannot be asked without the broker.")
    try:
        answers = current_app.control.ping(timeout=PART_SECONDS, limit=1)
    except Exception as error:
        return Part("worker", False, _first_line(error))
    if not answers:
        return Part("worker", False, "No worker answers. Answers are stored and wait.")
    return Part("worker", True)


def models() -> Part:
    """Are the language model and the encoder to be had? The web process itself never loads them."""
    try:
        llm, embedding, marker = get_llm(), get_embedding(), get_marker()
    except Exception as error:
        return Part("models", False, _first_line(error))
    wanted = settings().ai_enabled
    can_read = llm.is_available() or (marker is not None and marker.is_available())
    more = {
        "language_model": {"name": llm.name, "ok": can_read or not wanted},
        "embedding": {"name": embedding.name, "ok": True},
    }
    detail = "" if wanted else "The AI is switched off."
    if not more["language_model"]["ok"]:
        detail = "The language model is not there. Answers in words wait, or go to a teacher."
    return Part("models", more["language_model"]["ok"], detail, more=more)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def parts() -> list[Part]:
    found = [database(), broker()]
    return [*found, worker(found[1].is_ok), models()]


_lock = threading.Lock()
_kept: tuple[float, list[Part]] | None = None


def parts_lately(look: Callable[[], list[Part]] = parts) -> list[Part]:
    """What `parts` said within the last two seconds, else what it says now; one caller at a time asks."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > KEPT_SECONDS:
            _kept = (time.monotonic(), look())
        return _kept[1]


def forget() -> None:
    """For tests."""
    global _kept
    _kept = None
