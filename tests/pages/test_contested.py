"""Ask my teacher: who asks comes first, and a changed mark changes belief, plan and pick at once, through the pages."""

from datetime import timedelta

import pytest
from django.urls import reverse

from adaptive.assessment.types import Verdict
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.practice.effects import effect_write
from adaptive.practice.services import answer_submit
from adaptive.recommendation.models import Slate
from tests.factories import Cast, attempt_make, right, wrong
from tests.pages.reading import form_at, text_of


@pytest.fixture(autouse=True)
def no_exploration_and_every_mark_released(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0, "RELEASE_ERROR_LIMIT": 1.0}


def read_by_ai(cast: Cast, learner, name: str = "short_text") -> Attempt:
    """An answer in words that the AI found wrong, counted and all."""
    attempt = answer_submit(
        tenant=cast.tenant,
        learner=learner,
        course=cast.course,
        resource=cast.exercises[name],
        response=right(name),
        source="page",
    ).attempt
    verdict = Verdict(score=0.0, label="incorrect", confidence=0.99, feedback="", assessor_kind="llm", model="m")
    attempt = effect_write(attempt_id=attempt.pk, token=None, verdict=verdict)
    assert attempt.state == Attempt.State.ASSESSED and attempt.assessments.get().is_released
    return attempt


def page(client, name: str, *args) -> str:
    response = client.get(reverse(f"adaptive:{name}", args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_who_asks_comes_first_with_what_they_wrote(cast, as_user):
    for n in range(4):
        attempt_make(
            cast.bob, cast.exercises["long_text"], state="needs_review", submitted_at=now() - timedelta(days=9 - n)
        )
    attempt = read_by_ai(cast, cast.alice)
    alice = as_user("alice")
    form = form_at(page(alice, "attempt", cast.course.pk, attempt.pk), "/contest/")
    said = alice.post(form.action, form.with_values(reason="I did say <b>equal</b>."), follow=True)
    assert "Your teacher will look at it. Until then the mark stands." in text_of(said.content)
    html = page(as_user("charlie"), "review", cast.course.pk)
    text = text_of(html)
    assert text.index("The learner asks you to look at the mark.") < text.index("Explain equivalence")
    assert "“I did say <b>equal</b>.” what the learner wrote to you" in text and "<b>equal" not in html
    one = text_of(page(as_user("charlie"), "review-one", cast.course.pk, attempt.pk))
    assert "what the learner wrote to you" in one


def test_a_changed_mark_changes_belief_plan_and_pick_at_once(cast, as_user):
    for name in ("choice", "numeric"):
        answer_submit(
            tenant=cast.tenant,
            learner=cast.alice,
            course=cast.course,
            resource=cast.exercises[name],
            response=wrong(name),
            source="page",
        )
    attempt = read_by_ai(cast, cast.alice)
    skill = attempt.resource.skill_links.get(position=0).skill
    alice = as_user("alice")
    plan = reverse("adaptive:plan-save", args=[cast.course.pk])
    exam = (now() + timedelta(days=20)).date().isoformat()
    week = {f"minutes-{n}": "30" for n in range(7)}
    assert alice.post(plan, {"exam": exam, "target": "80", **week}).status_code == 303
    forecast = alice.get(reverse("adaptive:plan", args=[cast.course.pk])).context
    plan_before = text_of(page(alice, "plan", cast.course.pk))
    page(alice, "course", cast.course.pk)
    slate_before = Slate.objects.filter(learner=cast.alice).latest("created_at")
    before = text_of(page(alice, "skill", cast.course.pk, skill.pk))
    form = form_at(page(alice, "attempt", cast.course.pk, attempt.pk), "/contest/")
    alice.post(form.action, form.with_values(reason=""))

    charlie = as_user("charlie")
    card = form_at(page(charlie, "review", cast.course.pk), f"/review/{attempt.pk}/")
    charlie.post(card.action, card.with_values(label="correct", feedback="You are right."))

    alice = as_user("alice")
    after = text_of(page(alice, "attempt", cast.course.pk, attempt.pk))
    assert "Marked by your teacher." in after and "You are right." in after
    assert text_of(page(alice, "skill", cast.course.pk, skill.pk)) != before
    change = attempt.mastery_changes.get(skill=skill)
    assert change.after > change.before, "the belief rises where it had fallen"
    page(alice, "course", cast.course.pk)
    slate = Slate.objects.filter(learner=cast.alice).latest("created_at")
    assert slate.pk != slate_before.pk, "the pick is made anew"
    assert slate.context != slate_before.context
    assert forecast is not None and text_of(page(alice, "plan", cast.course.pk)) != plan_before
    assert "asks you to look" not in text_of(page(as_user("charlie"), "review", cast.course.pk))
