"""What a model is given to read about a learner: noted before, without who they are, only while they agree."""

from datetime import timedelta

import pytest

from adaptive.assessment.types import Verdict
from adaptive.audit import services as audit
from adaptive.audit.models import SentText
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.explanation.models import Explanation
from adaptive.explanation.services import explanation_reword
from adaptive.learners.consents import MARKING, WORDING, consent_set
from adaptive.performance.models import PerformanceAssessment
from adaptive.practice import services
from adaptive.practice.privacy import learner_erase
from adaptive.practice.services import answer_submit, attempt_work, slate_next
from adaptive.recommendation.gaps import Gap, gaps_embed, gaps_record
from tests.exports import learner_export
from tests.factories import attempt_make, cast_make


class Reader(LanguageModel):
    """Finds everything likely, and remembers what it read."""

    name, version, host = "reader", "7", "models.example"

    def __init__(self, before=lambda: None, fails: bool = False) -> None:
        self.read, self.before, self.fails = [], before, fails

    def is_available(self) -> bool:
        return True

    def load(self) -> None:
        pass

    def score_labels(self, prefix, texts, labels):
        self.before()
        self.read += [prefix + text for text in texts]
        if self.fails:
            raise ModelUnavailable("away")
        return [[-1.0 - n for n, _ in enumerate(labels)] for _ in texts]

    def generate(self, prompt, *, max_tokens, stop, seconds):
        self.before()
        self.read.append(prompt)
        return "This is next."


@pytest.fixture
def cast(db, settings, monkeypatch):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "REWORD_EXPLANATIONS": True}
    monkeypatch.setattr(services, "get_embedding", HashingEncoder)
    monkeypatch.setattr(services, "get_marker", lambda: None)
    return cast_make()


def reads_with(monkeypatch, model: LanguageModel) -> None:
    monkeypatch.setattr(services, "get_llm", lambda: model)


def answer(cast, text: str) -> Attempt:
    return answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["short_text"],
        response={"text": text},
        source="page",
    ).attempt


SIGNED = "Alice says: his thirds are not equal, write to alice@school.example for more."


def test_an_answer_is_noted_as_it_is_given_and_without_who_wrote_it(cast, monkeypatch):
    found = answer(cast, SIGNED)
    model = Reader(before=lambda: SentText.objects.get())
    reads_with(monkeypatch, model)
    attempt_work(found.pk)
    sent = SentText.objects.get()
    assert sent.text == "… says: his thirds are not equal, write to … for more."
    assert (sent.purpose, sent.model, sent.host) == ("marking", "reader 7", "models.example")
    assert (sent.subject_kind, sent.subject_id) == ("attempt", str(found.pk))
    assert sent.removed == {"email": 1, "name": 1} and sent.n_times == 1
    assert model.read and not any("alice" in text.lower() for text in model.read)
    found.refresh_from_db()
    assert found.response == {"text": SIGNED}, "their answer stays as they wrote it"


def test_another_try_is_the_same_row_once_more(cast, monkeypatch):
    found = answer(cast, "His thirds are not equal.")
    reads_with(monkeypatch, Reader(fails=True))
    for _ in range(3):
        Attempt.objects.filter(pk=found.pk).update(next_at=now() - timedelta(minutes=1))
        attempt_work(found.pk)
    assert SentText.objects.get().n_times == 3


def test_what_no_model_reads_is_not_noted(cast, monkeypatch):
    model = Reader()
    reads_with(monkeypatch, model)
    accepted = cast.exercises["short_text"].answer["references"][0]
    attempt_work(answer(cast, accepted).pk)
    assert model.read == [] and not SentText.objects.exists()


def test_without_consent_a_pending_answer_goes_to_a_person(cast, monkeypatch):
    found = answer(cast, SIGNED)
    assert found.state == "queued"
    consent_set(learner=cast.alice, purpose=MARKING, is_given=False)
    model = Reader()
    reads_with(monkeypatch, model)
    assert attempt_work(found.pk) == "set aside"
    assert model.read == [] and not SentText.objects.exists()
    cast.alice.refresh_from_db()
    assert answer(cast, "Another one.").state == "needs_review"


