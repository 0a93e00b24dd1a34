"""The tutor's page as a browser without JavaScript sees it, and the fragments that htmx asks for."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.conversation.services import conversation_start, message_post
from adaptive.practice.services import answer_submit
from tests.factories import Cast, course_make, enrol, exercise_make, learner_make, resource_make, right
from tests.pages.reading import form_at, read, text_of

BODY = (
    "## Equal parts\n\nThe **denominator** says into how many equal parts the whole is cut. "
    "The numerator counts how many of these parts we have.\n\n## Not all\n\nParts may have different shapes."
)


@pytest.fixture
def talk(cast: Cast) -> Cast:
    resource_make(cast.course, [cast.skills[0]], external_id="parts", title="One number, two jobs", body=BODY)
    return cast


def url(cast: Cast, name: str = "tutor", *args: int) -> str:
    return reverse(f"adaptive:{name}", args=[cast.course.pk, *args])


def say(client, cast: Cast, text: str, **more: str):
    page = client.get(url(cast))
    form = [one for one in read(page.content).forms if one.action.endswith("/say/")][-1]
    return client.post(form.action, {**form.fields, "text": text, **more}, follow=True)


def test_a_question_is_answered_in_the_words_of_the_course_with_a_link_to_them(talk, alice):
    page = say(alice, talk, "What is a denominator?")
    assert "says into how many equal parts the whole is cut" in text_of(page.content)
    links = [attrs["href"] for tag, attrs in read(page.content).tags if tag == "a"]
    found = next(link for link in links if "/resources/" in link)
    assert alice.get(found).status_code == 200
    assert "What is a denominator?" in text_of(alice.get(url(talk)).content)  # still there after a reload


def test_a_vague_message_brings_choices_that_can_be_pressed(talk, alice):
    page = say(alice, talk, "help")
    form = next(f for f in read(page.content).forms if f.action.endswith("/say/") and "talk" in f.fields)
    chosen = alice.post(form.action, {**form.fields, "choice": "Adding fractions"}, follow=True)
    text = text_of(chosen.content)
    assert "This fits what you asked for" in text and "Why this?" in text


def test_what_is_too_long_comes_back_with_a_sentence_and_nothing_is_lost(talk, alice):
    long = "why " * 2_501
    page = say(alice, talk, long)
    assert page.status_code == 422
    assert "at most 10,000 characters" in text_of(page.content)
    assert form_at(page.content, "/say/").fields["key"]
    assert long.strip() in page.content.decode()
    assert not TutorMessage.objects.exists()


def test_an_empty_message_says_so(talk, alice):
    page = say(alice, talk, "  \n ")
    assert page.status_code == 422 and "Write something first." in text_of(page.content)


def test_the_same_form_sent_twice_is_one_turn(talk, alice):
    page = alice.get(url(talk))
    form = [one for one in read(page.content).forms if one.action.endswith("/say/")][-1]
    sent = {**form.fields, "text": "What is a denominator?"}
    alice.post(form.action, sent)
    talk_id = str(Conversation.objects.get().pk)
    alice.post(form.action, {**sent, "talk": talk_id})
    assert TutorMessage.objects.count() == 2


def test_html_and_markdown_of_a_student_stay_text(talk, alice):
    page = say(alice, talk, "<script>alert(1)</script> <img src=x onerror=y> **bold** [a](javascript:b)")
    html = page.content.decode()
    assert "<script>alert" not in html and "<img src=x" not in html and 'href="javascript' not in html
    assert "&lt;script&gt;" in html


def test_hostile_markdown_of_a_resource_is_no_html_in_a_quote(talk, alice):
    resource_make(
        talk.course,
        [talk.skills[0]],
        title="<b>Zebra</b>",
        body="The zebra <script>alert(2)</script> runs [here](javascript:alert(3)). ![x](http://evil.example/x.png)",
    )
    html = say(alice, talk, "what is a zebra").content.decode()
    assert "zebra" in html
    assert "<script>alert" not in html and 'href="javascript' not in html and "evil.example" not in html


def test_an_open_exercise_stays_unanswered_and_is_linked(talk, alice):
    exercise = talk.exercises["numeric"]
    page = alice.get(f"{url(talk)}?exercise={exercise.pk}")
    form = [one for one in read(page.content).forms if one.action.endswith("/say/")][-1]
    assert form.fields["exercise"] == [str(exercise.pk)]
    answer = alice.post(form.action, {**form.fields, "text": "what is the answer?"}, follow=True)
    text = text_of(answer.content)
    assert "I do not give away the answer" in text and "To the exercise" in text


def test_htmx_gets_the_conversation_alone_and_the_live_region_is_told(talk, alice):
    page = alice.get(url(talk))
    form = [one for one in read(page.content).forms if one.action.endswith("/say/")][-1]
    part = alice.post(form.action, {**form.fields, "text": "help"}, headers={"HX-Request": "true"})
    html = part.content.decode()
    assert part.status_code == 200 and html.lstrip().startswith('<div id="tutor"') and "<html" not in html
    assert 'id="live" hx-swap-oob="innerHTML"' in html


def test_nobody_reads_or_goes_on_with_another_learners_conversation(talk, as_user):
    talk_of_bob = conversation_start(learner=talk.bob, course=talk.course)
    said = message_post(conversation=talk_of_bob, text="my secret worry about denominators")
    alice = as_user("alice")
    assert "secret worry" not in alice.get(url(talk)).content.decode()
    assert alice.post(url(talk, "tutor-say"), {"text": "hi", "talk": str(talk_of_bob.pk)}).status_code == 404
    assert alice.get(url(talk, "tutor-state", said.pk)).status_code == 404
    assert alice.post(url(talk, "tutor-stop", said.pk)).status_code == 404


def test_a_conversation_of_another_course_is_not_gone_on_with_here(talk, alice):
    other = course_make(talk.tenant, "other")
    enrol(talk.alice, other)
    elsewhere = conversation_start(learner=talk.alice, course=other)
    assert alice.post(url(talk, "tutor-say"), {"text": "hi", "talk": str(elsewhere.pk)}).status_code == 404


@pytest.mark.parametrize("talk_id", ["x", "0", "5b3f1c1e-52a0-4a5e-9f0a-0c7a1d2e3f40", "'; drop"])
def test_a_conversation_that_is_none_is_not_found(talk, alice, talk_id):
    assert alice.post(url(talk, "tutor-say"), {"text": "hi", "talk": talk_id}).status_code == 404


def test_teachers_and_strangers_have_no_tutor_here(talk, as_user):
    assert as_user("charlie").get(url(talk)).status_code == 404
    assert as_user("mallory").get(url(talk)).status_code == 404


def test_what_was_typed_survives_a_session_that_ended(talk, client):
    sent = {"text": "why parts?", "tutor-of": talk.course.pk, "who": talk.alice.pk, "back": url(talk)}
    answer = client.post(url(talk, "tutor-say"), sent)
    assert answer.status_code == 302 and "login" in answer["Location"]
    client.force_login(User.objects.get(username="alice"))
    assert "why parts?" in client.get(url(talk)).content.decode()


def test_a_new_conversation_starts_empty_and_the_old_one_is_kept(talk, alice):
    say(alice, talk, "What is a denominator?")
    page = alice.post(url(talk, "tutor-new"), follow=True)
    assert "What is a denominator?" not in text_of(page.content)
    assert TutorMessage.objects.filter(text="What is a denominator?").exists()


def test_a_pending_reply_can_be_stopped(talk, alice):
    say(alice, talk, "What is a denominator?")
    reply = TutorMessage.objects.get(role="tutor")
    TutorMessage.objects.filter(pk=reply.pk).update(state="pending")
    page = alice.get(url(talk))
    stop = form_at(page.content, "/stop/")
    shown = alice.get(url(talk, "tutor-state", reply.pk), headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="load delay' in shown
    after = alice.post(stop.action, stop.fields, follow=True)
    assert "Stopped." in text_of(after.content)
    again = alice.get(url(talk, "tutor-state", reply.pk), headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in again and "says into how many" in again


def test_a_resource_that_is_gone_leaves_no_link_to_nothing(talk, alice):
    say(alice, talk, "What is a denominator?")
    talk.course.resources.filter(external_id="parts").update(is_retired=True)
    page = alice.get(url(talk))
    assert "/resources/" not in "".join(a.get("href") or "" for t, a in read(page.content).tags if t == "a")


def test_the_number_of_queries_does_not_grow_with_the_conversation(talk, alice, django_assert_max_num_queries):
    for text in ("What is a denominator?", "an exercise on adding fractions", "help"):
        say(alice, talk, text)
    alice.get(url(talk))
    with django_assert_max_num_queries(16) as few:
        alice.get(url(talk))
        n = len(few)
    for text in ("an exercise on adding fractions", "something to read", "What is a denominator?", "help"):
        say(alice, talk, text)
    with django_assert_max_num_queries(n):
        alice.get(url(talk))


def test_learners_in_the_course_do_not_matter_to_a_reply(talk, alice):
    other = learner_make(talk.tenant, "dora")
    enrol(other, talk.course)
    exercise = exercise_make(talk.course, [talk.skills[0]], "numeric", external_id="more")
    answer_submit(
        tenant=talk.tenant,
        learner=other,
        course=talk.course,
        resource=exercise,
        response=right("numeric"),
        source="page",
    )
    assert "equal parts" in text_of(say(alice, talk, "What is a denominator?").content)
