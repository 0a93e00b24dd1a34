"""Who reads which language: chosen in the foot of every page, kept with the learner, asked for by the browser."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from adaptive.checks import every_request_begins_with_its_own_language
from adaptive.explanation.selectors import explanation_parts
from adaptive.learners.languages import TEXTS, language_of, languages, offered
from adaptive.learners.models import Learner
from adaptive.performance import jobs
from adaptive.performance.showing import words_now
from adaptive.practice.services import slate_next
from tests.factories import PASSWORD, course_make, learner_make, wrong
from tests.pages.reading import form_at, read, text_of
from tests.pages.test_home import answered
from tests.pages.test_performance import assess


def home(cast):
    return reverse("adaptive:course", args=[cast.course.pk])


def language_on(response):
    return dict(read(response.content).tags)["html"]["lang"]


def choose(client, code, **fields):
    return client.post("/language/", {"language": code, **fields})


def stored(learner):
    return Learner.objects.get(pk=learner.pk).language


def speaks(learner, code):
    Learner.objects.filter(pk=learner.pk).update(language=code)
    learner.refresh_from_db()


# The choice


def test_a_learner_chooses_in_the_foot_of_a_page_and_comes_back_to_it(alice, cast):
    path = reverse("adaptive:skills", args=[cast.course.pk])
    form = form_at(alice.get(path).content, "/language/")
    answer = alice.post(form.action, form.with_values(language="de"))
    assert (answer.status_code, answer["Location"]) == (303, path)
    page = alice.get(path)
    assert language_on(page) == "de" and "Deine Fertigkeiten" in text_of(page.content)
    assert "Your skills" not in text_of(page.content)


def test_the_choice_is_kept_with_the_learner_and_holds_on_another_machine(alice, cast, client):
    choose(alice, "de")
    assert stored(cast.alice) == "de"
    alice.logout()
    alice.cookies.clear()
    alice.login(username="alice", password=PASSWORD)
    assert language_on(alice.get(home(cast), headers={"Accept-Language": "en"})) == "de"


def test_a_choice_before_the_login_is_theirs_who_log_in(client, cast):
    choose(client, "de")
    login = client.get("/login/")
    assert language_on(login) == "de" and "Anmelden" in text_of(login.content)
    page = client.post("/login/", {"username": "alice", "password": PASSWORD}, follow=True)
    assert language_on(page) == "de" and stored(cast.alice) == "de"


def test_the_browser_decides_before_the_login_and_for_who_never_chose(client, cast):
    asked = {"Accept-Language": "fr;q=0.9, de-AT;q=0.8, en;q=0.1"}
    assert language_on(client.get("/login/", headers=asked)) == "de"
    assert language_on(client.get("/login/", headers={"Accept-Language": "fr"})) == "en"
    client.post("/login/", {"username": "alice", "password": PASSWORD}, headers=asked)
    assert stored(cast.alice) == "de"


def test_a_login_never_overrules_what_was_chosen_once(client, cast):
    speaks(cast.alice, "en")
    client.post("/login/", {"username": "alice", "password": PASSWORD}, headers={"Accept-Language": "de"})
    assert stored(cast.alice) == "en"


def test_who_chose_nothing_and_asks_for_nothing_reads_the_pages_own_language(client, cast):
    page = client.post("/login/", {"username": "alice", "password": PASSWORD}, follow=True)
    assert language_on(page) == settings.LANGUAGE_CODE and stored(cast.alice) == ""


def test_every_language_that_is_offered_can_be_pressed_and_is_named_in_its_own_words(alice, cast):
    text = alice.get(home(cast)).content.decode()
    assert re.search(r'<b lang="en" aria-current="true">English</b>', text)
    assert re.search(r'<button[^>]*value="de" lang="de">Deutsch</button>', text)


# Hostile and mistaken input


@pytest.mark.parametrize("code", ["", "fr", "xx", "DE\n", "de-", "../de", "de" * 500, "en,de", "🦄", "<b>de</b>"])
def test_what_is_no_language_here_is_refused_in_a_sentence_and_changes_nothing(alice, cast, code):
    speaks(cast.alice, "en")
    page = alice.post("/language/", {"language": code, "next": home(cast)}, follow=True)
    assert page.status_code == 200 and stored(cast.alice) == "en"
    assert "These pages do not have that language; nothing was changed." in text_of(page.content)
    assert settings.LANGUAGE_COOKIE_NAME not in alice.cookies


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil", "x" * 3000]
)
def test_the_way_back_never_leaves_the_site(alice, where):
    assert choose(alice, "de", next=where)["Location"] == "/"


def test_a_link_alone_changes_no_language(alice, cast):
    assert alice.get("/language/?language=de").status_code == 405
    assert stored(cast.alice) == ""


def test_a_mangled_cookie_is_no_error(client, cast):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "../../etc"
    assert language_on(client.get("/login/")) == "en"


# What is offered


def test_every_language_that_is_offered_has_texts():
    assert languages() == ["en", "de"] and set(languages()) <= TEXTS
    for code in languages():
        assert translation.check_for_language(code)


@pytest.mark.parametrize(
    ("tag", "served"),
    [("de-AT", "de"), ("de_CH", "de"), ("DE", "de"), ("en-GB", "en"), ("fr", ""), ("", ""), ("deu", "")],
)
def test_which_language_serves_a_tag(tag, served):
    assert offered(tag) == served


def test_the_course_decides_for_who_has_no_language_of_their_own(cast):
    german = course_make(cast.tenant, "brueche", language="de-DE")
    nobody = learner_make(cast.tenant, "nobody", language="")
    speaks(cast.alice, "en")
    assert language_of(learner=nobody, course=german) == "de"
    assert language_of(learner=cast.alice, course=german) == "en"
    assert language_of(learner=nobody) == settings.LANGUAGE_CODE


def test_a_host_without_the_middleware_is_told(settings):
    assert every_request_begins_with_its_own_language(None) == []
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Locale" not in name]
    [warning] = every_request_begins_with_its_own_language(None)
    assert warning.id == "adaptive.W001" and "LocaleMiddleware" in warning.hint


def test_the_next_reader_of_the_same_thread_reads_their_own_language(alice, cast, client):
    choose(alice, "de")
    assert language_on(alice.get(home(cast))) == "de"
    alice.logout()
    assert language_on(Client().get("/login/")) == "en"


# What was written in one language and is read in another


def test_an_explanation_that_was_written_in_english_is_read_in_german(alice, cast):
    slate = slate_next(learner=cast.alice, course=cast.course)
    explanation = slate.impressions.get(position=1).explanation
    english = explanation_parts(explanation)
    with translation.override("de"):
        german = explanation_parts(explanation)
    assert explanation.language == "en" and explanation_parts(explanation) == english
    assert german.sentence != english.sentence and [f.code for f in german.facts] == [f.code for f in english.facts]
    skills = [fact.values["skill"] for fact in english.facts if "skill" in fact.values]
    assert skills and all(f"„{skill}“" in german.text for skill in skills)
    assert "Du " in german.text and "You" not in german.text
    choose(alice, "de")
    drawer = text_of(alice.get(reverse("adaptive:why", args=[slate.pk, 1])).content)
    assert german.sentence in drawer and english.sentence not in drawer


def test_what_is_written_to_a_learner_comes_in_their_language_whoever_asks(cast):
    speaks(cast.alice, "de")
    explanation = slate_next(learner=cast.alice, course=cast.course).impressions.get(position=1).explanation
    assert explanation.language == "de" and "„" in explanation.text and "You" not in explanation.text


def test_a_teacher_reads_in_german_what_a_learner_was_told_in_english(charlie, cast):
    slate_next(learner=cast.alice, course=cast.course)
    choose(charlie, "de")
    page = text_of(charlie.get(reverse("adaptive:learner", args=[cast.course.pk, cast.alice.pk])).content)
    assert "Was empfohlen wurde, und warum" in page and "Dein nächster Schritt" in page and "next step" not in page


def test_how_practice_went_is_read_in_german_too(cast, monkeypatch):

    monkeypatch.setattr(jobs, "_send", lambda *args: True)
    found = assess(cast, cast.alice)
    with translation.override("de"):
        german = words_now(found).text
    assert "Du hast" in german and "You" not in german


def test_what_a_key_said_in_english_is_read_in_german(alice, cast):
    cast.alice.refresh_from_db()
    attempt = answered(cast, "cloze", wrong("cloze"))
    choose(alice, "de")
    page = text_of(alice.get(reverse("adaptive:attempt", args=[cast.course.pk, attempt.pk])).content)
    assert "noch einmal an" in page and "Look again" not in page


# What is typed, refused and counted


def refused(client, cast, name, **fields):
    path = reverse("adaptive:resource", args=[cast.course.pk, cast.exercises[name].pk])
    form = form_at(client.get(path).content, "/answer/")
    answer = client.post(form.action, form.with_values(**fields))
    assert answer.status_code == 422
    return text_of(answer.content)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("", "Schreib eine Zahl, zum Beispiel 12, 0,75 oder 3/4."),
        ("drei", "„drei“ ist nicht als eine Zahl zu lesen"),
        ("1/0", "Ein Bruch kann nicht 0 im Nenner haben."),
        ("1" * 99, "Das ist zu lang für eine Zahl."),
        ("%(n)s %s %", "„%(n)s %s %“ ist nicht als eine Zahl zu lesen"),
    ],
)
def test_what_is_no_number_is_refused_in_german(alice, cast, value, told):
    choose(alice, "de")
    assert told in refused(alice, cast, "numeric", a_value=value)


def test_numbers_and_dates_are_written_as_in_german(alice, cast):
    choose(alice, "de")
    cast.exercises["numeric"].answer = {"value": 0.75}
    cast.exercises["numeric"].save()
    for _again in range(2):
        attempt = answered(cast, "numeric", {"value": "0,5"})
    page = text_of(alice.get(reverse("adaptive:attempt", args=[cast.course.pk, attempt.pk])).content)
    assert "Die richtige Antwort 0,75" in page


# Texts that are not ours to translate stay as they are


def test_names_and_titles_of_the_course_stay(alice, cast):
    choose(alice, "de")
    assert "What a fraction means" in text_of(alice.get(home(cast)).content)
