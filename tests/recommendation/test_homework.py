"""Homework under two clicks at the same moment, in the order it was given, and how far it is."""

import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection

from adaptive.common.clock import now
from adaptive.learners.models import Enrolment
from adaptive.recommendation.homework import homework_end, homework_give
from adaptive.recommendation.homework_progress import Counts, counted, counts_of, progress_of
from adaptive.recommendation.models import Homework, Ruling
from tests.factories import attempt_make, cast_make, enrol, learner_make


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_give_once():
    cast = cast_make()
    exercises = [cast.exercises["choice"].pk, cast.exercises["cloze"].pk]
    start, news = threading.Barrier(4), []

    def click() -> None:
        close_old_connections()
        try:
            start.wait(timeout=20)
            news.append(homework_give(course=cast.course, teacher=cast.charlie, exercises=exercises)[1])
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(news) == [False, False, False, True]
    assert Homework.objects.count() == 1 and Ruling.objects.count() == 2


@pytest.mark.django_db
def test_the_order_is_the_teachers_for_every_learner():
    cast = cast_make()
    names = ["ordering", "choice", "matching", "cloze"]
    wanted = [cast.exercises[name].pk for name in names]
    homework, _ = homework_give(
        course=cast.course, teacher=cast.charlie, exercises=wanted, learners=[cast.bob.pk, cast.alice.pk]
    )
    progress = progress_of(homework=[homework])[homework.pk]
    assert set(progress) == {cast.alice.pk, cast.bob.pk}
    assert all([tries.resource_id for tries in found.tries] == wanted for found in progress.values())
    assert homework_end(homework=homework, teacher=cast.charlie)
    assert not homework_end(homework=homework, teacher=cast.charlie)


@pytest.mark.django_db
def test_the_sums_of_a_list_are_those_of_each_learner():
    cast = cast_make()
    wanted = [cast.exercises["choice"], cast.exercises["cloze"]]
    whole, _ = homework_give(course=cast.course, teacher=cast.charlie, exercises=[one.pk for one in wanted])
    empty, _ = homework_give(course=cast.course, teacher=cast.charlie, exercises=[cast.exercises["matching"].pk])
    for_two = [cast.alice.pk, cast.bob.pk]
    chosen, _ = homework_give(course=cast.course, teacher=cast.charlie, exercises=[wanted[0].pk], learners=for_two)
    others = {name: learner_make(cast.tenant, name) for name in ("dora", "emil", "gone", "held", "before")}
    for learner in others.values():
        enrol(learner, cast.course)
    Homework.objects.update(created_at=now() - timedelta(days=1))
    for exercise in wanted:
        attempt_make(cast.alice, exercise, score=0.2, submitted_at=now())
        attempt_make(cast.alice, exercise, score=1.0, submitted_at=now())
        attempt_make(others["gone"], exercise, score=1.0, submitted_at=now())
        attempt_make(others["before"], exercise, score=1.0, submitted_at=now() - timedelta(days=2))
    attempt_make(cast.bob, wanted[0], score=1.0, submitted_at=now())
    attempt_make(others["dora"], wanted[1], score=0.0, submitted_at=now())
    attempt_make(others["held"], wanted[1], submitted_at=now())
    Enrolment.objects.filter(learner=others["gone"]).delete()
    given = [whole, empty, chosen]
    sums, each = counts_of(homework=given), progress_of(homework=given)
    assert sums == {one.pk: counted(each[one.pk]) for one in given}
    assert sums[whole.pk] == Counts(n_learners=len(each[whole.pk]), n_done=1, n_begun=3)
    assert sums[empty.pk].n_done == sums[empty.pk].n_begun == 0
    assert sums[chosen.pk] == Counts(n_learners=2, n_done=2, n_begun=0)
