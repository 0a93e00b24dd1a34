import pytest
from django.urls import reverse

from adaptive.events.models import Attempt
from adaptive.mastery.models import MasteryChange
from adaptive.pages.responses import form_from_response
from adaptive.practice.services import slate_next
from adaptive.recommendation.models import ImpressionEvent
from tests.factories import EXERCISES, PASSWORD, Cast, exercise_make, resource_make, right, wrong
from tests.pages.reading import form_at, read, text_of

CLOSED = [name for name in EXERCISES if name not in ("short_text", "long_text")]


def resource_url(cast: Cast, response_format: str) -> str:
    return reverse("adaptive:resource", args=[cast.course.pk, cast.exercises[response_format].pk])


def filled(page: bytes, cast: Cast, response_format: str, response: dict) -> tuple[str, dict]:
    """The answer's form as the page drew it, with this response in it."""
    form = form_at(page, "/answer/")
    return form.action, {**form.fields, **form_from_response(cast.exercises[response_format], response)}


@pytest.mark.parametrize("name", EXERCISES)
def test_every_format_can_be_answered_as_a_plain_form(alice, cast, name):
    page = alice.get(resource_url(cast, name))
    assert page.status_code == 200 and cast.exercises[name].title in text_of(page.content)
    sent = alice.post(*filled(page.content, cast, name, right(name)))
    attempt = Attempt.objects.get()
    assert attempt.response == right(name) and attempt.source == "page" and attempt.started_at
    assert sent.status_code == 303
    assert sent["Location"] == reverse("adaptive:attempt", args=[cast.course.pk, attempt.pk])
    result = text_of(alice.get(sent["Location"]).content)
    assert ("That is right." if name in CLOSED else "Being read …") in result


@pytest.mark.parametrize("name", CLOSED)
def test_a_wrong_answer_says_so_and_shows_no_answer_yet(alice, cast, name):
    page = alice.get(resource_url(cast, name))
    result = alice.post(*filled(page.content, cast, name, wrong(name)), follow=True)
    text = text_of(result.content)
    assert "Not right yet." in text and "Try it again" in text and "Show the answer" in text
    assert "The right answer" not in text and cast.exercises[name].explanation not in text


def test_what_changed_is_said_and_drawn(alice, cast):
    page = alice.get(resource_url(cast, "choice"))
    result = alice.post(*filled(page.content, cast, "choice", right("choice")), follow=True)
    change = MasteryChange.objects.get()
    text = text_of(result.content)
    assert f"What a fraction means rose from {change.before * 100:.0f} % to {change.after * 100:.0f} %." in text
    svg = [attrs for tag, attrs in read(result.content).tags if tag == "rect" and attrs["class"] == "bar-gain"]
    assert svg and svg[0]["x"] == f"{change.before * 100:.1f}%"
    assert "What comes next" in text and "Why this?" in text


def test_from_a_wrong_answer_to_mastery(alice, cast):
    page = alice.get(resource_url(cast, "choice"))
    alice.post(*filled(page.content, cast, "choice", wrong("choice")))
    for _ in range(25):
        page = alice.get(resource_url(cast, "choice"))
        goal = text_of(page.content)
        text = text_of(alice.post(*filled(page.content, cast, "choice", right("choice")), follow=True).content)
        if "Mastered. It comes back now and then" in text:
            break
        assert "You have mastered it" not in text
    else:
        pytest.fail("25 right answers in a row and still not mastered")
    assert "1 more right answer and it counts as mastered." in goal
    assert "Mastered. A right answer keeps it fresh." in text_of(alice.get(resource_url(cast, "choice")).content)


