"""Do explanations say what is so? Fresh slates of a course are explained, and every fact is looked up again.

Facts are compared with the log and with what the learner model says at the slate's moment, read anew from the database
by other queries than those that made the slate; a counterfactual is tried by deciding the stored receipt again with
the condition flipped. All that is written is rolled back.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from adaptive.catalog.models import Course, Skill
from adaptive.common.clock import now
from adaptive.common.probability import logit, sigmoid
from adaptive.events.models import Attempt
from adaptive.explanation.counterfactual import with_mastery, with_p_correct
from adaptive.explanation.facts import Fact, number_shown
from adaptive.explanation.grounding import is_grounded
from adaptive.explanation.services import slate_explain
from adaptive.learners.models import Learner
from adaptive.learners.selectors import learners_in
from adaptive.mastery.selectors import LearnerBelief, learner_state, mastery_of, predictions
from adaptive.performance.models import PerformanceAssessment
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.models import Impression, Ruling, Slate
from adaptive.recommendation.selectors import receipt_of
from adaptive.recommendation.services import slate_create

PURPOSES = ("practice", "review", "feed", "catalogue")
CLOSE = 1.5e-4  # numbers are kept with four digits
SEES_BACK = timedelta(days=3)


@dataclass(slots=True)
class Checked:
    """n_*: of slates, explanations, facts, counterfactuals. wrong: what did not match, in words."""

    n_slates: int = 0
    n_empty: int = 0
    n_explanations: int = 0
    n_facts: int = 0
    n_flips: int = 0
    n_flips_kept: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    unchecked: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    wrong_flips: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        data = {name: getattr(self, name) for name in self.__slots__}
        return data | {"by_code": dict(self.by_code), "unchecked": dict(self.unchecked)}


def check_receipts(
    *, course: Course, n_slates: int, n_flips: int, seed: int = 0, say: Callable[[str], None] = lambda words: None
) -> Checked:
    """n_flips: counterfactuals that are tried, at most; facts are looked up in all slates."""
    generator = random.Random(seed)
    learners = list(learners_in(course=course).order_by("pk"))
    checked = Checked()
    if not learners:
        return checked
    with transaction.atomic():
        for number in range(n_slates):
            learner = generator.choice(learners)
            at = now()
            slate = slate_create(
                learner=learner,
                course=course,
                count=generator.randint(1, 8),
                purpose=generator.choice(PURPOSES),
                at=at,
            )
            slate_explain(slate=slate)
            _check_slate(checked, slate, learner, at, n_flips)
            if (number + 1) % 100 == 0:
                say(f"{number + 1:,} of {n_slates:,} slates, {len(checked.wrong)} facts wrong")
        transaction.set_rollback(True)
    return checked


def _check_slate(checked: Checked, slate: Slate, learner: Learner, at: datetime, n_flips: int) -> None:
    checked.n_slates += 1
    impressions = list(slate.impressions.select_related("explanation", "resource").order_by("position"))
    checked.n_empty += not impressions
    if not impressions:
        return
    truth = _Truth(learner, slate.course, at)
    for impression in impressions:
        explanation = impression.explanation
        checked.n_explanations += 1
        facts = [Fact.from_json(row) for row in explanation.facts]
        where = f"slate {slate.pk}, place {impression.position}"
        for fact in facts:
            checked.n_facts += 1
            checked.by_code[fact.code] += 1
            wrong = truth.why_wrong(fact, impression, slate)
            if wrong is None:
                checked.unchecked[fact.code] += 1
            elif wrong:
                checked.wrong.append(f"{where}, {fact.code}: {wrong}")
        grounded = is_grounded(explanation.text, facts)
        if explanation.language == "en" and not grounded.ok:
            checked.wrong.append(f"{where}: the words say {', '.join(grounded.offending)}")
    for impression in impressions:
        flip = impression.explanation.would_change_if
        if flip and checked.n_flips < n_flips:
            checked.n_flips += 1
            if _is_kept(slate, impression, flip):
                checked.n_flips_kept += 1
            else:
                checked.wrong_flips.append(f"slate {slate.pk}, place {impression.position}: {flip['text']}")


def _is_kept(slate: Slate, impression: Impression, flip: Mapping[str, Any]) -> bool:
    """With the condition flipped, is the pick gone from its place and all before it, and the one named there?"""
    context, candidates = receipt_of(slate=slate)
    if flip["fact"] == "p_mastery":
        flipped = with_mastery(context, candidates, flip["skill_id"], flip["threshold"])
    else:
        flipped = with_p_correct(context, candidates, impression.resource_id, flip["threshold"])
    ids = [pick.id for pick in decide(*flipped).picks][: impression.position]
    return impression.resource_id not in ids and flip["instead"] in ids


def _forecast(slate: Slate, resource_id: int) -> float:
    """Logits by which the resource's words moved its expected success."""
    rows = (row for row in slate.candidates if row["resource"] == resource_id)
    return next(rows, {}).get("forecast", {}).get("succeeds", 0.0)


