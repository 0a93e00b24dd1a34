"""Homework under two clicks at the same moment, and in the order it was given."""

import threading

import pytest
from django.db import close_old_connections, connection

from adaptive.recommendation.homework import homework_end, homework_give
from adaptive.recommendation.homework_progress import progress_of
from adaptive.recommendation.models import Homework, Ruling
from tests.factories import cast_make


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
