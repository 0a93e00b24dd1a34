"""What a fit learns beside the learner model: how fast is forgotten, and how hard words are."""

from datetime import UTC, datetime, timedelta

import pytest

from adaptive.backends.learner_model.base import Item, Observation
from adaptive.backends.learner_model.blend import Blend
from adaptive.backends.learner_model.forgetting import FSRS_6_DEFAULTS
from adaptive.backends.learner_model.pfa import PfaForgetting
from adaptive.common.clock import now
from adaptive.events.models import Attempt
from adaptive.mastery.difficulties import known_to_model
from adaptive.mastery.models import DifficultyFit, ItemDifficulty, SkillMastery
from adaptive.mastery.selectors import mastery_of
from adaptive.mastery.services import state_check
from adaptive.practice import difficulties, replaying
from adaptive.practice.bulk import PastAttempt, attempts_load
from adaptive.practice.difficulties import difficulties_renew
from adaptive.practice.fitting.data import FitData, data_of_attempts
from adaptive.practice.fitting.fitting import Order, fit, version_store
from adaptive.practice.fitting.memory import forgetting_fitted
from adaptive.practice.log_import import attempt_log_import
from adaptive.practice.replaying import states_replay
from tests.backends.learner_model.forgetful import DAY, FAST_FORGETTING, forgetful_learners
from tests.factories import cast_make, exercise_make
from tests.practice.terms import learners_make, scored, term_make

BLEND = "adaptive.backends.learner_model.blend.Blend"
PFA = "adaptive.backends.learner_model.pfa.PfaForgetting"


@pytest.fixture(autouse=True)
def told(monkeypatch):
    monkeypatch.setattr(difficulties, "publish", lambda course_id: True)
    monkeypatch.setattr(replaying, "publish", lambda course_id: True)


@pytest.fixture
def cast(db):
    return cast_make()


def quiet(*words):
    return None


def fitted_on(cast):
    return fit(Order(PFA, cast.course), progress=quiet)


def data_of(histories, **more):
    return FitData(histories=histories, person={key: key for key in histories}, **more)


def memory_of(data):
    params = {}
    found = forgetting_fitted(PfaForgetting, params, data, seed=0, say=quiet)
    return found, params


def test_a_class_that_forgets_faster_gets_its_own_forgetting_and_earlier_reviews(cast):
    """Answers with dates, through the database, to the due date on the page."""
    learners = learners_make(cast, 40)
    exercises = {n: exercise_make(cast.course, [cast.skills[n % 3]], "choice") for n in range(1, 4)}
    histories = forgetful_learners(40, FAST_FORGETTING, n_skills=3, n_practices=14, seed=2)
    attempts = [
        PastAttempt(
            learner_id=learner.pk,
            resource_id=exercises[row.item.id].pk,
            submitted_at=datetime.fromtimestamp(row.at, UTC),
            given_score=row.score,
            verdict=scored(row.score),
        )
        for learner, rows in zip(learners, histories.values(), strict=True)
        for row in rows
    ]
    attempts_load(course=cast.course, attempts=attempts, source=Attempt.Source.IMPORT)

    def days_until_due():
        rows = SkillMastery.objects.filter(learner=learners[0]).order_by("skill")
        return [(row.due_at - row.last_attempt_at) / timedelta(days=1) for row in rows]

    before = days_until_due()
    beliefs = [v.p_mastery for v in mastery_of(learner=learners[0], course=cast.course, at=now())]
    fitted = fitted_on(cast)
    figures = fitted.figures["forgetting"]
    assert figures["is_accepted"] and figures["gain_low"] > 0 and figures["n_learners"] == 40
    assert fitted.params["forgetting"] == figures["w"] != list(FSRS_6_DEFAULTS)
    stored = version_store(fitted, activate=True, force=True)
    assert stored.version.figures["forgetting"]["reason"].startswith("Fitted: log loss")
    assert states_replay(cast.course.pk) == 40
    after = days_until_due()
    assert sum(after) < 0.75 * sum(before), "due earlier"
    assert len(beliefs) == 3
    assert state_check(learner=learners[0], course=cast.course) == []


