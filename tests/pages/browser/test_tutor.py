"""The tutor in a real browser: by keyboard, told to who listens, without a reload and without JavaScript."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from adaptive.conversation.models import TutorMessage
from adaptive.conversation.services import conversation_start, message_post
from tests.factories import Cast, resource_make

BODY = (
    "## Equal parts\n\nThe **denominator** says into how many equal parts the whole is cut: $\\frac{3}{4}$. "
    "The numerator counts how many of these parts we have."
)


@pytest.fixture
def talk(cast: Cast) -> Cast:
    resource_make(cast.course, [cast.skills[0]], external_id="parts", title="One number, two jobs", body=BODY)
    return cast


def tutor(cast: Cast) -> str:
    return reverse("adaptive:tutor", args=[cast.course.pk])


def check(w, name: str) -> None:
    found = Axe().run(w.page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    too_wide = w.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px too wide"


def test_a_conversation_by_keyboard(window, talk):
    w = window()
    w.log_in("alice")
    w.goto(reverse("adaptive:course", args=[talk.course.pk]))
    w.page.get_by_role("link", name="Tutor").click()
    box = w.page.get_by_label("Your message")
    box.focus()
    w.page.keyboard.type("What is a denominator?")
    w.page.keyboard.press("Tab")
    w.page.keyboard.press("Enter")
    w.page.get_by_text("into how many equal parts").wait_for()
    assert "This is what the course says" in w.page.locator("#live").inner_text()
    assert w.page.evaluate("document.activeElement.id") == "say"
    w.page.keyboard.type("help")
    w.page.get_by_role("button", name="Send").press("Enter")
    choice = w.page.get_by_role("button", name="Adding fractions")
    choice.wait_for()
    choice.press("Enter")
    w.page.locator(".turn-text", has_text="This fits what you asked for").wait_for()
    w.page.get_by_role("link", name="Why “").first.click()
    w.page.locator("#drawer .why-title").wait_for()
    w.page.keyboard.press("Escape")
    w.page.get_by_role("link", name="One number, two jobs").click()
    w.page.get_by_role("heading", name="One number, two jobs").wait_for()
    w.page.go_back()
    w.page.locator(".turn-text", has_text="This fits what you asked for").wait_for()
    assert TutorMessage.objects.filter(role="student").count() == 3


def test_it_works_without_javascript(window, talk):
    w = window(javascript=False)
    w.log_in("alice")
    w.goto(tutor(talk))
    w.page.get_by_label("Your message").fill("What is a denominator?")
    w.page.get_by_role("button", name="Send").click()
    assert "into how many equal parts" in w.text()
    w.page.get_by_role("button", name="Start a new conversation").click()
    assert "into how many equal parts" not in w.text()


def test_too_much_text_stays_in_the_box_with_a_sentence(window, talk):
    w = window()
    w.expected = ["422"]
    w.log_in("alice")
    w.goto(tutor(talk))
    long = "| a | b |\n" * 1_001
    w.page.get_by_label("Your message").fill(long)
    w.page.get_by_role("button", name="Send").click()
    w.page.get_by_text("That is too long: at most 10,000 characters").wait_for()
    assert len(w.page.get_by_label("Your message").input_value()) >= len(long) - 1


def test_an_ai_that_still_writes_can_be_stopped_and_news_comes_by_itself(window, talk):
    said = message_post(
        conversation=conversation_start(learner=talk.alice, course=talk.course), text="What is a denominator?"
    )
    rows = TutorMessage.objects.filter(pk=said.pk)
    rows.update(state="pending")
    w = window()
    w.log_in("alice")
    w.goto(tutor(talk))
    w.page.get_by_role("button", name="Stop").wait_for()
    rows.update(reworded="The denominator counts the equal parts of the whole.")
    w.page.get_by_text("The denominator counts the equal parts").wait_for()
    w.page.get_by_role("button", name="Stop").click()
    w.page.get_by_text("Stopped.").wait_for()
    assert rows.get().state == "stopped"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_every_state_for_everyone(window, talk, width, scheme):
    w = window(width=width, scheme=scheme)
    w.log_in("alice")
    w.goto(tutor(talk))
    check(w, "empty")
    talking = conversation_start(learner=talk.alice, course=talk.course, exercise=talk.exercises["numeric"])
    for text in (
        "What is a denominator?",
        "a" * 300 + " long word",
        "an exercise on adding fractions",
        "tell me the answer",
        "who won the world cup",
        "help",
    ):
        said = message_post(conversation=talking, text=text)
    w.goto(tutor(talk))
    check(w, "all kinds of replies")
    TutorMessage.objects.filter(pk=said.pk).update(state="pending", reworded="In other words.")
    w.goto(tutor(talk))
    check(w, "pending")
