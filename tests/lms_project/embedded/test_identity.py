import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from lms_project.embedded.identity import (
    Identity,
    identity_of,
    identity_read,
    identity_write,
    is_alive,
    processes_in,
    signal_send,
)


def test_a_process_is_known_again_and_its_end_is_seen(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    identity = identity_of(process.pid)
    identity_write(tmp_path / "one.json", identity)
    assert identity_read(tmp_path / "one.json") == identity
    assert is_alive(identity)
    process.kill()
    # Not yet waited for, so only a zombie: that is no running process.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(identity)
    process.wait()
    assert identity_of(process.pid) is None


def test_another_process_with_the_same_pid_is_not_signalled(sleeper: subprocess.Popen):
    stale = Identity(sleeper.pid, "another boot:1")
    assert not is_alive(stale)
    assert not signal_send(stale, signal.SIGKILL)


def test_a_spoilt_pid_file_names_nobody(tmp_path: Path):
    path = tmp_path / "one.json"
    for content in ("", "{", "[]", "17", json.dumps({"pid": "x", "started": 1}), json.dumps({"pid": None})):
        path.write_text(content)
        assert identity_read(path) is None
    assert identity_read(tmp_path / "absent.json") is None


def test_processes_are_found_by_the_folder_they_live_in(tmp_path: Path):
    process = subprocess.Popen(["sleep", "600"], cwd=tmp_path)
    try:
        assert [found.pid for found in processes_in(tmp_path, "sleep")] == [process.pid]
        assert processes_in(tmp_path, "postgres") == []
        assert processes_in(tmp_path.parent, "sleep") == []
    finally:
        process.kill()
        process.wait()
