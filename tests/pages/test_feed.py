"""The feed, the catalogue, preferences and what is in a text for who opens it, as a learner meets them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from adaptive.audit.models import AuditEntry
from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.learners.models import Enrolment
from adaptive.recommendation.models import CourseOffer, ImpressionEvent, Slate
from adaptive.recommendation.services import slate_create
from tests.factories import (
    Cast,
    attempt_make,
    course_make,
    enrol,
    learner_make,
    mastery_make,
    resource_make,
    skill_make,
    wrong,
)
from tests.pages.reading import form_at, read, text_of

BODY = (
    "A fraction is a part of a whole. Pizza is eaten in Naples by many people. "
    "The **denominator** means into how many equal parts the whole is cut, such as $\\frac{1}{4}$."
)


@pytest.fixture(autouse=True)
def no_exploration(settings):
    settings.ADAPTIVE = {**settings.ADAPTIVE, "EXPLORATION": 0.0}


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """A text with something to say, a video, and a course that learners may enrol themselves in."""
    cast.extra["text"] = resource_make(cast.course, [cast.skills[0]], title="Parts", body=BODY, duration_minutes=8)
    cast.course.created_at -= timedelta(days=60)
    cast.course.save(update_fields=["created_at"])
    cast.extra["video"] = resource_make(cast.course, [cast.skills[2]], kind="video", title="Clip", duration_minutes=3)
    cast.extra["open"] = course_make(
        cast.tenant, "decimals", title="Decimals", listing="open", description="Numbers with a point."
    )
    for n in range(6):
        skill_make(cast.extra["open"], f"d{n}", name=f"Step {n}")
    resource_make(cast.extra["open"], [], title="Points")
    return cast


def at(cast: Cast, name: str) -> str:
    return reverse(f"adaptive:{name}", args=[cast.course.pk])


def card_of(html: str | bytes, title: str) -> str:
    """The text of the page from this card's title on to the end of the card."""
    return text_of(html).split(title, 1)[1].split("Not for me", 1)[0]


class TestFeed:
    def test_each_thing_says_what_it_is_what_is_in_it_and_why(self, alice, cast):
        response = alice.get(at(cast, "feed"))
        assert response.status_code == 200
        card = card_of(response.content, "Parts")
        assert "Reading · 8 min · new" in card and "A fraction is a part of a whole." in card and "Why this?" in card
        assert "denominator" in card and "Naples" not in card, "two sentences, those that matter"
        assert "<strong>denominator</strong>" in response.content.decode() and "<math" in response.content.decode()
        assert ImpressionEvent.objects.filter(type="impression").count() == Slate.objects.get().impressions.count()
        alice.get(at(cast, "feed"))
        assert Slate.objects.count() == 1, "the same again, shown once"
        assert ImpressionEvent.objects.filter(type="impression").count() == Slate.objects.get().impressions.count()

    def test_what_came_with_the_course_is_no_news(self, alice, cast):
        Course.objects.filter(pk=cast.course.pk).update(created_at=now())
        text = text_of(alice.get(at(cast, "feed")).content)
        assert "This is new in your course." not in text and "· new" not in text and "Parts" in text

    def test_opened_from_the_feed_is_a_click_and_practice_is_none(self, alice, cast):
        alice.get(at(cast, "feed"))
        slate = Slate.objects.get()
        assert alice.get(reverse("adaptive:pick", args=[slate.pk, 1])).status_code == 200
        assert ImpressionEvent.objects.filter(type="click", impression__slate=slate).count() == 1
        practice = slate_create(learner=cast.alice, course=cast.course)
        alice.get(reverse("adaptive:pick", args=[practice.pk, 1]))
        assert not ImpressionEvent.objects.filter(type="click", impression__slate=practice).exists()

    def test_put_away_it_is_gone_at_once(self, alice, cast):
        html = alice.get(at(cast, "feed")).content
        slate = Slate.objects.get()
        place = slate.impressions.get(resource=cast.extra["text"]).position
        form = form_at(html, f"/{slate.pk}/{place}/put-away/")
        for _ in range(2):
            response = alice.post(form.action, form.fields)
            assert (response.status_code, response["Location"]) == (303, at(cast, "feed"))
        text = text_of(alice.get(at(cast, "feed")).content)
        assert "Put away: Parts." in text and "A fraction is a part of a whole" not in text
        assert ImpressionEvent.objects.filter(type="dismiss").count() == 1

    def test_disagreeing_and_done_lead_back(self, alice, cast):
        alice.get(at(cast, "feed"))
        slate = Slate.objects.get()
        why = alice.get(reverse("adaptive:why", args=[slate.pk, 1]), {"from": "feed"})
        form = form_at(why.content, "/disagree/")
        assert alice.post(form.action, form.with_values(reason="seen"))["Location"] == at(cast, "feed")
        assert alice.post(reverse("adaptive:done", args=[slate.pk, 2]))["Location"] == at(cast, "feed")

    def test_hostile_text_is_text_or_not_there(self, alice, cast):
        body = (
            "Click [here now please](javascript:alert(1)) to see the fractions of all. "
            "<script>alert(1)</script> and <img src=x onerror=alert(1)> stand in this one. "
            "![x](https://evil.example/x.png) A picture is never shown in a summary of anything."
        )
        resource_make(cast.course, [cast.skills[0]], title="<b>Evil</b> & co", body=body)
        html = alice.get(at(cast, "feed")).content.decode()
        assert "Evil" in text_of(html)
        for bad in ("<script>alert", "<img src=x", "javascript:", "evil.example", "<b>Evil"):
            assert bad not in html

    def test_an_empty_course_says_so(self, alice, cast):
        Resource.objects.filter(course=cast.course).update(is_retired=True)
        for name in ("feed", "catalogue"):
            response = alice.get(at(cast, name))
            assert response.status_code == 200
        text = text_of(alice.get(at(cast, "feed")).content)
        assert "Go on practising" in text and "Why this?" not in text

    @pytest.mark.parametrize("name", ["feed", "catalogue", "preferences"])
    def test_for_who_learns_here_only(self, alice, cast, as_user, name):
        assert as_user("charlie").get(at(cast, name)).status_code == 404
        assert as_user("mallory").get(at(cast, name)).status_code == 404
        cast_address = at(cast, name)
        alice.logout()
        assert alice.get(cast_address)["Location"].startswith("/login/")

    def test_another_learners_places_do_not_exist(self, alice, cast):
        slate = slate_create(learner=cast.bob, course=cast.course, purpose="feed")
        for name in ("put-away", "rate"):
            assert alice.post(reverse(f"adaptive:{name}", args=[slate.pk, 1]), {"rating": "5"}).status_code == 404
        assert not ImpressionEvent.objects.exists()


