"""Steps of `manage.py start` between the services and the web server."""

import hashlib
import importlib
import importlib.util
from pathlib import Path

import kombu
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from lms_project.embedded.errors import ServiceError


def broker_check(url: str, *, seconds: float = 5.0) -> None:
    """ServiceError when nothing answers at the broker's address. The address is not shown: it may hold a password."""
    try:
        with kombu.Connection(
            url, connect_timeout=seconds, transport_options={"socket_connect_timeout": seconds}
        ) as link:
            link.ensure_connection(max_retries=1, timeout=seconds)
            link.default_channel.close()
    except (*kombu.Connection(url).connection_errors, kombu.exceptions.OperationalError) as error:
        raise ServiceError(f"the broker of CELERY_BROKER_URL does not answer: {' '.join(str(error).split())}") from None


def static_collect() -> bool:
    """Collects and compresses the static files if any has changed since last time; True if it did."""
    if "Manifest" not in settings.STORAGES["staticfiles"]["BACKEND"]:
        return False
    mark = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            mark.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == mark.hexdigest():
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=Path(settings.STATIC_ROOT).exists())
    stamp.write_text(mark.hexdigest())
    return True


def demo_logins() -> list[tuple[str, str, str, str]]:
    """(role, username, password, what they see) of the demonstration; empty where there is none."""
    if importlib.util.find_spec("lms_project.demo_logins") is None:
        return []
    return list(importlib.import_module("lms_project.demo_logins").DEMO_LOGINS)
