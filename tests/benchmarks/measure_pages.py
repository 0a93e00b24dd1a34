#!/usr/bin/env python3
"""Weighs and times the pages of a running demonstration installation, in a real Chromium.

    python tests/benchmarks/measure_pages.py [http://127.0.0.1:8000] [--runs 5] [--slow] [--check]

First visit: a student's home with an empty cache. Next page: an exercise, with what the first left in the cache. Weight
is what came over the network, compressed, headers included. LCP, CLS and INP as browsers report them (Largest
Contentful Paint; Cumulative Layout Shift; Interaction to Next Paint, the longest of picking an option, a hint and
handing in), the median of the runs. --slow: 1.6 Mbit/s, 150 ms there and back, a processor four times slower
(Lighthouse's phone). --check: exits 1 where a bar is missed (100 kB, 30 kB, 1.5 s, 0.05, 200 ms).
"""

import argparse
import json
import shutil
import statistics
import sys
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

STUDENT, PASSWORD = "bob", "demo-student"
BARS = {"first visit, kB": 100, "next page, kB": 30, "LCP, ms": 1500, "CLS": 0.05, "INP, ms": 200}
WATCH = """
window.seen = { lcp: 0, cls: 0, inp: 0 };
new PerformanceObserver(list => { for (const e of list.getEntries()) window.seen.lcp = e.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver(list => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) window.seen.cls += e.value; })
  .observe({ type: "layout-shift", buffered: true });
new PerformanceObserver(list => { for (const e of list.getEntries())
  if (e.interactionId) window.seen.inp = Math.max(window.seen.inp, e.duration); })
  .observe({ type: "event", durationThreshold: 16, buffered: true });
"""


class Weight:
    """Bytes over the network since the last `take`."""

    def __init__(self, page: Page, *, slow: bool) -> None:
        self.n_bytes, self.n_requests = 0, 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._add)
        if slow:
            network = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
            session.send("Network.emulateNetworkConditions", network)
            session.send("Emulation.setCPUThrottlingRate", {"rate": 4})

    def _add(self, event: dict[str, Any]) -> None:
        self.n_bytes += int(event.get("encodedDataLength", 0))
        self.n_requests += 1

    def take(self) -> float:
        n, self.n_bytes = self.n_bytes, 0
        return n / 1000


def cookies(browser: Browser, base: str) -> list[Any]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/login/")
    page.fill("#id_username", STUDENT)
    page.fill("#id_password", PASSWORD)
    page.locator("form:has(#id_password) button[type=submit]").click()
    found = context.cookies()
    context.close()
    return found


def an_exercise(context: BrowserContext, base: str) -> str:
    """The address of an exercise with options to pick, by the links of the pages."""
    page = context.new_page()
    page.goto(f"{base}/")
    skills = page.locator("a[href$='/skills/']").first.get_attribute("href")
    page.goto(base + str(skills))
    for skill in page.locator("main a[href*='/skills/']").evaluate_all("all => all.map(a => a.href)")[:5]:
        page.goto(skill)
        for link in page.locator("main a[href*='/resources/']").evaluate_all("all => all.map(a => a.href)"):
            page.goto(link)
            if page.get_by_role("radio").count() and page.get_by_role("button", name="Show a hint").count():
                return link
    raise SystemExit("The demonstration course has no exercise with options.")


def settled(page: Page) -> dict[str, float]:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    return page.evaluate("window.seen")


def measure(browser: Browser, base: str, exercise: str, *, slow: bool) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
    context.add_cookies(cookies(browser, base))  # a login of its own: hints that were seen belong to it
    context.add_init_script(WATCH)
    page = context.new_page()
    weight = Weight(page, slow=slow)
    page.goto(f"{base}/")
    home = settled(page)
    found = {"first visit, kB": weight.take()}
    page.goto(exercise)
    work = settled(page)
    found["next page, kB"] = weight.take()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Show a hint").click()
    page.locator(".hint").first.wait_for()
    page.get_by_role("button", name="Check my answer").click()
    page.locator(".verdict").wait_for()
    after = settled(page)
    context.close()
    found["LCP, ms"] = max(home["lcp"], work["lcp"])
    found["CLS"] = max(home["cls"], after["cls"])
    found["INP, ms"] = after["inp"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    chromium = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), "")
    base = options.base.rstrip("/")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium or None, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies(cookies(browser, base))
        exercise = an_exercise(context, base)
        context.close()
        runs = [measure(browser, base, exercise, slow=options.slow) for _ in range(options.runs)]
        browser.close()
    medians = {name: round(statistics.median(run[name] for run in runs), 3) for name in BARS}
    missed = [name for name, bar in BARS.items() if medians[name] > bar]
    print(json.dumps({"median of": options.runs, "slow": options.slow, **medians, "missed": missed}, indent=1))
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
