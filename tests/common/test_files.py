import csv
import json
import os

import pytest

from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_csv, write_json, write_text


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_there_is_replaced_and_nothing_lies_beside_it(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("a longer text than the new one, of an earlier run")
    write_json(path, {"ä": [1, 2.5, None]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"ä": [1, 2.5, None]}
    assert path.read_text().endswith("}\n") and names(tmp_path) == ["report.json"]


def test_a_link_stays_one_and_a_pipe_is_written_into(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "behind")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "behind").read_text() == "text"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "through")
        assert os.read(reader, 100) == b"through" and pipe.is_fifo()
    finally:
        os.close(reader)
    assert names(tmp_path) == ["behind", "link", "pipe"]


def test_text_is_utf_8_with_its_own_line_ends(tmp_path):
    write_text(tmp_path / "a.txt", "ä\r\nß\n")
    assert (tmp_path / "a.txt").read_bytes() == "ä\r\nß\n".encode()


def test_rows_come_back_as_they_went(tmp_path):
    path = tmp_path / "rows.csv"
    rows = [["1", 'he said "no", twice'], ["2", "two\nlines"]]
    write_csv(path, ("id", "answer"), (row for row in rows))
    with open(path, newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["id", "answer"], *rows]


def test_a_failure_leaves_what_was_there_and_no_part(tmp_path, monkeypatch):
    path = tmp_path / "report.txt"
    path.write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(InvalidInput, match=r"report\.txt cannot be written: No space left on device\.$"):
            write_text(path, "after")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half a character: \ud800")
    assert path.read_text() == "before" and names(tmp_path) == ["report.txt"]


def test_what_goes_wrong_in_making_the_rows_keeps_its_name(tmp_path):
    def rows():
        yield (1,)
        raise ConnectionError("the model is away")

    with pytest.raises(ConnectionError, match="the model is away"):
        write_csv(tmp_path / "rows.csv", ("id",), rows())
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["", "none/report.json"])
def test_a_folder_and_a_file_in_none_are_refused_before_and_after_the_work(tmp_path, name):
    for attempt in (check_writable, lambda path: write_text(path, "text")):
        with pytest.raises(InvalidInput, match=r"cannot be written: .+\.$"):
            attempt(tmp_path / name)
    assert names(tmp_path) == []


def test_where_a_file_can_be_written_nothing_is_said_or_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_writable(tmp_path / "report.json")
    check_writable(type(tmp_path)("report.json"))
    assert names(tmp_path) == []