class TestHome:
    def test_the_feed_stands_on_it_without_what_is_to_be_practised(self, alice, cast):
        for n in range(6):
            resource_make(cast.course, [cast.skills[2]], kind="video", title=f"Clip {n}", body=BODY)
        html = alice.get(at(cast, "course")).content
        assert 'id="news"' in html.decode() and 'class="feed-summary"' in html.decode()
        practice = Slate.objects.get(purpose="practice")
        offered = set(practice.impressions.filter(position__lte=4).values_list("resource_id", flat=True))
        shown = ImpressionEvent.objects.filter(type="impression", impression__slate__purpose="feed")
        assert 1 <= shown.count() <= 3
        assert not offered & set(shown.values_list("impression__resource_id", flat=True))

    def test_a_section_with_nothing_in_it_is_not_drawn(self, alice, cast):
        Resource.objects.filter(course=cast.course).exclude(kind="exercise").update(is_retired=True)
        ids = Resource.objects.filter(course=cast.course, kind="exercise").order_by("pk").values_list("pk", flat=True)
        Resource.objects.filter(pk__in=list(ids[4:])).update(is_retired=True)
        html = alice.get(at(cast, "course")).content.decode()
        assert 'id="news"' not in html
        for name in ("feed", "catalogue", "preferences"):
            assert f'href="{at(cast, name)}"' in html


