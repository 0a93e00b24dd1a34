"""Consent by purpose: the learner's own word first, a no at once."""

import pytest

from adaptive.audit.models import AuditEntry
from adaptive.common.errors import InvalidInput
from adaptive.learners.consents import MARKING, PURPOSES, TUTOR, WORDING, agrees, agrees_now, consent_set
from adaptive.learners.models import Learner
from adaptive.learners.services import learner_put
from tests.factories import learner_make, tenant_make


@pytest.fixture
def alice(db):
    return learner_make(tenant_make("demo"), "alice", login=False)


def test_where_nothing_was_said_the_lms_decides(alice):
    assert all(agrees(alice, purpose) for purpose in PURPOSES)
    alice.ai_consent = False
    assert not any(agrees(alice, purpose) for purpose in PURPOSES)


def test_the_learners_word_comes_first_and_is_logged_once(alice):
    for _ in range(2):
        held = consent_set(learner=alice, purpose=TUTOR, is_given=False)
    assert not agrees(held, TUTOR) and agrees(held, MARKING) and agrees(held, WORDING)
    assert not agrees_now(alice, TUTOR), "whoever holds an old row asks for the new one"
    assert [entry.outcome for entry in AuditEntry.objects.filter(action="consent_set")] == [{TUTOR: False}]


@pytest.mark.parametrize("purpose", ["", "everything", "__class__", None, 7, "x" * 500])
def test_an_unknown_purpose_is_refused(alice, purpose):
    with pytest.raises(InvalidInput):
        consent_set(learner=alice, purpose=purpose, is_given=True)
    assert Learner.objects.get().consents == {}


def put(learner, **values):
    return learner_put(tenant=learner.tenant, external_id=learner.external_id, **values)[0]


def test_an_lms_cannot_overrule_a_no_but_can_take_back_a_yes(alice):
    consent_set(learner=alice, purpose=TUTOR, is_given=False)
    consent_set(learner=alice, purpose=MARKING, is_given=True)
    held = put(alice, ai_consent=True)
    assert agrees(held, MARKING) and not agrees(held, TUTOR)
    held = put(alice, ai_consent=False)
    assert not any(agrees(held, purpose) for purpose in PURPOSES)
    held = consent_set(learner=alice, purpose=MARKING, is_given=True)
    assert agrees(held, MARKING), "their own word, after the LMS's"
    assert agrees(put(alice, ai_consent=False), MARKING), "an LMS that says again what it said changes nothing"
    assert agrees(put(alice, display_name="Alice"), MARKING)


@pytest.mark.parametrize("stored", [[], "no", None, {"marking": "yes"}, {"marking": 1}, {"marking": None}])
def test_what_cannot_be_read_says_nothing(alice, stored):
    alice.consents = stored
    assert agrees(alice, MARKING)
    alice.ai_consent = False
    assert not agrees(alice, MARKING)
