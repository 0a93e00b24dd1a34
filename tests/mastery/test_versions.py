"""Another learner model comes into use while people work: no gap, nothing lost, every state read by what wrote it."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from adaptive.backends import registry
from adaptive.common.clock import now
from adaptive.mastery import services, versions
from adaptive.mastery.activation import version_activate
from adaptive.mastery.models import LearnerModelVersion, LearnerState, MasteryChange, SkillMastery
from adaptive.mastery.replay import history_of, items_answered
from adaptive.mastery.selectors import learner_state, mastery_of, replay_progress, strongest_evidence
from adaptive.mastery.services import state_check, state_rebuild
from adaptive.mastery.versions import model_in_use
from adaptive.practice import replaying
from adaptive.practice.alone import alone
from adaptive.practice.replaying import states_replay
from adaptive.practice.services import answer_submit, attempt_mark
from tests.factories import cast_make
from tests.pages.reading import text_of

PFA = "adaptive.backends.learner_model.pfa.PfaForgetting"
BKT = "adaptive.backends.learner_model.bkt.Bkt"


@pytest.fixture
def cast(db):
    return cast_make()


def answer(cast, learner, score, name="choice"):
    return answer_submit(
        tenant=cast.tenant,
        learner=learner,
        course=cast.course,
        resource=cast.exercises[name],
        score=score,
        source="rest",
    ).attempt


def version_make(cast, backend=PFA, *, active=True, **params):
    model_class = registry.class_at(backend)
    shipped = model_class().params
    version = LearnerModelVersion.objects.create(
        name=model_class.name,
        backend=backend,
        model_version=model_class.version,
        course=cast.course,
        params={**shipped, **params},
    )
    if active:
        version_activate(version=version)
    return version


def believed(cast, learner):
    """What pages show: by the state, and by the stored rows that reports read."""
    by_state = {v.skill.pk: v.p_mastery for v in mastery_of(learner=learner, course=cast.course, at=now())}
    return by_state, dict(SkillMastery.objects.filter(learner=learner).values_list("skill_id", "p_mastery"))


def test_a_new_version_changes_no_belief_until_its_turn_has_come(cast):
    for score in (1, 0, 1, 1):
        answer(cast, cast.alice, score)
    before = learner_state(learner=cast.alice, course=cast.course)
    version = version_make(cast, intercept=-2.0)
    during = learner_state(learner=cast.alice, course=cast.course)
    assert during == before, "the same state, read by the model that wrote it"
    assert learner_state(learner=cast.bob, course=cast.course).in_use.version_id == version.pk, "bob is new"
    assert states_replay(cast.course.pk) == 1
    after = learner_state(learner=cast.alice, course=cast.course)
    assert after.in_use.version_id == version.pk
    assert after.in_use.model.params["intercept"] == -2.0
    assert state_check(learner=cast.alice, course=cast.course) == []
    assert states_replay(cast.course.pk) == 0


def test_a_request_does_not_replay_the_past(cast, monkeypatch):
    for score in (1, 0, 1, 1):
        answer(cast, cast.alice, score)
    version_make(cast, BKT)

    def never(**_):
        raise AssertionError("a replay within a request")

    with monkeypatch.context() as patched:
        patched.setattr(services, "replay_of", never)
        answer(cast, cast.alice, 1)
    row = LearnerState.objects.get()
    assert row.n_applied == 5 and row.version is None and row.model.startswith("pfa-forgetting/")
    assert state_check(learner=cast.alice, course=cast.course) == [], "compared with a replay by what wrote it"
    assert replay_progress([cast.course])[cast.course.pk].n_waiting == 1
    states_replay(cast.course.pk)
    row = LearnerState.objects.get()
    assert row.n_applied == 5 and row.model.startswith("bkt/")
    assert MasteryChange.objects.count() == 5
    assert state_check(learner=cast.alice, course=cast.course) == []
    assert replay_progress([cast.course])[cast.course.pk].n_waiting == 0


def test_an_answer_given_while_the_past_is_replayed_is_in_the_new_state(cast, monkeypatch):
    for score in (1, 0, 1):
        answer(cast, cast.alice, score)
    version = version_make(cast, BKT)
    real = services.replay_of
    late = []

    def slow(**ids):
        belief = real(**ids)
        if not late:  # the long replay is over, the lock not yet taken: here comes an answer
            late.append(answer(cast, cast.alice, 1, "numeric"))
        return belief

    monkeypatch.setattr(services, "replay_of", slow)
    assert states_replay(cast.course.pk) == 1
    row = LearnerState.objects.get()
    assert row.n_applied == 4 and row.version_id == version.pk
    assert MasteryChange.objects.filter(attempt=late[0]).exists()
    assert state_check(learner=cast.alice, course=cast.course) == []


def test_a_mark_that_rewrites_the_past_meanwhile_is_not_undone(cast, monkeypatch):
    first = answer(cast, cast.alice, 1)
    answer(cast, cast.alice, 0)
    version = version_make(cast, BKT)
    # As if the version had come into use only now: the teacher's mark is replayed by the one before.
    real, marked = services.replay_of, []

    def slow(**ids):
        belief = real(**ids)
        if not marked:
            marked.append(1)
            attempt_mark(attempt=first, teacher="charlie", score=0.0)
        return belief

    monkeypatch.setattr(services, "replay_of", slow)
    states_replay(cast.course.pk)
    assert state_check(learner=cast.alice, course=cast.course) == []
    assert LearnerState.objects.get().version_id == version.pk


def test_one_learner_who_cannot_be_replayed_keeps_the_old_belief_and_nobody_else_waits(cast, monkeypatch):
    answer(cast, cast.alice, 1)
    answer(cast, cast.bob, 1)
    version_make(cast, BKT)
    real, broken = services.replay_of, [cast.alice.pk]

    def replay_of(*, model, learner_id, course_id):
        if learner_id in broken:
            raise RuntimeError("no")
        return real(model=model, learner_id=learner_id, course_id=course_id)

    monkeypatch.setattr(services, "replay_of", replay_of)
    monkeypatch.setattr(replaying, "publish", lambda course_id: True)
    assert states_replay(cast.course.pk) == 1
    progress = replay_progress([cast.course])[cast.course.pk]
    assert (progress.n_states, progress.n_waiting, progress.n_failed) == (2, 1, 1)
    assert progress.error == "RuntimeError: no"
    assert states_replay(cast.course.pk) == 0 and replaying.sweep() == 0, "not at once again"
    answer(cast, cast.alice, 1)
    broken.clear()
    assert state_check(learner=cast.alice, course=cast.course) == []
    LearnerState.objects.exclude(replay_after=None).update(replay_after=now())
    assert replaying.sweep() == 1 and states_replay(cast.course.pk) == 1
    assert LearnerState.objects.get(learner=cast.alice).replay_error == ""


def test_the_sweeper_tells_of_what_waits_and_of_nothing_else(cast, monkeypatch):
    told = []
    monkeypatch.setattr(replaying, "publish", lambda course_id: told.append(course_id) or True)
    answer(cast, cast.alice, 1)
    assert replaying.sweep() == 0 and told == []
    version_make(cast, BKT)
    assert replaying.sweep() == 1 and told == [cast.course.pk]


@pytest.mark.django_db(transaction=True)
def test_only_one_job_at_a_course_at_a_time():
    cast = cast_make()
    answer(cast, cast.alice, 1)
    version_make(cast, BKT)
    found = []

    def another():
        found.append(states_replay(cast.course.pk))
        connection.close()

    with alone(replaying.LOCK_KIND, cast.course.pk) as is_alone:
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert is_alone and found == [0]
    assert states_replay(cast.course.pk) == 1


def test_without_the_old_model_the_belief_is_that_of_the_one_in_use_never_an_empty_one(cast):
    for score in (0, 0, 0, 0):
        answer(cast, cast.alice, score)
    stored = believed(cast, cast.alice)
    row = LearnerState.objects.get()
    LearnerState.objects.update(model=row.model.replace("pfa-forgetting/", "gone/"))
    by_state, by_rows = believed(cast, cast.alice)
    assert by_rows == stored[1]
    assert by_state == pytest.approx(stored[0])
    assert LearnerState.objects.get().model.startswith("gone/"), "looking stores nothing"
    answer(cast, cast.alice, 0)
    assert LearnerState.objects.get().model == row.model
    assert state_check(learner=cast.alice, course=cast.course) == []


def test_the_shipped_model_that_the_setting_named_before_is_still_read(cast, settings):
    answer(cast, cast.alice, 1)
    before = believed(cast, cast.alice)[0]
    settings.ADAPTIVE = {**settings.ADAPTIVE, "LEARNER_MODEL": BKT}
    assert model_in_use(cast.course).model.name == "bkt"
    assert believed(cast, cast.alice)[0] == pytest.approx(before)
    answer(cast, cast.alice, 1)
    assert LearnerState.objects.get().model.startswith("pfa-forgetting/")
    assert states_replay(cast.course.pk) == 1
    assert LearnerState.objects.get().model.startswith("bkt/")


def test_a_version_fitted_by_other_code_is_not_read_by_this_one(cast, caplog):
    version = version_make(cast)
    LearnerModelVersion.objects.update(model_version="0")
    version.refresh_from_db()
    assert versions.why_unusable(version).endswith("now: fit it again.")
    assert model_in_use(cast.course).version_id == 0
    assert f"Version {version.pk} was fitted by pfa-forgetting 0" in caplog.text
    LearnerModelVersion.objects.update(model_version="", backend="adaptive.nowhere.Model")
    assert model_in_use(cast.course).version_id == 0


def test_rebuilding_by_hand_is_by_the_version_in_use(cast):
    answer(cast, cast.alice, 1)
    version = version_make(cast, BKT)
    assert state_rebuild(learner=cast.alice, course=cast.course).version_id == version.pk


def test_parameters_are_read_once_not_at_every_request(cast):
    version_make(cast)
    registry.reset()
    answer(cast, cast.alice, 1)
    learner_state(learner=cast.alice, course=cast.course)
    with CaptureQueriesContext(connection) as queries:
        learner_state(learner=cast.alice, course=cast.course)
        learner_state(learner=cast.bob, course=cast.course)
        answer(cast, cast.alice, 1)
        replay_progress([cast.course])
    assert not [q["sql"] for q in queries if '"params"' in q["sql"] and "INSERT" not in q["sql"]]


def test_only_the_models_used_last_are_kept():
    registry.reset()
    made = [registry.get_learner_model(PFA, key=str(n), load=dict) for n in range(registry.KEPT_LEARNER_MODELS)]
    assert registry.get_learner_model(PFA, key="0") is made[0]
    registry.get_learner_model(PFA, key="one more", load=dict)
    assert registry.get_learner_model(PFA, key="0") is made[0]
    assert registry.get_learner_model(PFA, key="1", load=dict) is not made[1]
    registry.reset()


def test_a_page_shows_the_same_before_and_during(cast, client):
    for score in (1, 1, 1, 0):
        answer(cast, cast.alice, score)
    client.force_login(cast.alice.user)
    address = reverse("adaptive:skills", args=[cast.course.pk])
    before = text_of(client.get(address).content)
    version_make(cast, BKT)
    assert text_of(client.get(address).content) == before


def test_the_strongest_evidence_comes_first_and_costs_one_query(cast, django_assert_num_queries):
    for score in (1, 1, 0, 1, 0, 0):
        answer(cast, cast.alice, score)
    with django_assert_num_queries(1):
        found = strongest_evidence(learner=cast.alice, skills=cast.skills, limit=3)
    steps = [abs(change.after - change.before) for change in found[cast.skills[0].pk]]
    everything = [abs(c.after - c.before) for c in MasteryChange.objects.filter(skill=cast.skills[0])]
    assert steps == sorted(everything, reverse=True)[:3]
    assert found[cast.skills[1].pk] == []


def test_how_long_an_answer_took_reaches_the_model_live_and_in_replay(cast, monkeypatch):
    seen = []
    real = services.take_in
    monkeypatch.setattr(
        services, "take_in", lambda model, belief, taken: seen.append(taken) or real(model, belief, taken)
    )
    answer_submit(
        tenant=cast.tenant,
        learner=cast.alice,
        course=cast.course,
        resource=cast.exercises["choice"],
        score=1.0,
        latency_ms=12_500,
        source="rest",
    )
    ids = {"learner_id": cast.alice.pk, "course_id": cast.course.pk}
    assert [taken.observation.elapsed_seconds for taken in seen] == [12.5]
    assert list(history_of(**ids, items=items_answered(**ids))) == seen
