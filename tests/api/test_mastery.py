"""Mastery with its evidence, and the learner model that it comes from."""

import pytest

from adaptive.mastery.models import MasteryChange
from adaptive.practice import replaying
from adaptive.practice.fitting.fitting import Order, fit, version_store
from tests.api.conftest import assert_problem
from tests.practice.terms import term_make


def answers(api, n=5):
    for number in range(n):
        body = {"learner": "alice", "course": "fractions", "resource": "exercise-choice", "score": number % 2}
        assert api("POST", "attempts/", body).status_code == 201


def test_the_attempts_that_moved_it_most_come_when_asked_for(cast, api):
    answers(api)
    plain = api("GET", "learners/alice/mastery/?course=fractions").json()
    assert all("evidence" not in row for row in plain)
    meaning, *others = api("GET", "learners/alice/mastery/?course=fractions&evidence=3").json()
    assert {name: value for name, value in meaning.items() if name != "evidence"}.keys() == plain[0].keys()
    assert [row["evidence"] for row in others] == [[], []]
    steps = [one["contribution"] for one in meaning["evidence"]]
    assert len(steps) == 3 and steps == sorted(steps, key=abs, reverse=True)
    largest = max(MasteryChange.objects.all(), key=lambda change: abs(change.after - change.before))
    first = meaning["evidence"][0]
    assert first["attempt"] == largest.attempt_id and first["resource"] == "exercise-choice"
    assert first["after"] - first["before"] == pytest.approx(first["contribution"], abs=2e-6)
    assert first["submitted_at"].endswith("Z")


@pytest.mark.parametrize("odd", ["-1", "51", "x"])
def test_an_odd_number_of_evidence_is_a_problem(cast, api, odd):
    assert_problem(api("GET", f"learners/alice/mastery/?course=fractions&evidence={odd}"), 422)


def test_the_report_names_the_learner_model(cast, api, monkeypatch):
    monkeypatch.setattr(replaying, "publish", lambda course_id: True)
    shipped = api("GET", "courses/fractions/report/").json()["learner_model"]
    assert shipped == {
        "name": "pfa-forgetting",
        "version": 0,
        "fitted_at": None,
        "n_attempts": None,
        "n_learners": None,
        "held_out": None,
        "n_states_to_follow": 0,
    }
    term_make(cast)
    order = Order("adaptive.backends.learner_model.pfa.PfaForgetting", cast.course)
    version = version_store(fit(order, progress=lambda *at: None), activate=True, force=True).version
    found = api("GET", "courses/fractions/report/").json()["learner_model"]
    assert (found["version"], found["n_attempts"], found["n_learners"]) == (version.pk, 450, 15)
    assert found["held_out"] == version.figures["model"] and found["n_states_to_follow"] == 15
