"""A teacher reviews twenty picks by keyboard, takes one back, and switches the keys off."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from adaptive.learners.models import Cohort, Enrolment
from adaptive.practice.services import slate_next
from adaptive.recommendation.models import Review, Ruling
from tests.factories import Cast, enrol, learner_make

LONG = "Maximiliane-Charlotte von Hohenstein-Wolkenbruch zu Untersteinach"


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def twenty(cast: Cast) -> Cast:
    """Twenty learners with one open pick each."""
    cohort = Cohort.objects.create(tenant=cast.tenant, course=cast.course, name="Class 7b")
    for n in range(20):
        name = LONG if n == 0 else f"Learner {n}"
        learner = learner_make(cast.tenant, f"learner{n}", display_name=name, login=False)
        enrol(learner, cast.course)
        Enrolment.objects.filter(learner=learner).update(cohort=cohort)
        slate_next(learner=learner, course=cast.course, count=1)
    return cast


def picks(cast: Cast, state: str = "new") -> str:
    return f"{reverse('adaptive:picks', args=[cast.course.pk])}?state={state}"


def check(w, name: str) -> None:
    found = Axe().run(w.page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px too wide"


def test_twenty_picks_by_keyboard(window, twenty):
    w = window()
    w.log_in("charlie")
    w.goto("/")
    w.page.get_by_role("link", name="Picks").click()
    rows = w.page.locator("[data-pick]")
    expect(rows).to_have_count(20)
    w.page.wait_for_load_state()  # its script listens from then on
    press = w.page.keyboard.press
    press("j")
    expect(rows.nth(0)).to_be_focused()
    for key in "aspn" * 5:
        press(key)
    expect(w.page.locator("[data-decided]")).to_have_count(20)
    decided = list(Review.objects.order_by("pk").values_list("decision", flat=True))
    assert sorted(decided) == sorted(["approve", "swap", "pin", "never"] * 5)
    texts = rows.all_inner_texts()
    for n, word in enumerate(["Approved:", "Swapped:", "Pinned:", "Never:"] * 5):
        assert texts[n].strip().startswith(word), (n, texts[n])

    press("u")
    expect(rows.nth(19).get_by_role("button", name="Approve")).to_be_visible()
    expect(rows.nth(19)).to_be_focused()
    expect(w.page.locator("#live")).to_have_text("Taken back. The pick is open again.")
    press("u")
    expect(w.page.locator("[data-decided]")).to_have_count(18)
    press("k")
    press("k")
    assert Review.objects.filter(undone_at=None).count() == 18
    assert Ruling.objects.filter(ended_at=None, kind="never").count() == 4


def test_a_row_that_is_decided_is_passed_and_typing_is_not_a_key(window, twenty):
    w = window()
    w.log_in("charlie")
    w.goto(picks(twenty))
    rows, press = w.page.locator("[data-pick]"), w.page.keyboard.press
    press("a")
    expect(rows.nth(0)).to_be_focused()
    assert not Review.objects.exists(), "the first key stands at the first row and decides nothing"
    press("j")
    press("a")
    expect(rows.nth(1)).to_have_attribute("data-decided", "")
    expect(rows.nth(2)).to_be_focused()
    expect(w.page.locator("#live")).to_contain_text("Approved: “")
    press("k")
    press("a")
    expect(rows.nth(1)).to_be_focused()
    assert Review.objects.count() == 1
    w.page.get_by_role("switch", name="Keys").uncheck()
    rows.nth(3).focus()
    press("a")
    press("n")
    w.page.reload()
    expect(w.page.get_by_role("switch", name="Keys")).not_to_be_checked()
    assert Review.objects.count() == 1


def test_with_the_mouse_the_focus_goes_on_and_undo_brings_it_back(window, twenty):
    w = window()
    w.log_in("charlie")
    w.goto(picks(twenty))
    rows = w.page.locator("[data-pick]")
    rows.nth(0).get_by_role("button", name="Never for Class 7b").click()
    expect(rows.nth(0)).to_contain_text("stays away from everyone in Class 7b")
    expect(rows.nth(1)).to_be_focused()
    rows.nth(0).get_by_role("button", name="Undo").click()
    expect(rows.nth(0)).to_be_focused()
    expect(rows.nth(0).get_by_role("button", name="Approve")).to_be_visible()


def test_many_at_once_and_undo_by_key_after_it(window, twenty):
    w = window()
    w.log_in("charlie")
    w.goto(picks(twenty))
    w.page.get_by_role("button", name="Approve all 20 shown").click()
    expect(w.page.locator("main")).to_contain_text("Approved 20 picks.")
    expect(w.page.locator("main")).to_contain_text("Every pick that stands open has been decided.")
    w.page.get_by_role("button", name="Undo").click()
    expect(w.page.locator("[data-pick]")).to_have_count(20)
    w.page.locator("[data-pick]").nth(2).get_by_role("checkbox").check()
    w.page.get_by_role("button", name="Approve the ticked").click()
    expect(w.page.locator("main")).to_contain_text("Approved: “")
    w.page.keyboard.press("u")
    expect(w.page.locator("main")).to_contain_text("Taken back: 1 decision.")


def test_without_javascript_all_of_it_is_forms(window, twenty):
    w = window(javascript=False)
    w.log_in("charlie")
    w.goto(picks(twenty))
    expect(w.page.get_by_role("switch", name="Keys")).to_be_hidden()
    w.page.locator("[data-pick]").first.get_by_role("button", name="Pin").click()
    expect(w.page.locator("main")).to_contain_text("Pinned: “")
    w.page.get_by_role("button", name="Undo").first.click()
    expect(w.page.locator("main")).to_contain_text("Taken back: 1 decision.")
    w.page.locator("[data-pick]").first.get_by_role("link", name=re.compile("^More choices")).click()
    w.page.get_by_role("radio", name=re.compile("^Never")).check()
    w.page.get_by_label("Pin or never for").select_option("the whole course")
    w.page.get_by_role("button", name="Decide").click()
    expect(w.page.locator("main")).to_contain_text("stays away from the whole course")
    assert Ruling.objects.get(ended_at=None).scope == "course"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_for_everyone(window, twenty, width, scheme):
    w = window(width=width, scheme=scheme)
    w.log_in("charlie")
    w.goto(picks(twenty))
    check(w, "open")
    row = w.page.locator("[data-pick]").first
    row.get_by_role("button", name="Approve").click()
    expect(row).to_have_attribute("data-decided", "")
    check(w, "one decided")
    w.page.locator("[data-pick]").nth(1).get_by_role("button", name="Pin").click()
    w.goto(picks(twenty, "reviewed"))
    check(w, "decided, with what stands")
    w.goto(picks(twenty, "disagreed"))
    check(w, "empty")
    w.goto(picks(twenty))
    w.page.get_by_role("link", name=re.compile("^More choices")).first.click()
    check(w, "choices")
    w.page.evaluate("document.documentElement.dir = 'rtl'")
    check(w, "from right to left")
