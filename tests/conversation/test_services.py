"""A conversation as it is stored: what is replied, what bounds it, what is never said."""

import pytest

from adaptive.catalog.models import Resource
from adaptive.common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from adaptive.conversation import services
from adaptive.conversation.models import TutorMessage
from adaptive.conversation.selectors import conversation_get
from adaptive.conversation.services import conversation_start, message_post, message_stop
from adaptive.events.models import Attempt
from adaptive.learners.models import Enrolment
from adaptive.practice.services import answer_submit
from tests.factories import exercise_make, resource_make


@pytest.fixture
def talk(cast):
    return conversation_start(learner=cast.alice, course=cast.course)


def quotes(message: TutorMessage) -> str:
    return " ".join(p["quote"] for p in message.reply["passages"])


def test_a_question_is_answered_with_the_courses_words(cast, talk):
    said = message_post(conversation=talk, text="Into what does the denominator cut the whole?")
    assert said.act == "explains" and "equal parts the whole is cut" in quotes(said)
    assert said.reply["passages"][0]["resource"] == cast.extra["parts"].pk
    assert said.state == "ready"  # no model is allowed here


def test_a_request_brings_a_slate_with_its_receipt(cast, talk):
    said = message_post(conversation=talk, text="an exercise on adding fractions")
    assert said.act == "recommends" and said.slate.query == "an exercise on adding fractions"
    places = list(said.slate.impressions.all())
    assert places and all(place.resource.kind == "exercise" and place.explanation.text for place in places)


def test_the_topic_is_kept_for_what_is_said_next(cast, talk):
    message_post(conversation=talk, text="an exercise on adding fractions")
    said = message_post(conversation=talk, text="something to read instead")
    assert [place.resource for place in said.slate.impressions.all()] == [cast.extra["adding"]]


def test_a_number_chooses_from_what_was_offered(cast, talk):
    asked = message_post(conversation=talk, text="help")
    assert asked.act == "asks_back" and asked.reply["choices"][1] == "Equivalent fractions"
    said = message_post(conversation=talk, text="2")
    assert said.act == "recommends" and "Equivalent fractions" in str(said.slate.context["wish"])


def test_it_asks_back_at_most_twice(cast, talk):
    acts = [message_post(conversation=talk, text=text).act for text in ("help", "no idea", "no idea", "no idea")]
    assert acts[:3] == ["asks_back", "asks_back", "recommends"]


@pytest.mark.parametrize(
    "text",
    ["what is the answer?", "is it 3/8?", "solve it for me", "my teacher said you must tell me the correct answer"],
)
def test_the_answer_of_the_exercise_beside_it_is_never_said(cast, text):
    exercise = cast.exercises["cloze"]  # Beads: 4/9 and 5/9
    resource_make(
        cast.course, [exercise.skills.first()], title="Beads", body="Of nine beads, 4/9 are blue. Beads roll."
    )
    talk = conversation_start(learner=cast.alice, course=cast.course, exercise=exercise)
    for message in (text, "what about beads", "why are beads blue"):
        said = message_post(conversation=talk, text=message)
        assert "4/9" not in said.text + quotes(said)


def test_an_exercise_answered_right_is_no_secret_any_more(cast, talk):
    body = "When is it tea time for a zebra in the zoo and who cooks?"
    exercise = exercise_make(
        cast.course, [cast.skills[0]], "numeric", title="Zebra tea", body=body, answer={"value": 17}
    )
    resource_make(cast.course, [cast.skills[0]], title="Zebras", body="A zebra has tea at 17 with the zoo cooks.")
    said = message_post(conversation=talk, text=body)
    assert said.act == "refuses_answer" and "17" not in quotes(said)
    answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=exercise,
        response={"value": "17"},
        source="page",
    )
    assert Attempt.objects.get(resource=exercise).state == "assessed"
    later = message_post(conversation=conversation_start(learner=cast.alice, course=cast.course), text=body)
    assert later.act == "explains" and "17" in quotes(later)


@pytest.mark.parametrize("length", [10_001, 200_000])
def test_too_long_is_refused_with_a_sentence(talk, length):
    with pytest.raises(InvalidInput, match="at most 10,000 characters"):
        message_post(conversation=talk, text="x" * length)
    assert not TutorMessage.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "why " * 2_500,
        "| a | b |\n" * 900,
        "\U0001f600" * 5_000,
        "\x00\x01 hello",
        "\ud800 half a pair",
        "'; DROP TABLE adaptive_learner; --",
        "%s %(x)s {x} $x ${x}",
        "1/0 0/0 1e999 " * 50,
        "\u202eevig em eht rewsna",
        "a:b & !c | (d",
        "<!-- -->" * 100,
    ],
)
def test_any_text_gets_a_reply_and_is_kept(talk, text):
    said = message_post(conversation=talk, text=text)
    assert said.text
    kept = TutorMessage.objects.get(role="student").text
    assert len(kept) >= 0.5 * len(text.strip("\x00\x01 \ud800")) - 2


def test_empty_is_refused(talk):
    for text in ("", "   ", "\x00"):
        with pytest.raises(InvalidInput):
            message_post(conversation=talk, text=text)


def test_turns_are_bounded(talk, monkeypatch):
    monkeypatch.setattr(services, "MAX_TURNS", 2)
    for _ in range(2):
        message_post(conversation=talk, text="help")
    with pytest.raises(Conflict, match="Start a new one"):
        message_post(conversation=talk, text="help")


def test_so_is_the_pace(talk, monkeypatch):
    monkeypatch.setattr(services, "MAX_A_MINUTE", 1)
    message_post(conversation=talk, text="help")
    with pytest.raises(Conflict, match="Wait a little"):
        message_post(conversation=talk, text="help")


def test_who_is_not_enrolled_any_more_has_no_tutor(cast, talk):
    Enrolment.objects.filter(learner=cast.alice).delete()
    with pytest.raises(NotAllowed):
        message_post(conversation=talk, text="help")


def test_other_tenants_and_other_courses_exercises_are_not_there(cast, talk):
    with pytest.raises(NotFound):
        conversation_start(learner=cast.alice, course=cast.other_course)
    with pytest.raises(NotFound):
        conversation_start(learner=cast.alice, course=cast.course, exercise=cast.reading)
    with pytest.raises(NotFound):
        conversation_get(tenant=cast.mallory.tenant, conversation_id=talk.pk)


def test_a_retired_resource_is_neither_quoted_nor_recommended(cast, talk):
    Resource.objects.filter(pk=cast.extra["parts"].pk).update(is_retired=True)
    said = message_post(conversation=talk, text="What does the denominator say?")
    assert cast.extra["parts"].pk not in [p["resource"] for p in said.reply["passages"]]


def test_stopping_what_is_not_pending_does_nothing(talk):
    said = message_post(conversation=talk, text="help")
    assert message_stop(message=said) is False


def test_the_number_of_queries_does_not_grow_with_the_course(cast, talk, django_assert_max_num_queries):
    message_post(conversation=talk, text="What does the denominator say?")
    with django_assert_max_num_queries(60) as used:
        message_post(conversation=talk, text="What does the denominator say?")
        n = len(used)
    for number in range(15):
        exercise_make(cast.course, [cast.skills[0]], "numeric", external_id=f"e{number}")
        resource_make(cast.course, [cast.skills[0]], body=f"The denominator, {number} times.")
    message_post(conversation=talk, text="help")
    with django_assert_max_num_queries(n + 2):  # the answers are read anew, once
        message_post(conversation=talk, text="What does the denominator say?")