def test_fitted_forgetting_moves_no_prediction():
    one, other = PfaForgetting(), PfaForgetting({**PfaForgetting().params, "forgetting": list(FAST_FORGETTING)})
    item, a, b = Item(1, (1,)), one.empty(), other.empty()
    for n, score in enumerate((1.0, 0.0, 1.0, 1.0)):
        a, b = (m.update(s, Observation(item, score, n * 3 * DAY)) for m, s in ((one, a), (other, b)))
    at = 60 * DAY
    assert one.predict(a, item, at) == other.predict(b, item, at)
    assert one.skill(a, 1, at).p_mastery == other.skill(b, 1, at).p_mastery
    assert one.skill(a, 1, at).retrievability > other.skill(b, 1, at).retrievability
    assert one.skill(a, 1, at).due_at > other.skill(b, 1, at).due_at


def test_answers_of_a_few_days_say_nothing_about_forgetting():
    found, params = memory_of(data_of(forgetful_learners(5, n_skills=1, n_practices=1)))
    assert not found["is_accepted"] and "days; 14 are needed" in found["reason"] and params == {}


def test_times_that_nobody_lived_are_not_learned_from():
    histories = forgetful_learners(60, FAST_FORGETTING)
    found, params = memory_of(data_of(histories, undated=set(histories)))
    assert not found["is_accepted"] and "carry no times" in found["reason"] and params == {}


def test_who_learns_in_two_courses_is_one_person():
    histories = forgetful_learners(60, FAST_FORGETTING)
    halves = {}
    for name, rows in histories.items():
        for half in (0, 1):
            halves[f"{half}/{name}"] = [row for row in rows if row.item.id % 2 == half]
    split = FitData(histories=halves, person={key: key.partition("/")[2] for key in halves})
    whole, _ = memory_of(data_of(histories))
    found, _ = memory_of(split)
    assert found["n_learners"] == 60 and found["gain"] == pytest.approx(whole["gain"], abs=1e-3)


def test_too_few_dated_answers_keep_the_defaults_and_say_so(cast):
    term_make(cast)
    figures = fitted_on(cast).figures["forgetting"]
    assert not figures["is_accepted"] and "1,000 of 30 learners are needed" in figures["reason"]


def test_an_imported_log_without_times_is_marked_as_undated(cast, tmp_path):
    lines = ["learner,item,skills,correct,position"]
    lines += [f"l{n},exercise-choice,meaning,{n % 2},{place}" for n in range(3) for place in range(3)]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    attempt_log_import(course=cast.course, path=path, now=now())
    data = data_of_attempts(course=cast.course, say=quiet)
    assert data.undated == set(data.histories) and len(data.undated) == 3
    dated = tmp_path / "dated.csv"
    lines = ["learner,item,skills,correct,position,timestamp"]
    lines += [f"d{n},exercise-choice,meaning,{n % 2},0,2026-01-0{n + 1}T10:00:00Z" for n in range(3)]
    dated.write_text("\n".join(lines) + "\n")
    attempt_log_import(course=cast.course, path=dated, now=now())
    data = data_of_attempts(course=cast.course, say=quiet)
    assert len(data.histories) == 6 and len(data.undated) == 3


def test_a_fit_brings_its_difficulties_of_words_along_and_new_exercises_get_them(cast):
    term_make(cast)
    stored = version_store(fitted_on(cast), activate=True, force=True)
    found = DifficultyFit.objects.get(version=stored.version)
    assert found.n_items == 12 and found.embedding_model == "", "twelve are enough for skills, not for words"
    difficulties_renew(cast.course.pk)
    new = ItemDifficulty.objects.get(resource=cast.exercises["cloze"])
    assert (new.source, new.fit) == ("skills", found)
    answered = ItemDifficulty.objects.filter(n_answers__gt=0)
    assert answered.count() == 12 and not answered.filter(used__isnull=False).exists(), "the model knows them"


def test_our_own_model_keeps_both_where_its_mastery_is_told(cast):
    term_make(cast)
    stored = version_store(fit(Order(BLEND, cast.course), progress=quiet), activate=True, force=True)
    assert DifficultyFit.objects.get(version=stored.version).n_items == 12
    assert len(known_to_model(cast.course)) == 12
    assert "1,000 of 30 learners are needed" in stored.version.figures["forgetting"]["reason"]
    params = {"pfa": {}}
    found = forgetting_fitted(Blend, params, data_of(forgetful_learners(60, FAST_FORGETTING)), seed=0, say=quiet)
    assert found["is_accepted"] and params == {"pfa": {"forgetting": found["w"]}}
    published, fitted = (Blend({"pfa": {**PfaForgetting().params, **more}}) for more in ({}, params["pfa"]))
    observation = Observation(Item(1, (1,)), 1.0, 0.0)
    due = [m.skill(m.update(m.empty(), observation), 1, DAY).due_at for m in (published, fitted)]
    assert due[1] < due[0], "reviews come earlier"
