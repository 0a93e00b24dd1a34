"""Which database and broker: from the environment, else the embedded ones' sockets, whether or not they run yet.

A bad value raises ImproperlyConfigured with one sentence that names the setting and never shows a password.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from lms_project.embedded.folders import PORT, Folders, secret
from lms_project.embedded.postgres import DATABASE, ROLE

# File and database transports are left out on purpose: they lose the running job when a worker is killed.
BROKERS = {"redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps", "pyamqp"}


def database_is_embedded(environ: Mapping[str, str]) -> bool:
    return not environ.get("DATABASE_URL")


def broker_is_embedded(environ: Mapping[str, str]) -> bool:
    return not environ.get("CELERY_BROKER_URL")


def database_config(environ: Mapping[str, str], data_dir: Path) -> dict[str, Any]:
    """DATABASES["default"]: DATABASE_URL, else the embedded PostgreSQL.

    ADAPTIVE_DB_POOL is the size of a connection pool; `manage.py start` sets it for the web processes
    (a new connection for each request costs more than the request; Celery closes pools after each job).
    """
    if database_is_embedded(environ):
        config = _database_embedded(environ, data_dir)
    else:
        config = _database_named(environ["DATABASE_URL"])
    config["CONN_HEALTH_CHECKS"] = True
    if raw := environ.get("ADAPTIVE_DB_POOL"):
        if not raw.isdigit() or not 1 <= int(raw) <= 100:
            raise ImproperlyConfigured(f"ADAPTIVE_DB_POOL is {raw!r}; set it to a number of connections from 1 to 100.")
        config["CONN_MAX_AGE"] = 0  # a pool and Django's own keeping exclude each other
        config.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": int(raw), "timeout": 10}
    return config


def _database_embedded(environ: Mapping[str, str], data_dir: Path) -> dict[str, Any]:
    folders = Folders.of(data_dir, environ)
    try:
        password = secret(folders.secrets, "postgres")
    except OSError as error:
        raise ImproperlyConfigured(
            f"the folder {folders.secrets} cannot be used ({error.strerror}); "
            "set ADAPTIVE_DATA_DIR to a folder that you own."
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": ROLE,
        "PASSWORD": password,
        "HOST": str(folders.postgres_run),
        "PORT": str(PORT),
        "CONN_MAX_AGE": 60,
    }


def _database_named(url: str) -> dict[str, Any]:
    example = "postgres://user:password@host:5432/database"
    try:
        config = dict(dj_database_url.parse(url, conn_max_age=60))
    except (ValueError, dj_database_url.UnknownSchemeError, dj_database_url.ParseError):
        raise ImproperlyConfigured(f"DATABASE_URL is not an address of a database; write it as {example}.") from None
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"DATABASE_URL must name a PostgreSQL database with pgvector, as {example}.")
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"DATABASE_URL names no database; write it as {example}.")
    return config


def broker_url(environ: Mapping[str, str], data_dir: Path) -> str:
    """CELERY_BROKER_URL, else the socket of the embedded Redis."""
    if broker_is_embedded(environ):
        return redis_url(Folders.of(data_dir, environ))
    url = environ["CELERY_BROKER_URL"]
    try:
        parts = urlsplit(url)
        port = parts.port  # noqa: F841  (reading it checks it)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in BROKERS or not (parts.netloc or parts.scheme == "redis+socket"):
        raise ImproperlyConfigured(
            "CELERY_BROKER_URL must be the address of a Redis or RabbitMQ, "
            "as redis://host:6379/0 or amqp://user:password@host:5672/name."
        )
    return url


def redis_url(folders: Folders, *, database: int = 0) -> str:
    return f"redis+socket://{quote(str(folders.redis_socket))}" + (f"?virtual_host={database}" if database else "")
