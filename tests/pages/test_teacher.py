import re
from datetime import timedelta

import pytest
from django.db.models import Value
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from adaptive.catalog.models import Resource
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.mastery.models import SkillMastery
from adaptive.mastery.selectors import mastery_status, strongest_evidence
from adaptive.pages.presenters.wording import percent, points
from adaptive.pages.report import learners_by_need, learners_in_need, status_case, statuses_by_skill
from adaptive.pages.views import teacher_report
from adaptive.practice import replaying
from adaptive.practice.difficulties import difficulties_renew
from adaptive.practice.fitting.fitting import Order, fit, version_store
from adaptive.practice.replaying import states_replay
from adaptive.practice.reports import course_report
from adaptive.practice.services import answer_submit, slate_next
from tests.factories import Cast, attempt_make, enrol, learner_make, mastery_make, right, wrong
from tests.pages.reading import form_at, text_of
from tests.practice.terms import term_make


def url(cast: Cast, name: str, *args) -> str:
    return reverse(f"adaptive:{name}", args=[cast.course.pk, *args])


def answered(cast: Cast, learner, name: str, response: dict, **values) -> Attempt:
    return answer_submit(
        tenant=cast.tenant,
        learner=learner,
        course=cast.course,
        resource=cast.exercises[name],
        response=response,
        source="page",
        **values,
    ).attempt


def test_the_words_in_sql_are_the_words_in_python(cast):
    grid = [(p, n) for p in (0.0, 0.3, 0.4999, 0.5, 0.7, 0.8499, 0.85, 0.99) for n in (0, 1, 2, 3, 4, 50)]
    for place, (p, n) in enumerate(grid):
        learner = learner_make(cast.tenant, f"learner{place}", login=False)
        mastery_make(learner, cast.skills[0], p, n)
    rows = SkillMastery.objects.annotate(status=status_case(), one=Value(1))
    assert len(rows) == len(grid)
    for row in rows:
        assert row.status == mastery_status(p_mastery=row.p_mastery, n_attempts=row.n_attempts)


class TestReport:
    def test_an_empty_class_is_no_error(self, charlie, cast):
        cast.course.enrolments.filter(role="learner").delete()
        text = text_of(charlie.get(url(cast, "report")).content)
        assert "0 learners" in text and "Nobody is enrolled yet" in text

    def test_nobody_has_answered_yet(self, charlie, cast):
        text = text_of(charlie.get(url(cast, "report")).content)
        assert "2 learners" in text and "Nobody has a skill that needs help right now." in text
        assert "How the class errs" not in text and "Difficult exercises" not in text

    def test_who_needs_help_and_how_they_err_come_first(self, charlie, cast):
        for _ in range(4):
            answered(cast, cast.alice, "choice", wrong("choice"))
        answered(cast, cast.bob, "choice", right("choice"))
        SkillMastery.objects.filter(learner=cast.alice).update(p_mastery=0.2)
        text = text_of(charlie.get(url(cast, "report")).content)
        assert "Who needs help 1 of 2 Alice" in text
        assert "1 skill What a fraction means 20 %" in text
        assert "Compares a part with the other part 4×" in text
        assert text.index("Who needs help") < text.index("How the class errs") < text.index("Skill by learner")
        assert "1 of 2 learners, 4×" in text and "“3/5”" in text

    def test_of_very_many_skills_those_come_first_that_need_most_help(self, charlie, cast, monkeypatch):
        first, second, third = cast.skills
        for skill, learners in ((second, [cast.alice]), (third, [cast.alice, cast.bob])):
            for learner in learners:
                mastery_make(learner, skill, 0.1, 5)
        monkeypatch.setattr(teacher_report, "MOST_SKILLS", 2)
        text = text_of(charlie.get(url(cast, "report")).content).split("Skill by learner")[1]
        assert text.index(third.name) < text.index(second.name) and first.name not in text
        assert "The 2 of 3 skills in which most learners need help. All skills, in the course's order" in text
        text = text_of(charlie.get(url(cast, "report") + "?all").content).split("Skill by learner")[1]
        assert text.index(first.name) < text.index(second.name) < text.index(third.name)
        assert "in which most learners need help" not in text

    def test_skills_with_counts_of_the_whole_class(self, charlie, cast):
        mastery_make(cast.alice, cast.skills[0], 0.95)
        html = charlie.get(url(cast, "report")).content
        # needs help, started, mastered, not started
        assert "What a fraction means 0 0 1 1" in text_of(html)
        assert "Equivalent fractions 0 0 0 2" in text_of(html)

    def test_difficult_exercises_by_help_needed(self, charlie, cast):
        learners = [cast.alice, cast.bob]
        for name in ("dora", "emil"):
            learner = learner_make(cast.tenant, name)
            enrol(learner, cast.course)
            learners.append(learner)
        for learner in learners:
            answered(cast, learner, "choice", right("choice"))
            answered(cast, learner, "numeric", right("numeric"), n_hints=2)
            answered(cast, learner, "cloze", wrong("cloze"))
        text = text_of(charlie.get(url(cast, "report")).content)
        hard = text[text.index("Difficult exercises") :]
        assert "Beads 0 % 0 4 4" in hard and "Three of four 0 % 4 4 4" in hard and "A bar of chocolate 100 %" in hard
        assert hard.index("Three of four") < hard.index("A bar of chocolate")

    def test_only_this_course_and_its_learners_count(self, charlie, cast):
        stranger = learner_make(cast.tenant, "stranger")
        mastery_make(stranger, cast.skills[0], 0.1, 10)
        assert "stranger" not in charlie.get(url(cast, "report")).content.decode().lower()


