from pathlib import Path

from lms_project.embedded.logs import last_line, log_cap


def test_a_log_over_its_limit_is_cut_while_its_writer_goes_on(tmp_path: Path):
    path = tmp_path / "web.log"
    with path.open("a") as writer:
        writer.write("x" * 1000 + "\n")
        writer.flush()
        assert log_cap(path, limit=2000) is False
        assert log_cap(path, limit=500) is True
        writer.write("after\n")
        writer.flush()
    assert path.read_text() == "after\n"
    assert (tmp_path / "web.log.1").stat().st_size == 1001
    assert log_cap(tmp_path / "absent.log") is False


def test_the_last_line_with_text_in_it(tmp_path: Path):
    path = tmp_path / "web.log"
    path.write_text("first\nsecond\n\n  \n")
    assert last_line(path) == "second"
    assert last_line(path, offset=path.stat().st_size) == ""
    assert last_line(path, offset=10_000) == "second"  # the log was cut in between
    assert last_line(tmp_path / "absent") == ""
