import gzip
from pathlib import Path

import pytest

from adaptive.backends.learner_model.logs import id_of, read_log
from adaptive.common.errors import InvalidInput

HEADER = "learner,item,skills,correct,position"


def write(tmp_path: Path, *lines: str, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows_become_histories_in_order(tmp_path):
    path = write(tmp_path, HEADER, "a,7,3;5,1,0", "b,x y,,0.25,4", "a,8,3,0,2")
    log = read_log(path)
    assert log.n_rows == 3 and list(log.histories) == ["a", "b"]
    first, second = log.histories["a"]
    assert (first.item.id, first.item.skill_ids, first.score, first.at) == (7, (3, 5), 1.0, 0.0)
    assert (second.item.skill_ids, second.at) == ((3,), 30.0)
    (only,) = log.histories["b"]
    assert only.item.skill_ids == () and only.score == 0.25 and only.item.id < 0


def test_the_same_item_in_two_files_has_the_same_id(tmp_path):
    one = read_log(write(tmp_path, HEADER, "a,Bruch-1,k,1,0", name="1.csv"))
    two = read_log(write(tmp_path, HEADER, "b,other,k,1,0", "b,Bruch-1,k,0,1", name="2.csv"))
    assert one.histories["a"][0].item == two.histories["b"][1].item


@pytest.mark.parametrize(("label", "number"), [("0", 0), ("12", 12)])
def test_whole_numbers_stay_themselves(label, number):
    assert id_of(label) == number


@pytest.mark.parametrize("label", ["012", "1.0", "-3", "²", "1" * 30, "é"])
def test_other_labels_get_a_negative_number_of_their_own(label):
    assert id_of(label) < 0 and id_of(label) == id_of(label)


def test_gzip_byte_order_mark_blank_lines_and_more_columns_are_fine(tmp_path):
    path = tmp_path / "log.csv"  # gzip is known by its first bytes, not by the name
    text = f'\ufeff{HEADER},note,fold\r\na,1,2,1,0,"x,\r\ny",1\r\n\r\na,1,2,0,1,,1\r\n'
    path.write_bytes(gzip.compress(text.encode()))
    log = read_log(path)
    assert log.n_rows == 2 and log.folds == {"a": "1"}


def test_times_are_read_as_seconds_milliseconds_or_dates(tmp_path):
    header = f"{HEADER},timestamp"
    path = write(tmp_path, header, "a,1,2,1,0,1700000000", "a,1,2,1,1,1700000060000", "a,1,2,0,2,2023-11-14T22:15:20Z")
    assert [o.at for o in read_log(path).histories["a"]] == [1_700_000_000, 1_700_000_060, 1_700_000_120]


def test_buckets_of_time_are_added_up(tmp_path):
    header = f"{HEADER},elapsed_bucket_s,lag_bucket_s"
    path = write(tmp_path, header, "a,1,2,1,0,10-20,", "a,1,2,1,1,120+,2-4", "a,1,2,0,2,,60+")
    assert [o.at for o in read_log(path).histories["a"]] == [0.0, 18.0, 198.0]


BAD = [
    ([], "row 1, is empty"),
    ([""], "row 1, is empty"),
    ([HEADER], "no rows"),
    (["learner,item,skills,position", "a,1,2,0"], "row 1, lacks the column correct"),
    (["a,b,c", "1,2,3"], "lacks the columns learner, item, skills, correct, position"),
    ([f"{HEADER},item", "a,1,2,1,0,1"], "row 1, names a column twice"),
    ([HEADER, "a,1,2,1,0", "a,1,2,1"], "row 3, has 4 fields where the header has 5"),
    ([HEADER, ",1,2,1,0"], "row 2, has no learner"),
    ([HEADER, "a, ,2,1,0"], "row 2, has no item"),
    ([HEADER, "a,1,2,nan,0"], "row 2, has correct = 'nan'"),
    ([HEADER, "a,1,2,,0"], "row 2, has correct = ''"),
    ([HEADER, "a,1,2,2,0"], "row 2, has correct = '2'"),
    ([HEADER, "a,1,2,1,inf"], "row 2, has position = 'inf'"),
    ([HEADER, "a,1,2,1,5", "b,1,2,1,9", "a,1,2,0,4"], "row 4, is out of order: learner a is at position 4 after 5"),
    ([HEADER, "a,1,2,1,5", "a,1,2,1,5"], "row 3, is out of order"),
    ([f"{HEADER},timestamp", "a,1,2,1,5,yesterday"], "row 2, has timestamp = 'yesterday'"),
    ([f"{HEADER},timestamp", "a,1,2,1,5,1e300"], "row 2, has timestamp"),
    ([f"{HEADER},fold", "a,1,2,1,0,1", "a,1,2,0,1,2"], "row 3, puts learner a in fold 2 and before in 1"),
]


@pytest.mark.parametrize(("lines", "message"), BAD)
def test_bad_input_is_one_sentence_with_file_and_row(tmp_path, lines, message):
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_log(path)
    assert message in caught.value.detail
    assert "log.csv" in caught.value.detail and "\n" not in caught.value.detail


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(f"{HEADER}\n".encode() + b"a,1,2,1,0\n" * 5000)[:60], "gzip data is damaged or cut short"),
        (b"\x1f\x8bgarbage that is no gzip", "gzip data is damaged or cut short"),
        (f"{HEADER}\na,1,\xe9,1,0\n".encode("latin-1"), "is not UTF-8"),
        (f"{HEADER}\na,1,2,1,0\n".encode("utf-16"), "is not UTF-8"),
        (f'{HEADER}\na,1,"{"x" * 2_000_000}",1,0\n'.encode(), "is not CSV"),
    ],
    ids=["gzip cut short", "gzip garbage", "Latin-1", "UTF-16", "a field of 2 MB"],
)
def test_files_that_are_not_csv(tmp_path, content, message):
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        read_log(path)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(InvalidInput, match="There is no file"):
        read_log(tmp_path / "none.csv")
    with pytest.raises(InvalidInput, match="is a folder"):
        read_log(tmp_path)
