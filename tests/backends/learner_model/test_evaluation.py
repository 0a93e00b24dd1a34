import pytest

from adaptive.backends.learner_model.base import Item, LearnerModel, Observation, SkillView
from adaptive.backends.learner_model.evaluation import cross_validate, evaluate, folds_of, predict_all
from adaptive.backends.learner_model.logs import AttemptLog
from adaptive.backends.learner_model.pfa import PfaForgetting
from adaptive.common.errors import InvalidInput

from .histories import history


class Spy(LearnerModel):
    """Predicts from the number of rows seen so far, so that a test can tell what it was shown."""

    name = "spy"
    version = "1"
    fitted_on: frozenset[str] = frozenset()

    def empty(self):
        return {"scores": []}

    def _copy(self, state):
        return {"scores": list(state["scores"])}

    def predict(self, state, item, at):
        return 0.1 + 0.8 * (sum(state["scores"]) + 1) / (len(state["scores"]) + 2)

    def _step(self, state, observation):
        state["scores"].append(observation.score)

    def skill(self, state, skill_id, at):
        return SkillView(skill_id, 0.5, 0, None, None, None, None)

    def skills(self, state, at):
        return []

    @classmethod
    def fit(cls, histories, seed, *, on_progress=None):
        Spy.fitted_on = frozenset(histories)
        return {}


def log(n_learners=12, n=20, folds=True):
    histories = {str(k): history(k, n) for k in range(n_learners)}
    return AttemptLog("some.csv", histories, {k: str(int(k) % 3) for k in histories} if folds else {})


def silent(_):
    pass


def test_each_row_is_predicted_from_that_learners_rows_before_it():
    item = Item(1, (1,))
    rows = [Observation(item, s, float(t)) for t, s in enumerate([1.0, 0.0, 1.0])]
    y, p, learner_of = predict_all(Spy(), {"a": rows, "b": rows[:1]})
    assert list(y) == [1, 0, 1, 1] and list(learner_of) == [0, 0, 0, 1]
    assert p == pytest.approx([0.5, 0.1 + 0.8 * 2 / 3, 0.5, 0.5])


def test_the_tested_learners_are_never_fitted_on():
    whole = log()
    report = cross_validate(Spy, whole, seed=4, say=silent, only=["1"])
    assert Spy.fitted_on == {k for k in whole.histories if int(k) % 3 != 1}
    assert report["n_rows"] == 4 * 20 and report["n_learners"] == 4 and report["seed"] == 4
    assert report["folds"][0]["n_learners_in_both"] == 0


def test_the_report_has_every_figure_of_the_protocol():
    train, test = {"a": history(1, 50), "b": history(2, 50)}, {"c": history(3, 50)}
    report = evaluate(PfaForgetting, train, test, seed=1, say=silent, train_name="a.csv", test_name="b.csv")
    named = "auc log_loss rmse ece auc_per_learner_mean n_rows n_learners fit_seconds predict_seconds peak_memory_mb"
    assert set(named.split()) | {"model", "seed"} <= set(report)
    assert report["model"] == "pfa-forgetting" and report["n_rows"] == 50


def test_folds_mean_and_spread():
    report = cross_validate(Spy, log(), seed=0, say=silent)
    aucs = [one["auc"] for one in report["folds"]]
    assert len(aucs) == 3 and report["auc"] == pytest.approx(sum(aucs) / 3, abs=1e-6) and report["auc_spread"] > 0
    assert report["n_rows"] == 240


def test_without_a_fold_column_learners_are_split_by_id_modulo_five():
    folds = folds_of(log(folds=False))
    assert folds == {str(k): str(k % 5) for k in range(12)}


def test_one_fold_or_an_unknown_one_is_refused():
    whole = log()
    with pytest.raises(InvalidInput, match=r"no fold '9'; its folds are 0, 1, 2"):
        cross_validate(Spy, whole, seed=0, say=silent, only=["9"])
    whole.folds = dict.fromkeys(whole.histories, "1")
    with pytest.raises(InvalidInput, match="one fold only"):
        cross_validate(Spy, whole, seed=0, say=silent)


@pytest.mark.parametrize("part", ["train", "test"])
def test_answers_of_one_kind_only_are_refused_by_name(part):
    parts = {"train": {"a": history(1, 20)}, "test": {"b": history(2, 20)}}
    parts[part] = {"c": [Observation(Item(1, (1,)), 1.0, 0.0)] * 9}
    with pytest.raises(InvalidInput, match=rf"^{part}\.csv has only correct answers in its 9 rows"):
        evaluate(Spy, **parts, seed=0, say=silent, train_name="train.csv", test_name="test.csv")
