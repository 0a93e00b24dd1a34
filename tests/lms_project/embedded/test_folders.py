import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lms_project.embedded.errors import ServiceError
from lms_project.embedded.folders import Folders, locked, secret


def test_run_and_secrets_are_for_this_user_alone(tmp_path: Path):
    folders = Folders(tmp_path / "d", tmp_path / "r")
    (tmp_path / "r").mkdir(mode=0o755)  # there already, and too open
    folders.make()
    assert stat.S_IMODE(folders.run.stat().st_mode) == 0o700
    assert stat.S_IMODE(folders.secrets.stat().st_mode) == 0o700


def test_the_run_folder_is_a_setting(tmp_path: Path):
    assert Folders.of(tmp_path, {}).run == tmp_path / "run"
    assert Folders.of(tmp_path, {"ADAPTIVE_RUN_DIR": "/run/x"}).run == Path("/run/x")


def test_a_path_too_long_for_a_socket_says_which_setting_shortens_it(tmp_path: Path):
    with pytest.raises(ServiceError, match=r"107; set ADAPTIVE_RUN_DIR to a folder with a shorter path\.$"):
        Folders(tmp_path, tmp_path / ("long" * 30)).make()


def test_bytes_count_not_letters(tmp_path: Path):
    with pytest.raises(ServiceError, match="ADAPTIVE_RUN_DIR"):
        Folders(tmp_path, Path("/tmp/" + "ü" * 45)).make()


def test_a_file_in_a_folders_place_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match="ADAPTIVE_DATA_DIR"):
        Folders(tmp_path / "file", tmp_path / "r").make()
    with pytest.raises(ServiceError, match="ADAPTIVE_DATA_DIR"):
        Folders(tmp_path / "file" / "below", tmp_path / "r").make()


def test_a_folder_that_cannot_be_written_is_one_sentence(as_ordinary_user: Callable, ordinary_folder: Path):
    ordinary_folder.chmod(0o500)
    code = (
        "from pathlib import Path\n"
        "from lms_project.embedded.folders import Folders\n"
        "Folders(Path('data').resolve(), Path('data/run').resolve()).make()\n"
    )
    said = as_ordinary_user(code, cwd=ordinary_folder).stderr.splitlines()[-1]
    assert "ServiceError: the folder" in said and "set ADAPTIVE_DATA_DIR to one that you own" in said


def test_a_folder_of_another_user_is_refused(tmp_path: Path):
    foreign = tmp_path / "r" if os.geteuid() == 0 else Path("/")
    if os.geteuid() == 0:
        foreign.mkdir()
        os.chown(foreign, 65534, 65534)
    with pytest.raises(ServiceError, match="belongs to another user; set ADAPTIVE_RUN_DIR"):
        Folders(tmp_path / "d", foreign).make()


def test_two_processes_asking_at_once_get_the_same_secret(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        said = set(pool.map(lambda _: secret(tmp_path / "s", "one"), range(64)))
    assert len(said) == 1 and len(said.pop()) > 30
    assert stat.S_IMODE((tmp_path / "s" / "one").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["one"]


def test_a_lock_is_held_by_one_and_given_back(tmp_path: Path):
    with locked(tmp_path / "lock") as first:
        assert first
        with locked(tmp_path / "lock") as second:
            assert not second
    with locked(tmp_path / "lock") as third:
        assert third
