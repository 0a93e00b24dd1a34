"""Makes docs/screens.md, a contact sheet of every page, light and dark: `.venv/bin/python .ci/screens.py`.

Needs a running demonstration installation (`make start`) and a Chromium. It follows links from the home pages of a
student and a teacher and takes one picture of each address name; names that no link leads to are listed at the end.
Options: [BASE] (http://127.0.0.1:8000), --out FOLDER (docs). Exits 1 where the pictures weigh more than MOST_BYTES.
"""

import argparse
import base64
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lms_project.settings")

import django  # noqa: E402
from django.urls import Resolver404, resolve  # noqa: E402
from playwright.sync_api import Browser, Error, Page, sync_playwright  # noqa: E402

WIDTH, HEIGHT, SCALE, QUALITY = 1280, 800, 0.5, 50  # pictures of 640 x 400
MOST_BYTES = 1_500_000
MOST_PAGES = 80
WHO = (("", "", "The door"), ("alice", "demo-student", "A student"), ("teacher", "demo-teacher", "A teacher"))
SCHEMES = ("light", "dark")
# Files, and what changes something.
NO_PAGES = {"calendar", "my-data-export", "logout", "language"}


@dataclass(frozen=True)
class Seen:
    name: str
    title: str
    path: str


def log_in(browser: Browser, base: str, name: str, password: str, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(f"{base}/login/")
    if not name:
        return page
    page.fill("#id_username", name)
    page.fill("#id_password", password)
    page.locator("form:has(#id_password) button[type=submit]").click()
    return page


def name_of(path: str) -> str:
    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return ""


def walk(page: Page, base: str) -> list[Seen]:
    """One page of each address name that links lead to, in the order in which they are met."""
    from adaptive.pages.urls import urlpatterns

    known = {pattern.name for pattern in urlpatterns} - NO_PAGES
    found: dict[str, Seen] = {}
    waiting, asked = [urlsplit(page.url).path], set()
    while waiting and len(asked) < MOST_PAGES:
        path = waiting.pop(0)
        response = page.goto(base + path)
        at = urlsplit(page.url).path
        name = name_of(at)
        asked |= {name_of(path), name}
        if response is None or response.status != 200 or not page.locator("main").count():
            continue
        if name in known and name not in found:
            found[name] = Seen(name, page.title().split(" · ")[0], at)
        for link in page.locator("a[href^='/']").evaluate_all("all => all.map(one => one.getAttribute('href'))"):
            to = urlsplit(link).path
            if (new := name_of(to)) in known and new not in asked | set(map(name_of, waiting)):
                waiting.append(to)
    return list(found.values())


def picture(page: Page, file: Path) -> int:
    """The window as it opens, as WebP; returns its bytes. Playwright itself writes PNG and JPEG alone."""
    session = page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": SCALE}
    wanted = {"format": "webp", "quality": QUALITY, "clip": clip}
    for is_last in (False, False, True):
        try:
            data = session.send("Page.captureScreenshot", wanted)["data"]
            break
        except Error:  # now and then a page that was just drawn cannot be taken yet
            if is_last:
                raise
            page.wait_for_timeout(500)
    session.detach()
    file.write_bytes(base64.b64decode(data))
    return file.stat().st_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    options = parser.parse_args()
    base = options.base.rstrip("/")
    chromium = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), "")
    if not chromium:
        print("There is no Chromium on this machine; on Debian: apt-get install chromium", file=sys.stderr)
        return 1
    django.setup()
    folder = options.out / "screens"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = [
        "# Every page, light and dark",
        "",
        "Made by `.venv/bin/python .ci/screens.py` from the demonstration course; the window is 1280 pixels wide. The",
        "learners in it are simulated.",
        "",
    ]
    n_bytes, names = 0, set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for who, password, heading in WHO:
            pages = {scheme: log_in(browser, base, who, password, scheme) for scheme in SCHEMES}
            seen = walk(pages["light"], base)
            names |= {one.name for one in seen}
            lines += [f"## {heading}", "", "| page | light | dark |", "|---|---|---|"]
            for one in seen:
                cells = []
                for scheme, page in pages.items():
                    page.goto(base + one.path)
                    file = folder / f"{who or 'nobody'}-{one.name}-{scheme}.webp"
                    n_bytes += picture(page, file)
                    cells.append(f"![{one.title}, {scheme}](screens/{file.name})")
                title = one.title.replace("|", "\\|")
                lines.append(f"| {title} (`{one.name}`) | {' | '.join(cells)} |")
                print(f"{who or 'nobody'}: {one.name}")
            lines.append("")
            for page in pages.values():
                page.context.close()
        browser.close()
    from adaptive.pages.urls import urlpatterns

    left = sorted({pattern.name for pattern in urlpatterns} - names - NO_PAGES)
    (options.out / "screens.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(f"No link leads to a page of: {', '.join(left)} (forms, parts of pages, or nothing there to show).")
    print(f"{options.out / 'screens.md'}: {len(names)} pages, {n_bytes / 1e6:.2f} MB of pictures.")
    return 0 if n_bytes <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
