"""Options of this installation, from the environment. A bad one raises ImproperlyConfigured, naming it."""

import os
import secrets
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def data_dir(environ: Mapping[str, str], base_dir: Path) -> Path:
    """Where everything that must be kept lies: ADAPTIVE_DATA_DIR, else `.data` beside manage.py."""
    return Path(environ.get("ADAPTIVE_DATA_DIR") or base_dir / ".data").expanduser().resolve()


def flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    raw = environ.get(name)
    if raw is None:
        return default
    if raw.strip().lower() in TRUE:
        return True
    if raw.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}; set it to on or off.")


def words(environ: Mapping[str, str], name: str, *, default: list[str]) -> list[str]:
    """A list separated by commas."""
    raw = environ.get(name)
    return default if raw is None else [word.strip() for word in raw.split(",") if word.strip()]


def number(environ: Mapping[str, str], name: str, *, default: float) -> float:
    raw = environ.get(name)
    if raw is None:
        return default
    try:
        return float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {raw!r}; set it to a number.") from None


def secret_key(environ: Mapping[str, str], folder: Path) -> str:
    """ADAPTIVE_SECRET_KEY, else one made at the first start and kept in the data folder, readable by this user only."""
    given = environ.get("ADAPTIVE_SECRET_KEY")
    if given is not None:
        if len(given) < 32:
            raise ImproperlyConfigured("ADAPTIVE_SECRET_KEY is too short; give at least 32 random characters.")
        return given
    path = folder / "secrets" / "django"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            # Written beside and linked into place, so that two processes starting at once agree on one key.
            draft = path.with_name(f"django.{os.getpid()}")
            draft.write_text(secrets.token_urlsafe(50))
            draft.chmod(0o600)
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"the data folder {folder} cannot be written ({error.strerror}); "
            "set ADAPTIVE_DATA_DIR to a folder that you own."
        ) from None


def time_zone(environ: Mapping[str, str]) -> str:
    name = environ.get("ADAPTIVE_TIME_ZONE", "UTC")
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ImproperlyConfigured(f"ADAPTIVE_TIME_ZONE is {name!r}; use a name such as Europe/Berlin.") from None
    return name


def log_level(environ: Mapping[str, str]) -> str:
    level = environ.get("ADAPTIVE_LOG_LEVEL", "INFO").upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ImproperlyConfigured(f"ADAPTIVE_LOG_LEVEL is {level!r}; use DEBUG, INFO, WARNING or ERROR.")
    return level


def adaptive_settings(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """`settings.ADAPTIVE` from the environment: which models, and where they are kept."""
    options: dict[str, Any] = {
        "DATA_DIR": folder,
        "MODEL_DIR": Path(environ.get("ADAPTIVE_MODEL_DIR") or folder / "models").expanduser().resolve(),
        "AI_ENABLED": flag(environ, "ADAPTIVE_AI", default=True),
        "REWORD_EXPLANATIONS": flag(environ, "ADAPTIVE_REWORD", default=False),
    }
    if not flag(environ, "ADAPTIVE_MARKER", default=True):
        options["MARKER"] = ""
    path, url = environ.get("ADAPTIVE_LLM_PATH"), environ.get("ADAPTIVE_LLM_URL")
    if path and url:
        raise ImproperlyConfigured("ADAPTIVE_LLM_PATH and ADAPTIVE_LLM_URL are both set; keep one of them.")
    if path:
        if not (Path(path).expanduser() / "config.json").is_file():
            raise ImproperlyConfigured(f"ADAPTIVE_LLM_PATH is {path!r}, where there is no config.json of a model.")
        options["LLM_OPTIONS"] = {"path": str(Path(path).expanduser().resolve())}
    if url:
        if not url.startswith(("http://", "https://")):
            raise ImproperlyConfigured(f"ADAPTIVE_LLM_URL is {url!r}; it must begin with http:// or https://.")
        options["LLM"] = "adaptive.backends.llm.openai_compatible.OpenAICompatibleModel"
        options["LLM_OPTIONS"] = {
            "base_url": url,
            "model": environ.get("ADAPTIVE_LLM_NAME", ""),
            "api_key_env": "ADAPTIVE_LLM_KEY",
            "budget_tokens": _tokens_a_day(environ),
            "budget_file": str(folder / "llm_budget.json"),
        }
        if not options["LLM_OPTIONS"]["model"]:
            raise ImproperlyConfigured("ADAPTIVE_LLM_URL needs ADAPTIVE_LLM_NAME: which of the server's models.")
    if not options["AI_ENABLED"]:
        options["LLM"] = "adaptive.backends.llm.template.NoModel"
    return options


def _tokens_a_day(environ: Mapping[str, str]) -> int:
    """What all processes together may have of a language model's server in a day; 0: as much as they want."""
    tokens = number(environ, "ADAPTIVE_LLM_TOKENS_A_DAY", default=0)
    if not 0 <= tokens < 1e15 or tokens != int(tokens):
        raise ImproperlyConfigured(
            f"ADAPTIVE_LLM_TOKENS_A_DAY is {tokens:g}; set it to a whole number, 0 for no limit."
        )
    return int(tokens)
