from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from tests.factories import Cast, cast_make


@pytest.fixture(autouse=True)
def language_left_as_it_was() -> Iterator[None]:
    """A page of a test runs in the test's own thread, and what language it spoke would be the next test's."""
    with translation.override(translation.get_language()):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    return cast_make()


@pytest.fixture
def as_user(client: Client) -> Callable[[str], Client]:
    def log_in(name: str) -> Client:
        client.force_login(User.objects.get(username=name))
        return client

    return log_in


@pytest.fixture
def alice(cast: Cast, as_user: Callable[[str], Client]) -> Client:
    """Alice's browser, logged in."""
    return as_user("alice")


@pytest.fixture
def charlie(cast: Cast, as_user: Callable[[str], Client]) -> Client:
    """The teacher's browser."""
    return as_user("charlie")
