"""finetune --task recommend as an operator meets it: learning from the log, putting it in use, taking it back."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from adaptive.audit.models import AuditEntry
from adaptive.backends.learner_model import practice_effects_fit
from adaptive.mastery.services import attempt_apply
from adaptive.practice.finetuning import recommending
from adaptive.recommendation.effects import DEFAULTS, recommender_of
from adaptive.recommendation.models import RecommenderVersion
from adaptive.recommendation.services import slate_create
from tests.factories import Cast, attempt_make, cast_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return cast_make()


@pytest.fixture
def answered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    for module in (recommending, practice_effects_fit):
        monkeypatch.setattr(module, "MIN_ANSWERS", 20)
    for learner in (cast.alice, cast.bob, cast.charlie):
        for n, exercise in enumerate(list(cast.exercises.values()) * 2):
            moment = timezone.now() - timedelta(days=9, minutes=-7 * n)
            attempt = attempt_make(learner, exercise, score=(n + learner.pk) % 2, submitted_at=moment)
            attempt_apply(attempt=attempt, score=(n + learner.pk) % 2)
    return cast


def finetune(cast: Cast, **options: Any) -> str:
    out = StringIO()
    values = {"task": "recommend", "course": cast.course.external_id, "tenant": cast.course.tenant.slug}
    call_command("finetune", **values, **options, stdout=out)
    return out.getvalue()


def test_what_was_learned_ranks_from_then_on_and_can_be_taken_back(answered):
    assert recommender_of(course=answered.course).effects == DEFAULTS
    out = finetune(answered, activate=True)
    version = RecommenderVersion.objects.get()
    assert "in use" in out and version.is_active
    assert version.data["n_rows"] == version.figures["n_answers"] > 20
    slate = slate_create(learner=answered.alice, course=answered.course)
    assert slate.context["effects"]["growth"] == version.effects["growth"] != DEFAULTS.growth

    assert f"version {version.pk}, in use" in finetune(answered, list=True)
    assert "The defaults are in use" in finetune(answered, use=0)
    assert recommender_of(course=answered.course).effects == DEFAULTS
    assert "in use" in finetune(answered, use=version.pk)
    actions = AuditEntry.objects.filter(action="recommender_activate").order_by("pk")
    assert [entry.outcome["in_use"] for entry in actions] == [version.pk, 0, version.pk]


def test_without_activate_nothing_changes(answered):
    assert "not in use" in finetune(answered)
    assert recommender_of(course=answered.course).effects == DEFAULTS


def test_too_few_answers_and_unknown_versions_are_refused_in_a_sentence(cast):
    with pytest.raises(CommandError, match="500 are needed"):
        finetune(cast, activate=True)
    with pytest.raises(CommandError, match="has no version 99"):
        finetune(cast, use=99)
    assert not RecommenderVersion.objects.exists()


def test_numbers_that_cannot_be_used_leave_the_defaults_and_are_not_put_in_use(answered):
    finetune(answered, activate=True)
    RecommenderVersion.objects.update(effects={"growth": -4})
    assert recommender_of(course=answered.course).effects == DEFAULTS
    with pytest.raises(CommandError, match="cannot be used"):
        finetune(answered, use=RecommenderVersion.objects.get().pk)
    assert slate_create(learner=answered.alice, course=answered.course).impressions.exists()
