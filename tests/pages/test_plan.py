"""The study plan's page: made, looked at, changed, and everything that cannot be planned, with nothing typed lost."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.mastery.services import attempt_apply
from adaptive.planning.calendar import feed_token
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.planning.services import plan_set
from tests.factories import PASSWORD, attempt_make, exercise_make

from .reading import form_at, read, text_of


@pytest.fixture
def course(cast):
    for number in range(18):
        exercise_make(
            cast.course, [cast.skills[number % 3]], "choice", external_id=f"more{number}", title=f"Pie {number}"
        )
    return cast


def address(cast, name="plan"):
    return reverse(f"adaptive:{name}", args=[cast.course.pk])


def in_days(n: int) -> str:
    return (now() + timedelta(days=n)).date().isoformat()


def save(client, cast, **values):
    form = form_at(client.get(address(cast)).content, "/plan/save/")
    return client.post(form.action, form.with_values(**{"exam": in_days(12), **values}))


def make(cast, **values) -> StudyPlan:
    wanted = {"exam_at": now() + timedelta(days=12), "target": 0.7, "minutes_per_weekday": [20] * 7, **values}
    return plan_set(learner=cast.alice, course=cast.course, **wanted)


def press(client, cast, do: str, **values):
    for form in read(client.get(values.pop("at", address(cast))).content).forms:
        if form.action == address(cast, "plan-change"):
            return client.post(form.action, {**form.fields, "do": do, **values})
    raise AssertionError("there is no button")


def age(cast, days: int) -> None:
    """As if the plan had been made so many days ago, and not looked at since."""
    for session in StudySession.objects.order_by("day"):
        session.day -= timedelta(days=days)
        session.starts_at -= timedelta(days=days)
        session.save()
    StudyPlan.objects.update(planned_at=now() - timedelta(days=days))


def test_without_a_plan_the_page_offers_one(course, alice):
    text = text_of(alice.get(address(course)).content)
    assert "Make a plan" in text and "Say when your exam is" in text and "What to expect" not in text


def test_from_the_form_to_days_and_a_band(course, alice):
    assert save(alice, course).status_code == 303
    plan = StudyPlan.objects.get()
    assert plan.minutes_per_weekday == [20, 20, 20, 20, 20, 0, 0] and plan.target == 0.8
    text = text_of(alice.get(address(course)).content)
    assert "Your plan is ready." in text and "in 12 days" in text
    low, high = (round(plan.forecast[name] * 100) for name in ("low", "high"))
    assert f"{low} % to {high} %" in text.replace("\xa0", " ")
    assert "an exam with 20 questions" in text and "in 8 of 10 cases" in text
    assert "4,012 real learners" in text and "81 % of their results fell inside" in text.replace("\xa0", " ")
    assert "The days ahead" in text and "mock exam" in text and "What a fraction means" in text


def test_the_band_is_drawn_and_stands_in_a_table(course, alice):
    make(course)
    page = read(alice.get(address(course)).content)
    svg = [values for tag, values in page.tags if tag == "svg" and values.get("role") == "img"]
    assert len(svg) == 1 and "the band there goes from" in svg[0]["aria-label"]
    shapes = [values for tag, values in page.tags if "plan-" in (values.get("class") or "")]
    shapes = [values for values in shapes if "role" not in values]
    numbers = [v for values in shapes for k, v in values.items() if k in ("x1", "x2", "y1", "y2", "cx", "cy", "height")]
    assert numbers and all(re.fullmatch(r"\d+(\.\d+)?%", v) and float(v[:-1]) <= 100 for v in numbers)
    assert sum(values["class"] == "plan-band" for values in shapes) == 1
    assert "If the exam were on" in text_of(alice.get(address(course)).content)


WRONG = {
    "a day that is over": ({"exam": "2020-01-05"}, "Jan. 5, 2020 has passed. Give a day from tomorrow on."),
    "today": ({"exam": in_days(0)}, "there is no day left to plan"),
    "no day": ({"exam": ""}, "Give the day of the exam."),
    "a day that is none": ({"exam": "31 June"}, "“31 June” is no day"),
    "in ten years": ({"exam": in_days(3650)}, "more than a year away"),
    "no target": ({"target": ""}, "Give the target as a percentage, such as 80."),
    "a target in words": ({"target": "good"}, "Give the target as a percentage"),
    "a target above all": ({"target": "120"}, "from 1 % to 100 %"),
    "minutes in words": ({"minutes_0": "lots"}, "“lots” is no number of minutes."),
    "minutes below zero": ({"minutes_2": "-5"}, "“-5” is no number of minutes."),
    "more than a day": ({"minutes_1": "2000"}, "from 0 to 720"),
    "no time at all": ({f"minutes_{n}": "0" for n in range(7)}, "With 0 minutes on every day"),
    "an empty week": ({f"minutes_{n}": "" for n in range(7)}, "With 0 minutes on every day"),
    "an hour that is none": ({"start": "after school"}, "“after school” is no time of day"),
    "days off that end first": ({"off_from": in_days(5), "off_to": in_days(3)}, "end before they begin"),
    "days off for ever": ({"off_from": in_days(1), "off_to": "2999-01-01"}, "370 days off at most"),
    "days off that are none": ({"off_from": "Christmas"}, "“Christmas” is no day"),
    "all days off": ({"off_from": in_days(0), "off_to": in_days(20)}, "no day with minutes that is not a day off"),
    "a novel": ({"target": "x" * 10_000}, "Give the target as a percentage"),
    "markup": ({"minutes_0": "<b>20</b>"}, "“<b>20</b>” is no number of minutes."),
}


@pytest.mark.parametrize(("values", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_planned_is_said_and_what_was_typed_stays(course, alice, values, said):
    typed = {"target": "77", "minutes_3": "35", "start": "18:45", **values}
    response = save(alice, course, **typed)
    assert response.status_code == 422 and not StudyPlan.objects.exists()
    text = text_of(response.content)
    assert said in text and "what you typed is still here" in text
    fields = form_at(response.content, "/plan/save/").fields
    for name, value in typed.items():
        assert fields[name.replace("_", "-")] == [value[:40]]
    assert b"<b>20</b>" not in response.content


def test_a_wrong_change_leaves_the_plan_as_it_is(course, alice):
    make(course)
    before = StudyPlan.objects.values("exam_at", "target", "forecast").get()
    response = save(alice, course, target="0", minutes_5="15")
    assert response.status_code == 422 and StudyPlan.objects.values("exam_at", "target", "forecast").get() == before
    assert form_at(response.content, "/plan/save/").fields["minutes-5"] == ["15"]


def test_an_exam_tomorrow_is_planned_for_today(course, alice):
    minutes = {f"minutes_{n}": "10" for n in range(7)}
    response = save(alice, course, exam=in_days(1), **minutes)
    if datetime.now(UTC).hour == 23:
        assert "too short" in text_of(response.content)
        return
    assert response.status_code == 303
    text = text_of(alice.get(address(course)).content)
    assert "tomorrow" in text and "Today" in text


def test_a_target_out_of_reach_says_so_and_offers_what_can(course, alice):
    save(alice, course, target="99")
    page = alice.get(address(course))
    text = text_of(page.content).replace("\xa0", " ")
    assert "Your target of 99 % is beyond this plan" in text
    offered = int(re.search(r"Make (\d+) % my target", text)[1])
    assert press(alice, course, "target", target=str(offered)).status_code == 303
    text = text_of(alice.get(address(course)).content)
    assert StudyPlan.objects.get().target == offered / 100 and "is beyond this plan" not in text


def test_what_if_i_skip_a_day(course, alice):
    make(course)
    day = StudySession.objects.order_by("day")[2].day.isoformat()
    before = StudyPlan.objects.values().get()
    page = alice.get(f"{address(course)}?skip={day}")
    text = text_of(page.content)
    assert "What if I skip" in text and "you can expect" in text
    assert StudyPlan.objects.values("target", "days_off", "planned_at").get() == {
        name: before[name] for name in ("target", "days_off", "planned_at")
    }
    assert press(alice, course, "skip", day=day, at=f"{address(course)}?skip={day}").status_code == 303
    assert StudyPlan.objects.get().days_off == [day]
    assert day in form_at(alice.get(address(course)).content, "/plan/save/").fields["off"]


@pytest.mark.parametrize("skip", ["yesterday", "2020-01-01", "2999-12-31", "<script>", "2026-02-31", "\x00"])
def test_a_day_that_cannot_be_skipped(course, alice, skip):
    make(course)
    page = alice.get(address(course), {"skip": skip})
    assert page.status_code == 200 and b"<script>alert" not in page.content
    text = text_of(page.content)
    assert "nothing is planned" in text or "That is no day." in text


def test_missed_days_are_left_behind_with_one_press(course, alice):
    make(course)
    age(course, 3)
    text = text_of(alice.get(address(course)).content)
    assert "3 planned days went by without practice. That happens." in text and "Missed" not in text
    assert press(alice, course, "renew").status_code == 303
    text = text_of(alice.get(address(course)).content)
    assert "went by without practice" not in text and "Your plan starts afresh from today" in text
    assert StudySession.objects.order_by("day").first().day >= now().date()


def test_what_is_done_today_shows_at_once(course, alice):
    plan = make(course, start_time=datetime.min.time())
    session = plan.sessions.order_by("day").first()
    if session.day != now().date():
        pytest.skip("too late today for a session")
    assert "Begun" not in text_of(alice.get(address(course)).content)
    for name in ("choice", "numeric", "cloze", "matching", "ordering", "multiple_choice"):
        attempt = attempt_make(course.alice, course.exercises[name], score=1.0, submitted_at=now())
        attempt_apply(attempt=attempt, score=1.0)
    assert "Done" in text_of(alice.get(address(course)).content)
    assert Attempt.objects.count() == 6


def test_days_off_can_be_given_back(course, alice):
    off = [in_days(3), in_days(4)]
    save(alice, course, off_from=off[0], off_to=off[1])
    assert StudyPlan.objects.get().days_off == off
    form = form_at(alice.get(address(course)).content, "/plan/save/")
    alice.post(form.action, {**form.fields, "off": [off[1]]})
    assert StudyPlan.objects.get().days_off == [off[1]]


def test_the_calendars_address_works_without_a_login_until_it_is_revoked(course, alice):
    make(course)
    assert press(alice, course, "feed-open").status_code == 303
    token = feed_token(StudyPlan.objects.get())
    address_of_feed = reverse("adaptive:calendar", args=[token])
    assert f"http://testserver{address_of_feed}" in alice.get(address(course)).content.decode()
    stranger = Client()
    feed = stranger.get(address_of_feed)
    assert feed.status_code == 200 and feed["Content-Type"].startswith("text/calendar")
    assert feed.content.startswith(b"BEGIN:VCALENDAR") and b"alice" not in feed.content.lower()
    assert "private" in feed["Cache-Control"] and "noindex" in feed["X-Robots-Tag"]
    assert stranger.head(address_of_feed).status_code == 200 and stranger.post(address_of_feed).status_code in {
        403,
        405,
    }
    assert press(alice, course, "feed-open").status_code == 303
    assert stranger.get(address_of_feed).status_code == 404
    renewed = reverse("adaptive:calendar", args=[feed_token(StudyPlan.objects.get())])
    press(alice, course, "feed-close")
    assert stranger.get(renewed).status_code == 404
    assert renewed not in alice.get(address(course)).content.decode()


@pytest.mark.parametrize("token", ["x", "x.y", "..", "%00", "a" * 3000, "ü"])
def test_a_guessed_address_opens_nothing(course, client, token):
    make(course)
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_a_plan_can_be_deleted(course, alice):
    make(course)
    assert press(alice, course, "delete").status_code == 303
    assert not StudyPlan.objects.exists()
    assert "Make a plan" in text_of(alice.get(address(course)).content)
    gone = alice.post(address(course, "plan-change"), {"do": "renew"}, follow=True)
    assert "There is no plan any more" in text_of(gone.content)


def test_a_press_that_does_not_exist(course, alice):
    make(course)
    assert alice.post(address(course, "plan-change"), {"do": "explode"}).status_code == 404
    assert alice.get(address(course, "plan-change")).status_code == 405


@pytest.mark.parametrize("target", ["", "0", "1000", "-1", "80.5", "x", "٣"])
def test_a_target_by_press_that_is_none_changes_nothing(course, alice, target):
    make(course)
    alice.post(address(course, "plan-change"), {"do": "target", "target": target})
    assert StudyPlan.objects.get().target in {0.7, 0.03}


def test_after_the_exam_the_page_says_so_and_offers_another(course, alice):
    make(course)
    age(course, 13)
    StudyPlan.objects.update(exam_at=now() - timedelta(days=1))
    text = text_of(alice.get(address(course)).content)
    assert "Your exam was on" in text and "This plan is over" in text and "Start afresh" not in text
    assert save(alice, course).status_code == 303


def test_a_course_without_exercises(course, client):
    Client().logout()
    client.login(username="mallory", password=PASSWORD)
    place = reverse("adaptive:plan", args=[course.other_course.pk])
    form = form_at(client.get(place).content, "/plan/save/")
    response = client.post(form.action, form.with_values(exam=in_days(9)))
    assert response.status_code == 422 and "no exercises yet" in text_of(response.content)


def test_a_session_that_ended_in_mid_form_loses_nothing_typed(course, client):
    client.login(username="alice", password=PASSWORD)
    form = form_at(client.get(address(course)).content, "/plan/save/")
    client.logout()
    sent = client.post(form.action, form.with_values(exam=in_days(9), minutes_6="55", off_from=in_days(2)))
    assert sent.status_code == 302 and "/login/" in sent["Location"]
    page = client.post(sent["Location"], {"username": "alice", "password": PASSWORD}, follow=True)
    assert page.request["PATH_INFO"] == address(course)
    fields = form_at(page.content, "/plan/save/").fields
    assert fields["exam"] == [in_days(9)] and fields["minutes-6"] == ["55"] and fields["off-from"] == [in_days(2)]
    assert "Your login had ended" in text_of(page.content)
    assert "Your login had ended" not in text_of(client.get(address(course)).content), "once"


def test_somebody_else_at_the_same_screen_does_not_see_it(course, client):
    client.login(username="alice", password=PASSWORD)
    form = form_at(client.get(address(course)).content, "/plan/save/")
    client.logout()
    sent = client.post(form.action, form.with_values(exam=in_days(9), minutes_6="55"))
    page = client.post(sent["Location"], {"username": "bob", "password": PASSWORD}, follow=True)
    assert form_at(page.content, "/plan/save/").fields["minutes-6"] == [""]


def test_one_sees_ones_own_plan_alone(course, as_user):
    make(course)
    assert "What to expect" not in text_of(as_user("bob").get(address(course)).content)
    as_user("bob").post(address(course, "plan-change"), {"do": "delete"})
    assert StudyPlan.objects.filter(learner=course.alice).exists()


def test_names_of_the_course_are_text_not_markup(course, alice):
    course.skills[0].name = "<script>alert(1)</script>"
    course.skills[0].save()
    make(course)
    assert "<script>alert" not in alice.get(address(course)).content.decode()


def test_the_home_shows_what_is_planned_today(course, alice):
    home = reverse("adaptive:course", args=[course.course.pk])
    assert "Today's plan" not in text_of(alice.get(home).content)
    plan = make(course)
    page = alice.get(home)
    is_today = plan.sessions.filter(day=now().date()).exists()
    assert ("Today's plan" in text_of(page.content)) == is_today
    assert address(course) in [values.get("href") for tag, values in read(page.content).tags if tag == "a"]