class _Truth:
    """What the database says of one learner now."""

    def __init__(self, learner: Learner, course: Course, at: datetime) -> None:
        self.learner, self.course, self.at = learner, course, at
        self.belief: LearnerBelief = learner_state(learner=learner, course=course)
        self.views = {v.skill.name: v for v in mastery_of(learner=learner, course=course, at=at, belief=self.belief)}

    def why_wrong(self, fact: Fact, impression: Impression, slate: Slate) -> str | None:
        """ "" where the fact holds, None where nothing here can tell, else what is the matter."""
        values = dict(fact.values)
        shown = dict(fact.numbers)
        for key, value in values.items():
            if key in _SHOWN and value is not None and number_shown(key, value) not in shown:
                return f"{key} is {value}, said is {sorted(shown)}"
        if "title" in values and values["title"] != impression.resource.title:
            return f"the title is {impression.resource.title!r}, not {values['title']!r}"
        check = _CHECKS.get(fact.code)
        return None if check is None else check(self, values, impression, slate)

    def skill(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        view = self.views.get(values["skill"])
        if view is None:
            return f"the course has no skill {values['skill']!r}"
        of_pick = impression.resource.skill_links.filter(skill=view.skill).exists()
        if not of_pick:
            return f"{values['skill']!r} is no skill of the resource"
        applied = Attempt.objects.filter(
            learner=self.learner, course=self.course, applied_seq__isnull=False, resource__skills=view.skill
        ).count()
        if values["n_attempts"] != applied:
            return f"{values['n_attempts']} answers are told, the log has {applied}"
        if abs(values["p_mastery"] - view.p_mastery) > CLOSE:
            return f"p_mastery is {view.p_mastery:.4f}, not {values['p_mastery']}"
        told = values.get("retrievability")
        if told is not None and abs(told - view.retrievability) > 5e-4:
            return f"retrievability is {view.retrievability}, not {told}"
        before = set(Skill.objects.filter(dependent_links__skill=view.skill).values_list("name", flat=True))
        foreign = set(values.get("prerequisites", ())) - before
        return f"{sorted(foreign)} are no prerequisites" if foreign else ""

    def pinned(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        groups = self.learner.enrolments.filter(course=self.course, cohort__isnull=False).values("cohort")
        whose = {
            "learner": Q(learner=self.learner),
            "cohort": Q(cohort__in=groups),
            "course": Q(learner=None, cohort=None),
        }[values["scope"]]
        rows = Ruling.objects.filter(whose, course=self.course, kind=Ruling.Kind.PIN, ended_at=None)
        since = rows.filter(resource=impression.resource_id).values_list("created_at", flat=True)
        days = [(self.at - created_at).total_seconds() / 86_400 for created_at in since]
        if any(abs(values["days"] - one) < 0.01 for one in days):
            return ""
        return f"it was put on top {days} days ago, not {values['days']}" if days else "no teacher put it on top"

    def success(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        p = predictions(learner=self.learner, course=self.course, resources=[impression.resource_id], at=self.at)
        main = impression.resource.skill_links.order_by("position", "pk").values_list("skill_id", flat=True)
        stated = slate.context["stated"].get(str(main[0]), 0.0) if main else 0.0
        words = _forecast(slate, impression.resource_id)
        expected = sigmoid(logit(p[impression.resource_id]) + stated + words)
        if abs(values["p_correct"] - expected) > 2 * CLOSE:
            return f"p_correct is {expected:.4f}, not {values['p_correct']}"
        if "low" in values and not values["low"] <= values["p_correct"] <= values["high"]:
            return "it is said to lie in the window and does not"
        return ""

    def missed(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        titles = Q(resource__title=values["missed"])
        low = Q(assessments__is_current=True, assessments__score__lt=0.8)
        attempts = Attempt.objects.filter(low, learner=self.learner, course=self.course)
        if attempts.filter(titles, submitted_at__gte=self.at - SEES_BACK).exists():
            return ""
        by_assessment = PerformanceAssessment.objects.filter(learner=self.learner, course=self.course)
        gaps = Q(gaps__resource__title=values["missed"]) | Q(gaps__skill__name=values["missed"])
        return "" if by_assessment.filter(gaps).exists() else f"{values['missed']!r} was not missed lately"

    def minutes(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        real = impression.resource.duration_minutes
        return "" if abs(values["minutes"] - real) < CLOSE else f"it takes {real} minutes, not {values['minutes']}"

    def fresh(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        days = (self.at - impression.resource.created_at).total_seconds() / 86_400
        return "" if abs(values["days"] - days) <= 0.51 else f"it is {days:.1f} days old, not {values['days']}"

    def popular(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        others = Attempt.objects.filter(resource=impression.resource).exclude(learner=self.learner)
        n = others.count()
        people = others.values("learner").distinct().count()
        if values["n_attempts"] > n or values["n_learners"] > people:
            return f"{n} answers of {people} others, told are {values['n_attempts']} of {values['n_learners']}"
        return ""

    def co_practised(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        """Whoever went on from one to the other answered something before it, and it or something after."""
        own = Attempt.objects.filter(learner=self.learner, course=self.course, resource__title=values["after"])
        if not own.exists():
            return f"{values['after']!r} was never answered"
        others = Attempt.objects.filter(course=self.course, resource__title=values["after"])
        n = others.values("learner").distinct().count()
        if not values["n_right"] <= values["n_learners"] <= n:
            return f"{n} answered {values['after']!r}, told are {values['n_right']} of {values['n_learners']}"
        return ""

    def timely(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        lately = self.at - timedelta(days=values["days"])
        skill = self.views.get(values["skill"])
        others = Attempt.objects.filter(course=self.course, submitted_at__gt=lately, submitted_at__lte=self.at)
        on = others.exclude(learner=self.learner).filter(resource__skills=skill.skill if skill else None)
        n = on.values("learner").distinct().count()
        return "" if 0 < values["n_learners"] <= n else f"{n} others were at work, not {values['n_learners']}"

    def nothing(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        due = [v.skill.name for v in self.views.values() if v.n_attempts and v.due_at and v.due_at <= self.at]
        return f"{due[0]!r} is due" if due and slate.purpose == Slate.Purpose.REVIEW else ""

    def explores(self, values: Mapping[str, Any], impression: Impression, slate: Slate) -> str:
        share = slate.context["policy"]["exploration"]
        is_so = impression.is_exploration and abs(values["share"] - share) < CLOSE
        return "" if is_so else "it was not drawn by chance, or with another share"


_SHOWN = frozenset({"p_correct", "p_mastery", "n_attempts", "minutes", "n_learners", "days", "retrievability"})
_CHECKS: dict[str, Callable[..., str]] = {
    "pinned": _Truth.pinned,
    "next_skill": _Truth.skill,
    "room_to_learn": _Truth.skill,
    "due_review": _Truth.skill,
    "in_window": _Truth.success,
    "expected": _Truth.success,
    "similar_to_missed": _Truth.missed,
    "was_missing": _Truth.missed,
    "takes_minutes": _Truth.minutes,
    "fresh": _Truth.fresh,
    "popular": _Truth.popular,
    "co_practised": _Truth.co_practised,
    "timely": _Truth.timely,
    "nothing_due": _Truth.nothing,
    "explores": _Truth.explores,
    "fits": lambda *_: "",
}


def course_find(external_id: str, tenant: str | None) -> list[Course]:
    """Courses of this external id, of one tenant where it is named."""
    found = Course.objects.select_related("tenant").filter(external_id=external_id)
    return list(found.filter(tenant__slug=tenant) if tenant else found)
