"""The lease on long work, the same on every table that has one."""

import uuid
from datetime import timedelta

import pytest
from celery import current_app
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from adaptive.assessment.models import AssessorFit
from adaptive.mastery.models import LearnerModelFit
from adaptive.practice import leases
from adaptive.practice.effects import LeaseLost
from tests.factories import cast_make

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[AssessorFit, LearnerModelFit])
def asked(request):
    course = cast_make().course
    asked_for = {"kind": "calibrator"} if request.param is AssessorFit else {"backend": "some.Model"}
    return request.param.objects.create(course=course, **asked_for)


def take(asked) -> leases.Claim | None:
    return leases.take(type(asked), asked.pk, seconds=60)


def later(asked) -> None:
    """An hour goes by."""
    hour = timedelta(hours=1)
    type(asked).objects.update(
        lease_until=F("lease_until") - hour, next_at=F("next_at") - hour, published_at=F("published_at") - hour
    )


def test_it_is_in_one_pair_of_hands_while_the_lease_lasts(asked):
    held = take(asked)
    assert held and take(asked) is None
    assert leases.renew(held, 0.5, "half " * 200)
    asked.refresh_from_db()
    assert (asked.status, asked.done_share, len(asked.progress)) == ("running", 0.5, 500)
    later(asked)
    other = take(asked)
    assert (other.n_lost, other.n_tries) == (1, 0)
    assert not leases.renew(held, 0.6, "too late"), "who was too slow is told so"
    assert leases.fail(held, "too late") == "failed" and leases.give_back(held, "too late") == "tried"
    asked.refresh_from_db()
    assert (asked.status, asked.lease_token, asked.error) == ("running", other.token, ""), "and changes nothing"


def test_what_waits_or_was_dropped_is_found_once_in_a_while(asked):
    assert leases.forgotten(type(asked)) == [], "told of it just now"
    later(asked)
    assert leases.forgotten(type(asked)) == [asked.pk] and leases.forgotten(type(asked)) == []
    take(asked)
    type(asked).objects.update(published_at=Now() - timedelta(hours=1))
    assert leases.forgotten(type(asked)) == [], "it is in hand"
    later(asked)
    assert leases.forgotten(type(asked)) == [asked.pk]


def test_a_failure_waits_longer_each_time_and_the_third_is_the_last(asked):
    waits = []
    for expected in ("tried", "tried", "failed"):
        assert leases.give_back(take(asked), "out of luck") == expected
        asked.refresh_from_db()
        waits.append(asked.next_at - asked.started_at)
        assert take(asked) is None, "not at once"
        later(asked)
    assert (asked.status, asked.error, asked.n_tries) == ("failed", "out of luck", 2)
    assert timedelta(seconds=25) < waits[0] < waits[1] - timedelta(seconds=25)
    assert asked.ended_at and asked.lease_token is None


def test_a_worker_that_was_stopped_has_not_failed(asked):
    assert leases.give_back(take(asked), "stopped", counts=False) == "waits"
    held = take(asked)
    assert held and (held.n_tries, held.n_lost, held.is_spent) == (0, 0, False)


def test_only_who_holds_it_may_finish_it_and_only_once(asked):
    held = take(asked)
    with transaction.atomic(), pytest.raises(LeaseLost, match="is running, or in other hands"):
        leases.locked(type(asked), asked.pk, uuid.uuid4())
    with transaction.atomic():
        leases.finish(leases.locked(type(asked), asked.pk, held.token), version=None, outcome="It is made.")
    asked.refresh_from_db()
    assert (asked.status, asked.outcome, asked.done_share, asked.lease_token) == ("done", "It is made.", 1.0, None)
    with transaction.atomic(), pytest.raises(LeaseLost, match="is done, or in other hands"):
        leases.locked(type(asked), asked.pk, held.token)


def test_a_broker_that_is_away_is_no_error(monkeypatch):
    def away(*_, **__):
        raise ConnectionError("refused")

    monkeypatch.setattr(current_app, "send_task", away)
    assert leases.tell("adaptive.finetune", 1) is False
