"""Addresses of lists of hundreds, where looking each one up would take longer than the rest of the page."""

from functools import lru_cache

from django.urls import get_script_prefix, reverse


def row_url(name: str, *args: int) -> str:
    """As django.urls.reverse of numbers; looked up once for all rows, which differ in the last number alone."""
    head, tail = _around(name, args[:-1], get_script_prefix())
    return f"{head}{args[-1]:d}{tail}"


@lru_cache(maxsize=4096)
def _around(name: str, args: tuple[int, ...], prefix: str) -> tuple[str, str]:
    """An address before and after its last number."""
    head, _number, tail = reverse(name, args=[*args, 0]).rpartition("0")
    return head, tail