def test_after_two_misses_the_answer_and_a_smaller_step(alice, cast):
    for _ in range(2):
        page = alice.get(resource_url(cast, "choice"))
        result = alice.post(*filled(page.content, cast, "choice", wrong("choice")), follow=True)
    text = text_of(result.content)
    assert "Still not right. That happens." in text
    assert "The right answer" in text and cast.exercises["choice"].explanation in text
    assert "A smaller step first?" in text and cast.reading.title in text
    page = alice.get(resource_url(cast, "choice"))
    alice.post(*filled(page.content, cast, "choice", right("choice")))
    # The answer was shown, so this one is worth no more than one with all hints.
    assert Attempt.objects.latest("pk").n_hints == len(cast.exercises["choice"].hints) + 2


def test_showing_the_answer_counts(alice, cast):
    page = alice.get(resource_url(cast, "numeric"))
    result = alice.post(*filled(page.content, cast, "numeric", wrong("numeric")), follow=True)
    shown = alice.post(form_at(result.content, "/reveal/").action, follow=True)
    assert "The right answer 0.75 m" in text_of(shown.content)
    page = alice.get(resource_url(cast, "numeric"))
    alice.post(*filled(page.content, cast, "numeric", right("numeric")))
    assert Attempt.objects.latest("pk").n_hints == 5


class TestTheLastRungs:
    """After the author's hints: a similar problem, worked out; then the answer, which ends the try."""

    @staticmethod
    def ask(client, page: bytes, what: str, **values):
        form = form_at(page, "/answer/")
        return client.post(form.action.replace("answer", what), {**form.fields, **values}, follow=True)

    @pytest.fixture(autouse=True)
    def nothing_similar(self, cast):
        cast.course.resources.exclude(response_format__in=("numeric", "choice")).update(is_retired=True)

    def climbed(self, client, cast, name: str = "numeric") -> bytes:
        page = client.get(resource_url(cast, name)).content
        return self.ask(client, page, "hint", hint="3").content

    def test_a_similar_problem_of_the_skill_is_shown_worked_out(self, alice, cast):
        body = "Six divided by nine is $\\frac{6}{9}$."
        skill = [cast.exercises["numeric"].skills.get()]
        resource_make(cast.course, skill, kind="worked_example", title="Six of nine", body=body)
        page = self.climbed(alice, cast)
        text = text_of(page)
        assert "Show a similar problem, worked out" in text and "Six of nine" not in text and "A hint counts" in text
        assert "Show the answer" not in text
        page = self.ask(alice, page, "hint", hint="4").content
        text = text_of(page)
        assert "A similar problem, worked out: Six of nine" in text and "Six divided by nine is" in text
        assert "The answer ends this try: it counts as not right." in text
        alice.post(*filled(page, cast, "numeric", right("numeric")))
        assert Attempt.objects.get().n_hints == 4

    def test_an_exercise_that_is_shown_with_its_solution_counts_as_seen(self, alice, cast):
        skill = [cast.exercises["numeric"].skills.get()]
        other = exercise_make(cast.course, skill, "choice", title="A tart", explanation="Five pieces of eleven.")
        other.choices, other.answer = [{"id": "a", "text": "5 of 11"}, {"id": "b", "text": "6"}], {"choice": "a"}
        other.body = "A tart has eleven pieces."
        other.save()
        page = self.ask(alice, self.climbed(alice, cast), "hint", hint="4").content
        assert "A tart" in text_of(page) and "5 of 11" in text_of(page)
        url = reverse("adaptive:resource", args=[cast.course.pk, other.pk])
        assert "You have seen the answer" in text_of(alice.get(url).content)

    def test_the_answer_ends_the_try_and_keeps_what_was_typed(self, alice, cast):
        page = self.climbed(alice, cast)
        assert "Show the answer" in text_of(page), "this course has no similar problem"
        shown = self.ask(alice, page, "give-up", **{"a-value": "0.7", "position": "x"})
        text = text_of(shown.content)
        assert (
            "Here is the answer." in text and "The right answer 0.75 m" in text and "the answer was asked for" in text
        )
        attempt = Attempt.objects.get()
        assert (attempt.state, attempt.given_score, attempt.response, attempt.n_hints) == ("assessed", 0.0, None, 5)
        assert MasteryChange.objects.get().after < MasteryChange.objects.get().before
        again = alice.get(resource_url(cast, "numeric"))
        assert form_at(again.content, "/answer/").fields["a-value"] == ["0.7"]
        assert "You have seen the answer" in text_of(again.content) and "Show the answer" not in text_of(again.content)
        alice.post(*filled(again.content, cast, "numeric", right("numeric")))
        assert Attempt.objects.latest("pk").n_hints == 5

    def test_asked_for_twice_it_costs_once(self, alice, cast):
        page = self.climbed(alice, cast)
        for _ in range(3):
            shown = self.ask(alice, page, "give-up")
        assert Attempt.objects.count() == 1 and "Here is the answer." in text_of(shown.content)

    def test_it_is_the_last_rung(self, alice, cast):
        page = alice.get(resource_url(cast, "numeric")).content
        assert "Show the answer" not in text_of(page)
        assert "Show a hint" in text_of(self.ask(alice, page, "give-up").content)
        assert not Attempt.objects.exists()

    def test_the_error_behind_the_last_answer_is_named_free_of_charge(self, alice, cast):
        page = alice.get(resource_url(cast, "choice"))
        alice.post(*filled(page.content, cast, "choice", wrong("choice")))
        page = alice.get(resource_url(cast, "choice"))
        assert "The error behind your last answer: Compares a part with the other part" in text_of(page.content)
        alice.post(*filled(page.content, cast, "choice", right("choice")))
        assert Attempt.objects.latest("pk").n_hints == 0
        assert "The error behind" not in text_of(alice.get(resource_url(cast, "choice")).content)

    @pytest.mark.parametrize("name", ["reading", "other"])
    def test_only_for_ones_own_exercises(self, alice, cast, name):
        other = exercise_make(cast.other_course, [], "choice")
        pk = cast.reading.pk if name == "reading" else other.pk
        assert alice.post(reverse("adaptive:give-up", args=[cast.course.pk, pk])).status_code == 404