class TestCatalogue:
    def test_a_course_with_what_it_holds_and_a_button(self, alice, cast):
        text = text_of(alice.get(at(cast, "catalogue")).content)
        assert "Decimals Numbers with a point. You learn: Step 0, Step 1, Step 2, Step 3 and 2 more Enrol" in text
        assert "Parts" in text and CourseOffer.objects.get().shown_at is not None

    def test_enrolled_once_with_two_clicks(self, alice, cast):
        form = form_at(alice.get(at(cast, "catalogue")).content, "/1/")
        assert form.action == reverse("adaptive:offer", args=[Slate.objects.get().pk, 1]) and form.method == "post"
        for said in ("You are in “Decimals” now.", "You are in “Decimals” already."):
            response = alice.post(form.action, form.with_values(do="enrol"))
            assert (response.status_code, response["Location"]) == (
                303,
                reverse("adaptive:course", args=[cast.extra["open"].pk]),
            )
            assert said in text_of(alice.get(response["Location"]).content)
        assert Enrolment.objects.filter(learner=cast.alice, course=cast.extra["open"], role="learner").count() == 1
        assert CourseOffer.objects.get().enrolled_at is not None
        assert AuditEntry.objects.filter(action="course_taken_up").count() == 1
        assert "Decimals Numbers" not in text_of(alice.get(at(cast, "catalogue")).content)

    def test_where_learners_may_not_enrol_there_is_no_button_and_no_way(self, alice, cast):
        Course.objects.filter(pk=cast.extra["open"].pk).update(listing="listed")
        html = alice.get(at(cast, "catalogue")).content
        assert "Ask a teacher of it to enrol you." in text_of(html) and 'value="enrol"' not in html.decode()
        response = alice.post(form_at(html, "/1/").action, {"do": "enrol"})
        assert response["Location"] == at(cast, "catalogue")
        assert "does not let learners enrol themselves" in text_of(alice.get(response["Location"]).content)
        assert not Enrolment.objects.filter(course=cast.extra["open"]).exists()

    def test_closed_in_the_meantime(self, alice, cast):
        form = form_at(alice.get(at(cast, "catalogue")).content, "/1/")
        Course.objects.filter(pk=cast.extra["open"].pk).update(listing="unlisted")
        alice.post(form.action, form.with_values(do="enrol"))
        assert not Enrolment.objects.filter(course=cast.extra["open"]).exists()
        assert "Numbers with a point" not in text_of(alice.get(at(cast, "catalogue")).content)

    def test_never_into_a_course_of_another_tenant(self, alice, cast):
        Course.objects.filter(pk=cast.other_course.pk).update(listing="open")
        resource_make(cast.other_course, [])
        assert "Somebody else" not in text_of(alice.get(at(cast, "catalogue")).content)
        forged = CourseOffer.objects.create(slate=Slate.objects.get(), position=9, course=cast.other_course, score=1)
        alice.post(reverse("adaptive:offer", args=[forged.slate_id, 9]), {"do": "enrol"})
        assert not Enrolment.objects.filter(learner=cast.alice, course=cast.other_course).exists()

    def test_what_is_not_offered_to_me_does_not_exist(self, alice, cast):
        slate = slate_create(learner=cast.bob, course=cast.course, purpose="catalogue")
        for place in ((slate.pk, 1), (slate.pk, 99)):
            assert alice.post(reverse("adaptive:offer", args=place), {"do": "enrol"}).status_code == 404
        own = slate_create(learner=cast.alice, course=cast.course, purpose="catalogue")
        address = reverse("adaptive:offer", args=[own.pk, 1])
        assert alice.post(address, {"do": "delete"}).status_code == 404
        assert alice.post(address).status_code == 404 and alice.get(address).status_code == 405
        assert not Enrolment.objects.filter(course=cast.extra["open"]).exists()

    def test_put_away_stays_away(self, alice, cast):
        form = form_at(alice.get(at(cast, "catalogue")).content, "/1/")
        alice.post(form.action, form.with_values(do="put-away"))
        text = text_of(alice.get(at(cast, "catalogue")).content)
        assert "Put away: Decimals." in text and "Numbers with a point" not in text

    def test_hostile_names_of_a_course_are_text(self, alice, cast):
        Course.objects.filter(pk=cast.extra["open"].pk).update(
            title="<script>alert(1)</script>", description="<img src=x onerror=alert(1)> " + "x" * 5000
        )
        html = alice.get(at(cast, "catalogue")).content.decode()
        assert "<script>alert" not in html and "<img src=x" not in html


