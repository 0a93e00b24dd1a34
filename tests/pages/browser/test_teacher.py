"""A teacher finds who needs help, and marks."""

from django.urls import reverse
from playwright.sync_api import expect

from adaptive.events.models import Attempt
from adaptive.mastery.models import SkillMastery
from adaptive.practice.services import answer_submit
from tests.factories import Cast, wrong


def answered(cast: Cast, learner, name: str, response: dict) -> Attempt:
    return answer_submit(
        tenant=cast.tenant,
        learner=learner,
        course=cast.course,
        resource=cast.exercises[name],
        response=response,
        source="page",
    ).attempt


def test_who_needs_help_is_two_clicks_away(window, cast):
    for _ in range(3):
        answered(cast, cast.alice, "choice", wrong("choice"))
    SkillMastery.objects.filter(learner=cast.alice).update(p_mastery=0.2)
    w = window()
    w.log_in("charlie")
    w.goto("/")
    help_section = w.page.get_by_role("region", name="Who needs help")
    expect(help_section).to_contain_text("Compares a part with the other part 3×")
    help_section.get_by_role("link", name="Alice").click()
    expect(w.page.get_by_role("heading", level=1)).to_have_text("Alice")
    assert "“3/5”" in w.text()


def test_marking_one_leaves_the_other_half_written(window, cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": False}
    first = answered(cast, cast.alice, "short_text", {"text": "No, not equal"})
    second = answered(cast, cast.bob, "short_text", {"text": "Yes, three pieces"})
    w = window()
    w.log_in("charlie")
    w.goto(reverse("adaptive:review", args=[cast.course.pk]))
    cards = [w.page.locator(f"#review-{attempt.pk}") for attempt in (first, second)]
    cards[1].get_by_label("A word for the learner").fill("Look at the sizes.")
    cards[0].get_by_role("radio", name="Right", exact=True).check()
    cards[0].get_by_role("button", name="Save the mark").click()
    marked = w.page.locator(".is-done p")
    expect(marked).to_contain_text("Marked: Right, for Alice. It counts now.")
    expect(marked).to_be_focused()
    expect(w.page.locator("#live")).to_have_text("Marked: Right, for Alice.")
    expect(cards[1].get_by_label("A word for the learner")).to_have_value("Look at the sizes.")
    assert first.assessments.get().score == 1.0 and not second.assessments.exists()