class TestHints:
    def test_one_by_one_counted_by_the_server(self, alice, cast):
        url = resource_url(cast, "numeric")
        page = alice.get(url)
        assert "A hint counts" in text_of(page.content)
        hints = cast.exercises["numeric"].hints
        assert hints[0] not in text_of(page.content)
        for n in (1, 2):
            form = form_at(page.content, "/answer/")
            asked = alice.post(form.action.replace("answer", "hint"), {**form.fields, "hint": str(n)})
            assert asked.status_code == 303
            page = alice.get(asked["Location"])
        text = text_of(page.content)
        assert hints[0] in text and hints[1] in text and hints[2] not in text
        alice.post(*filled(page.content, cast, "numeric", right("numeric")))
        assert Attempt.objects.get().n_hints == 2

    def test_what_was_typed_is_still_there(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "long_text")).content, "/answer/")
        typed = form.with_values(a_text="Half a thought, with <b>marks</b>", hint="1")
        page = alice.post(form.action.replace("answer", "hint"), typed, follow=True)
        again = form_at(page.content, "/answer/")
        assert again.fields["a-text"] == ["\nHalf a thought, with <b>marks</b>"]
        assert again.fields["key"] == form.fields["key"]

    def test_asking_twice_for_the_same_hint_opens_one(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "numeric")).content, "/answer/")
        url = form.action.replace("answer", "hint")
        for _ in range(2):
            page = alice.post(url, {**form.fields, "hint": "1"}, headers={"HX-Request": "true"})
        assert "Hint 1 of 3" in text_of(page.content) and "Hint 2" not in text_of(page.content)

    @pytest.mark.parametrize("asked", ["", "0", "-1", "99", "x", "9" * 50])
    def test_an_odd_number_is_no_error(self, alice, cast, asked):
        url = reverse("adaptive:hint", args=[cast.course.pk, cast.exercises["numeric"].pk])
        assert alice.post(url, {"hint": asked}, headers={"HX-Request": "true"}).status_code == 200

    def test_a_right_answer_closes_the_ladder(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "numeric")).content, "/answer/")
        alice.post(form.action.replace("answer", "hint"), {**form.fields, "hint": "2"})
        page = alice.get(resource_url(cast, "numeric"))
        alice.post(*filled(page.content, cast, "numeric", right("numeric")))
        assert "Hint 1" not in text_of(alice.get(resource_url(cast, "numeric")).content)


