"""The operators' pages: versions and their figures, which is in use, fits and how far they are."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from adaptive.mastery.activation import version_activate
from adaptive.mastery.models import ItemDifficulty, LearnerModelFit, LearnerModelVersion
from adaptive.mastery.versions import model_in_use
from adaptive.practice import leases, replaying
from adaptive.practice.difficulties import difficulties_renew
from adaptive.practice.fitting import jobs
from adaptive.practice.fitting.fitting import Order, fit, version_store
from tests.factories import Cast, cast_make
from tests.pages.reading import text_of
from tests.practice.terms import term_make

PFA = "adaptive.backends.learner_model.pfa.PfaForgetting"


@pytest.fixture(autouse=True)
def told(monkeypatch):
    ids = []
    monkeypatch.setattr(jobs, "publish", lambda fit_id: ids.append(fit_id) or True)
    monkeypatch.setattr(replaying, "publish", lambda course_id: True)
    return ids


@pytest.fixture
def cast(db) -> Cast:
    cast = cast_make()
    term_make(cast)
    return cast


@pytest.fixture
def operator(client, cast):
    client.force_login(User.objects.create_superuser("olga"))
    return client


@pytest.fixture
def version(cast):
    order = Order(PFA, cast.course)
    return version_store(fit(order, progress=lambda *at: None), activate=False).version


def url(name, *args):
    return reverse(f"admin:adaptive_{name}", args=args)


def act(client, name, action, *ids):
    answer = client.post(url(f"{name}_changelist"), {"action": action, "_selected_action": ids}, follow=True)
    return text_of(answer.content)


def test_every_table_can_be_looked_at(operator, version):
    index = operator.get(reverse("admin:index"))
    names = [model["object_name"].lower() for model in index.context["app_list"][0]["models"]]
    assert {"learnermodelversion", "learnermodelfit", "itemdifficulty", "course", "attempt"} <= set(names)
    for name in names:
        assert operator.get(url(f"{name}_changelist")).status_code == 200, name


def test_a_version_with_its_figures_and_without_its_megabytes(operator, version):
    with CaptureQueriesContext(connection) as queries:
        text = text_of(operator.get(url("learnermodelversion_changelist")).content)
    figures = version.figures
    assert f"version {version.pk}, pfa-forgetting Fractions" in text and "450 answers of 15 learners" in text
    for one in (figures["model"]["auc"], figures["model"]["log_loss"], figures["best_lr"]["log_loss"]):
        assert f"{one:.4f}" in text
    assert f"{figures['in_use']['ece']:.4f} (the shipped defaults)" in text
    one = operator.get(url("learnermodelversion_change", version.pk))
    assert "compared" in one.content.decode() and version.data["hash"] in one.content.decode()
    assert not [q["sql"] for q in queries if '"params"' in q["sql"]]


def test_a_version_is_put_in_use_and_back_and_the_states_are_seen_to_follow(operator, cast, version):
    text = act(operator, "learnermodelversion", "use", version.pk)
    assert f"Version {version.pk}, pfa-forgetting, is in use for course “fractions”" in text
    assert "0 of 15 by the model in use, 15 to follow" in text
    assert model_in_use(cast.course).version_id == version.pk
    replaying.states_replay(cast.course.pk)
    assert "15 of 15 by the model in use" in text_of(operator.get(url("learnermodelversion_changelist")).content)
    assert "The shipped defaults are in use" in act(operator, "learnermodelversion", "use_defaults", version.pk)
    assert model_in_use(cast.course).version_id == 0
    assert "0 of 15 by the model in use, 15 to follow" in text_of(operator.get(url("course_changelist")).content)


def test_a_version_that_the_program_cannot_read_is_refused_in_words(operator, cast, version):
    LearnerModelVersion.objects.update(model_version="0")
    text = act(operator, "learnermodelversion", "use", version.pk)
    assert "was fitted by pfa-forgetting 0, and the program has" in text
    assert model_in_use(cast.course).version_id == 0


def test_a_fit_is_asked_for_followed_and_cancelled(operator, cast, told, django_capture_on_commit_callbacks):
    form = {"course": cast.course.pk, "backend": PFA, "seed": 2, "activate": "on"}
    assert operator.get(url("learnermodelfit_add")).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.post(url("learnermodelfit_add"), form).status_code == 302
    asked = LearnerModelFit.objects.get()
    assert told == [asked.pk]
    assert (asked.asked_by, asked.seed, asked.activate, asked.course) == ("olga", 2, True, cast.course)
    again = operator.post(url("learnermodelfit_add"), form)
    assert f"Fit {asked.pk} of Fractions is at work already: wait, or cancel it." in text_of(again.content)
    held = jobs.claim(asked.pk)
    assert leases.renew(held, 0.45, "Best-LR on the same learners")
    listed = operator.get(url("learnermodelfit_changelist")).content
    assert b'<progress max="1" value="0.45">' in listed and "Best-LR on the same learners" in text_of(listed)
    assert operator.get(url("learnermodelfit_change", asked.pk)).status_code == 200
    assert "1 fit cancelled." in act(operator, "learnermodelfit", "cancel", asked.pk)
    assert not leases.renew(held, 0.5, "too late")


def test_a_fit_is_asked_for_from_the_course(operator, cast):
    assert "Fit " in act(operator, "course", "fit", cast.course.pk)
    assert LearnerModelFit.objects.get().course == cast.course
    assert "is at work already" in act(operator, "course", "fit", cast.course.pk)


def test_who_says_how_hard_an_exercise_is(operator, cast, version):
    version_activate(version=version)
    difficulties_renew(cast.course.pk)
    text = text_of(operator.get(url("itemdifficulty_changelist")).content)
    assert "exercise-cloze: Beads Skills" in text and "item0: A bar of chocolate Skills" in text
    row = ItemDifficulty.objects.get(resource=cast.exercises["cloze"])
    assert f"{row.prior_mean:+.2f} ± {row.prior_variance**0.5:.2f}" in text
    assert operator.get(url("itemdifficulty_change", row.pk)).status_code == 200
    listed = operator.get(url("difficultyfit_changelist"))
    assert f"pfa-forgetting #{version.pk} Fractions 12 skills, author" in text_of(listed.content)
    one = text_of(operator.get(url("learnermodelversion_change", version.pk)).content)
    assert "1,000 of 30 learners are needed" in one, "why forgetting is the published one"


def test_nobody_else_gets_in(client, cast):
    client.force_login(cast.charlie.user)
    assert client.get(url("learnermodelfit_changelist")).status_code == 302
