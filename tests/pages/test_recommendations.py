"""Recommendation review by plain forms, as it works without JavaScript."""

import re
import uuid

import pytest
from django.urls import reverse

from adaptive.learners.models import Cohort, Enrolment
from adaptive.pages.presenters.recommendations import key_of, place_of
from adaptive.practice.services import slate_next
from adaptive.recommendation.models import Impression, Review, Ruling, Slate
from adaptive.recommendation.services import impression_event
from tests.factories import enrol, learner_make
from tests.pages.reading import text_of as text_of_html


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def slate(cast) -> Slate:
    return slate_next(learner=cast.alice, course=cast.course, count=3)


def text_of(response) -> str:
    return text_of_html(response.content)


def listed(cast, **values) -> str:
    query = "&".join(f"{key}={value}" for key, value in values.items())
    return f"{reverse('adaptive:picks', args=[cast.course.pk])}?{query}"


def address(cast, slate, position=1) -> str:
    return reverse("adaptive:pick-review", args=[cast.course.pk, slate.pk, position])


def read(client, cast, **values) -> str:
    response = client.get(listed(cast, **values))
    assert response.status_code == 200
    return text_of(response)


def test_a_row_has_learner_pick_why_alternative_and_how_sure(cast, charlie, slate):
    place = slate.impressions.get(position=1)
    page = read(charlie, cast)
    assert "Alice" in page and place.resource.title in page and "Your next step is" in page
    assert Impression.objects.get(pk=place.pk).alternative.title in page
    assert "How sure" in page and "a close call" in page
    assert "Approve Swap Pin Never for Alice More choices" in page


def test_first_places_come_first_the_closest_call_before_the_rest(cast, charlie, slate):
    other = slate_next(learner=cast.bob, course=cast.course, count=2)
    Impression.objects.filter(slate=slate, position=1).update(confidence=0.9)
    Impression.objects.filter(slate=other, position=1).update(confidence=0.5)
    html = charlie.get(listed(cast)).content.decode()
    keys = re.findall(r'name="shown" value="([^"]+)"', html)
    assert [place_of(key) for key in keys][:2] == [(other.pk, 1), (slate.pk, 1)]
    assert [position for _, position in map(place_of, keys)] == [1, 1, 2, 2, 3]


def test_a_decision_leaves_the_list_and_can_be_undone_from_it(cast, charlie, slate):
    title = slate.impressions.get(position=2).resource.title
    response = charlie.post(address(cast, slate, 2), {"decision": "pin", "state": "new", "page": "1"}, follow=True)
    assert response.redirect_chain[0][1] == 303
    page = text_of(response)
    assert f"Pinned: “{title}” comes first for Alice." in page
    assert f"First for Alice, until done: “{title}”" in page
    assert charlie.get(listed(cast)).context["pages"].paginator.count == 2
    batch = Review.objects.get().batch
    undo = charlie.post(reverse("adaptive:picks-undo", args=[cast.course.pk]), {"batch": batch}, follow=True)
    assert "Taken back: 1 decision." in text_of(undo)
    assert charlie.get(listed(cast)).context["pages"].paginator.count == 3
    assert not Ruling.objects.filter(ended_at=None).exists()
    again = charlie.post(reverse("adaptive:picks-undo", args=[cast.course.pk]), {"batch": batch}, follow=True)
    assert "That had been taken back already." in text_of(again)


def test_never_names_the_group_it_is_for(cast, charlie, slate):
    cohort = Cohort.objects.create(tenant=cast.tenant, course=cast.course, name="Class 7b")
    Enrolment.objects.filter(learner=cast.alice).update(cohort=cohort)
    assert "Never for Class 7b" in read(charlie, cast)
    charlie.post(address(cast, slate), {"decision": "never"})
    assert Ruling.objects.get().cohort == cohort
    assert "Never for Class 7b: “" in read(charlie, cast)


def test_many_are_approved_at_once_and_undone_at_once(cast, charlie, slate):
    slate_next(learner=cast.bob, course=cast.course, count=2)
    html = charlie.get(listed(cast)).content.decode()
    shown = re.findall(r'name="shown" value="([^"]+)"', html)
    bulk = reverse("adaptive:picks-approve", args=[cast.course.pk])
    ticked = charlie.post(bulk, {"which": "ticked", "shown": shown, "place": shown[:2]}, follow=True)
    assert "Approved 2 picks." in text_of(ticked) and Review.objects.count() == 2
    rest = charlie.post(bulk, {"which": "all", "shown": shown}, follow=True)
    assert "Approved 3 picks." in text_of(rest)
    assert "Every pick that stands open has been decided." in text_of(rest)
    batch = Review.objects.latest("pk").batch
    undone = charlie.post(reverse("adaptive:picks-undo", args=[cast.course.pk]), {"batch": batch}, follow=True)
    assert "Taken back: 3 decisions." in text_of(undone) and "Approved 2 picks." in text_of(undone)


def test_what_was_ruled_for_all_can_be_taken_back_from_the_list(cast, charlie, slate):
    charlie.post(address(cast, slate), {"decision": "never", "scope": "course"})
    ruling = Ruling.objects.get()
    assert "Never for the whole course" in read(charlie, cast)
    end = reverse("adaptive:ruling-end", args=[cast.course.pk, ruling.pk])
    assert "Taken back." in text_of(charlie.post(end, follow=True))
    assert "already" in text_of(charlie.post(end, follow=True))
    assert "Never for the whole course" not in read(charlie, cast)


