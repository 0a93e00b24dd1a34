"""What a teacher sets in their course, by plain forms, and what follows from it."""

import pytest
from django.urls import reverse

from adaptive.assessment.agreement import limit_of
from adaptive.assessment.models import Agreement
from adaptive.audit.models import AuditEntry
from adaptive.common.errors import InvalidInput, NotAllowed
from adaptive.practice.course_settings import course_settings_set, exercise_ai_set
from adaptive.practice.services import answer_submit, slate_next, why_no_model_may_read
from tests.factories import Cast, right
from tests.pages.reading import form_at, text_of

NOTHING = {"zpd_low": "", "zpd_high": "", "release_error_limit": ""}


@pytest.fixture
def url(cast: Cast) -> str:
    return reverse("adaptive:settings", args=[cast.course.pk])


def submit(cast: Cast, name: str):
    return answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises[name],
        response=right(name),
        source="page",
    ).attempt


def test_what_is_set_counts_is_shown_and_is_noted(cast, charlie, url):
    page = text_of(charlie.get(url).content)
    assert "empty: 55 %" in page and "empty: 90 %" in page and "empty: 5 %" in page
    sent = {"zpd_low": "60", "zpd_high": "85 %", "release_error_limit": "2,5", "is_ai_enabled": "on"}
    response = charlie.post(url, sent, follow=True)
    assert "Saved." in text_of(response.content)
    fields = form_at(response.content, "settings/").fields
    assert [fields[name] for name in NOTHING] == [["60"], ["85"], ["2.5"]]
    cast.course.refresh_from_db()
    assert limit_of(cast.course) == 0.025
    slate = slate_next(learner=cast.alice, course=cast.course)
    assert (slate.context["zpd_low"], slate.context["zpd_high"]) == (0.6, 0.85)
    entry = AuditEntry.objects.get(action="course_settings_set")
    assert entry.actor == "charlie" and entry.subject_id == str(cast.course.pk)
    assert entry.inputs["before"]["zpd_low"] is None and entry.outcome["zpd_low"] == 0.6
    assert Agreement.objects.filter(course=cast.course, limit=0.025).exists(), "the thresholds follow the limit"


def test_nothing_changed_is_noted_nowhere_and_empty_is_the_installations_own(cast, charlie, url):
    assert "Nothing was changed." in text_of(charlie.post(url, {**NOTHING, "is_ai_enabled": "on"}, follow=True).content)
    assert not AuditEntry.objects.filter(action="course_settings_set").exists()
    charlie.post(url, {**NOTHING, "zpd_low": "60", "is_ai_enabled": "on"})
    charlie.post(url, {**NOTHING, "is_ai_enabled": "on"})
    cast.course.refresh_from_db()
    assert cast.course.zpd_low is None and AuditEntry.objects.filter(action="course_settings_set").count() == 2


def test_the_ai_is_switched_off_for_the_course(cast, charlie, url):
    charlie.post(url, NOTHING)
    cast.course.refresh_from_db()
    assert not cast.course.is_ai_enabled
    attempt = submit(cast, "short_text")
    assert attempt.state == "needs_review" and "switched off in this course" in attempt.last_error


def test_the_ai_is_switched_off_for_one_exercise_and_on_again(cast, charlie, url):
    exercise = cast.exercises["short_text"]
    switch = reverse("adaptive:settings-exercise", args=[cast.course.pk, exercise.pk])
    said = charlie.post(switch, {"ai": "off"}, follow=True)
    assert "“Leo's pizza” is marked by you alone" in text_of(said.content) and "marked by you alone" in text_of(
        charlie.get(url).content
    )
    exercise.refresh_from_db()
    attempt = submit(cast, "short_text")
    assert attempt.state == "needs_review" and "switched off for this exercise" in attempt.last_error
    assert submit(cast, "long_text").state == "queued", "the others are read as before"
    charlie.post(switch, {"ai": "off"})
    assert AuditEntry.objects.filter(action="exercise_ai_set").count() == 1
    own = reverse("adaptive:report-exercise", args=[cast.course.pk, exercise.pk])
    assert "Its answers are marked by you alone." in text_of(charlie.get(own).content)
    back = charlie.post(switch, {"ai": "on", "from": "exercise"}, follow=True)
    assert back.redirect_chain[0][0] == own
    attempt.resource.refresh_from_db()
    assert why_no_model_may_read(attempt) == ""


