"""What a learner prefers: stated and observed, how much it weighs, and that it can be switched off."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptive.catalog.models import Resource
from adaptive.common.clock import now
from adaptive.common.errors import InvalidInput
from adaptive.learners.preferences import KINDS, Stated, preferences_set, stated_of
from adaptive.learners.services import learner_put
from adaptive.recommendation.models import ImpressionEvent
from adaptive.recommendation.observing import observed
from adaptive.recommendation.preferences import Preferences, Signal, observed_leans
from adaptive.recommendation.ranking import rank
from adaptive.recommendation.reasons import reasons_of
from adaptive.recommendation.reranking import pick_slate
from adaptive.recommendation.services import impression_event, slate_create
from adaptive.recommendation.types import Context
from tests.factories import cast_make, resource_make
from tests.recommendation.builders import context, exercise, reading, skill


def signal(kind: str = "video", value: float = 1.0, days: float = 0.0, minutes: float = 8.0, language: str = "en"):
    return Signal(kind, minutes, language, value, days)


def leans(*signals: Signal) -> dict[str, float]:
    return {one.facet: one.lean for one in observed_leans(signals)}


class TestObserved:
    def test_what_is_opened_more_than_the_rest_leans_up_and_the_rest_down(self):
        found = leans(*[signal("video", 1.0)] * 6, *[signal("reading", -1.0)] * 6)
        assert found["kind:video"] > 0.3 and found["kind:reading"] < -0.3

    def test_little_says_little(self):
        few = leans(*[signal("video", 1.0)] * 3, *[signal("reading", -1.0)] * 3)
        many = leans(*[signal("video", 1.0)] * 30, *[signal("reading", -1.0)] * 30)
        assert 0 < few["kind:video"] < many["kind:video"] <= 1
        assert not leans(*[signal("video", 1.0)] * 2, *[signal("reading", -1.0)] * 2)

    def test_who_likes_everything_prefers_nothing(self):
        even = leans(*[signal("video", 0.4)] * 40, *[signal("reading", 0.4)] * 40)
        assert all(abs(lean) < 0.06 for lean in even.values())

    def test_without_a_choice_there_is_no_preference(self):
        assert leans(*[signal("video", 1.0)] * 20) == {}

    def test_it_fades_and_ends(self):
        fresh = leans(*[signal("video", 1.0)] * 6, *[signal("reading", -1.0)] * 6)
        old = leans(*[signal("video", 1.0, 35)] * 6, *[signal("reading", -1.0, 35)] * 6)
        assert old["kind:video"] < fresh["kind:video"] / 2
        assert leans(*[signal("video", 1.0, 43)] * 9, *[signal("reading", -1.0, 43)] * 9) == {}

    def test_lengths_and_languages(self):
        found = leans(*[signal(value=1.0, minutes=3)] * 6, *[signal(value=-1.0, minutes=20, language="de")] * 6)
        assert found["length:short"] > 0 > found["length:long"] and found["language:de"] < 0 < found["language:en"]

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.builds(
                Signal,
                st.sampled_from(KINDS),
                st.floats(0.1, 600),
                st.sampled_from(["", "en", "de"]),
                st.floats(-1, 1),
                st.floats(0, 90),
            ),
            max_size=60,
        )
    )
    def test_leans_are_bounded_whatever_happened_and_in_whatever_order(self, signals):
        found = observed_leans(signals)
        assert all(-1 <= one.lean <= 1 and one.n >= one.n_for + one.n_against for one in found)
        again = {one.facet: one.lean for one in observed_leans(list(reversed(signals)))}
        assert {one.facet: one.lean for one in found} == pytest.approx(again, abs=2e-4)


class TestWeight:
    def of(self, candidate, **values) -> float:
        values.setdefault("purpose", "feed")
        return rank(context(skill(1, 0.5, 0), **values), [candidate])[0].features.preference

    def test_each_stated_preference_multiplies(self):
        short = Preferences(length="short")
        assert self.of(reading(1)) == 1.0
        assert self.of(reading(1, kind="video"), preferred_kinds=("video",)) == 1.25
        assert self.of(reading(1, minutes=3.0), preferences=short) == 1.25
        assert self.of(reading(1, minutes=30.0), preferences=short) == 0.8
        assert self.of(reading(1, language="de-AT"), preferences=Preferences(language="de")) == 1.25
        assert self.of(reading(1), preferences=Preferences(language="de", course_language="en")) == 1.0

    def test_pace_leans_to_the_ends_of_the_window(self):
        sure, hard = exercise(1, p=0.9), exercise(1, p=0.55)
        gentle, brisk = Preferences(pace="gentle"), Preferences(pace="brisk")
        assert self.of(sure, preferences=gentle) == self.of(hard, preferences=brisk) == 1.25
        assert self.of(hard, preferences=gentle) == self.of(sure, preferences=brisk) == 0.8

    def test_all_together_are_bounded(self):
        everything = Preferences(length="short", language="en", course_language="en")
        assert self.of(reading(1, minutes=3.0), preferences=everything, preferred_kinds=("reading",)) == 1.5

    def test_what_was_stated_silences_what_was_observed(self):
        seen = Preferences(leans={"kind:video": -1.0, "kind:reading": 1.0})
        assert self.of(reading(1, kind="video"), preferences=seen) == 0.8
        assert self.of(reading(1, kind="video"), preferences=seen, preferred_kinds=("video",)) == 1.25

    def test_the_receipt_keeps_it(self):
        ctx = context(preferences=Preferences("short", "gentle", "de", "en", {"kind:video": 0.31}))
        assert Context.from_json(json.loads(json.dumps(ctx.to_json()))) == ctx

    def test_the_pick_says_so(self):
        ctx = context(skill(1, 0.5, 0), purpose="feed", preferences=Preferences(leans={"kind:reading": 0.4}))
        (pick,) = pick_slate(ctx, rank(ctx, [reading(1)]))
        told = next(row["facts"] for row in reasons_of(ctx, pick) if row["code"] == "preferred")
        assert told == {"what": "kind", "value": "reading", "is_stated": False}


class TestStated:
    @pytest.mark.parametrize(
        "held",
        [None, [], "video", 3, {"kinds": "video", "length": ["short"], "pace": {}, "language": "<b>"}, {"kinds": [[]]}],
    )
    def test_whatever_an_lms_stored_is_read(self, held):
        assert stated_of(held) == Stated()

    def test_kinds_are_the_catalogues(self):
        assert set(KINDS) == set(Resource.Kind.values)

    def test_set_and_taken_back(self, db):
        alice = cast_make().alice
        alice.preferences = {"minutes_per_day": 20, "goal": "June"}
        alice.save()
        held = preferences_set(
            learner=alice, kinds=["video", "reading"], length="short", pace="gentle", language="de", is_observed=False
        )
        assert stated_of(held.preferences) == Stated(("reading", "video"), "short", "gentle", "de", False)
        assert held.preferences["minutes_per_day"] == 20 and held.preferences["goal"] == "June"
        assert preferences_set(learner=alice, kinds=[]).preferences == {"minutes_per_day": 20, "goal": "June"}

    @pytest.mark.parametrize(
        "values",
        [
            {"kinds": ["song"]},
            {"kinds": [], "length": "endless"},
            {"kinds": [], "pace": "'"},
            {"kinds": [], "language": "x" * 9},
            {"kinds": [], "language": "de\n"},
        ],
    )
    def test_nonsense_is_refused_and_nothing_kept(self, db, values):
        alice = cast_make().alice
        with pytest.raises(InvalidInput):
            preferences_set(learner=alice, **values)
        alice.refresh_from_db()
        assert alice.preferences == {}

    def test_an_lms_does_not_switch_on_again_what_the_learner_switched_off(self, db):
        cast = cast_make()
        preferences_set(learner=cast.alice, kinds=["video"], pace="gentle", is_observed=False)
        alice, _ = learner_put(tenant=cast.tenant, external_id="alice", preferences={"kinds": ["reading"]})
        assert stated_of(alice.preferences) == Stated(("reading",), "", "gentle", "", False)


@pytest.mark.django_db
class TestInASlate:
    def react(self, cast, kind: str, type_: str, n: int = 4, **values) -> None:
        """Alice reacts to places of her feed."""
        for number in range(n):
            name = f"{kind}-{type_}-{number}"
            resource = resource_make(cast.course, [cast.skills[0]], kind=kind, external_id=name, duration_minutes=8)
            slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed", kinds=[kind], count=20)
            place = slate.impressions.get(resource=resource)
            impression_event(slate=slate, position=place.position, type=type_, **values)

    def test_reactions_are_observed_and_weigh_and_can_be_switched_off(self):
        cast = cast_make()
        self.react(cast, "video", "rate", rating=5)
        self.react(cast, "reading", "rate", rating=1)
        found = {one.facet: one for one in observed(learner=cast.alice, course=cast.course, at=now())}
        assert found["kind:video"].lean > 0.1 > -0.1 > found["kind:reading"].lean
        assert found["kind:video"].n == found["kind:video"].n_for == 4
        slate = slate_create(learner=cast.alice, course=cast.course, purpose="feed")
        assert slate.context["preferences"]["leans"] == pytest.approx(
            {k: one.lean for k, one in found.items()}, abs=1e-3
        )
        alice = preferences_set(learner=cast.alice, kinds=[], is_observed=False)
        slate = slate_create(learner=alice, course=cast.course, purpose="feed")
        assert slate.context["preferences"]["leans"] == {}

    def test_going_where_one_is_led_says_nothing(self):
        cast = cast_make()
        slate = slate_create(learner=cast.alice, course=cast.course, count=8)
        for position in range(1, 9):
            impression_event(slate=slate, position=position, type="click")
        assert observed(learner=cast.alice, course=cast.course, at=now()) == ()
        assert slate_create(learner=cast.alice, course=cast.course).context["preferences"]["leans"] == {}

    def test_of_several_words_on_one_place_the_most_telling_counts(self):
        cast = cast_make()
        self.react(cast, "video", "rate", rating=5)
        self.react(cast, "reading", "click")
        for event in ImpressionEvent.objects.filter(type="click"):
            ImpressionEvent.objects.create(impression=event.impression, type="dismiss")
        found = {one.facet: one for one in observed(learner=cast.alice, course=cast.course, at=now())}
        assert found["kind:reading"].n == found["kind:reading"].n_against == 4

    def test_another_learners_taste_does_not_count(self):
        cast = cast_make()
        self.react(cast, "video", "rate", rating=5)
        self.react(cast, "reading", "rate", rating=1)
        assert observed(learner=cast.bob, course=cast.course, at=now()) == ()
        assert observed(learner=cast.alice, course=cast.course, at=now() + timedelta(days=60)) == ()

    def test_it_costs_no_query_more(self):
        cast = cast_make()

        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                slate_create(learner=cast.alice, course=cast.course, purpose="feed")
            return len(queries)

        slate_create(learner=cast.alice, course=cast.course)
        before = cost()
        self.react(cast, "video", "rate", rating=5)
        self.react(cast, "reading", "dismiss")
        preferences_set(learner=cast.alice, kinds=["video"], length="short", pace="brisk", language="en")
        assert cost() <= before