def test_every_choice_is_on_the_picks_own_page(cast, charlie, slate):
    page = text_of(charlie.get(address(cast, slate)))
    assert "Pin: it comes first, until it is done" in page and "Swap for" in page
    other = cast.exercises["cloze"]
    values = {"decision": "swap", "with": other.pk, "note": "Beads are easier to see.", "scope": "course"}
    charlie.post(address(cast, slate), values)
    review = Review.objects.get()
    assert (review.instead, review.note, review.scope) == (other, "Beads are easier to see.", "learner")
    assert "gets “Beads” instead of" in text_of(charlie.get(address(cast, slate)))
    assert slate_next(learner=cast.alice, course=cast.course).impressions.first().resource == other


def test_filters_show_what_they_say(cast, charlie, slate):
    assert "No open pick was drawn by chance." in read(charlie, cast, state="explored")
    assert "Nobody has disagreed" in read(charlie, cast, state="disagreed")
    assert "Nothing has been decided" in read(charlie, cast, state="reviewed")
    assert "new in this course" in read(charlie, cast, state="new_policy")
    impression_event(slate=slate, position=1, type="disagree", reason="too_hard")
    assert "said: too hard" in read(charlie, cast, state="disagreed")
    charlie.post(address(cast, slate), {"decision": "approve"})
    page = read(charlie, cast, state="reviewed")
    assert "Approved: “" in page and "Undo" in page
    assert "Alice" in read(charlie, cast, state="low_confidence")
    assert "Alice" in read(charlie, cast, state="';--"), "an unknown filter is the first one"


def test_an_empty_course_says_so(cast, charlie):
    assert "Every pick that stands open has been decided." in read(charlie, cast)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, 422),
        ({"decision": "like"}, 422),
        ({"decision": "pin", "scope": "cohort"}, 422),
        ({"decision": "pin", "scope": "x"}, 422),
        ({"decision": "pin", "note": "x" * 2000}, 422),
        ({"decision": "swap", "with": "x"}, 404),
        ({"decision": "swap", "with": "999999999"}, 404),
        ({"decision": "swap", "with": "9" * 40}, 404),
    ],
)
def test_a_bad_form_says_what_is_wrong_and_keeps_the_note(cast, charlie, slate, values, status):
    response = charlie.post(address(cast, slate), {"note": "Kept", **values})
    assert response.status_code == status and not Review.objects.exists()
    if status == 422 and "note" not in values:
        assert 'role="alert"' in response.content.decode() and "Kept" in response.content.decode()


def test_bad_keys_batches_and_places_do_nothing(cast, charlie, slate):
    bulk = reverse("adaptive:picks-approve", args=[cast.course.pk])
    bad = ["", "x", "-", f"{uuid.uuid4().hex}-1", f"{slate.pk.hex}-99", f"{slate.pk.hex}-x", f"{slate.pk}-1", "\x00-1"]
    for values in ({}, {"place": bad}, {"place": bad * 50}, {"which": "all", "shown": bad}):
        assert charlie.post(bulk, values, follow=True).status_code == 200
    undo = reverse("adaptive:picks-undo", args=[cast.course.pk])
    assert [charlie.post(undo, {"batch": batch}).status_code for batch in ("", "x", "\x00")] == [404] * 3
    assert charlie.get(address(cast, slate, 9)).status_code == 404
    assert charlie.get(listed(cast, page="x")).status_code == charlie.get(listed(cast, page="999")).status_code == 200
    assert not Review.objects.exists()


def test_a_key_is_read_back_as_it_was_made():
    slate_id = uuid.uuid4()
    assert place_of(key_of(slate_id, 17)) == (slate_id, 17)


def test_another_courses_picks_and_rulings_are_not_there(cast, charlie, slate):
    teacher = learner_make(cast.tenant, "dora")
    enrol(teacher, cast.other_course, "teacher")
    theirs = slate_next(learner=cast.mallory, course=cast.other_course)
    assert charlie.get(address(cast, theirs)).status_code == 404
    ruling = Ruling.objects.create(kind="never", course=cast.other_course, learner=cast.mallory, resource=cast.reading)
    assert charlie.post(reverse("adaptive:ruling-end", args=[cast.course.pk, ruling.pk])).status_code == 404


def test_names_and_titles_are_text_not_markup(cast, charlie):
    evil = learner_make(cast.tenant, "evil", display_name="<script>alert(1)</script>", login=False)
    enrol(evil, cast.course)
    cast.exercises["choice"].title = "<img src=x onerror=alert(1)>"
    cast.exercises["choice"].save()
    slate = slate_next(learner=evil, course=cast.course)
    charlie.post(address(cast, slate), {"decision": "pin", "note": "<b>note</b>"})
    html = charlie.get(listed(cast)).content.decode() + charlie.get(listed(cast, state="reviewed")).content.decode()
    assert "<script>alert" not in html and "<img src=x" not in html and "<b>note" not in html


def test_nobody_but_the_courses_teachers_sees_or_decides_anything(cast, as_user, slate):
    ruling = Ruling.objects.create(kind="pin", course=cast.course, resource=cast.reading)
    course = cast.course.pk
    posts = {
        address(cast, slate): {"decision": "never", "scope": "course"},
        reverse("adaptive:picks-approve", args=[course]): {"place": key_of(slate.pk, 1)},
        reverse("adaptive:picks-undo", args=[course]): {"batch": str(uuid.uuid4())},
        reverse("adaptive:ruling-end", args=[course, ruling.pk]): {},
    }
    for who in ("alice", "bob", "mallory"):
        client = as_user(who)
        assert client.get(listed(cast)).status_code == client.get(address(cast, slate)).status_code == 404
        assert {client.post(path, values).status_code for path, values in posts.items()} == {404}
    client.logout()
    assert all("/login/" in client.post(path, values)["Location"] for path, values in posts.items())
    ruling.refresh_from_db()
    assert ruling.ended_at is None and not Review.objects.exists()
