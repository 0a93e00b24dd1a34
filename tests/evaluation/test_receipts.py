"""Explanations are looked up again, and what is wrong in them is found."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from adaptive.evaluation.receipts import check_receipts
from adaptive.mastery.services import attempt_apply
from adaptive.recommendation import services
from adaptive.recommendation.models import Ruling, Slate
from tests.factories import attempt_make, cast_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered():
    cast = cast_make()
    for n, exercise in enumerate(cast.exercises.values()):
        moment = timezone.now() - timedelta(days=1, minutes=5 * n)
        attempt = attempt_make(cast.alice, exercise, score=n % 2, submitted_at=moment)
        attempt_apply(attempt=attempt, score=n % 2)
    return cast


def test_what_explanations_say_is_so_and_nothing_is_kept(answered):
    found = check_receipts(course=answered.course, n_slates=12, n_flips=20, seed=1)
    assert found.wrong == [] and found.n_facts > 20 and not found.unchecked
    assert found.n_flips_kept == found.n_flips
    assert not Slate.objects.exists()


@pytest.mark.parametrize(
    ("code", "key", "value", "told"),
    [
        ("next_skill", "n_attempts", 77, "answers are told"),
        ("next_skill", "skill", "Knitting", "no skill"),
        ("takes_minutes", "minutes", 55.0, "it takes"),
        ("in_window", "p_correct", 0.123, "p_correct is"),
    ],
)
def test_a_fact_that_is_not_so_is_found(answered, monkeypatch, code, key, value, told):
    real = services.reasons_of

    def doctored(*args, **kwargs):
        rows = real(*args, **kwargs)
        return [{**row, "facts": {**row["facts"], key: value}} if row["code"] == code else row for row in rows]

    monkeypatch.setattr(services, "reasons_of", doctored)
    found = check_receipts(course=answered.course, n_slates=20, n_flips=1, seed=1)
    assert any(told in words for words in found.wrong), found.by_code


def test_what_a_teacher_put_on_top_is_looked_up_too(answered, monkeypatch):
    pinned = answered.exercises["cloze"]
    Ruling.objects.create(course=answered.course, resource=pinned, kind=Ruling.Kind.PIN)
    found = check_receipts(course=answered.course, n_slates=6, n_flips=1, seed=1)
    assert found.by_code["pinned"] and found.wrong == [] and not found.unchecked
    real = services.reasons_of

    def doctored(*args, **kwargs):
        rows = real(*args, **kwargs)
        return [{**row, "facts": {**row["facts"], "days": 9.0}} if row["code"] == "pinned" else row for row in rows]

    monkeypatch.setattr(services, "reasons_of", doctored)
    found = check_receipts(course=answered.course, n_slates=6, n_flips=1, seed=1)
    assert any("it was put on top" in words for words in found.wrong)


def test_the_command_prints_what_it_found_and_refuses_what_is_not_there(answered, capsys, tmp_path):
    report = tmp_path / "r.json"
    call_command(
        "evaluate_explanations",
        course=answered.course.external_id,
        tenant=answered.course.tenant.slug,
        slates=3,
        flips=2,
        report=str(report),
    )
    assert "0 that do not match" in capsys.readouterr().out and report.exists()
    with pytest.raises(CommandError, match="There is no course"):
        call_command("evaluate_explanations", course="nowhere")
    with pytest.raises(CommandError, match="--slates is a number"):
        call_command("evaluate_explanations", course=answered.course.external_id, slates=0)