class TestMap:
    def test_a_cell_for_everybody_with_words(self, charlie, cast):
        mastery_make(cast.bob, cast.skills[1], 0.1)
        text = text_of(charlie.get(url(cast, "report-map")).content)
        assert "Bob Not started Needs help 10 % Not started" in text
        assert text.index("Bob Not started") < text.index("Alice Not started")

    def test_pages_of_a_large_class(self, charlie, cast):
        for n in range(60):
            enrol(learner_make(cast.tenant, f"learner{n:02}", login=False), cast.course)
        first = charlie.get(url(cast, "report-map"))
        assert "Page 1 of 3" in text_of(first.content)
        for odd in ("99", "x", "-1", ""):
            assert charlie.get(url(cast, "report-map"), {"page": odd}).status_code == 200


def test_a_skill_with_everybody_on_it(charlie, cast):
    mastery_make(cast.alice, cast.skills[0], 0.9)
    mastery_make(cast.bob, cast.skills[0], 0.2)
    text = text_of(charlie.get(url(cast, "report-skill", cast.skills[0].pk)).content)
    assert "Needs help 1 Started 0 Mastered 1 Not started 0" in text
    assert text.index("Bob Needs help 20 %") < text.index("Alice Mastered 90 %")
    assert "A bar of chocolate" in text


def test_an_exercise_says_how_hard_it_is_and_who_says_so(charlie, cast):
    def said(name="choice"):
        text = text_of(charlie.get(url(cast, "report-exercise", cast.exercises[name].pk)).content)
        return text[text.index("How hard it is") : text.index("What was answered")]

    assert "of new learners get it wrong. This is the author's mark." in said()
    before = int(re.search(r"(\d+)\s%", said())[1])
    for number in range(12):
        learner = learner_make(cast.tenant, f"mate{number}", login=False)
        enrol(learner, cast.course)
        answer_submit(
            tenant=cast.tenant,
            learner=learner,
            course=cast.course,
            resource=cast.exercises["choice"],
            score=0,
            source="rest",
        )
    difficulties_renew(cast.course.pk)
    assert "Corrected by 12 answers so far." in said()
    assert int(re.search(r"(\d+)\s%", said())[1]) > before + 15
    Resource.objects.update(authored_difficulty=None)
    assert "Nothing is known yet of how hard it is." in said("numeric")


def test_an_exercise_with_its_answers(charlie, cast):
    answered(cast, cast.alice, "choice", wrong("choice"))
    answered(cast, cast.bob, "choice", wrong("choice"))
    text = text_of(charlie.get(url(cast, "report-exercise", cast.exercises["choice"].pk)).content)
    assert "Compares a part with the other part 2 learners, 2×" in text
    assert "not right: 3/5 2×" in text and "Alice" in text and "Bob" in text


def test_an_exercises_wrong_answers_are_grouped_by_misconception_the_right_ones_last(charlie, cast):
    for name, response in (("alice", {"choice": "c"}), ("bob", {"choice": "c"}), ("alice", {"choice": "a"})):
        answered(cast, getattr(cast, name), "choice", response)
    answered(cast, cast.bob, "choice", right("choice"))
    attempt_make(cast.alice, cast.exercises["choice"], score=0.0, response={"choice": "gone"})
    attempt_make(cast.bob, cast.exercises["choice"], state="needs_review")
    text = text_of(charlie.get(url(cast, "report-exercise", cast.exercises["choice"].pk)).content)
    parts = ["Swaps numerator and denominator 2 learners, 2×", "Compares a part with the other part 1 learner, 1×"]
    parts += ["Wrong without a named error 1 learner, 1×", "Right 1 learner, 1×", "1 answer has no mark yet."]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert "The other way round." in text, "with what the author says of it"


