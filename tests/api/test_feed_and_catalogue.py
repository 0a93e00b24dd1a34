"""Summaries and courses to take up over REST: what an LMS can show, and what it cannot break."""

import json

import pytest

from adaptive.learners.models import Enrolment
from adaptive.recommendation.models import CourseOffer
from adaptive.recommendation.offering import offers_shown
from tests.api.conftest import Api, assert_problem
from tests.factories import Cast, course_make, enrol, learner_make, resource_make, skill_make

BODY = "A fraction is a part of a whole. The denominator says into how many equal parts it is cut."


def ask(api: Api, purpose: str, **values) -> dict:
    body = {"course": "fractions", "purpose": purpose, "kinds": ["reading"], **values}
    response = api("POST", "learners/alice/recommendations/", body)
    assert response.status_code == 201, response.content
    return json.loads(response.content)


@pytest.fixture
def shop(cast: Cast) -> Cast:
    """An open course that three others of the class are in, and one that asks for a teacher."""
    for name, listing in (("decimals", "open"), ("algebra", "listed")):
        course = cast.extra[name] = course_make(cast.tenant, name, listing=listing)
        resource_make(course, [skill_make(course, name)], external_id=f"{name}-text")
    for n in range(3):
        learner = learner_make(cast.tenant, f"l{n}", login=False)
        enrol(learner, cast.course)
        enrol(learner, cast.extra["decimals"])
    return cast


def test_two_sentences_with_each_place_of_the_feed(api, cast):
    resource_make(cast.course, [cast.skills[0]], title="Parts", body=BODY)
    items = {item["title"]: item for item in ask(api, "feed")["items"]}
    assert " ".join(items["Parts"]["summary"]["sentences"]) == BODY
    assert all(item["summary"] is None for item in ask(api, "practice")["items"])


def test_the_catalogue_offers_courses_and_says_why(api, shop):
    slate = ask(api, "catalogue")
    first, second = slate["courses"]
    assert (first["course"], first["may_enrol"], first["enrolled_at"]) == ("decimals", True, None)
    assert first["explanation"] == "3 other learners in “Fractions” are in it as well."
    assert first["reasons"] == [{"code": "taken_together", "facts": {"course": "Fractions", "n_learners": 3}}]
    assert (second["course"], second["may_enrol"], second["explanation"]) == ("algebra", False, "")
    again = json.loads(api("GET", f"recommendations/{slate['id']}/").content)
    assert again["courses"] == slate["courses"]
    assert "courses" not in ask(api, "feed")


def test_an_enrolment_by_the_lms_counts_for_what_was_shown(api, shop):
    slate = ask(api, "catalogue")
    offers_shown(offers=list(CourseOffer.objects.all()))
    assert api("PUT", "courses/decimals/enrolments/alice/", {"role": "learner"}).status_code == 201
    again = json.loads(api("GET", f"recommendations/{slate['id']}/").content)
    assert again["courses"][0]["enrolled_at"] and not again["courses"][1]["enrolled_at"]
    assert [one["course"] for one in ask(api, "catalogue")["courses"]] == ["algebra"]
    assert Enrolment.objects.filter(learner=shop.alice, course=shop.extra["decimals"]).count() == 1


def test_who_may_find_a_course_is_said_with_the_course(api, cast):
    made = json.loads(api("PUT", "courses/geometry/", {"title": "Geometry"}).content)
    assert made["listing"] == "unlisted"
    put = {"title": "Geometry", "listing": "open"}
    assert json.loads(api("PUT", "courses/geometry/", put).content)["listing"] == "open"
    kept = json.loads(api("PUT", "courses/geometry/", {"title": "Geometry 2"}).content)
    assert kept["listing"] == "open", "what is not said stays"
    for wrong in ("everybody", "", 3, None, ["open"]):
        response = api("PUT", "courses/geometry/", {"title": "G", "listing": wrong})
        assert_problem(response, 422 if response.status_code == 422 else 400)


def test_the_export_holds_what_was_offered(api, shop):
    ask(api, "catalogue")
    export = json.loads(api("GET", "learners/alice/export/").content)
    slate = export["recommendations"][0]
    assert [one["course"] for one in slate["courses"]] == ["decimals", "algebra"]
    assert "summary" in slate["items"][0]
    assert api("DELETE", "learners/alice/").status_code == 202
    assert not CourseOffer.objects.exists()
