from datetime import timedelta

import pytest
from django.urls import reverse

from adaptive.common.clock import now
from adaptive.practice.services import answer_submit
from adaptive.recommendation.models import Impression, ImpressionEvent
from tests.factories import Cast, right, wrong
from tests.pages.reading import form_at, read, text_of


def home(cast: Cast) -> str:
    return reverse("adaptive:course", args=[cast.course.pk])


def answered(cast: Cast, name: str, response: dict, **values):
    return answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises[name],
        response=response,
        source="page",
        **values,
    ).attempt


def test_one_button_and_one_line_why(alice, cast):
    html = alice.get(home(cast)).content.decode()
    text = text_of(html)
    assert "Start (" in text and " min)" in text and "Why this?" in text
    sentence = Impression.objects.get(position=1, slate__purpose="practice").explanation.facts[0]["text"]
    assert sentence in text
    assert html.count('class="button go"') == 1


def test_sections_with_nothing_in_them_are_not_drawn(alice, cast):
    text = text_of(alice.get(home(cast)).content)
    assert "How it went" not in text and "Waiting" not in text and "Due for a review" not in text
    assert "How this works" in text


def test_results_with_their_evidence(alice, cast):
    answered(cast, "choice", wrong("choice"))
    answered(cast, "short_text", right("short_text"))
    text = text_of(alice.get(home(cast)).content)
    assert "How it went A bar of chocolate" in text and "Not right yet" in text and "See evidence" in text
    assert "Waiting Leo's pizza Being read" in text
    assert "How this works" not in text


def test_looking_twice_makes_one_slate(alice, cast):
    alice.get(home(cast))
    alice.get(home(cast))
    assert sorted(cast.alice.slates.values_list("purpose", flat=True)) == ["feed", "practice"]
    shown = ImpressionEvent.objects.filter(type="impression")
    assert shown.filter(impression__slate__purpose="practice").count() == 1
    assert shown.count() == shown.values("impression").distinct().count() <= 4


def test_due_reviews(alice, cast):
    for days in (60, 59, 58):
        answered(cast, "choice", right("choice"), submitted_at=now() - timedelta(days=days))
    assert "Due for a review What a fraction means" in text_of(alice.get(home(cast)).content)


def test_other_languages_are_no_error(alice, cast):
    answered(cast, "choice", wrong("choice"))
    for name in ("course", "skills"):
        page = alice.get(reverse(f"adaptive:{name}", args=[cast.course.pk]), headers={"Accept-Language": "de"})
        assert page.status_code == 200


def test_no_script_no_style_inline(alice, cast):
    answered(cast, "choice", wrong("choice"))
    for address in (home(cast), reverse("adaptive:skills", args=[cast.course.pk])):
        response = alice.get(address)
        for tag, attributes in read(response.content).tags:
            assert "style" not in attributes and not any(name.startswith("on") for name in attributes), tag
            assert tag != "style" and (tag != "script" or attributes.get("src"))
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy


class TestWhy:
    @pytest.fixture
    def why(self, alice, cast) -> str:
        alice.get(home(cast))
        impression = Impression.objects.get(position=1, slate__purpose="practice")
        return reverse("adaptive:why", args=[impression.slate_id, 1])

    def test_the_page_says_what_the_drawer_says(self, alice, why):
        page, drawer = alice.get(why), alice.get(why, headers={"HX-Request": "true"})
        assert "<html" in page.content.decode() and "<html" not in drawer.content.decode()
        explanation = Impression.objects.get(position=1, slate__purpose="practice").explanation
        for text in (text_of(page.content), text_of(drawer.content)):
            for fact in explanation.facts:
                assert fact["text"] in text
            if explanation.would_change_if:
                assert explanation.would_change_if["text"] in text
            for said in ("Too easy", "Too hard", "Did it already", "Not now"):
                assert said in text

    @pytest.mark.parametrize("reason", ["too_easy", "too_hard", "seen", "not_now"])
    def test_disagreeing_changes_the_pick_at_once(self, alice, cast, why, reason):
        before = Impression.objects.get(position=1, slate__purpose="practice")
        form = form_at(alice.get(why).content, "/disagree/")
        answer = alice.post(form.action, {**form.fields, "reason": reason}, follow=True)
        assert "Noted" in text_of(answer.content)
        event = ImpressionEvent.objects.get(type="disagree")
        assert (event.impression_id, event.reason) == (before.pk, reason)
        latest = cast.alice.slates.filter(purpose="practice").latest("created_at")
        assert latest.pk != before.slate_id
        assert before.resource_id not in latest.impressions.values_list("resource_id", flat=True)

    def test_a_double_click_says_it_once(self, alice, why):
        form = form_at(alice.get(why).content, "/disagree/")
        for _ in range(2):
            alice.post(form.action, {**form.fields, "reason": "too_easy"})
        assert ImpressionEvent.objects.filter(type="disagree").count() == 1

    def test_from_home_one_comes_back_home(self, alice, cast, why):
        form = form_at(alice.get(f"{why}?from=home").content, "/disagree/")
        sent = alice.post(form.action, {**form.fields, "reason": "not_now"})
        assert sent["Location"] == home(cast)

    def test_a_reason_that_is_none_changes_nothing(self, alice, why):
        form = form_at(alice.get(why).content, "/disagree/")
        page = alice.post(form.action, {**form.fields, "reason": "boring"}, follow=True)
        assert "Say why you disagree" in text_of(page.content)
        assert not ImpressionEvent.objects.filter(type="disagree").exists()


class TestSkills:
    def test_the_four_words_with_counts(self, alice, cast):
        answered(cast, "choice", right("choice"))
        text = text_of(alice.get(reverse("adaptive:skills", args=[cast.course.pk])).content)
        for words in ("Needs help 0", "Started 1", "Mastered 0", "Not started 2", "from 1 answer"):
            assert words in text
        assert "Comes after: What a fraction means" in text

    def test_the_evidence_behind_a_skill(self, alice, cast):
        attempt = answered(cast, "choice", wrong("choice"))
        change = attempt.mastery_changes.get()
        text = text_of(alice.get(reverse("adaptive:skill", args=[cast.course.pk, cast.skills[0].pk])).content)
        assert "“3/5”" in text and "Not right yet" in text
        assert f"{change.before * 100:.0f} % {change.after * 100:.0f} %" in text
        assert "What a fraction is" in text and "Leads to: Equivalent fractions" in text