BAD = [
    ({"zpd_low": "x"}, "“x” cannot be used: write percent, such as 55."),
    ({"zpd_low": "-5"}, "cannot be used"),
    ({"zpd_low": "5e1"}, "cannot be used"),
    ({"zpd_low": "nan"}, "cannot be used"),
    ({"zpd_low": "٥٥"}, "cannot be used"),
    ({"zpd_low": "\x00"}, "cannot be used"),
    ({"zpd_low": "9" * 100}, "cannot be used"),
    ({"zpd_low": "0"}, "The success window lies between 1 and 99 %."),
    ({"zpd_high": "100"}, "The success window lies between 1 and 99 %."),
    ({"zpd_low": "80", "zpd_high": "60"}, "begin at 80 % and end at 60 %"),
    ({"zpd_low": "60", "zpd_high": "60"}, "its beginning must be below its end"),
    ({"zpd_low": "95"}, "begin at 95 % and end at 90 %"),
    ({"release_error_limit": "60"}, "The limit of wrong marks lies between 0 and 50 %."),
]


@pytest.mark.parametrize(("values", "sentence"), BAD)
def test_a_bad_value_says_one_sentence_changes_nothing_and_stays(cast, charlie, url, values, sentence):
    response = charlie.post(url, {**NOTHING, "release_error_limit": "3", **values})
    assert response.status_code == 422 and sentence in text_of(response.content)
    assert 'role="alert"' in response.content.decode()
    cast.course.refresh_from_db()
    assert (cast.course.zpd_low, cast.course.release_error_limit, cast.course.is_ai_enabled) == (None, None, True)
    fields = form_at(response.content, "settings/").fields
    name, value = next(iter(values.items()))
    assert fields[name] == [value[:40].replace("\x00", "�")] or "\x00" in value
    assert "is_ai_enabled" not in fields, "what was ticked off stays off in the form"


def test_only_the_courses_teachers_may(cast, as_user, url):
    switch = reverse("adaptive:settings-exercise", args=[cast.course.pk, cast.exercises["short_text"].pk])
    for who in ("alice", "mallory"):
        client = as_user(who)
        assert client.get(url).status_code == client.post(url, NOTHING).status_code == 404
        assert client.post(switch, {"ai": "off"}).status_code == 404
    values = {"zpd_low": None, "zpd_high": None, "release_error_limit": None, "is_ai_enabled": False}
    with pytest.raises(NotAllowed):
        course_settings_set(course=cast.course, teacher=cast.alice, **values)
    with pytest.raises(NotAllowed):
        exercise_ai_set(exercise=cast.exercises["short_text"], teacher=cast.mallory, is_ai_enabled=False)
    with pytest.raises(InvalidInput):
        course_settings_set(course=cast.course, teacher=cast.charlie, **{**values, "zpd_low": float("nan")})
    cast.course.refresh_from_db()
    assert cast.course.is_ai_enabled


@pytest.mark.parametrize(("name", "ai"), [("choice", "off"), ("short_text", ""), ("short_text", "maybe")])
def test_a_switch_for_what_has_none_is_not_there(cast, charlie, name, ai):
    switch = reverse("adaptive:settings-exercise", args=[cast.course.pk, cast.exercises[name].pk])
    assert charlie.post(switch, {"ai": ai}).status_code == 404
    assert charlie.get(switch).status_code == 405
