"""A new exercise has a difficulty before anybody has answered it, and its answers overrule that."""

import random
import threading
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection, transaction

from adaptive import tasks
from adaptive.backends.learner_model.difficulty import difficulty_after
from adaptive.catalog.embedding import resources_embed
from adaptive.catalog.models import EMBEDDING_DIMENSIONS, Course, Resource
from adaptive.catalog.services import resource_put
from adaptive.common.clock import now
from adaptive.learners.models import Learner
from adaptive.mastery import difficulties
from adaptive.mastery.activation import defaults_activate, version_activate
from adaptive.mastery.items import authored_logit, items_of
from adaptive.mastery.models import DifficultyFit, ItemDifficulty, LearnerModelVersion, LearnerState
from adaptive.mastery.selectors import predictions
from adaptive.mastery.services import state_check
from adaptive.mastery.words import words_fit
from adaptive.practice import difficulties as jobs
from adaptive.practice import replaying
from adaptive.practice.difficulties import difficulties_renew
from adaptive.practice.replaying import states_replay
from adaptive.practice.services import answer_submit
from tests.factories import cast_make, enrol, exercise_make, learner_make

PFA = "adaptive.backends.learner_model.pfa.PfaForgetting"
HARD, EASY = "Prove by contradiction, with all the steps written out", "Add one and one"