def test_taken_back_while_the_model_reads_its_mark_is_thrown_away(cast, monkeypatch):
    found = answer(cast, SIGNED)
    reads_with(monkeypatch, Reader())

    def read(*args, **models):
        consent_set(learner=cast.alice, purpose=MARKING, is_given=False)
        return Verdict(1.0, "correct", 0.99, "Good.", assessor_kind="llm", model="reader 7"), None

    monkeypatch.setattr(services, "read_words", read)
    assert attempt_work(found.pk) == "set aside"
    found.refresh_from_db()
    assert found.state == "needs_review" and not found.assessments.exists()


def test_explanations_note_the_facts_they_were_made_from(cast):
    slate = slate_next(learner=cast.alice, course=cast.course, count=2)
    first, second = Explanation.objects.filter(impression__slate=slate, state="pending")
    model = Reader()
    explanation_reword(explanation_id=first.pk, llm=model)
    sent = SentText.objects.get(purpose="wording")
    assert [sent.text] == model.read and sent.subject_id == str(first.pk) and "Alice" not in sent.text
    consent_set(learner=cast.alice, purpose=WORDING, is_given=False)
    assert explanation_reword(explanation_id=second.pk, llm=model) is False
    second.refresh_from_db()
    assert second.state == "ready" and second.text == second.plain_text and len(model.read) == 1
    again = slate_next(learner=type(cast.alice).objects.get(pk=cast.alice.pk), course=cast.course, count=2)
    assert not Explanation.objects.filter(impression__slate=again, state="pending").exists()


def test_a_request_in_words_is_noted_for_the_encoder(cast, monkeypatch):
    slate_next(learner=cast.alice, course=cast.course, query="something about equal parts of a whole")
    for sent in SentText.objects.all():  # none where this installation has no light encoder
        assert sent.purpose == "search" and sent.host == "" and "equal parts" in sent.text


def test_what_retrieval_looks_for_because_of_somebodys_answers_is_noted_too(cast):
    attempt = attempt_make(cast.alice, cast.exercises["choice"], score=0.0)
    period = {"starts_at": attempt.submitted_at, "ends_at": attempt.submitted_at, "period": "session"}
    made = PerformanceAssessment.objects.create(learner=cast.alice, course=cast.course, **period)
    gap = Gap(skill=cast.skills[0].pk, resource=None, text="Equal parts. All pieces count.", score=0.2)
    gaps_record(assessment_id=made.pk, learner=cast.alice, course=cast.course, gaps=[gap])
    assert gaps_embed(embedding=HashingEncoder()) == 1
    sent = SentText.objects.get()
    assert (sent.text, sent.purpose, sent.learner) == ("Equal parts. All pieces count.", "search", cast.alice)
    assert gaps_embed(embedding=HashingEncoder()) == 0 and SentText.objects.get().n_times == 1


def test_notes_are_bounded(cast, monkeypatch):
    monkeypatch.setattr(audit, "MAX_SENT_ROWS", 3)

    def note(learner, n):
        values = {"purpose": "marking", "model": "m", "text": str(n) * 13_000, "subject": cast.course}
        audit.sent_record(learner=learner, **values)

    for n in range(5):
        note(cast.alice, n)
    note(cast.bob, 0)
    assert {len(row.text) for row in SentText.objects.all()} == {audit.MAX_SENT}
    assert SentText.objects.first().n_characters == 13_000
    assert audit.sent_forget() == 2
    assert [row.text[0] for row in SentText.objects.filter(learner=cast.alice).order_by("pk")] == ["2", "3", "4"]
    SentText.objects.update(at=now() - timedelta(days=audit.SENT_KEPT_DAYS + 1))
    assert audit.sent_forget() == 4


def test_they_are_in_the_export_and_go_with_the_learner(cast, monkeypatch):
    reads_with(monkeypatch, Reader())
    attempt_work(answer(cast, SIGNED).pk)
    exported = learner_export(learner=cast.alice)
    assert [row["host"] for row in exported["texts_given_to_models"]] == ["models.example"]
    assert learner_export(learner=cast.bob)["texts_given_to_models"] == []
    learner_erase(learner=cast.alice)
    assert not SentText.objects.exists()
