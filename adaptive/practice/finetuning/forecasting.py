"""Measures on a course's log how much what the language model expects from words alone should count in ranking.

succeeds  answers to exercises as if nobody had answered them before: believed P(correct) of an exercise that the
          learner model never met, against the score.
needs     what came next on the same skill: believed P(correct) of the next exercise before this one was done, against
          its score. A resource is needed where what follows goes better than believed.
likes     what was offered: the share of its place in the slate that is opened, against whether this was opened or done
          and not put away.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adaptive.backends.learner_model.base import LearnerModel, Observation
from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.backends.registry import get_llm
from adaptive.catalog.models import Course, Resource
from adaptive.common.probability import clamp, logit
from adaptive.conf import settings
from adaptive.mastery.versions import model_in_use
from adaptive.practice.finetuning.learning import Progress
from adaptive.recommendation.models import Impression, ImpressionEvent, TextForecast
from adaptive.recommendation.text_blending import LIKING_AT
from adaptive.recommendation.text_forecasts import at_standing, forecasts_make, waiting_in
from adaptive.recommendation.text_weights import text_weight

MAX_RESOURCES = 300  # that are read for the measurement, those with most answers first
PART = 10
MAX_ANSWERS = 60  # of one learner, the first ones
MAX_LEARNERS = 1500
MAX_IMPRESSIONS = 20_000
NEVER_MET = -1  # times the id: what no learner model was fitted on

Rows = tuple[list[float], list[float], list[float], list[int]]  # base, odds, y, resource


def words_learn(
    *, course: Course, histories: Mapping[Any, Sequence[Observation]], seed: int, progress: Progress
) -> tuple[dict[str, Any], str]:
    """(question -> weight as text_weights.TextWeight has it, what stood in the way or ""). The model reads what it has
    not read yet of the resources with most answers."""
    if not (settings().ai_enabled and course.is_ai_enabled):
        return {}, "the language model is switched off"
    llm = get_llm()
    if not llm.is_available():
        return {}, "there is no language model"
    try:
        _read(course, histories, llm, progress)
    except ModelUnavailable as away:
        return {}, f"the language model is away: {away}"
    odds = dict(TextForecast.objects.filter(resource__course=course).values_list("resource_id", "values"))
    progress(0.9, "what it expects, against what came")
    model = model_in_use(course).model
    found = {
        "succeeds": succeeding(histories, odds, model),
        "needs": needing(histories, odds, model),
        "likes": liking(course, odds),
    }
    weights = {name: text_weight(*rows, seed=seed) for name, rows in found.items()}
    return {name: weight.to_json() for name, weight in weights.items() if weight is not None}, ""


def _read(
    course: Course, histories: Mapping[Any, Sequence[Observation]], llm: LanguageModel, progress: Progress
) -> None:
    n_of: dict[int, int] = defaultdict(int)
    for history in histories.values():
        for observation in history:
            n_of[observation.item.id] += 1
    progress(0.4, "loading the language model")
    llm.load()
    most = sorted(n_of, key=lambda pk: (-n_of[pk], pk))[:MAX_RESOURCES]
    others = Resource.objects.filter(course=course).exclude(pk__in=most).order_by("pk").values_list("pk", flat=True)
    wanted = [*most, *others[: MAX_RESOURCES - len(most)]]
    rows = list(waiting_in(course, llm=llm).filter(pk__in=wanted).defer("embedding", "search"))
    for start in range(0, len(rows), PART):
        progress(0.4 + 0.5 * start / len(rows), f"the language model reads {len(rows)} resources, {start} by now")
        forecasts_make(rows[start : start + PART], llm=llm)


def _some(histories: Mapping[Any, Sequence[Observation]]) -> list[list[Observation]]:
    """The first answers of some learners, to exercises as if no model had ever met them."""
    return [
        [replace(o, item=replace(o.item, id=NEVER_MET * o.item.id)) for o in history[:MAX_ANSWERS]]
        for _, history in zip(range(MAX_LEARNERS), histories.values(), strict=False)
    ]


def succeeding(
    histories: Mapping[Any, Sequence[Observation]],
    odds: Mapping[int, Mapping[str, Sequence[float]]],
    model: LearnerModel,
) -> Rows:
    base, x, y, which = [], [], [], []
    for history in _some(histories):
        walk = model.walk()
        for o in history:
            resource = NEVER_MET * o.item.id
            if resource in odds and o.item.skill_ids:
                base.append(_logit(walk.predict(o.item, o.at)))
                standing = walk.skill(o.item.skill_ids[0], o.at).p_mastery
                x.append(at_standing(odds[resource]["succeeds"], standing))
                y.append(o.score)
                which.append(resource)
            walk.take(o)
    return base, x, y, which


def needing(
    histories: Mapping[Any, Sequence[Observation]],
    odds: Mapping[int, Mapping[str, Sequence[float]]],
    model: LearnerModel,
) -> Rows:
    base, x, y, which = [], [], [], []
    for history in _some(histories):
        walk, following = model.walk(), _following(history)
        for place, o in enumerate(history):
            resource = NEVER_MET * o.item.id
            if resource in odds and place in following:
                after = history[following[place]]
                base.append(_logit(walk.predict(after.item, after.at)))
                standing = walk.skill(o.item.skill_ids[0], o.at).p_mastery
                x.append(at_standing(odds[resource]["needs"], standing))
                y.append(after.score)
                which.append(resource)
            walk.take(o)
    return base, x, y, which


def _following(history: Sequence[Observation]) -> dict[int, int]:
    """Place of an answer -> place of the next one on its main skill, to another exercise."""
    latest: dict[int, int] = {}
    following = {}
    for place, o in enumerate(history):
        for skill in o.item.skill_ids[:1]:
            before = latest.get(skill)
            if before is not None and history[before].item.id != o.item.id:
                following[before] = place
            latest[skill] = place
    return following


def liking(course: Course, odds: Mapping[int, Mapping[str, Sequence[float]]]) -> Rows:
    rows = list(
        Impression.objects.filter(slate__course=course, shown_at__isnull=False, slate__query="")
        .order_by("-pk")
        .values_list("pk", "resource_id", "position")[:MAX_IMPRESSIONS]
    )
    kinds = ImpressionEvent.Type
    told: dict[int, set[str]] = defaultdict(set)
    shown = [pk for pk, *_ in rows]
    for pk, type_ in ImpressionEvent.objects.filter(impression__in=shown).values_list("impression_id", "type"):
        told[pk].add(type_)
    liked = {
        pk: bool(told[pk] & {kinds.CLICK, kinds.COMPLETE}) and not told[pk] & {kinds.DISMISS, kinds.DISAGREE}
        for pk in shown
    }
    at_place: dict[int, list[bool]] = defaultdict(list)
    for pk, _, position in rows:
        at_place[position].append(liked[pk])
    base, x, y, which = [], [], [], []
    for pk, resource, position in rows:
        if resource in odds:
            share = (sum(at_place[position]) + 1) / (len(at_place[position]) + 2)
            base.append(_logit(share))
            x.append(at_standing(odds[resource]["likes"], LIKING_AT))
            y.append(float(liked[pk]))
            which.append(resource)
    return base, x, y, which


def _logit(p: float) -> float:
    return logit(clamp(p, 1e-4, 1.0 - 1e-4))


def words_sentence(words: Mapping[str, Mapping[str, Any]]) -> str:
    """What a version says of the language model's weight, in one clause."""
    if not words:
        return "what a language model expects from words was not measured"
    parts = []
    for name, row in words.items():
        if not math.isfinite(row["loss_with"]):
            continue
        parts.append(
            f"{name} {row['weight']:.2f} (log loss {row['loss_without']:.4f} without, {row['loss_with']:.4f} with it, "
            f"{row['n_rows']:,} rows of {row['n_resources']} resources)"
        )
    return "weight of what a language model expects from words: " + ", ".join(parts)
