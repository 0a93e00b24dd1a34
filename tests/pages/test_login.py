from django.urls import reverse

from tests.factories import PASSWORD, course_make, enrol
from tests.pages.reading import form_at, text_of


def test_log_in_and_out(client, cast):
    page = client.post("/login/", {"username": "alice", "password": PASSWORD}, follow=True)
    assert "Hello Alice" in text_of(page.content)
    gone = client.post("/logout/", follow=True)
    assert "Log in" in text_of(gone.content)
    assert client.get(f"/courses/{cast.course.pk}/").status_code == 302


def test_a_wrong_password_keeps_the_name(client, cast):
    page = client.post("/login/", {"username": "alice", "password": "nonsense"})
    assert page.status_code == 200
    assert form_at(page.content, "").fields["username"] == ["alice"]
    assert "correct username and password" in text_of(page.content)


def test_the_login_leads_back_and_never_to_another_host(client, cast):
    skills = reverse("adaptive:skills", args=[cast.course.pk])
    sent = client.get(skills)
    assert sent["Location"].endswith(f"next={skills}")
    inside = client.post(sent["Location"], {"username": "alice", "password": PASSWORD, "next": skills})
    assert inside["Location"] == skills
    client.logout()
    outside = client.post("/login/", {"username": "alice", "password": PASSWORD, "next": "https://evil.example/"})
    assert outside["Location"] == "/"


def test_home_is_the_course_that_was_worked_in_last(alice, cast):
    assert alice.get("/")["Location"] == reverse("adaptive:course", args=[cast.course.pk])


def test_a_teacher_lands_on_the_class(charlie, cast):
    assert charlie.get("/")["Location"] == reverse("adaptive:report", args=[cast.course.pk])


def test_all_courses_with_the_role_in_each(alice, cast):
    second = course_make(cast.tenant, "second", title="A second course")
    enrol(cast.alice, second, "teacher")
    page = text_of(alice.get("/courses/").content)
    assert "You learn in this course." in page and "You teach this course." in page and "A second course" in page
