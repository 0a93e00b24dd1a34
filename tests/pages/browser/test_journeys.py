"""Ways that lead over several pages and people: to mastery, down the whole hint ladder, from a contested mark to a
teacher's, and through a course whose AI is switched off."""

import re

from django.urls import reverse
from playwright.sync_api import expect

from adaptive.assessment.types import Verdict
from adaptive.events.models import Attempt
from adaptive.practice.effects import effect_write
from adaptive.practice.services import answer_submit
from tests.factories import Cast, right


def exercise(cast: Cast, name: str) -> str:
    return reverse("adaptive:resource", args=[cast.course.pk, cast.exercises[name].pk])


def submitted(cast: Cast, name: str, response: dict) -> Attempt:
    return answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises[name],
        response=response,
        source="page",
    ).attempt


def answer(w, nth: int) -> None:
    w.page.get_by_role("radio").nth(nth).check()
    w.page.get_by_role("button", name="Check my answer").click()


def test_from_a_wrong_answer_to_mastery(window, cast):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "choice"))
    wrong_token = w.page.get_by_role("radio").nth(0).get_attribute("value")
    answer(w, 0)
    expect(w.page.get_by_role("heading", name="Not right yet.")).to_be_visible()
    assert "Count all pieces." in w.text() and "Compares a part with the other part" in w.text()
    w.page.get_by_role("link", name="Try it again").click()
    last = w.page.get_by_text("1 more right answer and it counts as mastered.")
    for _ in range(25):  # what lies between is the same again; it is answered without the browser
        if last.is_visible():
            break
        submitted(cast, "choice", right("choice"))
        w.page.reload()
    expect(last).to_be_visible()
    assert w.page.get_by_role("radio").nth(0).get_attribute("value") == wrong_token
    answer(w, 1)
    expect(w.page.get_by_text("Mastered. It comes back now and then, so that it stays.")).to_be_visible()
    expect(w.page.locator("#live")).to_contain_text("You have mastered it.")
    w.goto(reverse("adaptive:skills", args=[cast.course.pk]))
    card = w.page.get_by_role("listitem").filter(has=w.page.get_by_role("heading", name="What a fraction means"))
    expect(card).to_contain_text("Mastered")


def test_the_ladder_down_to_the_answer(window, cast):
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "numeric"))
    w.page.get_by_label("Your answer").fill("0.7")
    for label in ("Show a hint", "Show the next hint", "Show the next hint"):
        w.page.get_by_role("button", name=label).click()
    similar = w.page.get_by_role("button", name="Show a similar problem, worked out")
    expect(similar).to_have_accessible_description(re.compile("A hint counts"))
    similar.click()
    worked = w.page.get_by_text("A similar problem, worked out:")
    expect(worked).to_be_visible()
    expect(w.page.locator(".hint:focus")).to_contain_text("A similar problem, worked out:")
    shows = w.page.get_by_role("button", name="Show the answer")
    expect(shows).to_have_accessible_description(re.compile("ends this try: it counts as not right"))
    expect(w.page.get_by_label("Your answer")).to_have_value("0.7")
    assert not Attempt.objects.exists()
    shows.dblclick()
    expect(w.page.get_by_role("heading", name="Here is the answer.")).to_be_visible()
    assert "0.75 m" in w.text()
    attempt = Attempt.objects.get()
    assert (attempt.given_score, attempt.response) == (0.0, None)
    w.page.get_by_role("link", name="Try it again").click()
    expect(w.page.get_by_label("Your answer")).to_have_value("0.7")
    expect(w.page.get_by_text("You have seen the answer")).to_be_visible()
    expect(shows).to_be_hidden()


def test_the_ladder_without_javascript(window, cast):
    w = window(javascript=False)
    w.log_in("alice")
    w.goto(exercise(cast, "ordering"))
    for label in ("Show a hint", "Show the next hint", "Show the next hint", "Show a similar problem, worked out"):
        w.page.get_by_role("button", name=label).click()
    expect(w.page.get_by_text("A similar problem, worked out:")).to_be_visible()
    w.page.get_by_role("button", name="Show the answer").click()
    expect(w.page.get_by_role("heading", name="Here is the answer.")).to_be_visible()


def test_a_contested_mark_goes_to_the_teacher_and_comes_back(window, cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "RELEASE_ERROR_LIMIT": 1.0}
    attempt = submitted(cast, "short_text", {"text": "No. Thirds are equal parts."})
    verdict = Verdict(0.0, "incorrect", 0.95, "That is not it.", assessor_kind="llm", model="stub")
    effect_write(attempt_id=attempt.pk, token=None, verdict=verdict)
    page = reverse("adaptive:attempt", args=[cast.course.pk, attempt.pk])
    w = window()
    w.log_in("alice")
    w.goto(page)
    fallen = attempt.mastery_changes.get().after
    w.page.get_by_text("Ask my teacher", exact=True).click()
    w.page.get_by_label("What should your teacher know?").fill("Equal parts is what I mean.")
    w.page.get_by_role("button", name="Ask my teacher to look").click()
    expect(w.page.get_by_text("Your teacher will look at it.")).to_be_visible()

    teacher = window()
    teacher.log_in("charlie")
    teacher.goto(reverse("adaptive:review", args=[cast.course.pk]))
    card = teacher.page.locator(f"#review-{attempt.pk}")
    expect(card).to_contain_text("Equal parts is what I mean.")
    card.get_by_role("radio", name="Right", exact=True).check()
    card.get_by_role("button", name="Save the mark").click()
    expect(teacher.page.get_by_text("Marked: Right, for Alice.").locator("visible=true").first).to_be_visible()

    w.page.reload()
    expect(w.page.get_by_role("heading", name="That is right.")).to_be_visible()
    expect(w.page.get_by_text("Marked by your teacher.")).to_be_visible()
    assert attempt.mastery_changes.get().after > fallen, "what followed from the mark was computed anew"


def test_with_the_ai_off_every_step_works_and_says_who_reads(window, cast, settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": False}
    w = window()
    w.log_in("alice")
    w.goto(exercise(cast, "short_text"))
    expect(w.page.get_by_text("Your teacher reads it.")).to_be_visible()
    w.page.get_by_label("Your answer").fill("No. Thirds are equal parts.")
    w.page.get_by_role("button", name="Hand in").click()
    expect(w.page.get_by_role("heading", name="Your answer is with your teacher.")).to_be_visible()
    w.page.get_by_role("link", name="Go on").first.click()
    expect(w.page).to_have_url(re.compile("/picks/"))
    w.page.get_by_role("link", name="Why this?").click()
    expect(w.page.get_by_role("dialog").get_by_role("heading", name="Why this?")).to_be_visible()
    w.goto(reverse("adaptive:my-data"))
    expect(w.page.get_by_text("The AI is switched off here")).to_be_visible()
    w.goto(reverse("adaptive:tutor", args=[cast.course.pk]))
    expect(w.page.get_by_role("heading", level=1)).to_be_visible()
