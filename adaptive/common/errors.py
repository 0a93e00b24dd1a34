"""Errors that people can act on. Entry points turn them into pages or problem+json; nothing else is shown."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong and where. `pointer` is a JSON pointer into the input, such as "/answer/tolerance"."""

    pointer: str
    detail: str


class AdaptiveError(Exception):
    """Base of all errors that are the caller's to mend. The message is a whole sentence for people."""

    code = "error"

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class InvalidInput(AdaptiveError):
    """The input cannot be used as it is (422)."""

    code = "invalid"


class NotFound(AdaptiveError):
    """No such thing, or not for this tenant (404)."""

    code = "not-found"


class Conflict(AdaptiveError):
    """It contradicts what is already stored (409)."""

    code = "conflict"


class NotAllowed(AdaptiveError):
    """It exists, but not for who asks (403)."""

    code = "not-allowed"