class TestPreferences:
    def test_said_kept_and_shown(self, alice, cast):
        html = alice.get(at(cast, "preferences")).content
        assert "These are preferences, not “learning styles”" in text_of(html)
        form = form_at(html, "/preferences/")
        assert form.fields["observe"] == ["on"]
        sent = form.with_values(kinds=["video", "reading"], length="short", pace="gentle", language="en")
        response = alice.post(form.action, sent)
        assert (response.status_code, response["Location"]) == (303, at(cast, "preferences"))
        cast.alice.refresh_from_db()
        assert cast.alice.preferences == {
            "kinds": ["reading", "video"],
            "length": "short",
            "pace": "gentle",
            "language": "en",
        }
        again = form_at(alice.get(at(cast, "preferences")).content, "/preferences/").fields
        assert (again["kinds"], again["length"], again["pace"]) == (["reading", "video"], ["short"], ["gentle"])

    def test_what_is_offered_changes_at_once(self, alice, cast):
        alice.get(at(cast, "feed"))
        alice.post(at(cast, "preferences"), {"kinds": "video", "observe": "on"})
        alice.get(at(cast, "feed"))
        assert Slate.objects.count() == 2
        assert Slate.objects.latest("created_at").context["preferred_kinds"] == ["video"]

    @pytest.mark.parametrize(
        "bad",
        [
            {"kinds": ["video", "<script>"]},
            {"length": "x" * 10_000},
            {"pace": "faster"},
            {"language": "'; DROP TABLE"},
            {"language": "\x00"},
        ],
    )
    def test_what_is_no_preference_changes_nothing_and_loses_nothing(self, alice, cast, bad):
        cast.alice.preferences = {"kinds": ["exercise"], "goal": "exam"}
        cast.alice.save()
        response = alice.post(at(cast, "preferences"), {"kinds": ["video"], "observe": "on", **bad})
        assert response.status_code == 422
        html = response.content.decode()
        assert "Nothing was changed." in text_of(html) and "<script>" not in html.split("<main")[1]
        assert form_at(html, "/preferences/").fields["kinds"] == ["video"]
        cast.alice.refresh_from_db()
        assert cast.alice.preferences == {"kinds": ["exercise"], "goal": "exam"}

    def test_what_was_observed_is_told_and_can_be_switched_off(self, alice, cast):
        for n in range(4):
            for kind in ("video", "reading"):
                resource_make(cast.course, [cast.skills[2]], kind=kind, external_id=f"{kind}{n}", body="x")
        slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed", count=20)
        for impression in slate.impressions.select_related("resource"):
            type_ = {"video": "complete", "reading": "dismiss"}.get(impression.resource.kind)
            if type_:
                ImpressionEvent.objects.create(impression=impression, type=type_)
        text = text_of(alice.get(at(cast, "preferences")).content)
        assert "You took to videos more than to the rest: " in text
        assert "You took to texts to read less than to the rest: you put away or rated low " in text
        alice.post(at(cast, "preferences"), {})
        text = text_of(alice.get(at(cast, "preferences")).content)
        assert "You switched this off" in text and "You took to" not in text
        cast.alice.refresh_from_db()
        assert cast.alice.preferences == {"observe": False}


class TestReading:
    def test_what_is_in_it_for_me_and_not_for_somebody_else(self, alice, cast, as_user):
        address = reverse("adaptive:resource", args=[cast.course.pk, cast.extra["text"].pk])
        text = text_of(alice.get(address).content)
        assert "What is in it for you In about 8 min you meet “What a fraction means”" in text
        attempt_make(
            cast.bob,
            cast.exercises["choice"],
            response=wrong("choice"),
            score=0.0,
            submitted_at=now() - timedelta(days=2),
        )
        mastery_make(cast.bob, cast.skills[0], 0.4)
        text = text_of(as_user("bob").get(address).content)
        assert "You missed “A bar of chocolate” 2 days ago, on the same skill." in text

    def test_rated_the_latest_word_counts(self, alice, cast):
        alice.get(at(cast, "feed"))
        slate = Slate.objects.get()
        place = slate.impressions.get(resource=cast.extra["text"]).position
        page = reverse("adaptive:pick", args=[slate.pk, place])
        form = form_at(alice.get(page).content, "/rate/")
        for rating in ("2", "5"):
            assert alice.post(form.action, form.with_values(rating=rating))["Location"] == page
        html = alice.get(page).content
        assert "Noted: 5 of 5." in text_of(html)
        pressed = [attrs["value"] for tag, attrs in read(html).tags if attrs.get("aria-pressed") == "true"]
        assert pressed == ["5"]
        for bad in ("0", "6", "", "NaN", "5; DROP", "١", "5.0"):
            alice.post(form.action, {"rating": bad})
            assert "A rating is a whole number from 1 to 5." in text_of(alice.get(page).content)
        assert ImpressionEvent.objects.filter(type="rate").count() == 2


def test_learners_who_share_a_course_lead_to_the_next(alice, cast):
    for n in range(3):
        learner = learner_make(cast.tenant, f"l{n}", login=False)
        enrol(learner, cast.course)
        enrol(learner, cast.extra["open"])
    assert "3 other learners in “Fractions” are in it as well." in text_of(alice.get(at(cast, "catalogue")).content)
