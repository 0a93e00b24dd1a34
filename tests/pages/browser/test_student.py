"""A student's way through practice, in a real browser."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from adaptive.assessment.types import Verdict
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.pages.presenters import feedback
from adaptive.pages.views import attempt as attempt_views
from adaptive.practice import services
from adaptive.practice.services import attempt_work
from adaptive.recommendation.models import ImpressionEvent
from tests.factories import PASSWORD, Cast, right


@pytest.fixture(autouse=True)
def confidence_alone_decides(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "RELEASE_ERROR_LIMIT": 1.0}


def exercise(cast: Cast, name: str) -> str:
    return reverse("adaptive:resource", args=[cast.course.pk, cast.exercises[name].pk])


def work_off(monkeypatch, attempt: Attempt) -> None:
    """What a worker would do, with a model that likes everything."""
    verdict = Verdict(1.0, "correct", 0.95, "You said that thirds are equal.", assessor_kind="llm", model="stub")
    monkeypatch.setattr(services, "read_words", lambda attempt, **kwargs: (verdict, None))
    monkeypatch.setattr(services, "get_llm", lambda: None)
    monkeypatch.setattr(services, "get_embedding", lambda: None)
    Attempt.objects.filter(pk=attempt.pk).update(next_at=now() - timedelta(minutes=1))
    assert attempt_work(attempt.pk) == "assessed"


def test_log_in_start_answer_and_see_what_changed(window, cast):
    w = window(motion="no-preference")
    w.goto("/")
    w.page.fill("#id_username", "alice")
    w.page.fill("#id_password", PASSWORD)
    w.page.get_by_role("button", name="Log in").click()
    expect(w.page.get_by_role("heading", level=1)).to_have_text("Hello Alice")
    w.page.get_by_role("link", name=re.compile(r"^Start \(\d+ min\)")).click()
    expect(w.page).to_have_url(re.compile("/picks/"))

    w.goto(exercise(cast, "choice"))
    w.page.evaluate("window.stayed = true")
    w.page.get_by_role("radio").nth(1).check()
    w.page.get_by_role("button", name="Check my answer").click()
    headline = w.page.get_by_role("heading", name="That is right.")
    expect(headline).to_be_visible()
    expect(headline).to_be_focused()
    assert w.page.evaluate("window.stayed")
    change = Attempt.objects.get().mastery_changes.get()
    before, after = f"{change.before * 100:.0f} %", f"{change.after * 100:.0f} %"
    assert f"What a fraction means {before} {after}" in w.text()
    expect(w.page.locator("#live")).to_contain_text(f"rose from {before} to {after}")
    expect(w.page.locator(".bar-gain")).to_be_visible()
    expect(w.page).to_have_url(re.compile(r"/attempts/\d+/$"))
    w.page.reload()
    expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
    w.page.get_by_role("link", name="Go on").click()
    expect(w.page).to_have_url(re.compile("/picks/"))


def test_words_are_read_while_the_page_stays(window, cast, monkeypatch):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "short_text"))
    w.page.evaluate("window.stayed = true")
    w.page.get_by_label("Your answer").fill("No. Thirds are equal parts.")
    expect(w.page.locator("#text-count")).to_contain_text("5 words")
    w.page.get_by_role("button", name="Hand in").click()
    expect(w.page.get_by_role("heading", name="Being read")).to_be_visible()
    work_off(monkeypatch, Attempt.objects.get())
    expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
    assert "You said that thirds are equal." in w.text() and "Marked by AI, not checked by a person." in w.text()
    expect(w.page.locator("#live")).to_contain_text("That is right. What a fraction means rose")
    assert w.page.evaluate("window.stayed")


def test_nobody_reads_and_the_page_says_what_is_kept(window, cast, monkeypatch):
    for module in (feedback, attempt_views):
        monkeypatch.setattr(module, "AWAY_AFTER", timedelta(seconds=1))
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "short_text"))
    w.page.get_by_label("Your answer").fill("No.")
    w.page.get_by_role("button", name="Hand in").click()
    expect(w.page.get_by_role("heading", name="Your answer is kept.")).to_be_visible()
    expect(w.page.locator("#live")).to_contain_text("It will be read when the reader is back.")
    w.page.get_by_role("link", name="Go on").click()
    w.goto("/")
    assert "Waiting" in w.text() and "Being read" in w.text()


def test_a_double_click_hands_in_once(window, cast):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "numeric"))
    w.page.get_by_label("Your answer").fill("3/4")
    w.page.get_by_role("button", name="Check my answer").dblclick()
    expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
    assert Attempt.objects.count() == 1


def test_hints_come_one_by_one_and_leave_the_answer_alone(window, cast):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "numeric"))
    w.page.get_by_label("Your answer").fill("0.7")
    expect(w.page.get_by_role("button", name="Show a hint")).to_have_accessible_description(re.compile("A hint counts"))
    w.page.get_by_role("button", name="Show a hint").click()
    expect(w.page.get_by_text("Hint 1 of 3")).to_be_visible()
    w.page.get_by_role("button", name="Show the next hint").click()
    w.page.get_by_role("button", name="Show the next hint").click()
    expect(w.page.get_by_text("Hint 3 of 3")).to_be_visible()
    expect(w.page.get_by_label("Your answer")).to_have_value("0.7")
    w.page.get_by_label("Your answer").press("Enter")
    expect(w.page.get_by_role("heading", name="Not right yet.")).to_be_visible()
    assert Attempt.objects.get().n_hints == 3


def test_what_cannot_be_read_is_said_and_stays(window, cast):
    w = window()
    w.expected = ["422"]
    w.log_in("alice")
    w.goto(exercise(cast, "numeric"))
    w.page.get_by_label("Your answer").fill("three quarters of it")
    w.page.get_by_role("button", name="Check my answer").click()
    expect(w.page.get_by_role("alert").locator("visible=true")).to_be_focused()
    expect(w.page.get_by_label("Your answer")).to_have_value("three quarters of it")
    assert not Attempt.objects.exists()


def test_ordering_by_arrows_and_by_number(window, cast):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "ordering"))
    items = w.page.locator(".order-item .order-text")
    assert items.evaluate_all("all => all.map(one => one.dataset.item)") == ["3/4", "1/4", "1/2"]
    w.page.get_by_role("button", name="Move down: 3/4").press("Enter")
    expect(w.page.locator("#live")).to_have_text("3/4: now at place 2 of 3.")
    w.page.get_by_role("combobox", name="Place of 3/4").select_option("3")
    assert items.evaluate_all("all => all.map(one => one.dataset.item)") == ["1/4", "1/2", "3/4"]
    w.page.get_by_role("button", name="Check my answer").click()
    expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
    assert Attempt.objects.get().response == right("ordering")


def test_the_drawer_opens_closes_and_changes_the_pick(window, cast):
    w = window()
    w.log_in("alice")
    w.goto(reverse("adaptive:practice", args=[cast.course.pk]))
    before = w.page.url
    link = w.page.get_by_role("link", name="Why this?")
    link.click()
    drawer = w.page.get_by_role("dialog")
    expect(drawer).to_be_visible()
    expect(drawer.get_by_role("heading", name="Why this?")).to_be_focused()
    w.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(link).to_be_focused()
    link.click()
    drawer.get_by_role("button", name="Too easy").click()
    expect(w.page.get_by_text("Noted: too easy.")).to_be_visible()
    assert w.page.url != before
    assert ImpressionEvent.objects.get(type="disagree").reason == "too_easy"


def test_the_session_ends_in_mid_answer_and_nothing_typed_is_lost(window, cast):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "long_text"))
    w.page.get_by_label("Your answer").fill("First line\nsecond line")
    w.context.clear_cookies(name="sessionid")
    w.page.get_by_role("button", name="Hand in").click()
    expect(w.page.get_by_text("What you typed is kept.")).to_be_visible()
    w.page.fill("#id_username", "alice")
    w.page.fill("#id_password", PASSWORD)
    w.page.get_by_role("button", name="Log in").click()
    expect(w.page.get_by_label("Your answer")).to_have_value("First line\nsecond line")
    w.page.get_by_role("button", name="Hand in").click()
    expect(w.page.get_by_role("heading", name="Being read")).to_be_visible()
    assert Attempt.objects.get().response == {"text": "First line\nsecond line"}


def test_offline_nothing_is_lost_and_the_page_says_so(window, cast):
    w = window()
    w.expected = ["ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"]
    w.log_in("alice")
    w.goto(exercise(cast, "numeric"))
    w.page.get_by_label("Your answer").fill("3/4")
    w.context.set_offline(True)
    w.page.get_by_role("button", name="Check my answer").click()
    expect(w.page.get_by_text("You are offline")).to_be_visible()
    expect(w.page.get_by_label("Your answer")).to_have_value("3/4")
    w.context.set_offline(False)
    w.page.get_by_role("button", name="Check my answer").click()
    expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()


def test_the_back_button_and_two_tabs(window, cast):
    w = window()
    w.expected = ["422"]
    w.log_in("alice")
    w.goto(exercise(cast, "numeric"))
    other = w.context.new_page()
    other.goto(f"{w.base}{exercise(cast, 'numeric')}")
    w.page.get_by_label("Your answer").fill("1")
    w.page.get_by_role("button", name="Check my answer").click()
    expect(w.page.get_by_role("heading", name="Not right yet.")).to_be_visible()
    other.get_by_label("Your answer").fill("3/4")
    other.get_by_role("button", name="Check my answer").click()
    expect(other.get_by_role("heading", name="That is right.")).to_be_visible()
    assert Attempt.objects.count() == 2
    w.page.go_back()
    expect(w.page.get_by_role("button", name="Check my answer")).to_be_visible()
    w.page.get_by_label("Your answer").fill("0.75")
    w.page.get_by_role("button", name="Check my answer").click()
    expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
    assert Attempt.objects.count() == 3


@pytest.mark.parametrize("name", ["choice", "multiple_choice", "matching", "cloze"])
def test_other_formats_by_keyboard_alone(window, cast, name):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, name))
    page = w.page
    match name:
        case "choice":
            page.get_by_role("radio").first.focus()
            page.keyboard.press("ArrowDown")
        case "multiple_choice":
            for n in (0, 1):
                page.get_by_role("checkbox").nth(n).focus()
                page.keyboard.press("Space")
        case "matching":
            for left, right_text in (("1/2", "0.5"), ("1/4", "0.25")):
                page.get_by_role("combobox", name=f"Partner of {left}").focus()
                page.keyboard.type(right_text)
        case "cloze":
            page.get_by_role("textbox", name="Gap 1 of 2").focus()
            page.keyboard.type("4/9")
            page.keyboard.press("Tab")
            page.keyboard.type("five ninths")
    page.get_by_role("button", name="Check my answer").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="That is right.")).to_be_visible()


class TestWithoutJavaScript:
    def test_the_same_by_plain_forms(self, window, cast):
        w = window(javascript=False)
        w.goto("/")
        w.page.fill("#id_username", "alice")
        w.page.fill("#id_password", PASSWORD)
        w.page.get_by_role("button", name="Log in").click()
        w.page.get_by_role("link", name=re.compile(r"^Start \(")).click()
        w.page.get_by_role("link", name="Why this?").click()
        w.page.get_by_role("button", name="Not now").click()
        expect(w.page.get_by_text("Noted: not now.")).to_be_visible()
        w.goto(exercise(cast, "ordering"))
        for item, place in (("3/4", "3"), ("1/4", "1"), ("1/2", "2")):
            w.page.get_by_role("combobox", name=f"Place of {item}").select_option(place)
        w.page.get_by_role("button", name="Show a hint").click()
        expect(w.page.get_by_text("Hint 1 of 3")).to_be_visible()
        expect(w.page.get_by_role("combobox", name="Place of 3/4")).to_have_value("3")
        w.page.get_by_role("button", name="Check my answer").click()
        expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
        assert Attempt.objects.get().n_hints == 1

    def test_a_double_click_hands_in_once(self, window, cast):
        w = window(javascript=False)
        w.log_in("alice")
        w.goto(exercise(cast, "numeric"))
        w.page.get_by_label("Your answer").fill("3/4")
        w.page.get_by_role("button", name="Check my answer").dblclick()
        expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
        assert Attempt.objects.count() == 1

    def test_words_and_a_look_again(self, window, cast, monkeypatch):
        w = window(javascript=False)
        w.log_in("alice")
        w.goto(exercise(cast, "short_text"))
        w.page.get_by_label("Your answer").fill("No. Thirds are equal parts.")
        w.page.get_by_role("button", name="Hand in").click()
        expect(w.page.get_by_role("heading", name="Being read")).to_be_visible()
        work_off(monkeypatch, Attempt.objects.get())
        w.page.get_by_role("link", name="Look again").click()
        expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
