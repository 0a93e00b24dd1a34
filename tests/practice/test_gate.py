"""The trust gate on stored marks: what is released alone, what the sample is for, what a change of anything does."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from adaptive.assessment.agreement import agreement_fresh, agreement_refresh, facts_of, threshold_for
from adaptive.assessment.models import Agreement, AnswerVector
from adaptive.assessment.trust import prior
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.catalog.models import Course
from adaptive.practice.gate import answer_vector_keep
from adaptive.practice.services import attempt_contest, attempt_mark
from tests.exports import learner_export
from tests.factories import attempt_make, cast_make, exercise_make
from tests.practice.marking import MODEL, marked, read, says

pytestmark = pytest.mark.django_db
GOOD = [(0.97, True)] * 40 + [(0.04, False)] * 30


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture
def words(cast):
    return cast.exercises["short_text"]


def conf(settings, **values):
    settings.ADAPTIVE = {**settings.ADAPTIVE, **{name.upper(): value for name, value in values.items()}}


def test_unmeasured_is_unreleased(cast, words):
    attempt = read(cast.alice, words, says(0.999))
    assert attempt.state == "needs_review"
    assessment = attempt.assessments.get()
    assert not assessment.is_released and assessment.feedback == "A teacher will read this answer."
    assert assessment.details["why"] == ["low_confidence"]
    assert assessment.details["gate"] == {"threshold": None, "rests_on": "shipped"}


def test_measured_agreement_opens_it_from_the_threshold_on(cast, words):
    row = marked(cast, words, GOOD)
    assert (row.n_marked, row.n_agreed, row.n_wrong, row.source) == (70, 70, 0, "own")
    assert row.upper < 0.05
    sure = read(cast.alice, words, says(0.97))
    assert sure.state == "assessed" and sure.assessments.get().is_released
    assert sure.assessments.get().details["gate"]["rests_on"].startswith("exercise")
    assert read(cast.alice, words, says(0.6)).state == "needs_review", "the floor of the settings holds all the same"
    other = exercise_make(cast.course, cast.skills[:1], "short_text")
    assert read(cast.bob, other, says(0.97)).assessments.get().details["gate"]["rests_on"] == "course, own"


def test_what_a_rule_holds_back_is_held_back_however_good_the_agreement(cast, words):
    marked(cast, words, GOOD)
    attempt = read(cast.alice, words, says(0.97, needs_review=True))
    assert attempt.state == "needs_review" and "gate" in attempt.assessments.get().details


def test_a_teachers_mark_is_measured_at_once_and_the_last_one_counts(cast, words):
    attempt = read(cast.alice, words, says(0.97))
    attempt_mark(attempt=attempt, teacher="charlie", score=1.0)
    row = Agreement.objects.get(resource=None)
    assert (row.n_marked, row.n_agreed) == (1, 1)
    attempt_mark(attempt=attempt, teacher="charlie", score=0.5)
    row.refresh_from_db()
    assert (row.n_marked, row.n_agreed) == (1, 0), "partly right is not right"
    assert Agreement.objects.get(resource=words).n_marked == 1


def test_a_teacher_who_contradicts_himself_is_counted(cast, words):
    for score in (1.0, 0.0, 1.0):
        attempt = read(cast.alice, words, says(0.97), text="The same words.")
        attempt_mark(attempt=attempt, teacher="charlie", score=score)
    row = Agreement.objects.get(resource=words)
    assert (row.n_marked, row.n_agreed, row.n_contradictory) == (3, 2, 1)
    assert facts_of(row)["agreement"] == 0.6667


def test_an_error_closes_the_exercise_and_leaves_the_others(cast, words):
    marked(cast, words, GOOD)
    other = exercise_make(cast.course, cast.skills[:1], "short_text")
    marked(cast, other, [(0.999, False)])
    assert Agreement.objects.get(resource=other).threshold is None
    assert read(cast.alice, other, says(0.99)).state == "needs_review"
    assert read(cast.alice, words, says(0.99)).state == "assessed"


@pytest.mark.parametrize(("limit", "state"), [(0.0, "needs_review"), (1.0, "assessed")])
def test_a_limit_of_nothing_and_of_everything(cast, words, limit, state):
    Course.objects.filter(pk=cast.course.pk).update(release_error_limit=limit)
    marked(cast, words, GOOD)
    assert read(cast.alice, words, says(0.97)).state == state


def test_all_right_and_all_wrong(cast, words):
    assert marked(cast, words, [(0.9, True)] * 44).threshold is None
    assert marked(cast, words, [(0.9, True)]).threshold is not None
    other = exercise_make(cast.course, cast.skills[:1], "short_text")
    assert marked(cast, other, [(0.9, False)] * 30).threshold is None


class TestSample:
    def test_a_share_of_the_released_is_drawn_and_counts(self, cast, words, settings):
        conf(settings, audit_share=1.0)
        marked(cast, words, GOOD)
        attempt = read(cast.alice, words, says(0.97))
        assessment = attempt.assessments.get()
        assert attempt.state == "assessed" and assessment.is_audit and assessment.is_released
        attempt_mark(attempt=attempt, teacher="charlie", score=0.0)
        row = Agreement.objects.get(resource=None)
        assert (row.n_marked, row.n_agreed, row.threshold) == (71, 70, None), "70 agreements and an error prove no 5 %"

    def test_it_is_drawn_by_chance(self, cast, words, settings):
        conf(settings, audit_share=0.3, release_error_limit=1.0)
        drawn = [read(cast.alice, words, says(0.97)).assessments.get().is_audit for _ in range(60)]
        assert 5 <= sum(drawn) <= 32

    def test_what_was_not_drawn_but_contested_does_not_count(self, cast, words, settings):
        conf(settings, audit_share=0.0)
        marked(cast, words, GOOD)
        attempt = read(cast.alice, words, says(0.97))
        attempt_contest(attempt=attempt, reason="I meant it.")
        attempt_mark(attempt=attempt, teacher="charlie", score=0.0)
        assert Agreement.objects.get(resource=None).n_marked == 70


class TestChanges:
    def test_another_limit_is_measured_anew_before_it_is_used(self, cast, words):
        marked(cast, words, GOOD)
        Course.objects.filter(pk=cast.course.pk).update(release_error_limit=0.01)
        course = Course.objects.get(pk=cast.course.pk)
        where = {"resource_id": words.pk, "model": MODEL, "version_id": None}
        assert threshold_for(course=course, **where) == (None, "stale")
        agreement_fresh(course=course, model=MODEL)
        assert threshold_for(course=course, **where) == (None, "exercise, parent")

    def test_marks_of_another_assessor_say_nothing(self, cast, words):
        marked(cast, words, GOOD)
        attempt = read(cast.alice, words, says(0.97, model="reader 2"))
        assert attempt.state == "needs_review"
        row = Agreement.objects.get(resource=None)
        assert (row.model, row.n_marked) == ("reader 2", 0)
        assert not Agreement.objects.exclude(resource=None).exists()

    def test_without_any_words_at_all(self, cast):
        assert agreement_refresh(course=cast.course).n_marked == 0

    def test_the_shipped_figures_are_of_one_model_only(self):
        assert prior.shipped("another", 0.5).threshold is None
        assert prior.shipped(json.loads(prior.SHIPPED.read_text())["model"], 0.5).threshold is not None


def test_two_teachers_at_once_are_both_measured(transactional_db):
    cast = cast_make()
    words = cast.exercises["short_text"]
    attempts = [read(cast.alice, words, says(0.97)) for _ in range(8)]

    def mark(attempt):
        try:
            attempt_mark(attempt=attempt, teacher="charlie", score=1.0)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mark, attempts))
    assert [(row.n_marked, row.n_agreed) for row in Agreement.objects.all()] == [(8, 8), (8, 8)]


def test_shipped_figures_are_made_from_answers_held_out(tmp_path, monkeypatch, capsys):
    table, out = tmp_path / "held_out.csv", tmp_path / "shipped.json"
    rows = [f"{0.9 if n % 2 else 0.7},1,{int(n % 2 or n % 3 > 0)}" for n in range(400)]
    table.write_text("\n".join(["confidence,said_right,is_right", *rows]))
    monkeypatch.setattr("sys.argv", ["prior", str(table), "--model", "m", "--about", "made up", "--out", str(out)])
    prior.main()
    assert "400 answers; at a limit of 5 % they prove a threshold of" in capsys.readouterr().out
    curve = prior.shipped("m 1", 0.05, path=out)
    assert 0.7 < curve.threshold <= 0.9 and prior.shipped("n", 0.05, path=out).threshold is None
    out.write_text('{"model": "m", "threshold": [0.5], "n": [3], "wrong": [4]}')
    with pytest.raises(ValueError, match="one length"):
        prior.shipped("m", 0.01, path=out)


def test_vectors_are_kept_of_what_waits_and_a_broken_encoder_does_no_harm(cast, words):
    attempt = attempt_make(cast.alice, words, state="needs_review")
    answer_vector_keep(attempt, embedding=None)
    assert not AnswerVector.objects.exists()
    for _ in range(2):
        answer_vector_keep(attempt, embedding=HashingEncoder())
    assert AnswerVector.objects.get().attempt == attempt
    exported = learner_export(learner=cast.alice)["attempts"][0]["answer_vector"]
    assert len(exported["embedding"]) == 384 and exported["model"]
    attempt_mark(attempt=attempt, teacher="charlie", score=1.0)
    assert not AnswerVector.objects.exists(), "once it is marked nobody needs it"
