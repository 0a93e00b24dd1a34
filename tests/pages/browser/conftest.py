"""A real Chromium on a real server. Whatever a test does, the console stays silent and no other host is asked."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from adaptive.pages.markdown import plain_text
from tests.factories import Cast, cast_make

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
expect.set_options(timeout=15_000)  # a busy machine is no failure
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    # The browser's driver keeps an event loop in this thread; the ORM is used beside it, never inside.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_make()


@dataclass
class Window:
    """One person's browser window, with what went wrong in it."""

    page: Page
    context: BrowserContext
    base: str
    noise: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # parts of messages that a test provokes on purpose

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def log_in(self, name: str) -> None:
        """By a session made here: the form itself is tested once."""
        client = Client()
        client.force_login(User.objects.get(username=name))
        session = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": session, "url": self.base}])

    def text(self) -> str:
        return plain_text(self.page.inner_text("main").replace("*", "").replace("_", ""))

    def unexpected(self) -> list[str]:
        return [line for line in self.noise if not any(part in line for part in self.expected)]


@pytest.fixture
def window(chromium: Browser, live_server, cast: Cast) -> Iterator[Callable[..., Window]]:
    """Opens windows: window(width=320, scheme="dark", javascript=False)."""
    opened: list[Window] = []

    @contextmanager
    def closing() -> Iterator[None]:
        try:
            yield
        finally:
            for one in opened:
                one.context.close()

    def open_one(
        *, width: int = 1280, scheme: str = "light", javascript: bool = True, motion: str = "reduce"
    ) -> Window:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            reduced_motion=motion,
        )
        context.set_default_timeout(15_000)
        one = Window(context.new_page(), context, live_server.url)
        one.page.on("console", lambda m: one.noise.append(m.text) if m.type in ("error", "warning") else None)
        one.page.on("pageerror", lambda error: one.noise.append(str(error)))
        one.page.on(
            "request", lambda r: None if r.url.startswith((one.base, "data:")) else one.noise.append(f"asked {r.url}")
        )
        opened.append(one)
        return one

    with closing():
        yield open_one
        for one in opened:
            assert not one.unexpected(), one.unexpected()
