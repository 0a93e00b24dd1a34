"""How well difficulty is told from words, on a log of answers to known questions; see docs/difficulty-from-words.md.

Two questions. Order: do predicted and later-known difficulties of held-out questions rank alike? Use: how well are the
answers of new learners to new questions predicted, with nothing known of the questions, with their skills' mean, with
the words, and after the first answers? The second counts, and takes any learner model.
"""

import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptive.common.errors import InvalidInput
from adaptive.common.metrics import auc, ece, log_loss
from adaptive.common.probability import logit

from .base import Item, LearnerModel, Observation, Params
from .baselines import BestLr
from .difficulty import PRIOR_VARIANCE, TextDifficulty, difficulty_after, fit_text_difficulty, p_without_item
from .evaluation import folds_of
from .logs import AttemptLog

Floats = NDArray[np.float64]
Histories = Mapping[str, Sequence[Observation]]
Say = Callable[[str], None]
Known = dict[int, tuple[float, float]]
"""Item id -> (difficulty, variance) in logits."""

N_FOLDS = 5
N_ANSWERS = (5, 10, 20, 40, 80)
WAYS = ("none", "skills", "words", *(f"words_and_{n}_answers" for n in N_ANSWERS), "known_as_prior", "known")


@dataclass(frozen=True, slots=True)
class QuestionBank:
    """n questions: ids, skills, sentence embeddings (n, d), text features (n, f), formats, authors' marks if any."""

    ids: tuple[int, ...]
    skill_ids: tuple[tuple[int, ...], ...]
    embeddings: Floats
    features: Floats
    formats: tuple[str, ...] = ()
    authored: Floats | None = None  # (n,) any scale, NaN where not given

    def with_authored(self) -> "QuestionBank":
        """The same, the authors' marks being one more feature."""
        if self.authored is None:
            raise InvalidInput("These questions carry no mark of their author's.")
        return replace(self, features=np.column_stack([self.features, self.authored]))


def known_difficulties(histories: Histories, params: Params | None = None) -> Known:
    """Difficulties from answers: those of a fitted model where its params have "items", else of a Best-LR fit here.

    The variance is that of a logistic regression with one free number an item, drawn to its prior.
    """
    fitted = (params or {}).get("items") or BestLr.fit(histories, 0)["items"]
    n_rows: Counter[int] = Counter()
    sums: Counter[int] = Counter()
    for history in histories.values():
        for observation in history:
            n_rows[observation.item.id] += 1
            sums[observation.item.id] += observation.score
    found = {}
    for item_id, n in n_rows.items():
        if str(item_id) not in fitted:  # a model fitted on some of the learners only
            continue
        share = (sums[item_id] + 1.0) / (n + 2.0)
        found[item_id] = (float(fitted[str(item_id)]), 1.0 / (1.0 / PRIOR_VARIANCE + n * share * (1.0 - share)))
    return found


def question_folds(ids: Sequence[int], split: int) -> list[int]:
    """A fold 0-4 for each question: split 0 by id modulo 5, the others shuffled with the split as seed."""
    if split == 0:
        return [question_id % N_FOLDS for question_id in ids]
    order = list(range(len(ids)))
    random.Random(split).shuffle(order)
    folds = [0] * len(ids)
    for place, question in enumerate(order):
        folds[question] = place % N_FOLDS
    return folds


def skill_means(bank: QuestionBank, known: Known, held_out: Sequence[int]) -> list[float]:
    """The baseline: mean difficulty of the known questions of each skill, averaged over the skills; else of all."""
    of_skill = defaultdict(list)
    for question_id, skills in zip(bank.ids, bank.skill_ids, strict=True):
        if question_id in known:
            for skill_id in skills:
                of_skill[skill_id].append(known[question_id][0])
    overall = statistics.fmean(value for value, _ in known.values()) if known else 0.0
    means = []
    for place in held_out:
        found = [statistics.fmean(of_skill[s]) for s in bank.skill_ids[place] if s in of_skill]
        means.append(statistics.fmean(found) if found else overall)
    return means


def from_words(bank: QuestionBank, known: Known, held_out: Sequence[int]) -> tuple[Floats, Floats]:
    """(mean, variance) of the held-out questions (places in the bank), from the known ones alone."""
    train = [place for place, question_id in enumerate(bank.ids) if question_id in known]

    def of(places: Sequence[int]) -> tuple[Any, ...]:
        rows = np.array(places, dtype=np.int64)
        return (
            [bank.skill_ids[place] for place in places],
            bank.embeddings[rows],
            bank.features[rows],
        )

    formats = [bank.formats[place] for place in train] if bank.formats else []
    values = np.array([known[bank.ids[place]] for place in train]).reshape(-1, 2)
    params = fit_text_difficulty(*of(train), values[:, 0], values[:, 1], formats=formats)
    return TextDifficulty(params).predict(
        *of(held_out), formats=[bank.formats[place] for place in held_out] if bank.formats else []
    )


