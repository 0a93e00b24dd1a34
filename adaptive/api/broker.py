"""The broker's own Redis, for what may be lost: request counts and queue lengths. Everything here fails soft.

Another broker than Redis is none for this module: then nothing is counted.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings as django_settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

T = TypeVar("T")
TIMEOUT_SECONDS = 0.25
PAUSE_SECONDS = 5.0

_lock = threading.Lock()
_clients: dict[str, Redis | None] = {}
_away_until = 0.0


def client_for(url: str) -> Redis | None:
    """A client for Celery's way of writing a Redis address; None for another kind of broker."""
    options = {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
    }
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":
        query = parse_qs(parts.query)
        database = (query.get("virtual_host") or query.get("db") or ["0"])[0].lstrip("/")
        return Redis(
            unix_socket_path=unquote(parts.path),
            db=int(database or 0),
            password=unquote(parts.password) if parts.password else None,
            **options,
        )
    if parts.scheme in {"redis", "rediss"}:
        return Redis.from_url(url, **options)
    return None


def redis_client() -> Redis | None:
    """This process's client, or None where the broker is no Redis."""
    url = str(getattr(django_settings, "CELERY_BROKER_URL", "") or "")
    with _lock:
        if url not in _clients:
            try:
                _clients[url] = client_for(url)
            except ValueError:
                _clients[url] = None
        return _clients[url]


def ask(question: Callable[[Redis], T]) -> T | None:
    """The answer to `question`, or None where the broker is away; then nobody asks again for five seconds."""
    global _away_until
    client = redis_client()
    if client is None or time.monotonic() < _away_until:
        return None
    try:
        return question(client)
    except (RedisError, OSError) as error:
        _away_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("the broker does not answer: %s", error)
        return None
