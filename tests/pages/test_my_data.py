"""A learner's own data: to see, to agree to, to take along, to have deleted. Nobody else's."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from adaptive.audit.models import AuditEntry, SentText
from adaptive.audit.services import sent_record
from adaptive.common.clock import now
from adaptive.learners.consents import agrees
from adaptive.learners.models import Learner
from adaptive.pages.views import my_data
from adaptive.practice.services import answer_submit
from tests.factories import PASSWORD, Cast, attempt_make, course_make, enrol, right, skill_make

from .reading import form_at, read, text_of

PAGE, CONSENT, EXPORT, DELETE = (f"adaptive:my-data{name}" for name in ("", "-consent", "-export", "-delete"))


def submit(cast: Cast, learner: Learner, name: str):
    return answer_submit(
        tenant=cast.tenant,
        learner=learner,
        course=cast.course,
        resource=cast.exercises[name],
        response=right(name),
        source="page",
    ).attempt


def note(cast: Cast, learner: Learner, text: str, **values) -> None:
    given = {"purpose": "marking", "model": "reader 7", "subject": cast.course, **values}
    sent_record(learner=learner, text=text, **given)


def test_it_says_what_is_believed_and_leads_to_the_answers(cast, alice):
    submit(cast, cast.alice, "choice")
    html = alice.get(reverse(PAGE)).content
    text = text_of(html)
    assert "What a fraction means" in text and "from 1 answer" in text
    assert "Of 2 other skills nothing is known about you." in text and "1 answer, with its marks" in text
    links = {values.get("href") for tag, values in read(html).tags if tag == "a"}
    assert reverse("adaptive:skill", args=[cast.course.pk, cast.skills[0].pk]) in links


def test_every_page_leads_there(cast, alice):
    links = [values.get("href") for tag, values in read(alice.get("/courses/").content).tags if tag == "a"]
    assert links.count(reverse(PAGE)) == 2


def test_with_nothing_stored_it_is_whole(cast, alice):
    text = text_of(alice.get(reverse(PAGE)).content)
    assert "you have not answered anything here" in text and "Nothing so far." in text


def test_texts_given_to_models_are_shown_as_they_were_given(cast, alice):
    note(cast, cast.alice, "… says <b>no</b>", host="models.example", removed={"name": 2, "email": 1})
    note(cast, cast.alice, "equal parts", purpose="search", model="MiniLM")
    html = alice.get(reverse(PAGE)).content
    text = text_of(html)
    assert "reader 7, on the server models.example" in text and "… says <b>no</b>" in text
    assert "Taken out before: your name (2 times), 1 e-mail address." in text
    assert "MiniLM, on this machine; it went nowhere else" in text and "Nothing had to be taken out." in text
    assert b"<b>no</b>" not in html


def test_many_texts_come_in_pages(cast, alice):
    for n in range(45):
        note(cast, cast.alice, f"text number {n:02}")
    seen, url = [], reverse(PAGE)
    for _ in range(3):
        html = alice.get(url).content
        seen.append(text_of(html).count("text number"))
        links = [values.get("href") or "" for tag, values in read(html).tags if tag == "a"]
        url = next((link for link in links if "before=" in link), "")
    assert seen == [20, 20, 5] and not url


@pytest.mark.parametrize("before", ["-1", "0", "x", "9" * 18, "9" * 40, "1e3", "²", "%00", "1;drop"])
def test_odd_places_in_the_list_are_harmless(cast, alice, before):
    note(cast, cast.alice, "a text")
    assert alice.get(reverse(PAGE), {"before": before}).status_code == 200


def test_one_sees_ones_own_alone(cast, as_user):
    submit(cast, cast.alice, "choice")
    note(cast, cast.alice, "only alice wrote this")
    bob = as_user("bob")
    for url in (reverse(PAGE), reverse(EXPORT), reverse(DELETE)):
        response = bob.get(url, {"learner": cast.alice.pk, "who": cast.alice.pk})
        said = response.getvalue().decode()
        assert response.status_code == 200 and "only alice" not in said and "Alice" not in said


def test_who_is_nobodys_learner_has_no_such_page(cast, client):
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))
    for name in (PAGE, EXPORT, DELETE):
        assert client.get(reverse(name)).status_code == 404
    assert client.post(reverse(CONSENT), {"purpose": "tutor", "given": "yes"}).status_code == 404
    assert client.post(reverse(DELETE), {"sure": "yes", "password": PASSWORD}).status_code == 404


def test_strangers_log_in_first(cast, client):
    for name in (PAGE, EXPORT, DELETE):
        assert "/login/" in client.get(reverse(name))["Location"]
    for name in (CONSENT, DELETE):
        assert "/login/" in client.post(reverse(name), {"sure": "yes", "purpose": "tutor"})["Location"]
    assert Learner.objects.filter(external_id="alice", consents={}).exists()


def form_of(html: bytes, purpose: str):
    return next(form for form in read(html).forms if form.fields.get("purpose") == [purpose])


def alice_now() -> Learner:
    return Learner.objects.get(external_id="alice")


@pytest.mark.parametrize("purpose", ["marking", "wording", "tutor"])
def test_consent_is_taken_back_and_given_again(cast, alice, purpose):
    for given in ("no", "no", "yes"):
        form = form_of(alice.get(reverse(PAGE)).content, purpose)
        response = alice.post(form.action, form.with_values(given=given), follow=True)
        assert agrees(alice_now(), purpose) is (given == "yes")
        assert ("Taken back." in text_of(response.content)) is (given == "no")
    said = AuditEntry.objects.filter(action="consent_set").order_by("pk")
    assert [entry.outcome for entry in said] == [{purpose: False}, {purpose: True}], "twice is once"


def test_without_consent_the_next_answer_goes_to_the_teacher_and_the_form_says_so(cast, alice):
    url = reverse("adaptive:resource", args=[cast.course.pk, cast.exercises["short_text"].pk])
    assert "An AI reads it" in text_of(alice.get(url).content)
    alice.post(reverse(CONSENT), {"purpose": "marking", "given": "no"})
    page = alice.get(url)
    assert "Your teacher reads it." in text_of(page.content)
    form = form_at(page.content, "/answer/")
    text = text_of(alice.post(form.action, form.with_values(a_text="No."), follow=True).content)
    assert "Your answer is with your teacher." in text


def test_showing_teachers_is_among_them(cast, alice):
    alice.post(reverse(CONSENT), {"purpose": "sharing", "given": "yes"})
    assert alice_now().shares_performance
    alice.post(reverse(CONSENT), {"purpose": "sharing", "given": "no"})
    assert not alice_now().shares_performance


@pytest.mark.parametrize("sent", [{}, {"purpose": ""}, {"purpose": "all"}, {"purpose": "ai_consent", "given": "yes"}])
def test_unknown_purposes_do_not_exist(cast, alice, sent):
    assert alice.post(reverse(CONSENT), sent).status_code == 404
    assert alice_now().consents == {} and alice_now().ai_consent


def test_what_is_no_yes_is_a_no(cast, alice):
    alice.post(reverse(CONSENT), {"purpose": "tutor", "given": "YES"})
    assert not agrees(alice_now(), "tutor")


def test_an_expired_form_changes_nothing_and_says_what_to_do(cast):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="alice"))
    for name in (CONSENT, DELETE):
        response = strict.post(reverse(name), {"purpose": "tutor", "given": "no", "sure": "yes", "password": PASSWORD})
        assert response.status_code == 403 and "Traceback" not in response.content.decode()
    assert alice_now().consents == {}


def test_the_download_is_the_whole_export_as_a_file(cast, alice):
    submit(cast, cast.alice, "choice")
    note(cast, cast.alice, "as given")
    response = alice.get(reverse(EXPORT))
    assert "attachment" in response["Content-Disposition"] and "no-store" in response["Cache-Control"]
    lines = list(response)
    assert len(lines) > 20, "it goes out while it is read"
    data = json.loads(b"".join(lines))
    assert data["learner"]["id"] == "alice" and len(data["attempts"]) == 1
    assert [row["text"] for row in data["texts_given_to_models"]] == ["as given"]


def lived(cast: Cast) -> None:
    submit(cast, cast.alice, "choice")
    attempt_make(cast.alice, cast.exercises["long_text"], state="needs_review")
    note(cast, cast.alice, "as given")


def test_before_it_is_deleted_it_says_what_goes_and_what_stays(cast, alice):
    lived(cast)
    text = text_of(alice.get(reverse(DELETE)).content)
    assert "2 answers, with their marks" in text and "1 note of what a model read" in text
    assert "The mark of 1 answer stays as a bare number" in text
    assert alice_now(), "looking deletes nothing"


def test_of_very_many_answers_it_says_that_they_are_more_than_it_counted(cast, alice, monkeypatch):
    monkeypatch.setattr(my_data, "MOST_COUNTED", 2)
    for n in range(3):
        submit(cast, cast.alice, "choice")
        text = text_of(alice.get(reverse(DELETE)).content)
        assert ("The marks of more than 2 answers stay" in text) == (n == 2), (n, text)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "tick the box"),
        ({"password": PASSWORD}, "tick the box"),
        ({"sure": "yes"}, "not your password"),
        ({"sure": "yes", "password": ""}, "not your password"),
        ({"sure": "yes", "password": "guess"}, "not your password"),
        ({"sure": "yes", "password": "x" * 100_000}, "not your password"),
        ({"sure": "yes", "password": "\x00"}, "not your password"),
        ({"sure": "no", "password": PASSWORD}, "tick the box"),
    ],
)
def test_without_word_and_password_nothing_goes(cast, alice, sent, said):
    lived(cast)
    response = alice.post(reverse(DELETE), sent)
    assert response.status_code == 422 and said in text_of(response.content)
    assert alice_now().attempts.count() == 2 and SentText.objects.count() == 1
    if sent.get("sure") == "yes":
        assert 'value="yes" checked' in response.content.decode(), "the tick is kept"


def test_deleted_and_logged_out_and_twice_is_once(cast, alice):
    lived(cast)
    form = form_at(alice.get(reverse(DELETE)).content, "/delete/")
    sent = form.with_values(sure="yes", password=PASSWORD)
    response = alice.post(form.action, sent, follow=True)
    assert "Your data is deleted, and so is your login." in text_of(response.content)
    assert not Learner.objects.filter(external_id="alice").exists()
    assert not User.objects.filter(username="alice").exists() and not SentText.objects.exists()
    assert "/login/" in alice.post(form.action, sent)["Location"]
    assert Learner.objects.filter(external_id="bob").exists()
    entry = AuditEntry.objects.get(action="learner_erase")
    assert entry.actor_kind == "person" and entry.actor == ""


def test_who_has_no_password_gives_their_word_alone(cast, alice):
    user = User.objects.get(username="alice")
    user.set_unusable_password()
    user.save()
    alice.force_login(user)
    assert b'type="password"' not in alice.get(reverse(DELETE)).content
    alice.post(reverse(DELETE), {"sure": "yes"})
    assert not Learner.objects.filter(external_id="alice").exists()


def test_who_teaches_asks_somebody(cast, charlie):
    assert "You teach Fractions" in text_of(charlie.get(reverse(DELETE)).content)
    charlie.post(reverse(DELETE), {"sure": "yes", "password": PASSWORD})
    assert Learner.objects.filter(external_id="charlie").exists()


def test_nobody_is_deleted_by_another(cast, as_user):
    bob = as_user("bob")
    bob.post(reverse(DELETE), {"sure": "yes", "password": PASSWORD, "learner": cast.alice.pk, "who": cast.alice.pk})
    assert alice_now() and not Learner.objects.filter(external_id="bob").exists()


def test_a_course_left_meanwhile_and_a_second_course_are_no_trouble(cast, alice):
    second = course_make(cast.tenant, "second", title="A <second> course")
    skill_make(second, "one")
    enrol(cast.alice, second)
    attempt_make(cast.alice, cast.exercises["choice"], score=1.0, submitted_at=now() - timedelta(days=1))
    html = alice.get(reverse(PAGE)).content.decode()
    assert "A &lt;second&gt; course" in html
    cast.alice.enrolments.all().delete()
    assert "You are in no course as a learner" in text_of(alice.get(reverse(PAGE)).content)
