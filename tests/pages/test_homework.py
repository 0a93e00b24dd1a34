"""A teacher assigns exercises by plain forms, and what learners find of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate

from adaptive.audit.models import AuditEntry
from adaptive.common.clock import now
from adaptive.common.errors import NotAllowed
from adaptive.events.models import Attempt
from adaptive.learners.models import Cohort, Enrolment, Learner
from adaptive.practice.privacy import learner_erase
from adaptive.practice.services import answer_submit, slate_next
from adaptive.recommendation.homework import homework_end, homework_give
from adaptive.recommendation.models import Homework, Ruling
from tests.factories import PASSWORD, Cast, enrol, exercise_make, learner_make, right, wrong
from tests.pages.reading import form_at, text_of


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


def at(cast: Cast, name: str, *more: int) -> str:
    return reverse(f"adaptive:{name}", args=[cast.course.pk, *more])


def ids(cast: Cast, *names: str) -> list[int]:
    return [cast.exercises[name].pk for name in names]


def assign(client: Client, cast: Cast, *names: str, **values):
    sent = {"exercise": ids(cast, *names), "whom": "all", **values}
    return client.post(at(cast, "homework-new"), sent, follow=True)


def answer(cast: Cast, learner, name: str, response) -> None:
    answer_submit(
        tenant=cast.tenant,
        learner=learner,
        course=cast.course,
        resource=cast.exercises[name],
        response=response,
        source="page",
    )


def home(as_user, cast: Cast, who: str) -> str:
    return text_of(as_user(who).get(at(cast, "course")).content)


def test_what_is_assigned_comes_first_and_stands_on_the_home(cast, as_user):
    said = assign(as_user("charlie"), cast, "ordering", "cloze", title="For Friday")
    assert "Assigned: “For Friday”." in text_of(said.content) and "0 of 2 have done it" in text_of(said.content)
    slate = slate_next(learner=cast.alice, course=cast.course)
    assert list(slate.impressions.values_list("resource_id", flat=True))[:2] == ids(cast, "ordering", "cloze")
    page = home(as_user, cast, "alice")
    assert "From your teacher For Friday 0 of 2 right" in page
    assert "Your teacher" in page, "the pick says who chose it"


def test_progress_is_read_off_the_answers(cast, as_user):
    answer(cast, cast.alice, "cloze", right("cloze"))  # before: does not count
    assign(as_user("charlie"), cast, "choice", "cloze", title="Two of them")
    answer(cast, cast.alice, "choice", right("choice"))
    answer(cast, cast.alice, "cloze", right("cloze"))
    answer(cast, cast.bob, "choice", wrong("choice"))
    charlie = as_user("charlie")
    assert "1 of 2 has done it, 1 more has begun" in text_of(charlie.get(at(cast, "homework")).content)
    page = text_of(charlie.get(at(cast, "homework-one", Homework.objects.get().pk)).content)
    assert "A bar of chocolate 2 of 2 1 of 2" in page
    assert page.index("Bob") < page.index("Alice"), "who has done least comes first"
    assert "From your teacher" not in home(as_user, cast, "alice"), "what is done is gone"
    assert "0 of 2 right" in home(as_user, cast, "bob") and "Not right yet" in home(as_user, cast, "bob")


def test_taken_back_it_is_gone_at_once_and_can_be_assigned_again(cast, as_user):
    assign(as_user("charlie"), cast, "ordering", title="Oops")
    found = Homework.objects.get()
    first = slate_next(learner=cast.alice, course=cast.course)
    assert first.impressions.first().resource_id == cast.exercises["ordering"].pk
    response = as_user("charlie").post(at(cast, "homework-end", found.pk), follow=True)
    assert "Taken back: “Oops”." in text_of(response.content) and "taken back just now" in text_of(response.content)
    again = as_user("charlie").post(at(cast, "homework-end", found.pk), follow=True)
    assert "already" in text_of(again.content)
    assert "Oops" not in home(as_user, cast, "alice")
    assert not Ruling.objects.filter(ended_at=None).exists()
    assign(as_user("charlie"), cast, "ordering", title="Oops")
    assert Homework.objects.filter(ended_at=None).count() == 1
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert [one for one in actions if one.startswith("homework")] == ["homework_give", "homework_end", "homework_give"]


def test_a_double_click_assigns_once(cast, charlie):
    form = charlie.get(at(cast, "homework-new")).content
    sent = form_at(form, "homework/new/").with_values(exercise=[str(one) for one in ids(cast, "choice", "cloze")])
    assign_twice = [charlie.post(at(cast, "homework-new"), sent, follow=True) for _ in range(2)]
    assert "Assigned:" in text_of(assign_twice[0].content)
    assert "assigned already" in text_of(assign_twice[1].content)
    assert Homework.objects.count() == 1 and Ruling.objects.count() == 2


def test_for_a_group_also_who_joins_it_later_and_nobody_else(cast, as_user):
    group = Cohort.objects.create(tenant=cast.tenant, course=cast.course, name="Class 7b")
    Enrolment.objects.filter(learner=cast.alice).update(cohort=group)
    said = assign(as_user("charlie"), cast, "cloze", whom=f"cohort-{group.pk}", title="Beads")
    assert "for Class 7b" in text_of(said.content) and "0 of 1 have done it" in text_of(said.content)
    assert "Beads" in home(as_user, cast, "alice") and "From your teacher" not in home(as_user, cast, "bob")
    Enrolment.objects.filter(learner=cast.bob).update(cohort=group)
    assert "From your teacher" in home(as_user, cast, "bob")
    assert "0 of 2 have done it" in text_of(as_user("charlie").get(at(cast, "homework")).content)


def test_for_a_thousand_chosen_learners(cast, as_user):
    many = [Learner(tenant=cast.tenant, external_id=f"pupil{n}") for n in range(999)]
    Learner.objects.bulk_create(many)
    Enrolment.objects.bulk_create([Enrolment(learner=one, course=cast.course) for one in many])
    chosen = [cast.bob.pk, *(one.pk for one in many)]
    said = assign(as_user("charlie"), cast, "cloze", "choice", whom="chosen", learner=chosen)
    assert said.status_code == 200 and "for 1000 chosen learners" in text_of(said.content)
    assert Ruling.objects.filter(resource=cast.exercises["cloze"]).count() == 1_000


def test_for_chosen_learners_alone(cast, as_user):
    said = assign(as_user("charlie"), cast, "cloze", whom="chosen", learner=[cast.bob.pk])
    assert "for 1 chosen learner" in text_of(said.content)
    assert "From your teacher 1 exercise 0 of 1 right" in home(as_user, cast, "bob")
    assert "From your teacher" not in home(as_user, cast, "alice")


def test_a_day_to_be_done_by_is_told_and_ends_what_comes_first_a_week_later(cast, as_user):
    today = localdate()
    assign(as_user("charlie"), cast, "cloze", due=(today + timedelta(days=1)).isoformat(), title="Soon")
    assert "due tomorrow" in home(as_user, cast, "alice")
    assert Ruling.objects.get().ends_at - Homework.objects.get().due_at == timedelta(days=7)
    past = now() - timedelta(days=3)
    Homework.objects.update(due_at=past)
    Ruling.objects.update(ends_at=past + timedelta(days=7))
    assert "was due on" in home(as_user, cast, "alice")
    Homework.objects.update(due_at=now() - timedelta(days=8))
    Ruling.objects.update(ends_at=now() - timedelta(days=1))
    assert "From your teacher" not in home(as_user, cast, "alice")
    assert "was due on" in text_of(as_user("charlie").get(at(cast, "homework")).content)


def test_done_before_its_day_it_says_so(cast, as_user):
    assign(as_user("charlie"), cast, "choice", due=(localdate() + timedelta(days=3)).isoformat(), title="Bars")
    answer(cast, cast.alice, "choice", right("choice"))
    assert "Bars Done · due on" in home(as_user, cast, "alice")


BAD = [
    ({"exercise": []}, "Choose at least one exercise."),
    ({"exercise": ["x", "-1", "9" * 30, "\x00"]}, "Choose at least one exercise."),
    ({"exercise": ["999999"]}, "One of the exercises is not in this course any more"),
    ({"whom": "chosen"}, "Choose for whom it is."),
    ({"whom": "chosen", "learner": ["x"]}, "Choose for whom it is."),
    ({"whom": "nobody"}, "Choose for whom it is."),
    ({"whom": "cohort-1x"}, "That group is not in this course."),
    ({"whom": "cohort-99999"}, "That group is not in this course."),
    ({"due": "2020-01-01"}, "That day is over"),
    ({"due": "9999-12-31"}, "Choose a day within a year."),
    ({"due": "tomorrow"}, "That is no day"),
    ({"due": "0000-00-00"}, "That is no day"),
    ({"title": "x" * 300}, "The title may have 200 characters at most."),
    ({"title": "a\x00b"}, "The title may not have control characters."),
]


@pytest.mark.parametrize(("values", "sentence"), BAD)
def test_a_bad_form_says_one_sentence_and_loses_nothing(cast, charlie, values, sentence):
    sent = {"exercise": ids(cast, "choice"), "title": "Kept", "whom": "all", **values}
    response = charlie.post(at(cast, "homework-new"), sent)
    page = response.content.decode()
    assert response.status_code == 422 and not Homework.objects.exists() and not Ruling.objects.exists()
    assert sentence in text_of(page) and 'role="alert"' in page
    form = form_at(page, "homework/new/")
    if "title" not in values:
        assert form.fields["title"] == ["Kept"]
    if "exercise" not in values:
        assert form.fields["exercise"] == [str(cast.exercises["choice"].pk)]
    if values.get("due"):
        assert form.fields["due"] == [values["due"]]


def test_nobody_of_another_course_or_tenant_and_no_teacher_can_be_chosen(cast, charlie):
    dora = learner_make(cast.tenant, "dora")
    for who in (cast.mallory, cast.charlie, dora):
        response = charlie.post(
            at(cast, "homework-new"),
            {"exercise": ids(cast, "choice"), "whom": "chosen", "learner": [cast.alice.pk, who.pk]},
        )
        assert response.status_code == 422 and "does not learn in this course" in text_of(response.content)
    theirs = Cohort.objects.create(tenant=cast.other_course.tenant, course=cast.other_course, name="Theirs")
    response = charlie.post(at(cast, "homework-new"), {"exercise": ids(cast, "choice"), "whom": f"cohort-{theirs.pk}"})
    assert response.status_code == 422 and "Theirs" not in response.content.decode()
    other = exercise_make(cast.other_course, [])
    assert charlie.post(at(cast, "homework-new"), {"exercise": [other.pk], "whom": "all"}).status_code == 422
    assert charlie.post(at(cast, "homework-new"), {"exercise": [cast.reading.pk], "whom": "all"}).status_code == 422
    assert not Homework.objects.exists()


def test_only_the_courses_teachers_may(cast, as_user):
    homework, _ = homework_give(course=cast.course, teacher=cast.charlie, exercises=ids(cast, "choice"))
    posts = [at(cast, "homework-new"), at(cast, "homework-end", homework.pk)]
    gets = [at(cast, "homework"), at(cast, "homework-new"), at(cast, "homework-one", homework.pk)]
    for who in ("alice", "mallory"):
        client = as_user(who)
        assert {client.post(path, {"exercise": ids(cast, "cloze")}).status_code for path in posts} == {404}
        assert {client.get(path).status_code for path in gets} == {404}
    with pytest.raises(NotAllowed):
        homework_give(course=cast.course, teacher=cast.alice, exercises=ids(cast, "choice"))
    with pytest.raises(NotAllowed):
        homework_end(homework=homework, teacher=cast.mallory)
    enrol(cast.charlie, cast.other_course, "teacher")
    charlie = as_user("charlie")
    for name in ("homework-one", "homework-end"):
        path = reverse(f"adaptive:{name}", args=[cast.other_course.pk, homework.pk])
        assert (charlie.post(path) if name.endswith("end") else charlie.get(path)).status_code == 404
    homework.refresh_from_db()
    assert homework.ended_at is None


def test_more_than_ten_are_refused_and_a_retired_one_too(cast, charlie):
    many = [exercise_make(cast.course, [cast.skills[0]], external_id=f"more{n}").pk for n in range(11)]
    response = charlie.post(at(cast, "homework-new"), {"exercise": many, "whom": "all"})
    assert response.status_code == 422 and "Choose 10 exercises at most." in text_of(response.content)
    cast.exercises["choice"].is_retired = True
    cast.exercises["choice"].save()
    assert charlie.post(at(cast, "homework-new"), {"exercise": ids(cast, "choice")}).status_code == 422


def test_another_skills_exercises_can_be_looked_through_without_losing_what_was_ticked(cast, charlie):
    ticked = ids(cast, "choice")
    sent = {"exercise": ticked, "skill": cast.skills[1].pk, "show": "1", "title": "Mine", "whom": "all"}
    page = charlie.post(at(cast, "homework-new"), sent).content.decode()
    form = form_at(page, "homework/new/")
    assert form.fields["exercise"] == [str(ticked[0])] and form.fields["title"] == ["Mine"]
    assert "Which are a half?" in text_of(page) and not Homework.objects.exists()
    from_exercise = charlie.get(f"{at(cast, 'homework-new')}?exercise={ticked[0]}").content.decode()
    assert form_at(from_exercise, "homework/new/").fields["exercise"] == [str(ticked[0])]


def test_a_session_that_ended_in_mid_form_loses_nothing_chosen(cast, charlie):
    form = form_at(charlie.get(at(cast, "homework-new")).content, "homework/new/")
    ticked, learner = ids(cast, "choice", "cloze"), str(cast.bob.pk)
    sent = form.with_values(exercise=ticked, whom="chosen", learner=learner, title="For Friday")
    charlie.logout()
    away = charlie.post(form.action, sent)
    assert away.status_code == 302 and "/login/" in away["Location"]
    page = charlie.post(away["Location"], {"username": "charlie", "password": PASSWORD}, follow=True)
    assert page.request["PATH_INFO"] == at(cast, "homework-new") and not Homework.objects.exists()
    fields = form_at(page.content, "homework/new/").fields
    assert fields["exercise"] == [str(pk) for pk in ticked] and fields["title"] == ["For Friday"]
    assert fields["whom"] == ["chosen"] and fields["learner"] == [learner]
    assert "Your login had ended" in text_of(page.content)
    assert "Your login had ended" not in text_of(charlie.get(at(cast, "homework-new")).content), "once"


@pytest.mark.parametrize(
    "values",
    [
        {"exercise": ["x", "9" * 40, "-1"], "learner": ["<b>", "9" * 18], "skill": "zwei"},
        {"whom": "cohort-999999", "due": "<script>alert(1)</script>" * 40, "title": "<script>alert(1)</script>" * 400},
        {"who": "x" * 5_000},
        {"homework-of": "9" * 40},
    ],
)
def test_what_is_sent_without_a_login_does_no_harm(cast, charlie, values):
    form = form_at(charlie.get(at(cast, "homework-new")).content, "homework/new/")
    charlie.logout()
    away = charlie.post(form.action, {**form.fields, **values})
    assert away.status_code == 302 and len(str(dict(charlie.session))) < 5_000
    page = charlie.post(away["Location"], {"username": "charlie", "password": PASSWORD}, follow=True)
    assert page.status_code == 200 and b"<script>alert" not in page.content
    assert form_at(page.content, "homework/new/").fields["homework-of"] and not Homework.objects.exists()


def test_somebody_else_at_the_same_screen_does_not_see_it(cast, charlie):
    form = form_at(charlie.get(at(cast, "homework-new")).content, "homework/new/")
    other = learner_make(cast.tenant, "otherteacher")
    enrol(other, cast.course, "teacher")
    charlie.logout()
    away = charlie.post(form.action, form.with_values(title="For Friday"))
    page = charlie.post(away["Location"], {"username": "otherteacher", "password": PASSWORD}, follow=True)
    assert form_at(page.content, "homework/new/").fields["title"] == [""]


def test_names_and_titles_are_text_not_markup(cast, as_user):
    assign(as_user("charlie"), cast, "choice", title="<img src=x onerror=alert(1)>")
    pages = [
        as_user("charlie").get(at(cast, "homework")),
        as_user("charlie").get(at(cast, "homework-one", Homework.objects.get().pk)),
        as_user("alice").get(at(cast, "course")),
    ]
    assert all("<img src=x" not in page.content.decode() and page.status_code == 200 for page in pages)


def test_it_has_a_page_of_its_own_and_does_not_crowd_the_rulings(cast, charlie):
    homework_give(
        course=cast.course,
        teacher=cast.charlie,
        exercises=ids(cast, "choice", "cloze"),
        learners=[cast.alice.pk, cast.bob.pk],
    )
    assert "What stands, until you take it back" not in text_of(charlie.get(at(cast, "picks")).content)


def test_who_is_erased_is_out_of_it_and_an_empty_one_can_be_looked_at(cast, charlie):
    homework, _ = homework_give(
        course=cast.course, teacher=cast.charlie, exercises=ids(cast, "choice"), learners=[cast.alice.pk]
    )
    learner_erase(learner=cast.alice)
    assert "Alice" not in text_of(charlie.get(at(cast, "homework-one", homework.pk)).content)
    page = text_of(charlie.get(at(cast, "homework")).content)
    assert "0 of 0 have done it" in page


def count(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_two_hundred_learners_cost_no_more_queries(cast, as_user):
    homework, _ = homework_give(
        course=cast.course,
        teacher=cast.charlie,
        exercises=ids(cast, "choice", "cloze"),
        learners=[cast.alice.pk, cast.bob.pk],
    )
    urls = [at(cast, "homework"), at(cast, "homework-one", homework.pk), at(cast, "homework-new")]
    few = [count(as_user("charlie"), url) for url in urls]
    few_home = count(as_user("alice"), at(cast, "course"))
    everybody = [cast.alice, cast.bob]
    for n in range(198):
        everybody.append(learner_make(cast.tenant, f"learner{n:03}", login=False))
        enrol(everybody[-1], cast.course)
    chosen = [one.pk for one in everybody]
    for n in range(4):
        given, _ = homework_give(
            course=cast.course,
            teacher=cast.charlie,
            exercises=ids(cast, "choice", "cloze", "ordering", "matching", "numeric"),
            learners=chosen if n % 2 else None,
            due_on=localdate() + timedelta(days=n + 1),
        )
    Attempt.objects.bulk_create(
        Attempt(
            tenant=cast.tenant,
            learner=one,
            course=cast.course,
            resource=cast.exercises["choice"],
            given_score=1.0,
            submitted_at=now(),
            source="rest",
            state="assessed",
        )
        for one in everybody[2:122]
    )
    urls[1] = at(cast, "homework-one", given.pk)
    assert [count(as_user("charlie"), url) for url in urls] == few
    assert count(as_user("alice"), at(cast, "course")) == few_home
    page = text_of(as_user("charlie").get(urls[1]).content)
    assert "0 of 200 have done it, 120 more have begun" in page and "120 of 200" in page
    last = text_of(as_user("charlie").get(f"{urls[1]}?page=4").content)
    assert "Page 4 of 4" in last
