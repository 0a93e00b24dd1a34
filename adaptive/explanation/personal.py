"""What is in a text, video or worked example for this learner: one to three sentences from what is known now.

Every number and name comes from the facts; in English each sentence is checked against them before it may stand.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from adaptive.catalog.models import Resource, Skill
from adaptive.events.models import Attempt
from adaptive.explanation.facts import Fact, fact_of, number_shown, quotable
from adaptive.explanation.grounding import is_grounded
from adaptive.learners.models import Learner
from adaptive.mastery.selectors import learner_state, mastery_status

MISSED_BELOW = 0.6
MISSED_FOR = timedelta(days=14)
EASY_UP_TO, HARD_FROM = 0.25, 0.6  # share that the author expects to find it too hard


@dataclass(frozen=True, slots=True)
class InItForYou:
    facts: tuple[Fact, ...]

    @property
    def text(self) -> str:
        return " ".join(fact.text for fact in self.facts)


def in_it_for_you(*, learner: Learner, resource: Resource, skills: list[Skill], at: datetime) -> InItForYou:
    """skills: of the resource, the main one first. Three queries at most."""
    lines = [_time_and_skill(learner, resource, skills[0], at) if skills else _time(resource)]
    if skills and (missed := _missed(learner, resource, skills[0], at)):
        lines.append(missed)
    if resource.authored_difficulty is not None:
        lines.append(_difficulty(resource.authored_difficulty))
    lines = [line for line in lines if all(quotable(name) for name in line.names)]
    if (get_language() or "en").startswith("en"):
        lines = [line for line in lines if is_grounded(line.text, [line]).ok]
    return InItForYou(tuple(lines) or (_time(resource),))


def _said(code: str, text: str, **values: Any) -> Fact:
    fact = fact_of(code, values)
    shown = {key: number_shown(key, v) if isinstance(v, int | float) else v for key, v in values.items()}
    return replace(fact, text=text % shown)


def _time(resource: Resource) -> Fact:
    minutes = resource.duration_minutes
    text = ngettext("It takes about %(minutes)s minute.", "It takes about %(minutes)s minutes.", max(round(minutes), 1))
    return _said("in_it_time", text, minutes=minutes)


def _time_and_skill(learner: Learner, resource: Resource, skill: Skill, at: datetime) -> Fact:
    belief = learner_state(learner=learner, course=resource.course)
    view = belief.in_use.model.skill(belief.state, skill.pk, at.timestamp())
    values: dict[str, Any] = {"minutes": resource.duration_minutes, "skill": skill.name}
    if view.n_attempts == 0:
        text = _("In about %(minutes)s min you meet “%(skill)s”, which you have not practised yet.")
        return _said("in_it_new", text, **values)
    values |= {"p_mastery": view.p_mastery, "n_attempts": view.n_attempts}
    if mastery_status(p_mastery=view.p_mastery, n_attempts=view.n_attempts) == "mastered":
        text = _("You have mastered “%(skill)s” (about %(p_mastery)s %%); to refresh it takes about %(minutes)s min.")
        del values["n_attempts"]
        return _said("in_it_known", text, **values)
    text = ngettext(
        "It takes about %(minutes)s min and is on “%(skill)s”, where we put you at about %(p_mastery)s %% after "
        "%(n_attempts)s answer.",
        "It takes about %(minutes)s min and is on “%(skill)s”, where we put you at about %(p_mastery)s %% after "
        "%(n_attempts)s answers.",
        view.n_attempts,
    )
    return _said("in_it_open", text, **values)


def _missed(learner: Learner, resource: Resource, skill: Skill, at: datetime) -> Fact | None:
    """The latest answer on the skill that was not right, lately."""
    found = (
        Attempt.objects.filter(
            learner=learner,
            course=resource.course_id,
            submitted_at__gte=at - MISSED_FOR,
            submitted_at__lte=at,
            resource__skill_links__skill=skill,
            resource__skill_links__position=0,
            assessments__is_current=True,
            assessments__is_released=True,
            assessments__score__lt=MISSED_BELOW,
        )
        .order_by("-submitted_at", "-pk")
        .values_list("resource__title", "submitted_at")
        .first()
    )
    if found is None:
        return None
    title, submitted_at = found
    days = round((at - submitted_at).total_seconds() / 86_400)
    if days == 0:
        return _said("in_it_missed", _("You missed “%(missed)s” lately, on the same skill."), missed=title)
    text = ngettext(
        "You missed “%(missed)s” %(days)s day ago, on the same skill.",
        "You missed “%(missed)s” %(days)s days ago, on the same skill.",
        days,
    )
    return _said("in_it_missed", text, missed=title, days=days)


def _difficulty(share: float) -> Fact:
    if share <= EASY_UP_TO:
        return _said("in_it_easy", _("Its author calls it easy."))
    if share >= HARD_FROM:
        return _said("in_it_hard", _("Its author calls it hard."))
    return _said("in_it_middling", _("Its author calls it neither easy nor hard."))
