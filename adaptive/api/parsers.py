"""Bodies: bounded, and free of what the database could not store."""

import json
import math
from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from adaptive.api.problems import TooLarge
from adaptive.common.errors import FieldError, InvalidInput
from adaptive.common.text import control_character

MAX_BODY = 2 * 1024 * 1024
MAX_BULK_BODY = 20 * 1024 * 1024
MAX_DEPTH = 20
MAX_FAULTS = 20


def read_body(stream: Any, *, most: int, announced: str | None = None) -> bytes:
    """At most `most` bytes of the stream. Raises TooLarge; an announced length over the limit is not even read."""
    if announced and announced.isascii() and announced.isdigit() and int(announced) > most:
        raise TooLarge(f"The body has {int(announced):,} bytes; {most:,} is the most.")
    raw = stream.read(most + 1)
    if len(raw) > most:
        raise TooLarge(f"The body is larger than {most:,} bytes.")
    return raw


def faults(value: Any, pointer: str = "", depth: int = 0) -> Iterator[FieldError]:
    """What in a JSON value no table could hold: control characters, numbers without end, nesting without end."""
    if isinstance(value, str):
        if bad := control_character(value):
            yield FieldError(pointer, f"The text holds a control character ({bad}).")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield FieldError(pointer, "This number is too large.")
    elif isinstance(value, int):
        if value.bit_length() > 128:
            yield FieldError(pointer, "This number is too large.")
    elif isinstance(value, dict | list):
        if depth >= MAX_DEPTH:
            yield FieldError(pointer, f"The value is nested more than {MAX_DEPTH} deep.")
            return
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            step = str(key)
            if isinstance(value, dict) and (bad := control_character(step)):
                yield FieldError(pointer, f"A key holds a control character ({bad}).")
                continue
            yield from faults(inner, f"{pointer}/{step.replace('~', '~0').replace('/', '~1')}", depth + 1)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def read_json(raw: bytes) -> Any:
    """The JSON value. Raises ParseError (400), or InvalidInput (422) for a value that nothing could store."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise ParseError("The body is not UTF-8.") from None
    except RecursionError:
        raise ParseError("The JSON is nested too deep.") from None
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}") from None
    found = []
    for fault in faults(value):
        found.append(fault)
        if len(found) >= MAX_FAULTS:
            break
    if found:
        raise InvalidInput(found[0].detail, errors=found)
    return value


class StrictJSONParser(BaseParser):
    """JSON in UTF-8, whatever the header says about its charset (RFC 8259)."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict | None = None) -> Any:
        request = (parser_context or {}).get("request")
        announced = request.META.get("CONTENT_LENGTH") if request else None
        raw = read_body(stream, most=MAX_BODY, announced=announced)
        return read_json(raw) if raw.strip() else {}


class BulkParser(BaseParser):
    """The raw bytes of a file of lines, whatever its type is called."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict | None = None) -> bytes:
        request = (parser_context or {}).get("request")
        announced = request.META.get("CONTENT_LENGTH") if request else None
        return read_body(stream, most=MAX_BULK_BODY, announced=announced)