class TestLearner:
    def test_skills_answers_and_what_was_recommended(self, charlie, cast, client):
        answered(cast, cast.alice, "numeric", {"value": "4"}, n_hints=1)
        answered(cast, cast.alice, "short_text", {"text": "<b>no</b>"})
        slate_next(learner=cast.alice, course=cast.course)
        html = charlie.get(url(cast, "learner", cast.alice.pk)).content.decode()
        text = text_of(html)
        assert "“4 m”" in text and "1 hint" in text and "by answer key" in text
        assert "&lt;b&gt;no&lt;/b&gt;" in html and "Being read" in text
        assert "What was recommended, and why" in text and "Practice" in text

    def test_a_teacher_is_no_learner_of_the_course(self, charlie, cast):
        assert charlie.get(url(cast, "learner", cast.charlie.pk)).status_code == 404

    def test_no_data_yet(self, charlie, cast):
        text = text_of(charlie.get(url(cast, "learner", cast.bob.pk)).content)
        assert "No answer yet." in text and "Nothing has been recommended to this learner yet." in text


class TestReview:
    @pytest.fixture
    def waiting(self, cast, settings) -> Attempt:
        settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": False}
        return answered(cast, cast.alice, "short_text", {"text": "No, not <i>equal</i>"})

    def test_what_waits_with_all_that_marking_needs(self, charlie, cast, waiting):
        html = charlie.get(url(cast, "review")).content.decode()
        text = text_of(html)
        assert "Waiting for your mark 1" in text and "Alice" in text and "The AI is switched off" in text
        assert "&lt;i&gt;equal&lt;/i&gt;" in html
        assert "Thirds are equal parts." in text

    def test_a_mark_counts_at_once(self, charlie, cast, waiting):
        form = form_at(charlie.get(url(cast, "review")).content, f"/review/{waiting.pk}/")
        page = charlie.post(form.action, {**form.fields, "label": "correct", "feedback": "Well put."}, follow=True)
        assert "Marked: Right, for Alice." in text_of(page.content)
        assert "Nothing waits for you" in text_of(page.content)
        current = waiting.assessments.get(is_current=True)
        assert (current.score, current.feedback, current.assessor_kind) == (1.0, "Well put.", "teacher")
        assert waiting.mastery_changes.count() == 1

    def test_with_htmx_the_card_alone_changes(self, charlie, cast, waiting):
        marked = charlie.post(
            url(cast, "review-one", waiting.pk), {"label": "partially_correct"}, headers={"HX-Request": "true"}
        )
        assert "<html" not in marked.content.decode() and "It counts now." in text_of(marked.content)

    @pytest.mark.parametrize("sent", [{}, {"label": "excellent"}, {"label": "correct", "feedback": "x" * 5000}])
    def test_a_mark_that_is_none_is_refused_and_kept(self, charlie, cast, waiting, sent):
        page = charlie.post(url(cast, "review-one", waiting.pk), sent)
        assert page.status_code == 422 and not waiting.assessments.exists()
        assert sent.get("feedback", "") in form_at(page.content, f"/review/{waiting.pk}/").fields["feedback"][0]

    def test_a_mark_can_be_changed_and_the_old_one_is_kept(self, charlie, cast):
        attempt = answered(cast, cast.alice, "choice", wrong("choice"))
        before = attempt.mastery_changes.get().after
        charlie.post(url(cast, "review-one", attempt.pk), {"label": "correct", "feedback": ""})
        assert attempt.assessments.count() == 2
        assert attempt.mastery_changes.get().after > before

    def test_a_teacher_of_another_course_cannot_mark(self, cast, waiting, as_user):
        other = learner_make(cast.other_course.tenant, "otherteacher")
        enrol(other, cast.other_course, "teacher")
        client = as_user("otherteacher")
        assert client.post(url(cast, "review-one", waiting.pk), {"label": "correct"}).status_code == 404
        address = reverse("adaptive:review-one", args=[cast.other_course.pk, waiting.pk])
        assert client.post(address, {"label": "correct"}).status_code == 404
        assert not waiting.assessments.exists()

    def test_answers_that_are_being_read_are_counted(self, charlie, cast):
        attempt_make(cast.alice, cast.exercises["short_text"], submitted_at=now() - timedelta(minutes=1))
        assert "1 more answer is kept and will be read" in text_of(charlie.get(url(cast, "review")).content)


