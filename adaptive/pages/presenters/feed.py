"""The feed and the catalogue as cards: a pick with two sentences of its own, a course with what it holds and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.safestring import SafeString

from adaptive.catalog.models import Course
from adaptive.explanation.offers import offer_facts
from adaptive.pages.markdown import render_inline
from adaptive.pages.presenters.picks import PickCard, pick_card
from adaptive.recommendation.features import CAME_WITH_IT_DAYS
from adaptive.recommendation.models import CourseOffer, Impression

NEW_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class FeedCard:
    """`sentences`: the author's, cleaned. `about`: what the learner lacks that they speak of."""

    pick: PickCard
    sentences: list[SafeString]
    about: list[str]
    language: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class OfferCard:
    """`skills`: the first of the course by name; `n_more` beside them. `why`: one sentence a reason."""

    slate_id: UUID
    position: int
    title: str
    description: str
    language: str
    skills: list[str]
    n_more: int
    why: list[str]
    may_enrol: bool


def feed_cards(impressions: Sequence[Impression], *, course: Course, at: datetime) -> list[FeedCard]:
    return [_feed_card(impression, course, at) for impression in impressions]


def _feed_card(impression: Impression, course: Course, at: datetime) -> FeedCard:
    explanation = getattr(impression, "explanation", None)
    summary = explanation.summary if explanation and isinstance(explanation.summary, dict) else {}
    return FeedCard(
        pick=pick_card(impression),
        sentences=[render_inline(sentence) for sentence in summary.get("sentences", ())],
        about=list(summary.get("about", ())),
        language=impression.resource.language or course.language,
        is_new=at - impression.resource.created_at <= NEW_FOR
        and impression.resource.created_at - course.created_at >= timedelta(days=CAME_WITH_IT_DAYS),
    )


def offer_cards(offers: Sequence[CourseOffer], *, skills: Mapping[int, tuple[Sequence[str], int]]) -> list[OfferCard]:
    """`skills`: course id -> (names of the first skills, how many there are)."""
    cards = []
    for offer in offers:
        names, n = skills.get(offer.course_id, ((), 0))
        cards.append(
            OfferCard(
                slate_id=offer.slate_id,
                position=offer.position,
                title=offer.course.title,
                description=offer.course.description,
                language=offer.course.language,
                skills=list(names),
                n_more=n - len(names),
                why=[fact.text for fact in offer_facts(offer.reasons)],
                may_enrol=offer.course.listing == Course.Listing.OPEN,
            )
        )
    return cards