def order_report(bank: QuestionBank, known: Known, *, n_splits: int, say: Say) -> dict[str, Any]:
    """Spearman correlation and rmse of predicted with known difficulty, every question held out once in each split."""
    places = [place for place, question_id in enumerate(bank.ids) if question_id in known]
    if len(places) < 3 * N_FOLDS:
        raise InvalidInput(f"Only {len(places)} questions have answers; too few to hold some out.")
    truth = np.array([known[bank.ids[place]][0] for place in places])
    banks = {"words": bank} | ({"words_and_author": bank.with_authored()} if bank.authored is not None else {})
    ways: dict[str, list[dict[str, float]]] = {name: [] for name in ("skills", *banks)}
    for split in range(n_splits):
        fold_of = dict(zip(bank.ids, question_folds(bank.ids, split), strict=True))
        mean = {name: np.zeros(len(bank.ids)) for name in ways}
        variance = {name: np.ones(len(bank.ids)) for name in banks}
        for fold in range(N_FOLDS):
            held_out = [place for place in places if fold_of[bank.ids[place]] == fold]
            rest = {question_id: value for question_id, value in known.items() if fold_of.get(question_id) != fold}
            mean["skills"][held_out] = skill_means(bank, rest, held_out)
            for name, one in banks.items():
                mean[name][held_out], variance[name][held_out] = from_words(one, rest, held_out)
        for name in ways:
            missed = mean[name][places] - truth
            figures = {"spearman": spearman(mean[name][places], truth), "rmse": float(np.sqrt(np.mean(missed**2)))}
            if name in variance:
                inside = np.abs(missed) < 1.645 * np.sqrt(variance[name][places])
                figures["share_within_90_percent"] = float(inside.mean())
            ways[name].append(figures)
        say(f"split {split}: " + ", ".join(f"{name} {ways[name][-1]['spearman']:.3f}" for name in ways))
    return {
        "n_questions": len(places),
        "n_splits": n_splits,
        **{
            name: {
                **{key: round(statistics.fmean(one[key] for one in rows), 4) for key in rows[0]},
                "spearman_by_split": [round(one["spearman"], 4) for one in rows],
            }
            for name, rows in ways.items()
        },
    }


