"""A course learns by itself what practice does there; what a person chose stays."""

from io import StringIO

import pytest
from django.core.management import call_command

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.backends.learner_model import practice_effects_fit
from adaptive.mastery.models import LearnerModelFit
from adaptive.mastery.services import attempt_apply
from adaptive.practice import relearning
from adaptive.practice.finetuning import recommending
from adaptive.recommendation.effects import DEFAULTS, effects_use, recommender_of
from adaptive.recommendation.models import RecommenderVersion
from adaptive.recommendation.text_weights import TextWeight
from tests.factories import Cast, attempt_make, cast_make

pytestmark = pytest.mark.django_db


def practise(cast: Cast, times: int) -> None:
    for learner in (cast.alice, cast.bob, cast.charlie):
        for n, exercise in enumerate(list(cast.exercises.values()) * times):
            score = (n + learner.pk) % 2
            attempt_apply(attempt=attempt_make(learner, exercise, score=score), score=score)


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Cast:
    made = cast_make()
    practise(made, 2)
    monkeypatch.setattr(relearning, "LEAST_ANSWERS", 20)
    for module in (recommending, practice_effects_fit):
        monkeypatch.setattr(module, "MIN_ANSWERS", 20)
    return made


def unasked(cast: Cast) -> str:
    out = StringIO()
    call_command(
        "finetune",
        task="recommend",
        course=cast.course.external_id,
        tenant=cast.tenant.slug,
        unasked=True,
        stdout=out,
    )
    return out.getvalue()


def test_it_learns_when_answers_have_grown_by_half_and_not_before(cast):
    assert "in use" in unasked(cast)
    first = RecommenderVersion.objects.get(is_active=True)
    assert recommender_of(course=cast.course).effects.growth == first.effects["growth"] != DEFAULTS.growth
    assert AuditEntry.objects.get(action="recommender_activate").actor_kind == AuditEntry.ActorKind.SYSTEM
    assert "Nothing was due" in unasked(cast)
    practise(cast, 1)
    assert "in use" in unasked(cast)
    second = RecommenderVersion.objects.get(is_active=True)
    assert second.pk > first.pk and second.data["n_rows"] == 1.5 * first.data["n_rows"]


def test_what_the_words_are_worth_is_kept(cast):
    unasked(cast)
    words = {"likes": TextWeight(0.5, 0.0, 1.0, 0.5, 0.6, 0.5, 3.0, 900, 40).to_json()}
    RecommenderVersion.objects.update(words=words)
    practise(cast, 1)
    unasked(cast)
    assert RecommenderVersion.objects.get(is_active=True).words == words


def test_what_a_person_chose_stays(cast):
    unasked(cast)
    effects_use(course=cast.course, number=0, actor="ada")
    practise(cast, 3)
    assert "Nothing was due" in unasked(cast) and relearning.sweep() == 0
    assert recommender_of(course=cast.course).effects == DEFAULTS


def test_a_learner_model_that_a_person_chose_stays(cast, monkeypatch):
    monkeypatch.setattr(relearning, "_in_a_process", lambda course: True)
    audit_record(
        tenant=cast.tenant,
        action="learner_model_activate",
        subject=cast.course,
        actor_kind=AuditEntry.ActorKind.PERSON,
        actor="ada",
        inputs={"before": 0, "course": None},
        outcome={"in_use": 3},
    )
    assert relearning.sweep() == 1 and not LearnerModelFit.objects.exists()


def test_the_sweep_asks_for_those_that_are_due_alone(cast, monkeypatch, settings):
    asked = []
    monkeypatch.setattr(relearning, "_in_a_process", lambda course: asked.append(course.external_id) or True)
    assert relearning.sweep() == 1 and asked == [cast.course.external_id]
    fit = LearnerModelFit.objects.get()
    assert fit.course == cast.course and fit.activate and not fit.force and fit.status == "queued"
    assert relearning.sweep() == 1 and LearnerModelFit.objects.count() == 1, "one at a time"
    settings.ADAPTIVE = {**settings.ADAPTIVE, "LEARNS_BY_ITSELF": False}
    assert relearning.sweep() == 0
    settings.ADAPTIVE = {**settings.ADAPTIVE, "LEARNS_BY_ITSELF": True}
    monkeypatch.setattr(relearning, "MOST_ANSWERS", 30)
    assert relearning.sweep() == 0, "there are more than it would take"
