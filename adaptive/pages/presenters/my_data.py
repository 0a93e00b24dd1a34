"""What a learner sees of their own data: what is believed, what models were given, what they agreed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from adaptive.audit.models import SentText
from adaptive.catalog.models import Course
from adaptive.common.redacting import EMAIL, NAME
from adaptive.learners.consents import MARKING, TUTOR, WORDING, agrees
from adaptive.learners.models import Learner
from adaptive.mastery.selectors import SkillMasteryView
from adaptive.pages.presenters.skills import SkillMap, skill_map
from adaptive.practice.privacy import Stored

SHARING = "sharing"  # beside the purposes of learners.consents: its own field, on its own page as well


@dataclass(frozen=True, slots=True)
class Believed:
    """One course. `met`: the skills with answers behind them; `n_open`: those without any."""

    course: Course
    skills: SkillMap
    n_open: int


def believed(course: Course, masteries: Sequence[SkillMasteryView], *, at: datetime) -> Believed:
    met = [view for view in masteries if view.n_attempts]
    return Believed(course, skill_map(met, {}, at=at), len(masteries) - len(met))


@dataclass(frozen=True, slots=True)
class Consent:
    """One purpose: what it is for, what is without it, and what the learner says."""

    purpose: str
    title: str
    text: str
    without: str
    is_given: bool

    @property
    def button(self) -> str:
        return _("Take it back") if self.is_given else _("Agree")


_WORDS = {
    MARKING: (
        gettext_lazy("Reading my answers"),
        gettext_lazy("A model assesses what you answer in words, within seconds. Your teacher can look at it, too."),
        gettext_lazy("Your teacher alone reads what you write: you wait longer, and everything else stays as it is."),
    ),
    WORDING: (
        gettext_lazy("Wording explanations"),
        gettext_lazy("A model says why something was picked, and how your week went, in its own words."),
        gettext_lazy("You read the plain words. They say the same."),
    ),
    TUTOR: (
        gettext_lazy("Helping the tutor"),
        gettext_lazy("A model says passages of the course in simpler words. It is not given what you write."),
        gettext_lazy("The tutor quotes the passages as they are."),
    ),
    SHARING: (
        gettext_lazy("Showing my teachers how my practice went"),
        gettext_lazy("Your teachers see the summaries of your sessions and weeks, to help you better."),
        gettext_lazy("Only you see them. Your answers and marks your teachers see in any case."),
    ),
}


def consents(learner: Learner) -> list[Consent]:
    return [
        Consent(
            purpose,
            *map(str, words),
            is_given=learner.shares_performance if purpose == SHARING else agrees(learner, purpose),
        )
        for purpose, words in _WORDS.items()
    ]


PURPOSES = {
    SentText.Purpose.MARKING: gettext_lazy("Read to mark an answer, beside the question and its model answers"),
    SentText.Purpose.WORDING: gettext_lazy("Read to say facts in its own words"),
    SentText.Purpose.TUTOR: gettext_lazy("Read to say a passage of the course in simpler words"),
    SentText.Purpose.SEARCH: gettext_lazy("Read to find what is near in meaning"),
}


@dataclass(frozen=True, slots=True)
class SentLine:
    row: SentText
    purpose: str
    where: str
    removed: str  # what was taken out before
    is_cut: bool


def sent_line(row: SentText) -> SentLine:
    where = _("on the server %(host)s") % {"host": row.host} if row.host else _("on this machine; it went nowhere else")
    purpose = str(PURPOSES.get(SentText.Purpose(row.purpose), row.purpose))
    return SentLine(row, purpose, where, _removed(row), row.n_characters > len(row.text))


def _removed(row: SentText) -> str:
    held = row.removed if isinstance(row.removed, dict) else {}
    parts = []
    if n := held.get(NAME):
        parts.append(ngettext("your name (%(n)d time)", "your name (%(n)d times)", n) % {"n": n})
    if n := held.get(EMAIL):
        parts.append(ngettext("%(n)d e-mail address", "%(n)d e-mail addresses", n) % {"n": n})
    return ", ".join(parts)


def stored_lines(stored: Stored) -> list[str]:
    """Counts in words; what there is none of is not named."""
    counts = (
        (stored.n_attempts, lambda n: ngettext("%(n)d answer, with its marks", "%(n)d answers, with their marks", n)),
        (stored.n_slates, lambda n: ngettext("%(n)d list of picks", "%(n)d lists of picks", n)),
        (stored.n_summaries, lambda n: ngettext("%(n)d summary of practice", "%(n)d summaries of practice", n)),
        (stored.n_plans, lambda n: ngettext("%(n)d study plan", "%(n)d study plans", n)),
        (stored.n_messages, lambda n: ngettext("%(n)d message with the tutor", "%(n)d messages with the tutor", n)),
        (
            stored.n_sent_texts,
            lambda n: ngettext("%(n)d note of what a model read", "%(n)d notes of what models read", n),
        ),
    )
    return [words(n) % {"n": n} for n, words in counts if n]
