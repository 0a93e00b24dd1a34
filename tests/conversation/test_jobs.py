"""A model's words beside quoted passages: only what is checked, only while wanted, and written down what was sent."""

import pytest
from django.conf import settings as django_settings

from adaptive.audit.models import SentText
from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.conversation import jobs
from adaptive.conversation.models import TutorMessage
from adaptive.conversation.services import conversation_start, message_post, message_stop

GOOD = "The denominator says into how many equal parts the whole is cut."


class Says(LanguageModel):
    name, version = "fake", "1"

    def __init__(self, *answers: str, before=lambda: None, fails: bool = False) -> None:
        self.answers, self.asked, self.before, self.fails = list(answers), [], before, fails

    def is_available(self) -> bool:
        return True

    def load(self) -> None:
        pass

    def score_labels(self, prefix, texts, labels):
        raise NotImplementedError

    def generate(self, prompt, *, max_tokens, stop, seconds):
        self.asked.append(prompt)
        self.before()
        if self.fails:
            raise ModelUnavailable("away")
        return self.answers.pop(0) if self.answers else ""


@pytest.fixture
def ai(settings):
    settings.ADAPTIVE = {**django_settings.ADAPTIVE, "AI_ENABLED": True, "REWORD_EXPLANATIONS": True}


@pytest.fixture
def pending(cast, ai, monkeypatch, django_capture_on_commit_callbacks) -> TutorMessage:
    told = []
    monkeypatch.setattr(jobs, "publish", lambda pk: told.append(pk) or True)
    talk = conversation_start(learner=cast.alice, course=cast.course)
    with django_capture_on_commit_callbacks(execute=True):
        said = message_post(conversation=talk, text="I am ashamed: into what does the denominator cut the whole?")
    assert said.state == "pending" and told == [said.pk]
    return said


def test_a_checked_sentence_stands_and_what_was_sent_is_noted(pending):
    model = Says(GOOD, GOOD)
    assert jobs.reword_work(pending.pk, llm=model) == "reworded"
    pending.refresh_from_db()
    assert pending.state == "ready" and pending.reworded.startswith(GOOD) and pending.text
    sent = SentText.objects.filter(purpose="tutor").order_by("pk").first()
    assert (sent.text, sent.model, sent.learner) == (model.asked[0], "fake 1", pending.conversation.learner)
    assert "ashamed" not in sent.text  # not a word of the student's
    assert all("ashamed" not in asked for asked in model.asked)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "The denominator says into how many of 7 equal parts the whole is cut.",
        "The denominator does not say into how many equal parts the whole is cut.",
        "Visit <a href='http://evil.example'>this</a>.",
        "Elephants dance happily under purple umbrellas near rivers.",
        "The answer is 3/8 of the bar.",
        GOOD * 40,
    ],
)
def test_what_the_checks_refuse_is_not_shown(pending, answer):
    jobs.reword_work(pending.pk, llm=Says(answer))
    pending.refresh_from_db()
    assert pending.state == "ready" and pending.reworded == ""
    assert SentText.objects.filter(purpose="tutor").exists() and (pending.refused or not answer)


def test_a_stop_ends_it_and_nothing_is_written_after(pending):
    model = Says(GOOD, before=lambda: message_stop(message=pending))
    assert jobs.reword_work(pending.pk, llm=model) == "stopped"
    pending.refresh_from_db()
    assert pending.state == "stopped" and pending.reworded == "" and len(model.asked) == 1


def test_without_a_model_the_plain_words_stand(pending):
    assert jobs.reword_work(pending.pk, llm=Says(fails=True)) == "no model"
    pending.refresh_from_db()
    assert pending.state == "ready" and pending.reworded == "" and pending.text


def test_consent_taken_back_meanwhile_counts(cast, pending):
    type(cast.alice).objects.filter(pk=cast.alice.pk).update(ai_consent=False)
    model = Says(GOOD)
    assert jobs.reword_work(pending.pk, llm=model) == "not wanted" and model.asked == []


def test_it_is_worked_on_once(pending):
    jobs.reword_work(pending.pk, llm=Says(GOOD))
    assert jobs.reword_work(pending.pk, llm=Says(GOOD)) == "not to be had"
    assert jobs.reword_work(0, llm=Says(GOOD)) == "not to be had"


def test_the_sweeper_tells_again_and_gives_up_in_time(pending, monkeypatch):
    told = []
    monkeypatch.setattr(jobs, "publish", lambda pk: told.append(pk) or True)
    rows = TutorMessage.objects.filter(pk=pending.pk)
    assert jobs.sweep() == {"ended": 0, "told": 0}
    rows.update(published_at="2026-01-01T00:00:00Z")
    assert jobs.sweep() == {"ended": 0, "told": 1} and told == [pending.pk]
    rows.update(created_at="2026-01-01T00:00:00Z")
    assert jobs.sweep()["ended"] == 1
    assert rows.get().state == "ready"


def test_with_ai_off_nothing_is_pending(cast, settings):
    talk = conversation_start(learner=cast.alice, course=cast.course)
    assert message_post(conversation=talk, text="what is a denominator").state == "ready"
