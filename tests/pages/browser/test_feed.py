"""A learner reads what is new, takes a course up, says what they prefer: with and without JavaScript, for everyone."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from adaptive.learners.models import Enrolment
from adaptive.practice.services import slate_next
from adaptive.recommendation.models import CourseOffer, ImpressionEvent, Slate
from tests.factories import Cast, course_make, enrol, learner_make, resource_make, skill_make

SHOTS = os.environ.get("SHOTS")  # a folder for pictures of the pages, for who wants to look
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz and what comes after it"
BODY = (
    "# Parts\n\nA fraction is a part of a whole. The **denominator** means into how many equal parts the whole is cut, "
    "such as $\\frac{1}{4}$. Many people like pizza. Equivalent fractions have the same value."
)


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def shop(cast: Cast) -> Cast:
    for n, kind in enumerate(("reading", "video", "worked_example", "reading")):
        title = LONG if n == 3 else f"Parts and wholes {n + 1}"
        resource_make(cast.course, [cast.skills[n % 3]], kind=kind, title=title, body=BODY, duration_minutes=7 + n)
    for name, listing in (("Decimals", "open"), (LONG, "listed"), ("Percentages", "open")):
        about = "Numbers with a point, and what they have to do with fractions, from the market to the laboratory."
        course = course_make(cast.tenant, f"c-{name[:8]}", title=name, listing=listing, description=about)
        cast.extra[name] = course
        for n in range(6):
            skill_make(course, f"s{n}", name=f"{name[:12]} step {n + 1}")
        resource_make(course, [])
    for n in range(4):
        learner = learner_make(cast.tenant, f"l{n}", login=False)
        enrol(learner, cast.course)
        enrol(learner, cast.extra["Decimals"])
    return cast


def check(w, name: str) -> None:
    found = Axe().run(w.page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px too wide"


def look(w, name: str) -> None:
    if SHOTS:
        w.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("javascript", [True, False])
def test_from_the_home_to_a_new_course(window, shop, javascript):
    w = window(javascript=javascript)
    w.log_in("alice")
    w.goto("/")
    w.page.get_by_role("link", name="All of it", exact=True).first.click()
    expect(w.page.get_by_role("heading", level=1)).to_have_text("What is new")
    cards = w.page.locator(".feed-card")
    n = cards.count()
    title = cards.first.locator(".feed-title").inner_text()
    w.page.get_by_role("button", name=f"Not for me: {title}").click()
    expect(w.page.locator("main")).to_contain_text(f"Put away: {title}.")
    expect(w.page.locator(".feed-card .feed-title", has_text=title)).to_have_count(0)
    assert n > 1 and ImpressionEvent.objects.filter(type="dismiss").count() == 1

    w.page.get_by_role("link", name="What to take up next").click()
    w.page.get_by_role("button", name="Enrol in Decimals").click()
    expect(w.page.locator("main")).to_contain_text("You are in “Decimals” now.")
    assert Enrolment.objects.filter(learner=shop.alice, course=shop.extra["Decimals"]).count() == 1
    assert CourseOffer.objects.filter(enrolled_at__isnull=False).count() == 1


def test_what_is_in_a_text_and_how_useful_it_was(window, shop):
    w = window()
    w.log_in("alice")
    w.goto(reverse("adaptive:feed", args=[shop.course.pk]))
    w.page.locator(".feed-card .feed-title a", has_text="Parts and wholes").first.click()
    expect(w.page.locator("main")).to_contain_text("What is in it for you")
    w.page.get_by_role("button", name="4 of 5").click()
    expect(w.page.get_by_role("button", name="4 of 5")).to_have_attribute("aria-pressed", "true")
    event = ImpressionEvent.objects.get(type="rate")
    assert event.rating == 4
    assert ImpressionEvent.objects.filter(type="click", impression=event.impression).count() == 1
    w.page.get_by_role("button", name="Done, go on").click()
    expect(w.page.get_by_role("heading", level=1)).to_have_text("What is new")


def test_preferences_by_keyboard(window, shop):
    w = window()
    w.log_in("alice")
    w.goto(reverse("adaptive:preferences", args=[shop.course.pk]))
    w.page.get_by_label("Video").focus()
    w.page.keyboard.press("Space")
    w.page.get_by_label("Short, up to 5 minutes").check()
    w.page.get_by_role("switch").uncheck()
    w.page.get_by_role("button", name="Save").press("Enter")
    expect(w.page.locator("main")).to_contain_text("Noted.")
    expect(w.page.get_by_label("Video")).to_be_checked()
    expect(w.page.locator("main")).to_contain_text("You switched this off")
    shop.alice.refresh_from_db()
    assert shop.alice.preferences == {"kinds": ["video"], "length": "short", "observe": False}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_for_everyone(window, shop, width, scheme):
    w = window(width=width, scheme=scheme)
    w.log_in("alice")
    for name in ("course", "feed", "catalogue", "preferences"):
        w.goto(reverse(f"adaptive:{name}", args=[shop.course.pk]))
        look(w, f"{name}-{width}-{scheme}")
        check(w, name)
        w.page.evaluate("document.documentElement.dir = 'rtl'")
        check(w, f"{name}, from right to left")
    slate = Slate.objects.filter(purpose="feed").latest("created_at")
    place = slate.impressions.exclude(resource__kind="exercise").first().position
    w.goto(reverse("adaptive:pick", args=[slate.pk, place]))
    look(w, f"reading-{width}-{scheme}")
    check(w, "reading")
    w.goto(reverse("adaptive:why", args=[slate.pk, place]) + "?from=feed")
    check(w, "why")


def test_twice_as_large_a_text_still_fits(window, shop):
    w = window(width=640)
    w.log_in("alice")
    slate = slate_next(learner=shop.alice, course=shop.course, purpose="feed", kinds=["reading"])
    places = [reverse(f"adaptive:{name}", args=[shop.course.pk]) for name in ("feed", "catalogue", "preferences")]
    for place in [*places, reverse("adaptive:pick", args=[slate.pk, 1])]:
        w.goto(place)
        w.page.evaluate("document.documentElement.style.fontSize = '212.5%'")
        too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{place} is {too_wide} px too wide at 200 %"
