"""A study plan in a real browser: made, an error in place, what if, again from today; and without JavaScript."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from adaptive.common.clock import now
from adaptive.planning.models import StudyPlan, StudySession
from tests.factories import Cast, exercise_make


@pytest.fixture
def address(cast: Cast) -> str:
    for number in range(18):
        exercise_make(cast.course, [cast.skills[number % 3]], "choice", external_id=f"more{number}")
    return reverse("adaptive:plan", args=[cast.course.pk])


def in_days(n: int) -> str:
    return (now() + timedelta(days=n)).date().isoformat()


def age(days: int) -> None:
    for session in StudySession.objects.order_by("day"):
        session.day -= timedelta(days=days)
        session.save()


def test_made_changed_and_looked_at_without_a_reload(window, cast, address):
    w = window(width=768)
    w.expected = ["422"]
    w.log_in("alice")
    w.goto(reverse("adaptive:course", args=[cast.course.pk]))
    w.page.get_by_role("navigation", name="Main").get_by_role("link", name="Plan").click()
    expect(w.page.get_by_role("heading", level=1)).to_have_text("Study plan")

    w.page.evaluate("window.stayed = true")
    w.page.get_by_label("Day of the exam").fill(in_days(-1))
    w.page.get_by_label("Monday").fill("half an hour")
    w.page.get_by_label("Sunday").fill("45")
    w.page.get_by_role("button", name="Make my plan").click()
    error = w.page.locator("#form-error")
    expect(error).to_be_focused()
    expect(error).to_contain_text("has passed. Give a day from tomorrow on.")
    expect(error).to_contain_text("“half an hour” is no number of minutes.")
    expect(w.page.get_by_label("Sunday")).to_have_value("45")
    assert w.page.evaluate("window.stayed") and not StudyPlan.objects.exists()
    assert Axe().run(w.page).violations_count == 0

    error.get_by_role("link", name="no number of minutes").click()
    expect(w.page.get_by_label("Monday")).to_be_focused()
    w.page.get_by_label("Monday").fill("30")
    w.page.get_by_label("Day of the exam").fill(in_days(16))
    w.page.get_by_role("button", name="Make my plan").click()
    expect(w.page.get_by_role("heading", name="What to expect")).to_be_visible()
    assert StudyPlan.objects.get().minutes_per_weekday == [30, 20, 20, 20, 20, 0, 45]

    w.page.evaluate("window.stayed = true")
    w.page.get_by_role("link", name="What if I skip it?").nth(2).click()
    said = w.page.locator("#what-if")
    expect(said).to_contain_text("in 8 of 10 cases")
    assert w.page.evaluate("window.stayed") and StudyPlan.objects.get().days_off == []
    assert Axe().run(w.page).violations_count == 0
    said.get_by_role("button", name="Take this day off").click()
    expect(w.page.get_by_text("That day is off, and the rest is planned again.")).to_be_visible()
    assert len(StudyPlan.objects.get().days_off) == 1


def test_after_missed_days_one_press_starts_afresh(window, cast, address):
    w = window(width=320, scheme="dark")
    w.log_in("alice")
    w.goto(address)
    for day in ("Saturday", "Sunday"):
        w.page.get_by_label(day).fill("20")
    w.page.get_by_label("Day of the exam").fill(in_days(20))
    w.page.get_by_role("button", name="Make my plan").click()
    w.page.get_by_role("heading", name="What to expect").wait_for()
    age(4)
    w.goto(address)
    expect(w.page.get_by_text("went by without practice. That happens.")).to_be_visible()
    assert Axe().run(w.page).violations_count == 0
    w.page.get_by_role("button", name="Plan anew from today").click()
    expect(w.page.get_by_text("Your plan starts afresh from today")).to_be_visible()
    assert w.page.get_by_text("went by without practice").count() == 0
    assert StudySession.objects.order_by("day").first().day >= now().date()


def test_without_javascript_and_by_keyboard_alone(window, cast, address):
    w = window(javascript=False)
    w.expected = ["422"]
    w.log_in("alice")
    w.goto(address)
    w.page.get_by_label("Target").fill("much")
    w.page.get_by_label("Day of the exam").fill(in_days(12))
    w.page.get_by_role("button", name="Make my plan").press("Enter")
    assert "Give the target as a percentage" in w.text()
    assert w.page.get_by_label("Day of the exam").input_value() == in_days(12)
    w.page.get_by_label("Target").fill("90")
    w.page.get_by_label("Target").press("Enter")
    assert "Your plan is ready." in w.text() and "Your target of 90" in w.text()
    w.page.get_by_role("link", name="What if I skip it?").nth(1).press("Enter")
    w.page.get_by_role("button", name="Take this day off").press("Enter")
    assert "That day is off" in w.text()
    w.page.get_by_role("button", name="Make a calendar address").press("Enter")
    feed = w.page.get_by_label("Secret address").input_value()
    assert w.context.request.get(feed).text().startswith("BEGIN:VCALENDAR")
    w.page.get_by_role("button", name="Revoke the address").press("Enter")
    assert w.context.request.get(feed).status == 404
    w.page.get_by_role("button", name="Delete the plan").press("Enter")
    assert "Your plan is deleted" in w.text() and not StudyPlan.objects.exists()
