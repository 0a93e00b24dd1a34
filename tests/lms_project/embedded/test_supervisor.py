import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from lms_project.embedded import supervisor as module
from lms_project.embedded.children import MARK, Child, Plan
from lms_project.embedded.errors import ServiceError
from lms_project.embedded.supervisor import listen

ROOT = Path(__file__).resolve().parents[3]

# A supervisor of children that only sleep; each writes its pid, and that of a child of its own.
SCRIPT = """
import sys
from pathlib import Path
from lms_project.embedded import children, supervisor as module
from lms_project.embedded.folders import Folders
from lms_project.embedded.children import Plan
from lms_project.embedded.errors import ServiceError
from lms_project.embedded.supervisor import Supervisor

module.WARM_SECONDS = 1.0
data = Path(sys.argv[1])
supervisor = Supervisor(Folders(data, data / "run"), services=[], cwd=data,
                        say=lambda who, sentence: print(f"[{who}] {sentence}", flush=True))
try:
    with supervisor.holding(url="http://127.0.0.1:1/"):
        for number, code in enumerate(sys.argv[2:]):
            supervisor.child_start(Plan(f"child{number}", [sys.executable, "-c", code]))
        print("RUNS", flush=True)
        supervisor.run()
except ServiceError as error:
    print(error, flush=True)
    sys.exit(1)
print("STOPPED", flush=True)
"""
SLEEP = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
STUBBORN = (
    "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "inner = subprocess.Popen([sys.executable, '-c', 'import time, signal;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'], start_new_session=True);"
    "open('inner', 'w').write(str(inner.pid)); open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
)

Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen] = []

    def call(*codes: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path), *codes],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)
    assert not marked_processes()


def marked_processes() -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if MARK in process.environ() and process.environ()["PWD_OF_TEST"] == str(os.getpid()):
                found.append(process.pid)
        except (psutil.Error, OSError, KeyError):
            continue
    return found


@pytest.fixture(autouse=True)
def own_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD_OF_TEST", str(os.getpid()))


def until(true: Callable[[], object], seconds: float = 15.0) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if value := true():
                return value
        except (OSError, ValueError):
            pass
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def pid_in(path: Path) -> int:
    return int(path.read_text())


def ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_children_and_exits_0(start: Start, tmp_path: Path, number: signal.Signals):
    supervisor = start(SLEEP)
    pid = until(lambda: pid_in(tmp_path / "pid"))
    supervisor.send_signal(number)
    said, _ = supervisor.communicate(timeout=15)
    assert supervisor.returncode == 0
    assert said.splitlines()[-1] == "STOPPED"
    assert ended(pid)


def test_a_child_that_dies_is_started_again_and_its_last_line_shown(start: Start, tmp_path: Path):
    supervisor = start("print('about to work', flush=True);" + SLEEP)
    first = until(lambda: pid_in(tmp_path / "pid"))
    os.kill(first, signal.SIGKILL)
    until(lambda: pid_in(tmp_path / "pid") != first)
    supervisor.terminate()
    said, _ = supervisor.communicate(timeout=15)
    assert "[child0] ended (killed by SIGKILL); starting it again in 0.5 s. Its last line: about to work" in said


def test_a_child_that_keeps_dying_waits_longer_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    child = Child(Plan("x", ["/bin/false"]), mark="m" * 32, log=tmp_path / "log", cwd=tmp_path, say=said.append)
    child.start()
    for _ in range(3):
        until(lambda: not child.is_running())
        child.tend()
        child._start_at = 0.0  # the wait itself is not waited for here
        child.tend()
    waits = [sentence.split("again in ")[1].split(" s")[0] for sentence in said]
    assert waits == ["0.5", "1", "2"]
    until(lambda: not child.is_running())


def test_children_end_with_a_supervisor_that_is_killed(start: Start, tmp_path: Path):
    supervisor = start(SLEEP)
    pid = until(lambda: pid_in(tmp_path / "pid"))
    supervisor.kill()
    supervisor.wait()
    until(lambda: ended(pid))


def test_what_a_killed_supervisor_left_is_ended_by_the_next_and_nothing_else(
    start: Start, tmp_path: Path, sleeper: subprocess.Popen
):
    first = start(STUBBORN)
    pid = until(lambda: pid_in(tmp_path / "pid"))
    inner = pid_in(tmp_path / "inner")
    first.kill()
    first.wait()
    time.sleep(0.3)
    assert not ended(pid) and not ended(inner)  # both ignore being asked
    second = start(SLEEP)
    until(lambda: ended(pid) and ended(inner), 20)
    until(lambda: pid_in(tmp_path / "pid") != pid)
    second.terminate()
    said, _ = second.communicate(timeout=15)
    assert "[start] ended 2 processes that a killed start had left behind" in said


def test_a_child_that_does_not_end_is_ended_with_all_it_made(start: Start, tmp_path: Path):
    supervisor = start(STUBBORN)
    pid = until(lambda: pid_in(tmp_path / "pid"))
    inner = pid_in(tmp_path / "inner")
    supervisor.terminate()
    said, _ = supervisor.communicate(timeout=20)
    assert supervisor.returncode == 0
    assert "[start] ended without waiting longer: child0" in said
    assert ended(pid) and ended(inner)


def test_a_second_start_is_refused_and_harms_nothing(start: Start, tmp_path: Path):
    first = start(SLEEP)
    pid = until(lambda: pid_in(tmp_path / "pid"))
    second = start(SLEEP)
    said, _ = second.communicate(timeout=15)
    assert second.returncode == 1
    assert said == f"it already runs on {tmp_path} (process {first.pid}, http://127.0.0.1:1/); stop that one first.\n"
    assert not ended(pid)


def test_a_note_from_elsewhere_ends_no_process(start: Start, tmp_path: Path, sleeper: subprocess.Popen):
    for content in ("{", '{"mark": ""}', '{"mark": 5}', f'{{"mark": "{"0" * 32}", "pid": {sleeper.pid}}}'):
        (tmp_path / "start.json").write_text(content)
        supervisor = start(SLEEP)
        until(lambda: pid_in(tmp_path / "pid"))
        supervisor.terminate()
        assert supervisor.wait(timeout=15) == 0
        (tmp_path / "pid").unlink()


def test_a_taken_port_is_one_sentence_that_names_another():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServiceError, match=f"port {port} on 127.0.0.1 is taken .* --port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_that_is_not_ours_names_the_setting(host: str):
    with pytest.raises(ServiceError, match="ADAPTIVE_BIND"):
        listen(host, 0)


def test_a_web_server_that_does_not_start_says_why(tmp_path: Path):
    supervisor = module.Supervisor(module.Folders(tmp_path, tmp_path / "run"), services=[], cwd=tmp_path, say=print)
    with supervisor.holding(url="http://127.0.0.1:1/"):
        child = supervisor.child_start(Plan("web", [sys.executable, "-c", "raise SystemExit('no such module')"]))
        with pytest.raises(ServiceError, match="the web server does not start: no such module"):
            supervisor.web_wait(child, host="127.0.0.1", port=1)