class OneWordEncoder:
    """Embeds by whether the words are those of a hard exercise: near ones near, far ones far."""

    name = "one-word"

    def encode(self, texts):
        rows = np.zeros((len(texts), EMBEDDING_DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            rows[row, 0 if HARD in text else 1] = 1.0
        return rows


@pytest.fixture(autouse=True)
def told(monkeypatch):
    ids = []
    monkeypatch.setattr(jobs, "publish", lambda course_id: ids.append(course_id) or True)
    monkeypatch.setattr(replaying, "publish", lambda course_id: True)
    return ids


@pytest.fixture
def cast(db):
    return cast_make()


def embed(course):
    while resources_embed(embedding=OneWordEncoder()):
        pass


def put(cast, external_id, body, **more):
    data = {
        "kind": "exercise",
        "title": external_id,
        "body": body,
        "skills": ["meaning"],
        "response_format": "numeric",
        "answer": {"value": 1},
        **more,
    }
    return resource_put(course=cast.course, external_id=external_id, data=data)[0]


@pytest.fixture
def fitted(cast):
    """A version in use that found fifty exercises hard or easy as their words are."""
    known = {}
    for n in range(50):
        body = f"{HARD if n % 2 else EASY}, number {n}."
        known[put(cast, f"known{n}", body).pk] = (1.5 if n % 2 else -1.5, 0.02)
    embed(cast.course)
    return version_make(cast, known)


def version_make(cast, known, **params):
    version = LearnerModelVersion.objects.create(
        name="pfa-forgetting",
        backend=PFA,
        model_version="1",
        course=cast.course,
        params={
            "intercept": 0.57,
            "base": 0.82,
            "coefficients": {"ability": 0.6, "skill_successes": 0.3, "skill_failures": -0.1},
            "items": {str(pk): mean for pk, (mean, _) in known.items()},
            **params,
        },
    )
    words = words_fit(known, say=lambda words: None)
    if words:
        DifficultyFit.objects.create(
            version=version, params=words.params, embedding_model=words.embedding_model, n_items=words.n_items
        )
    version_activate(version=version)
    return version


def answer(cast, learner, resource, score):
    return answer_submit(
        tenant=cast.tenant, learner=learner, course=cast.course, resource=resource, score=score, source="rest"
    ).attempt


def classmates(cast, n):
    for number in range(n):
        learner = learner_make(cast.tenant, f"mate{number:03}", login=False)
        enrol(learner, cast.course)
        yield learner


def told_of(resource):
    return items_of([resource.pk])[resource.pk].difficulty


def test_a_new_exercise_with_the_words_of_hard_ones_is_expected_to_be_hard(cast, fitted):
    hard, easy = put(cast, "new1", f"{HARD}, anew."), put(cast, "new2", f"{EASY}, anew.")
    embed(cast.course)
    assert told_of(hard) is None and told_of(easy) is None
    difficulties_renew(cast.course.pk)
    assert told_of(hard) > 0.7 and told_of(easy) < -0.7
    p = predictions(learner=cast.alice, course=cast.course, resources=[hard.pk, easy.pk], at=now())
    assert p[hard.pk] < 0.5 < p[easy.pk]
    row = hard.item_difficulty
    assert (row.source, row.n_answers, row.fit.version) == ("words", 0, fitted)
    assert row.content_hash == hard.content_hash


def test_without_a_fit_the_author_is_believed_and_nothing_is_published(cast):
    version = cast.course.item_version
    difficulties_renew(cast.course.pk)
    cast.course.refresh_from_db()
    assert cast.course.item_version == version
    assert told_of(cast.exercises["choice"]) == authored_logit(0.4)
    assert set(ItemDifficulty.objects.values_list("source", "used")) == {("author", None)}


def test_answers_overrule_the_author(cast):
    exercise = cast.exercises["choice"]
    for learner in classmates(cast, 25):
        answer(cast, learner, exercise, 0)
    difficulties_renew(cast.course.pk)
    row = ItemDifficulty.objects.get(resource=exercise)
    assert row.n_answers == 25 and row.used == row.mean > 1.5 and row.variance < row.prior_variance
    assert told_of(exercise) == row.mean
    assert told_of(cast.exercises["numeric"]) == authored_logit(0.4)


def test_counting_again_changes_nothing_and_a_mark_that_changes_is_counted_anew(cast):
    exercise = cast.exercises["choice"]
    learners = list(classmates(cast, 6))
    for number, learner in enumerate(learners):
        answer(cast, learner, exercise, number % 2)
        answer(cast, learner, exercise, 1)  # a second try says more about memory
    difficulties_renew(cast.course.pk)
    row = ItemDifficulty.objects.get(resource=exercise)
    expected = difficulty_after((authored_logit(0.4), 1.0), [(0.64003, score) for score in (0, 1) * 3])
    assert row.n_answers == 6 and (row.mean, row.variance) == pytest.approx(expected, abs=0.01)
    assert difficulties.difficulties_count(course=cast.course, at=now()) == 0
    assert difficulties_renew(cast.course.pk) == {"foretold": 0, "counted": 0, "states_waiting": 0}


def test_states_stay_reproducible_whatever_is_published(cast):
    """Live answers before, between and after: the check finds no difference, and who had no part waits for nothing."""
    rng = random.Random(3)
    exercise, other = cast.exercises["choice"], cast.exercises["numeric"]
    for learner in classmates(cast, 12):
        answer(cast, learner, exercise, 0)
    for _ in range(5):
        answer(cast, cast.bob, other, rng.randint(0, 1))
    bobs = LearnerState.objects.get(learner=cast.bob)
    done = difficulties_renew(cast.course.pk)
    assert done["states_waiting"] == 13, "all who answered either, as both have moved"

    def check(learner):
        cast.course.refresh_from_db()
        return state_check(learner=learner, course=cast.course)

    assert check(cast.bob) == []
    assert states_replay(cast.course.pk) == 13
    assert check(cast.bob) == []
    after = LearnerState.objects.get(learner=cast.bob)
    assert after.state != bobs.state, "a state knows with which difficulties it was made"
    answer(cast, cast.bob, exercise, 1)
    assert check(cast.bob) == []


def test_only_learners_who_answered_what_moved_are_replayed(cast):
    answer(cast, cast.bob, cast.exercises["numeric"], 1)
    answer(cast, cast.alice, cast.exercises["numeric"], 0)
    moved = [answer(cast, learner, cast.exercises["choice"], 0).learner for learner in classmates(cast, 12)]
    done = difficulties_renew(cast.course.pk)
    assert done["states_waiting"] == 12, "right and wrong moved the other exercise by too little"
    cast.course.refresh_from_db()
    tag = LearnerState.objects.get(learner=cast.bob).model
    assert tag.endswith(f" items{cast.course.item_version}")
    assert state_check(learner=cast.bob, course=cast.course) == []
    assert set(LearnerState.objects.exclude(model=tag).values_list("learner", flat=True)) == {one.pk for one in moved}
    answer(cast, cast.bob, cast.exercises["choice"], 1)
    assert state_check(learner=cast.bob, course=cast.course) == []


def test_single_answers_do_not_make_everybodys_state_stale(cast):
    exercise = cast.exercises["choice"]
    learners = list(classmates(cast, 40))
    for learner in learners[:10]:
        answer(cast, learner, exercise, 0)
    first = now()
    assert difficulties_renew(cast.course.pk, at=first)["states_waiting"] == 10
    states_replay(cast.course.pk)
    used = told_of(exercise)
    for learner in learners[10:30]:
        answer(cast, learner, exercise, 1)
    soon = difficulties_renew(cast.course.pk, at=first + timedelta(hours=2))
    assert soon["counted"] and not soon["states_waiting"] and told_of(exercise) == used
    later = difficulties_renew(cast.course.pk, at=first + timedelta(hours=7))
    assert later["states_waiting"] == 30 and told_of(exercise) < used - 0.5


@pytest.mark.django_db(transaction=True)
def test_an_answer_in_the_middle_of_publishing_is_replayed_and_no_state_differs():
    """Bob's answer has read the old difficulty and is not committed yet while the new one is published."""
    cast = cast_make()
    exercise, other = cast.exercises["choice"], cast.exercises["numeric"]
    for learner in classmates(cast, 12):
        answer(cast, learner, exercise, 0)
    answer(cast, cast.bob, other, 1)
    answer(cast, cast.alice, other, 0)
    done, publishing = (
        [],
        threading.Thread(target=lambda: (done.append(difficulties_renew(cast.course.pk)), connection.close())),
    )
    with transaction.atomic():
        attempt = answer_submit(
            tenant=cast.tenant, learner=cast.bob, course=cast.course, resource=exercise, score=1, source="rest"
        ).attempt
        publishing.start()
        publishing.join(2)
        assert publishing.is_alive(), "it waits for bob"
    publishing.join(30)
    assert attempt.pk and done[0]["states_waiting"] == 13, "twelve, and bob, who has just answered it"
    course = Course.objects.get(pk=cast.course.pk)
    states_replay(course.pk)
    for learner in (cast.alice, cast.bob, *Learner.objects.filter(external_id__startswith="mate")):
        assert state_check(learner=learner, course=course) == []
        assert LearnerState.objects.get(learner=learner).model.endswith(f" items{course.item_version}")


def test_an_exercise_waits_for_its_embedding_and_is_found_when_it_has_come(cast, fitted, told):
    difficulties_renew(cast.course.pk)
    new = put(cast, "new", f"{HARD}, anew.", authored_difficulty=0.4)
    assert jobs.sweep() == 1 and told == [cast.course.pk]
    difficulties_renew(cast.course.pk)
    assert ItemDifficulty.objects.get(resource=new).waits_for_embedding
    assert told_of(new) == authored_logit(0.4), "the author's word until then"
    assert jobs.sweep() == 0, "nothing can be done before"
    embed(cast.course)
    assert jobs.sweep() == 1
    difficulties_renew(cast.course.pk)
    assert told_of(new) > 0.7 and ItemDifficulty.objects.get(resource=new).source == "words"
    assert jobs.sweep() == 0


def test_other_words_are_foretold_anew_and_answers_to_the_old_ones_no_longer_count(cast, fitted):
    new = put(cast, "new", f"{HARD}, anew.")
    embed(cast.course)
    difficulties_renew(cast.course.pk)
    for learner in classmates(cast, 15):
        answer(cast, learner, new, 0)
    at = now() + timedelta(hours=7)
    difficulties_renew(cast.course.pk, at=at)
    assert told_of(new) > 1.4 and ItemDifficulty.objects.get(resource=new).n_answers == 15
    put(cast, "new", f"{EASY}, anew.")
    embed(cast.course)
    difficulties_renew(cast.course.pk, at=at + timedelta(hours=7))
    row = ItemDifficulty.objects.get(resource=new)
    assert row.n_answers == 0 and told_of(new) == row.prior_mean < -0.7


def test_retyping_the_same_words_keeps_their_answers(cast):
    new = put(cast, "new", HARD)
    for learner in classmates(cast, 8):
        answer(cast, learner, new, 0)
    difficulties_renew(cast.course.pk)
    put(cast, "new", HARD, hints=["Think."])
    assert difficulties_renew(cast.course.pk)["foretold"] == 1
    assert ItemDifficulty.objects.get(resource=new).n_answers == 8


@pytest.mark.parametrize("body", ["", "x" * 100_000, "<b>" * 20_000, "$\\frac{" * 9_000, "٣" * 5_000])
def test_hostile_words_have_a_difficulty_too(cast, fitted, body):
    exercise_make(cast.course, [], "numeric", title="", body=body, external_id="odd", authored_difficulty=None)
    Resource.objects.filter(external_id="odd").update(content_hash="odd")
    embed(cast.course)
    difficulties_renew(cast.course.pk)
    row = ItemDifficulty.objects.get(resource__external_id="odd")
    assert row.source == "words" and -4 < row.used < 4


def test_an_exercise_without_skills_is_counted_as_if_new_learners_answered(cast):
    odd = exercise_make(cast.course, [], "numeric", authored_difficulty=None)
    for learner in classmates(cast, 10):
        answer(cast, learner, odd, 1)
    difficulties_renew(cast.course.pk)
    assert told_of(odd) < -0.5


def test_a_retired_exercise_keeps_what_states_were_made_with(cast):
    exercise = cast.exercises["choice"]
    for learner in classmates(cast, 12):
        answer(cast, learner, exercise, 0)
    difficulties_renew(cast.course.pk)
    used = told_of(exercise)
    Resource.objects.filter(pk=exercise.pk).update(is_retired=True)
    answer(cast, cast.alice, cast.exercises["numeric"], 1)
    difficulties_renew(cast.course.pk, at=now() + timedelta(days=1))
    assert told_of(exercise) == used
    fresh = exercise_make(cast.course, [], "numeric", is_retired=True)
    difficulties_renew(cast.course.pk)
    assert not ItemDifficulty.objects.filter(resource=fresh).exists(), "nobody will meet it"


def test_three_exercises_are_too_few_to_learn_difficulty_from(cast):
    pks = [resource.pk for resource in list(cast.exercises.values())[:3]]
    assert words_fit(dict.fromkeys(pks, (1.0, 0.1)), say=lambda words: None) is None
    version_make(cast, dict.fromkeys(pks, (1.0, 0.1)))
    difficulties_renew(cast.course.pk)
    assert told_of(cast.exercises["cloze"]) == authored_logit(0.4)


def test_few_known_exercises_speak_through_skills_and_beside_the_author(cast):
    known = {put(cast, f"known{n}", f"Question {n}").pk: (2.0, 0.02) for n in range(12)}
    version_make(cast, known)
    new = put(cast, "new", "Another question")
    marked = put(cast, "marked", "Another question", authored_difficulty=0.36)
    elsewhere = put(cast, "elsewhere", "Another question", skills=["adding"])
    difficulties_renew(cast.course.pk)
    assert set(ItemDifficulty.objects.values_list("source", flat=True)) == {"skills"}
    assert told_of(new) > 1.0, "exercises of that skill are hard here"
    assert 0.3 < told_of(marked) < told_of(new), "the author says it is an average one"
    assert told_of(elsewhere) < told_of(new)


def test_what_the_learner_model_was_fitted_on_is_left_to_it(cast, fitted):
    exercise = Resource.objects.get(external_id="known1")
    for learner in classmates(cast, 12):
        answer(cast, learner, exercise, 1)
    done = difficulties_renew(cast.course.pk)
    assert done["states_waiting"] == 0 and told_of(exercise) is None
    assert ItemDifficulty.objects.get(resource=exercise).n_answers == 12
    defaults_activate(course=cast.course)
    states_replay(cast.course.pk)
    assert difficulties_renew(cast.course.pk)["states_waiting"] == 12, "the defaults know nothing of it"
    assert told_of(exercise) < 0


def test_the_regression_goes_with_the_version_in_use(cast, fitted):
    new = put(cast, "new", f"{HARD}, anew.", authored_difficulty=0.36)
    embed(cast.course)
    difficulties_renew(cast.course.pk)
    assert told_of(new) > 0.7
    defaults_activate(course=cast.course)
    assert jobs.sweep() == 1
    difficulties_renew(cast.course.pk)
    assert told_of(new) == authored_logit(0.36)


def test_embeddings_by_another_model_are_not_mixed_with_the_regressions(cast, fitted):
    new = put(cast, "new", f"{HARD}, anew.")
    embed(cast.course)
    Resource.objects.update(embedding_model="another")
    difficulties_renew(cast.course.pk)
    assert told_of(new) is None and ItemDifficulty.objects.get(resource=new).waits_for_embedding
    assert jobs.sweep() == 0, "it would wait in vain"


def test_other_courses_exercises_are_left_alone(cast):
    exercise_make(cast.other_course, [], "numeric")
    difficulties_renew(cast.course.pk)
    assert not ItemDifficulty.objects.filter(resource__course=cast.other_course).exists()
    assert difficulties_renew(0) == {"foretold": 0, "counted": 0, "states_waiting": 0}


def test_the_jobs_of_the_worker(cast, told):
    assert tasks.difficulties_sweep_job() == 1 and told == [cast.course.pk]
    assert tasks.item_difficulties_job(cast.course.pk)["foretold"] == len(cast.exercises)
    told.clear()
    assert tasks.difficulties_sweep_job() == 0 and told == []