def use_report(
    model_class: type[LearnerModel],
    log: AttemptLog,
    bank: QuestionBank,
    *,
    learner_fold: str = "0",
    split: int = 0,
    seed: int = 0,
    say: Say,
) -> dict[str, Any]:
    """AUC, log loss and ece of new learners' answers to held-out questions, by what is known of those: see WAYS.

    Learners of `learner_fold` are the test; the model is fitted on the others, and for each fifth of the questions
    without a row of these. "known" is the model fitted with them; "known_as_prior" the one without, told the
    difficulties that were fitted with them. "none" says difficulty 0. All figures are on the rows of held-out
    questions, but for auc_all_rows: on all rows, a fifth of the questions being new (mean over the five fifths).
    """
    folds = folds_of(log)
    train = {learner: rows for learner, rows in log.histories.items() if folds[learner] != learner_fold}
    test = {learner: rows for learner, rows in log.histories.items() if folds[learner] == learner_fold}
    if not train or not test:
        raise InvalidInput(f"{log.path} has no learners of fold {learner_fold!r} beside others.")
    fold_of = dict(zip(bank.ids, question_folds(bank.ids, split), strict=True))
    y: dict[str, list[float]] = {way: [] for way in WAYS}
    p: dict[str, list[float]] = {way: [] for way in WAYS}
    auc_all: dict[str, list[float]] = {way: [] for way in WAYS}
    answers_found: list[int] = []
    effects: list[float] = []
    started = time.perf_counter()
    full_params = model_class.fit(train, seed)
    full = known_difficulties(train, full_params)
    say(f"fitted with all questions in {time.perf_counter() - started:.0f} s")
    for fold in range(N_FOLDS):
        held_out = [place for place, question_id in enumerate(bank.ids) if fold_of[question_id] == fold]
        ids = {bank.ids[place] for place in held_out}
        scores = {o.score >= 0.5 for rows in test.values() for o in rows if o.item.id in ids}
        if len(scores) < 2:
            raise InvalidInput(
                f"{log.path}: learners of fold {learner_fold!r} gave no answers, or answers of one kind only, to "
                f"questions {fold} of {N_FOLDS}, so there is nothing to tell apart."
            )
        rest = {learner: [o for o in rows if o.item.id not in ids] for learner, rows in train.items()}
        params = model_class.fit({learner: rows for learner, rows in rest.items() if rows}, seed)
        model = model_class(params)
        known = known_difficulties(rest, params)
        mean, variance = from_words(bank, known, held_out)
        prior = {bank.ids[place]: (float(mean[k]), float(variance[k])) for k, place in enumerate(held_out)}
        answers = first_answers(model, train, {i: one[0] for i, one in prior.items()}, max(N_ANSWERS), seed, effects)
        answers_found += [len(answers[question_id]) for question_id in ids]
        told: dict[str, dict[int, float]] = {
            "none": dict.fromkeys(ids, 0.0),
            "skills": dict(zip((bank.ids[k] for k in held_out), skill_means(bank, known, held_out), strict=True)),
            "words": {question_id: one[0] for question_id, one in prior.items()},
            "known_as_prior": {question_id: full[question_id][0] for question_id in ids if question_id in full},
        }
        for n in N_ANSWERS:
            told[f"words_and_{n}_answers"] = {i: difficulty_after(prior[i], answers[i][:n])[0] for i in ids}
        for way in WAYS:
            teller = model_class(full_params) if way == "known" else model
            some_y, some_p, is_new = _predict(teller, test, ids, told.get(way))
            y[way] += some_y[is_new].tolist()
            p[way] += some_p[is_new].tolist()
            auc_all[way].append(auc(some_y, some_p))
        say(f"questions {fold}: " + ", ".join(f"{way} {auc(y[way], p[way]):.4f}" for way in WAYS))
    return {
        "model": model_class.name,
        "model_version": model_class.version,
        "learner_fold": learner_fold,
        "question_split": split,
        "seed": seed,
        "n_rows": len(y["known"]),
        "n_test_learners": len(test),
        "fewest_answers_to_a_question": min(answers_found),
        # 1: difficulty shifts the logit one to one, as `difficulty_after` takes for granted; 0: the model ignores it.
        "logit_per_logit_of_difficulty": round(statistics.fmean(effects), 4) if effects else None,
        "seconds": round(time.perf_counter() - started, 1),
        **{
            way: {
                "auc": round(auc(y[way], p[way]), 5),
                "log_loss": round(log_loss(y[way], p[way]), 5),
                "ece": round(ece(y[way], p[way]), 5),
                "auc_all_rows": round(statistics.fmean(auc_all[way]), 5),
            }
            for way in WAYS
        },
    }


def first_answers(
    model: LearnerModel, histories: Histories, told: Mapping[int, float], n: int, seed: int, effects: list[float]
) -> dict[int, list[tuple[float, float]]]:
    """At most `n` (P(correct) if of difficulty 0, score) for each item of `told` (its difficulty), a learner's first
    try only. These logs have no dates, so learners come in an order shuffled by `seed`.

    Into `effects` go the logits that one logit of difficulty took from the prediction.
    """
    found: dict[int, list[tuple[float, float]]] = {item_id: [] for item_id in told}
    order = sorted(histories)
    random.Random(seed).shuffle(order)
    for learner in order:
        if all(len(rows) >= n for rows in found.values()):
            break
        state, seen = model.empty(), set()
        for observation in histories[learner]:
            item = observation.item
            if item.id in told:
                item = replace(item, difficulty=told[item.id])
                if item.id not in seen and len(found[item.id]) < n:
                    p = model.predict(state, item, observation.at)
                    found[item.id].append((p_without_item(p, told[item.id]), observation.score))
                    harder = replace(item, difficulty=told[item.id] + 1.0)
                    effects.append(logit(p) - logit(model.predict(state, harder, observation.at)))
                seen.add(item.id)
            state = model.update(state, replace(observation, item=item))
    return found


def spearman(a: Floats, b: Floats) -> float:
    """Rank correlation; ties share their mean rank; 0 where one of the two never changes."""
    ranks = []
    for values in (a, b):
        _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - (counts - 1) / 2.0)[group])
    if any(np.ptp(rank) == 0 for rank in ranks):
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _predict(
    model: LearnerModel, histories: Histories, ids: set[int], told: Mapping[int, float] | None
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """(scores, predictions, is the row on one of `ids`), each (n_rows,); the items of `ids` get a told difficulty."""
    y, p, is_new = [], [], []
    items: dict[int, Item] = {}
    for history in histories.values():
        state = model.empty()
        for observation in history:
            item = observation.item
            if told is not None and item.id in ids:
                if item.id not in items:
                    items[item.id] = replace(item, difficulty=told.get(item.id))
                observation = replace(observation, item=items[item.id])
            p.append(model.predict_then_step(state, observation))
            y.append(observation.score)
            is_new.append(item.id in ids)
    return np.array(y), np.array(p), np.array(is_new, dtype=bool)