class TestOnce:
    def test_a_double_click_is_one_answer(self, alice, cast):
        page = alice.get(resource_url(cast, "choice"))
        action, data = filled(page.content, cast, "choice", right("choice"))
        first, second = alice.post(action, data), alice.post(action, data)
        assert first["Location"] == second["Location"]
        assert Attempt.objects.count() == 1

    def test_also_with_hints(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "choice")).content, "/answer/")
        alice.post(form.action.replace("answer", "hint"), {**form.fields, "hint": "2"})
        page = alice.get(resource_url(cast, "choice"))
        action, data = filled(page.content, cast, "choice", right("choice"))
        alice.post(action, data)
        assert alice.post(action, data).status_code == 303
        assert Attempt.objects.get().n_hints == 2

    def test_back_and_another_answer_keeps_both_the_first_and_what_was_typed(self, alice, cast):
        page = alice.get(resource_url(cast, "numeric"))
        action, data = filled(page.content, cast, "numeric", {"value": "1"})
        alice.post(action, data)
        back = alice.post(action, {**data, "a-value": "2"})
        assert back.status_code == 422 and Attempt.objects.count() == 1
        assert "You have sent an answer from this page before" in text_of(back.content)
        form = form_at(back.content, "/answer/")
        assert form.fields["a-value"] == ["2"] and form.fields["key"] != data["key"]
        alice.post(form.action, form.fields)
        assert [a.response["value"] for a in Attempt.objects.order_by("pk")] == ["1", "2"]


class TestBadInput:
    @pytest.mark.parametrize("value", ["", "three", "1/0", "1" * 100, "\x00", "4//5"])
    def test_no_number_is_said_and_counts_nothing(self, alice, cast, value):
        form = form_at(alice.get(resource_url(cast, "numeric")).content, "/answer/")
        page = alice.post(form.action, form.with_values(a_value=value))
        assert page.status_code == 422 and 'role="alert"' in page.content.decode()
        assert not Attempt.objects.exists()
        assert form_at(page.content, "/answer/").fields["key"] == form.fields["key"]

    def test_a_text_that_is_too_long_is_refused_and_kept(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "long_text")).content, "/answer/")
        page = alice.post(form.action, form.with_values(a_text="x" * 21_000))
        assert page.status_code == 422 and not Attempt.objects.exists()
        assert "x" * 21_000 in form_at(page.content, "/answer/").fields["a-text"][0]

    @pytest.mark.parametrize(
        "changes",
        [
            {"key": ""},
            {"started": "never"},
            {"started": "2999-01-01T00:00:00Z"},
            {"slate": "x", "position": "y"},
            {"back": "https://evil.example"},
        ],
    )
    def test_tampered_hidden_fields_do_no_harm(self, alice, cast, changes):
        page = alice.get(resource_url(cast, "choice"))
        action, data = filled(page.content, cast, "choice", right("choice"))
        assert alice.post(action, {**data, **changes}).status_code == 303
        assert Attempt.objects.count() == 1

    def test_a_choice_that_is_none(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "choice")).content, "/answer/")
        assert alice.post(form.action, form.with_values(a_choice="nonsense")).status_code == 422

    def test_an_answer_to_a_reading(self, alice, cast):
        url = reverse("adaptive:answer", args=[cast.course.pk, cast.reading.pk])
        assert alice.post(url, {"a-choice": "x"}).status_code == 404

    def test_a_slate_of_somebody_else_cannot_be_claimed(self, alice, cast):
        slate = slate_next(learner=cast.bob, course=cast.course)
        page = alice.get(resource_url(cast, "choice"))
        action, data = filled(page.content, cast, "choice", right("choice"))
        assert alice.post(action, {**data, "slate": str(slate.pk), "position": "1"}).status_code == 404
        assert not Attempt.objects.exists()


