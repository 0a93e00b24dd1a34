"""Numbers as people write them, and what only looks like one."""

import contextlib
import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.common.numbers import MAX_LENGTH, NotANumber, read_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3/4", 0.75),
        (" 3 / 4 ", 0.75),
        ("0.75", 0.75),
        (" 0,75 ", 0.75),
        (".75", 0.75),
        (",75", 0.75),
        ("75%", 0.75),
        ("75 %", 0.75),
        ("75 per cent", 0.75),
        ("1 1/2", 1.5),
        ("½", 0.5),
        ("1½", 1.5),
        ("2 ¾", 2.75),
        ("−½", -0.5),
        ("−2", -2.0),
        ("–2", -2.0),
        ("- 2", -2.0),
        ("+2", 2.0),
        ("-1 1/2", -1.5),
        ("3/-4", -0.75),
        ("3÷4", 0.75),
        ("3⁄4", 0.75),
        ("0.5/2", 0.25),
        ("x = 5", 5.0),
        ("€3.50", 3.5),
        ("1e3", 1000.0),
        ("12 000", 12_000.0),
        ("12\u202f000", 12_000.0),
        ("1'000.5", 1000.5),
        ("1,234,567", 1_234_567.0),
        ("1,000.5", 1000.5),
        ("1.000,5", 1000.5),
        ("５", 5.0),
        ("٣/٤", 0.75),
        ("\u200e5\u202c", 5.0),
        ("5.", 5.0),
    ],
)
def test_one_fair_reading(text: str, value: float) -> None:
    assert read_number(text) == {value}


def test_a_comma_before_three_digits_has_two_fair_readings() -> None:
    assert read_number("1,000") == {1.0, 1000.0}
    assert read_number("0,750") == {0.75}, "nobody writes 750 with a leading 0"


@pytest.mark.parametrize(
    ("text", "unit", "readings"),
    [
        ("5 m", "m", {5.0}),
        ("5m", "m", {5.0}),
        ("5 M", "m", {5.0}),
        ("5 cm²", "cm²", {5.0}),
        ("5 cm^2", "cm²", {5.0}),
        ("5", "m", {5.0}),
        ("75%", "%", {0.75, 75.0}),
        ("75", "%", {75.0}),
    ],
)
def test_the_unit_that_the_exercise_asks_for_may_follow(text: str, unit: str, readings: set[float]) -> None:
    assert read_number(text, unit=unit) == readings


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "-", "/", "%", "=", "3/", "/4", "3/0", "1/0.0", "0/0", "1 2", "1 2 3", "1,,5", "1..5", "1.2.3",
        "1,2,3", "1,234,5", "5²", "1²", "2^3", "√2", "π", "½½", "1/2/3", "1 1/2 1/2", "--2", "2-", "1-2", "1+1", "nan",
        "NaN", "inf", "-Infinity", "1e999", "1e400", "0x10", "1_000", "5 kg", "five", "x", "x=", "5=x", "3:4", "100%%",
        "e5", "5e", "9" * 10_240, "1" * (MAX_LENGTH + 1), "\x00", "5\x005", "（5", "5 5%", "<b>5</b>", "🍕", "½a",
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(NotANumber) as refused:
        read_number(text)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 200, "the text that was written is not repeated without end"


@given(st.text(max_size=80))
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    try:
        readings = read_number(text)
    except NotANumber:
        return
    assert readings
    assert all(math.isfinite(value) for value in readings)


@given(st.text(alphabet=string.digits + " .,'/%+-−½e=x", min_size=1, max_size=20))
def test_texts_of_number_signs_are_finite_numbers_or_refused(text: str) -> None:
    with contextlib.suppress(NotANumber):
        assert all(math.isfinite(value) for value in read_number(text))


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_every_float_reads_as_itself(value: float) -> None:
    assert value in read_number(repr(value))


@given(st.integers(-(10**9), 10**9))
def test_every_whole_number_reads_as_itself_however_it_is_grouped(value: int) -> None:
    for text in (f"{value}", f"{value:,}", f"{value:,}".replace(",", " "), f" {value} "):
        assert float(value) in read_number(text)


@given(st.integers(-999, 999), st.integers(1, 999))
def test_every_fraction_reads_as_its_value(above: int, below: int) -> None:
    assert read_number(f"{above}/{below}") == {above / below}


@given(st.integers(0, 99), st.integers(1, 98), st.integers(2, 99), st.sampled_from(["", "-", "−"]))
def test_every_mixed_number_reads_as_its_value(whole: int, above: int, below: int, sign: str) -> None:
    value = whole + above / below
    (reading,) = read_number(f"{sign}{whole} {above}/{below}")
    assert reading == pytest.approx(-value if sign else value)