def test_the_page_and_the_interface_for_machines_count_alike(cast):
    for learner, p in ((cast.alice, 0.2), (cast.bob, 0.9)):
        for skill in cast.skills[:2]:
            mastery_make(learner, skill, p)
    mastery_make(learner_make(cast.tenant, "stranger"), cast.skills[0], 0.1)
    shared = course_report(course=cast.course, at=now())
    ours = statuses_by_skill(course=cast.course)
    for row in shared.skills:
        mine = ours.get(row.skill.pk, {})
        theirs = (row.n_needs_help, row.n_started, row.n_mastered)
        assert tuple(mine.get(code, 0) for code in ("needs_help", "started", "mastered")) == theirs
    in_need = learners_in_need(course=cast.course)
    assert in_need[0].learner_id == cast.alice.pk
    assert {one.learner_id: one.n_skills for one in in_need} == {
        row.learner.pk: row.n_needs_help for row in shared.learners if row.n_needs_help
    }
    assert learners_by_need(course=cast.course)[: len(in_need)] == [one.learner_id for one in in_need]


class TestLearnerModel:
    def test_the_shipped_defaults_are_said_to_be_that(self, charlie, cast):
        text = text_of(charlie.get(url(cast, "report")).content)
        assert "Learner model: pfa-forgetting, shipped defaults, not fitted to this course." in text
        assert "The exact figures" not in text

    def test_a_fitted_version_with_its_figures_and_how_far_it_is(self, charlie, cast, monkeypatch):
        monkeypatch.setattr(replaying, "publish", lambda course_id: True)
        term_make(cast)
        order = Order("adaptive.backends.learner_model.pfa.PfaForgetting", cast.course)
        version = version_store(fit(order, progress=lambda *at: None), activate=True, force=True).version
        text = text_of(charlie.get(url(cast, "report")).content)
        figures, day = version.figures["model"], date_format(localtime(version.created_at), "j M Y")
        assert (
            f"Learner model: pfa-forgetting, version {version.pk}, fitted {day} on 450 answers of 15 learners; "
            f"on learners held out: AUC {figures['auc']:.2f}".replace("AUC 0.", "AUC .")
            + f", calibration error {figures['ece']:.2f}.".replace("error 0.", "error .")
        ) in text
        assert "Of 15 learners, 15 are still to be brought up to it." in text
        assert f"pfa-forgetting {figures['auc']:.4f} {figures['log_loss']:.4f}" in text
        assert "Best-LR 0." in text and "shipped defaults, in use before 0." in text
        assert "The figures are those of a fit without 3 learners, chosen by chance (seed 0), on their 90 ans" in text
        states_replay(cast.course.pk)
        assert "still to be brought up" not in text_of(charlie.get(url(cast, "report")).content)


def test_one_learners_skill_with_the_answers_that_moved_it_most(charlie, cast):
    for n in range(4):
        answered(cast, cast.alice, "choice", right("choice") if n else wrong("choice"))
    skill = cast.skills[0]
    page = charlie.get(url(cast, "learner-skill", cast.alice.pk, skill.pk))
    text = text_of(page.content)
    assert "Believed: Alice would get a typical exercise right with" in text
    strongest = strongest_evidence(learner=cast.alice, skills=[skill])[skill.pk][0]
    first = text[text.index("What moved it most") :].replace("\u00a0", " ")
    step = points(strongest.after - strongest.before)
    assert f"{percent(strongest.before)} {percent(strongest.after)} {step}".replace("\u00a0", " ") in first
    listed = charlie.get(url(cast, "learner", cast.alice.pk)).content.decode()
    assert url(cast, "learner-skill", cast.alice.pk, skill.pk) in listed
    assert charlie.get(url(cast, "learner-skill", cast.mallory.pk, skill.pk)).status_code == 404
    assert charlie.get(url(cast, "learner-skill", cast.alice.pk, 99999)).status_code == 404
    assert "No answer yet" in text_of(charlie.get(url(cast, "learner-skill", cast.bob.pk, skill.pk)).content)


def test_only_teachers_see_another_learners_evidence(alice, cast):
    assert alice.get(url(cast, "learner-skill", cast.bob.pk, cast.skills[0].pk)).status_code in (403, 404)


def test_the_learner_sees_what_moved_the_belief_most(alice, cast):
    for n in range(3):
        answered(cast, cast.alice, "choice", right("choice") if n else wrong("choice"))
    text = text_of(alice.get(url(cast, "skill", cast.skills[0].pk)).content)
    assert text.index("What moved it most") < text.index("The evidence") and " points" in text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("step", "words"), [(0.123, "+12\u00a0points"), (-0.034, "−3.4\u00a0points"), (0.0, "±0.0\u00a0points")]
)
def test_steps_are_said_in_points(step, words):
    assert points(step) == words