class TestSessionExpiry:
    def test_what_was_typed_comes_back_after_the_login(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "short_text")).content, "/answer/")
        alice.cookies.pop("sessionid")
        sent = alice.post(form.action, form.with_values(a_text="My long thought"))
        assert sent.status_code == 302 and "next=" in sent["Location"]
        page = alice.post(sent["Location"], {"username": "alice", "password": PASSWORD}, follow=True)
        again = form_at(page.content, "/answer/")
        assert again.fields["a-text"][0].strip() == "My long thought"
        assert again.fields["key"] == form.fields["key"]
        assert not Attempt.objects.exists()

    def test_somebody_else_who_logs_in_there_does_not_see_it(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "short_text")).content, "/answer/")
        alice.cookies.pop("sessionid")
        sent = alice.post(form.action, form.with_values(a_text="My secret thought"))
        page = alice.post(sent["Location"], {"username": "bob", "password": PASSWORD}, follow=True)
        assert "My secret thought" not in page.content.decode()

    def test_htmx_is_sent_to_the_login_as_a_whole_page(self, alice, cast):
        form = form_at(alice.get(resource_url(cast, "short_text")).content, "/answer/")
        alice.cookies.pop("sessionid")
        sent = alice.post(form.action, form.with_values(a_text="x"), headers={"HX-Request": "true"})
        assert sent.status_code == 204 and sent["HX-Redirect"].startswith("/login/?next=/courses/")


class TestPicks:
    def test_start_leads_to_the_first_pick_and_notes_it(self, alice, cast):
        page = alice.get(reverse("adaptive:practice", args=[cast.course.pk]), follow=True)
        assert page.redirect_chain[0][0].startswith("/picks/")
        types = set(ImpressionEvent.objects.values_list("type", flat=True))
        assert types == {"impression", "start"}
        alice.get(page.redirect_chain[0][0])
        assert ImpressionEvent.objects.count() == 2

    def test_the_answer_knows_its_pick(self, alice, cast):
        slate = slate_next(learner=cast.alice, course=cast.course, kinds=["exercise"])
        impression = slate.impressions.first()
        name = impression.resource.response_format
        page = alice.get(reverse("adaptive:pick", args=[slate.pk, 1]))
        alice.post(*filled(page.content, cast, name, right(name)))
        assert Attempt.objects.get().impression_id == impression.pk

    def test_a_reading_is_read_and_done(self, alice, cast):
        slate = slate_next(learner=cast.alice, course=cast.course, kinds=["reading"], purpose="catalogue")
        page = alice.get(reverse("adaptive:pick", args=[slate.pk, 1]))
        assert "What a fraction is" in text_of(page.content) and "<em>fraction</em>" in page.content.decode()
        done = alice.post(form_at(page.content, "/done/").action)
        assert done["Location"] == reverse("adaptive:catalogue", args=[cast.course.pk]), "back to where it was chosen"
        assert ImpressionEvent.objects.filter(type="complete").count() == 1
        alice.post(form_at(page.content, "/done/").action)
        assert ImpressionEvent.objects.filter(type="complete").count() == 1

    def test_nothing_left_says_why(self, alice, cast):
        cast.course.resources.update(is_retired=True)
        page = alice.get(reverse("adaptive:practice", args=[cast.course.pk]))
        assert page.status_code == 200 and "Nothing left for now" in text_of(page.content)
