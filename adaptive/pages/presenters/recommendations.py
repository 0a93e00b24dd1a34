"""What is recommended, before a teacher: who gets what, why, what else there was, how sure, and what was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from adaptive.catalog.models import Resource
from adaptive.learners.models import Learner
from adaptive.pages.markdown import plain_text
from adaptive.pages.presenters.picks import PickCard, pick_card
from adaptive.pages.presenters.why import DISAGREE
from adaptive.pages.presenters.wording import percent
from adaptive.recommendation.models import Impression, Review, Ruling
from adaptive.recommendation.review_list import (
    DISAGREED,
    EXPLORED,
    NEW,
    NEW_POLICY,
    REVIEWED,
    UNSURE,
    UNSURE_BELOW,
    swap_options,
)
from adaptive.recommendation.rulings import GENERATOR

FILTERS: dict[str, Promise] = {
    NEW: pgettext_lazy("picks", "Open"),
    UNSURE: gettext_lazy("Unsure"),
    NEW_POLICY: gettext_lazy("New policy"),
    EXPLORED: gettext_lazy("Drawn by chance"),
    DISAGREED: gettext_lazy("Learner disagreed"),
    REVIEWED: pgettext_lazy("picks", "Decided"),
}
NOTHING: dict[str, Promise] = {
    NEW: gettext_lazy("Every pick that stands open has been decided."),
    UNSURE: gettext_lazy("No open pick is a close call."),
    NEW_POLICY: gettext_lazy("No open pick comes from a policy that is new in this course."),
    EXPLORED: gettext_lazy("No open pick was drawn by chance."),
    DISAGREED: gettext_lazy("Nobody has disagreed in the last two weeks without your having decided."),
    REVIEWED: gettext_lazy("Nothing has been decided in the last two weeks."),
}


@dataclass(frozen=True, slots=True)
class PickRow:
    """One place of a slate. `key`: what a form names it by. `never`: the label of that button, with whom it is for."""

    key: str
    slate_id: UUID
    position: int
    learner: Learner
    cohort: str
    card: PickCard
    resource_id: int
    alternative: str
    alternative_id: int | None
    confidence: str
    is_unsure: bool
    tags: list[str]
    never: str
    review: Review | None
    decided: str  # what was decided, in words; "" where nothing was

    @property
    def anchor(self) -> str:
        return f"pick-{self.key}"


def key_of(slate_id: UUID, position: int) -> str:
    return f"{slate_id.hex}-{position}"


def place_of(key: str) -> tuple[UUID, int] | None:
    """What key_of made the key from; None for anything else."""
    name, _sep, digits = key.partition("-")
    if len(name) != 32 or not (digits.isascii() and digits.isdigit() and len(digits) < 3):
        return None
    try:
        return UUID(hex=name), int(digits)
    except ValueError:
        return None


def decision_words(review: Review, *, learner: Learner, cohort: str, title: str) -> str:
    """One sentence that says what was decided and for whom."""
    values = {"title": title, "learner": learner, "group": cohort or _("the group")}
    if review.decision == Review.Decision.APPROVE:
        return _("Approved: “%(title)s” for %(learner)s.") % values
    if review.decision == Review.Decision.SWAP:
        values["instead"] = plain_text(review.instead.title) if review.instead else ""
        return _("Swapped: %(learner)s gets “%(instead)s” instead of “%(title)s”.") % values
    sentences = {
        (Review.Decision.PIN, Review.Scope.LEARNER): _("Pinned: “%(title)s” comes first for %(learner)s."),
        (Review.Decision.PIN, Review.Scope.COHORT): _("Pinned: “%(title)s” comes first for everyone in %(group)s."),
        (Review.Decision.PIN, Review.Scope.COURSE): _("Pinned: “%(title)s” comes first for the whole course."),
        (Review.Decision.NEVER, Review.Scope.LEARNER): _("Never: “%(title)s” stays away from %(learner)s."),
        (Review.Decision.NEVER, Review.Scope.COHORT): _("Never: “%(title)s” stays away from everyone in %(group)s."),
        (Review.Decision.NEVER, Review.Scope.COURSE): _("Never: “%(title)s” stays away from the whole course."),
    }
    return sentences[review.decision, review.scope] % values


def _tags(row: Impression, policies: Sequence[str]) -> list[str]:
    tags = []
    if row.disagreed:
        tags.append(_("said: %(said)s") % {"said": str(dict(DISAGREE).get(row.disagreed, row.disagreed)).lower()})
    if row.is_exploration:
        tags.append(_("drawn by chance"))
    if row.slate.policy in policies:
        tags.append(_("new policy: %(name)s") % {"name": row.slate.policy})
    if row.position > 1:
        tags.append(ngettext("place %(n)d", "place %(n)d", row.position) % {"n": row.position})
    return tags


def pick_row(row: Impression, *, cohorts: Mapping[int, str], policies: Sequence[str]) -> PickRow:
    """Of a row as review_list reads it. cohorts: learner id -> name of their group."""
    learner = row.slate.learner
    cohort = cohorts.get(learner.pk, "")
    review = row.counting[0] if row.counting else None
    title = plain_text(row.resource.title)
    return PickRow(
        key=key_of(row.slate_id, row.position),
        slate_id=row.slate_id,
        position=row.position,
        learner=learner,
        cohort=cohort,
        card=pick_card(row),
        resource_id=row.resource_id,
        alternative=plain_text(row.alternative.title) if row.alternative else "",
        alternative_id=row.alternative.pk if row.alternative else None,
        confidence=_("chosen by a teacher") if GENERATOR in row.generators else percent(row.confidence),
        is_unsure=row.confidence is not None and row.confidence < UNSURE_BELOW,
        tags=_tags(row, policies),
        never=_("Never for %(group)s") % {"group": cohort or learner},
        review=review,
        decided=decision_words(review, learner=learner, cohort=cohort, title=title) if review else "",
    )


@dataclass(frozen=True, slots=True)
class Option:
    resource: Resource
    title: str


def options(row: Impression) -> list[Option]:
    """What the pick could be swapped for, the logged alternative first."""
    return [Option(resource, plain_text(resource.title)) for resource in swap_options(row=row)]


@dataclass(frozen=True, slots=True)
class RulingLine:
    ruling: Ruling
    words: str
    by: str


def ruling_line(ruling: Ruling) -> RulingLine:
    title = plain_text(ruling.resource.title)
    if ruling.learner:
        whom = str(ruling.learner)
    else:
        whom = ruling.cohort.name if ruling.cohort else pgettext("for whom", "the whole course")
    sentences = {
        Ruling.Kind.PIN: _("First for %(whom)s, until done: “%(title)s”"),
        Ruling.Kind.NEVER: _("Never for %(whom)s: “%(title)s”"),
        Ruling.Kind.ASIDE: _("Swapped for another one, for %(whom)s: “%(title)s”"),
    }
    words = sentences[ruling.kind] % {"whom": whom, "title": title}
    return RulingLine(ruling, words, str(ruling.teacher) if ruling.teacher else "")


def batch_words(reviews: Sequence[Review]) -> str:
    """What was decided last, in one sentence; "" for nothing."""
    if not reviews:
        return ""
    if len(reviews) > 1:
        return ngettext("Approved %(n)d pick.", "Approved %(n)d picks.", len(reviews)) % {"n": len(reviews)}
    review = reviews[0]
    title = plain_text(review.resource.title)
    return decision_words(review, learner=review.learner, cohort="", title=title)
