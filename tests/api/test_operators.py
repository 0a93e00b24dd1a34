"""Up, ready, counted."""

import time

import pytest
from celery import current_app
from django.db import connection

from adaptive.api import broker, metrics, readiness
from tests.api.conftest import Api
from tests.factories import attempt_make


@pytest.fixture
def worker_is_there(monkeypatch):
    monkeypatch.setattr(current_app.control, "ping", lambda **kwargs: [{"quick@here": {"ok": "pong"}}])


def ready(status: int) -> dict:
    response = Api(None)("GET", "/readyz")
    assert response.status_code == status, response.content
    assert response.headers["Cache-Control"] == "no-store"
    return response.json()


def test_up(db):
    response = Api(None)("GET", "/healthz")
    assert response.status_code == 200 and response.json() == {"status": "ok"}


def test_ready_names_each_part(db, settings, worker_is_there):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": False}
    said = ready(200)
    assert said["status"] == "ok"
    assert {name: said[name]["ok"] for name in ("database", "broker", "worker", "models")} == {
        "database": True,
        "broker": True,
        "worker": True,
        "models": True,
    }
    assert {"language_model", "embedding"} <= set(said["models"])


def test_without_a_worker_it_is_ready_but_says_so(db):
    started = time.monotonic()
    said = ready(200)
    assert time.monotonic() - started < 3
    assert said["status"] == "degraded" and not said["worker"]["ok"] and said["worker"]["detail"]
    assert said["database"]["ok"]


def test_without_the_broker_answers_are_still_taken(db, settings):
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/at/all.sock"
    said = ready(200)
    assert said["status"] == "degraded" and not said["broker"]["ok"] and not said["worker"]["ok"]
    assert said["database"]["ok"]


def test_without_the_database_it_is_not_ready(db, monkeypatch):
    params = {**connection.get_connection_params(), "host": "/nowhere"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: params)
    said = ready(503)
    assert said["status"] == "unavailable" and not said["database"]["ok"] and said["database"]["detail"]


def test_many_callers_cost_one_look(db, monkeypatch):
    looks = []
    monkeypatch.setattr(readiness, "database", lambda: looks.append(1) or readiness.Part("database", True))
    for _ in range(5):
        ready(200)
    assert len(looks) == 1


def test_counts_for_prometheus(cast, monkeypatch):
    monkeypatch.setattr(broker, "_away_until", 0.0)
    attempt_make(cast.alice, cast.exercises["choice"], score=1.0)
    attempt_make(cast.alice, cast.exercises["short_text"])
    response = Api(None)("GET", "/metrics")
    assert response.status_code == 200 and response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = response.content.decode().splitlines()
    assert 'adaptive_attempts{state="assessed"} 1' in lines and 'adaptive_attempts{state="queued"} 1' in lines
    assert 'adaptive_attempts{state="failed"} 0' in lines
    assert "adaptive_broker_up 1" in lines
    assert {line.split("}")[0] for line in lines if line.startswith("adaptive_queue_depth{")} >= {
        'adaptive_queue_depth{queue="quick"',
        'adaptive_queue_depth{queue="model"',
    }
    for line in lines:
        assert line.startswith("# ") or float(line.rsplit(" ", 1)[1]) >= 0
    assert "alice" not in response.content.decode().lower() and "demo" not in response.content.decode()


def test_waiting_jobs_are_counted(cast, monkeypatch):
    monkeypatch.setattr(broker, "_away_until", 0.0)
    before = metrics.queue_depths()["model"]
    broker.redis_client().lpush("model", "{}")
    try:
        assert metrics.queue_depths()["model"] == before + 1
    finally:
        broker.redis_client().lpop("model")


def test_counts_without_the_broker(cast, settings, monkeypatch):
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/at/all.sock"
    monkeypatch.setattr(broker, "_away_until", 0.0)
    body = Api(None)("GET", "/metrics").content.decode()
    assert "adaptive_broker_up 0" in body and "adaptive_queue_depth" not in body
