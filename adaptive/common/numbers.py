"""Reading the numbers that people write: "3/4", " 0,75 ", "75%", "1 1/2", "−2", "1,000".

A text can have more than one fair reading ("1,000" is a thousand in London and one in Berlin), so all are returned and
the key decides whether one of them is right.
"""

import math
import re
import unicodedata
from fractions import Fraction

from adaptive.common.text import without_direction_marks

MAX_LENGTH = 60
_SIGN = r"[+-]?"
# Digits in groups of three, in India of two before the last three; or plain digits; then perhaps decimals.
_GROUPED = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:'\d{3})+|\d{1,3}(?: \d{3})+|\d{1,2}(?:,\d{2})+,\d{3}"
_DECIMAL = re.compile(rf"{_SIGN}\s?(?:(?:{_GROUPED}|\d+)(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d{{1,3}})?")
_FRACTION = re.compile(rf"({_SIGN})\s*(?:(\d+)\s+)?(\d+)\s*/\s*([+-]?\d+)")
_CURRENCY = "€$£¥"


class NotANumber(ValueError):
    """The text cannot be read as one number. The message is a sentence for the person who wrote it."""


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", _spread_out(without_direction_marks(text)))
    for minus in "−–—‒﹣－":
        text = text.replace(minus, "-")
    text = text.replace("⁄", "/").replace("∕", "/").replace("÷", "/")
    return re.sub(r"\s+", " ", text).strip()


def _spread_out(text: str) -> str:
    """ "1½" becomes "1 1/2" and "5²" becomes "5^2": NFKC alone would glue them to "11/2" and "52"."""
    out = []
    for character in text:
        form = unicodedata.decomposition(character)
        if form.startswith("<fraction>"):
            out.append(" " + unicodedata.normalize("NFKC", character).replace("⁄", "/"))
        else:
            out.append("^" + character if form.startswith("<super>") else character)
    return "".join(out)


def _decimal_readings(text: str) -> set[float]:
    mantissa, _, exponent = text.partition("e")
    digits = mantissa.replace(" ", "").replace("'", "")
    if digits.count(",") and digits.count("."):
        # The later of the two is the decimal mark: 1,234.56 and 1.234,56.
        decimal = "," if digits.rfind(",") > digits.rfind(".") else "."
        thousands = "." if decimal == "," else ","
        forms = {digits.replace(thousands, "").replace(decimal, ".")}
    elif digits.count(",") > 1 or digits.count(".") > 1:
        # Only groups then, no decimals: "1,234,5" is no number.
        is_grouped = re.fullmatch(r"[+-]?\d{1,3}(?:[,.]\d{2,3})*[,.]\d{3}", digits)
        forms = {re.sub("[,.]", "", digits)} if is_grouped else set()
    elif digits.count(",") == 1:
        forms = {digits.replace(",", ".")}
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", digits):
            forms.add(digits.replace(",", ""))
    else:
        forms = {digits}
    readings = set()
    for form in forms:
        try:
            value = float(form + ("e" + exponent if exponent else ""))
        except ValueError:
            continue
        if math.isfinite(value):
            readings.add(value)
    return readings


def read_number(text: str, *, unit: str = "") -> frozenset[float]:
    """All fair readings of `text` as one number (at least one).

    text: what was written; a leading "x =" and the unit behind the number are allowed.
    unit: the unit that the exercise asks for; with "%" the text "75%" reads as 75 too, else as 0.75 only.
    Raises NotANumber with a sentence that says what is wrong.
    """
    if len(text) > MAX_LENGTH:
        raise NotANumber("That is too long for a number.")
    plain = _plain(text)
    if not plain:
        raise NotANumber("Write a number, such as 3/4 or 0.75.")
    plain = re.sub(r"^[a-zA-Z]\s*=\s*", "", plain).strip(_CURRENCY + " ")
    lowered, wanted = plain.casefold(), _plain(unit).casefold()
    is_percent = False
    for ending in ("%", "percent", "per cent"):
        if lowered.endswith(ending):
            is_percent, lowered = True, lowered.removesuffix(ending).strip()
            break
    else:
        if wanted and lowered.endswith(wanted):
            lowered = lowered.removesuffix(wanted).strip()
    readings = _readings(lowered)
    if not readings:
        raise NotANumber(f"“{text.strip()[:40]}” cannot be read as one number; write it as 3/4, 0.75 or 75%.")
    if is_percent:
        shares = {value / 100 for value in readings}
        readings = shares | readings if wanted in {"%", "percent", "per cent"} else shares
    return frozenset(readings)


def _readings(text: str) -> set[float]:
    if match := _FRACTION.fullmatch(text):
        sign, whole, numerator, denominator = match.groups()
        if int(denominator) == 0:
            raise NotANumber("A fraction cannot have 0 below the line.")
        value = int(whole or 0) + Fraction(int(numerator), int(denominator))
        return {float(-value if sign == "-" else value)}
    if _DECIMAL.fullmatch(text):
        return _decimal_readings(text)
    # A fraction of decimals, as in 0.5/2.
    above, slash, below = text.partition("/")
    if slash and _DECIMAL.fullmatch(above.strip()) and _DECIMAL.fullmatch(below.strip()):
        lower = _decimal_readings(below.strip())
        if 0.0 in lower:
            raise NotANumber("A fraction cannot have 0 below the line.")
        return {a / b for a in _decimal_readings(above.strip()) for b in lower}
    return set()
