import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.common.errors import FieldError, InvalidInput, NotFound
from adaptive.common.hashing import stable_seed
from adaptive.conf import settings
from adaptive.events.models import Attempt
from adaptive.experiments.selectors import Assignment, assignment_of
from adaptive.experiments.services import exposure_record
from adaptive.learners.models import Learner
from adaptive.learners.preferences import stated_of
from adaptive.learners.selectors import enrolment_get
from adaptive.mastery.models import LearnerState
from adaptive.recommendation import pipeline
from adaptive.recommendation.deciding import receipt_of
from adaptive.recommendation.models import Impression, ImpressionEvent, Slate
from adaptive.recommendation.offering import offers_make
from adaptive.recommendation.preferences import Preferences
from adaptive.recommendation.query_notes import note_words_given
from adaptive.recommendation.query_vector import query_vector as vector_of_words
from adaptive.recommendation.reasons import reasons_of
from adaptive.recommendation.rulings import has_ruled_since
from adaptive.recommendation.second_best import second_bests
from adaptive.recommendation.selectors import known_keep
from adaptive.recommendation.types import HORIZON_DAYS, Context, Pick, Policy, rounded
from adaptive.recommendation.wishes.reading import read_wish
from adaptive.recommendation.wishes.types import CODES, WORDS, Wish

MAX_COUNT = 20
MAX_QUERY = 500
MOST_DAYS = 730.0
FRESH_FOR = timedelta(minutes=30)
TAKEN_BACK = (*CODES, WORDS)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff]+")


def _refuse(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(pointer, detail)])


def _checked_kinds(kinds: Sequence[str] | None) -> tuple[str, ...]:
    wrong = [kind for kind in kinds or () if kind not in Resource.Kind.values]
    if wrong:
        raise _refuse("/kinds", f"“{str(wrong[0])[:40]}” is no kind: use {', '.join(Resource.Kind.values)}.")
    return tuple(sorted(set(kinds or ())))


def _checked_purpose(purpose: str) -> str:
    if purpose not in Slate.Purpose.values:
        raise _refuse("/purpose", f"“{str(purpose)[:40]}” is no purpose: use {', '.join(Slate.Purpose.values)}.")
    return purpose


def query_clean(query: str) -> str:
    """What is searched for: one line without invisible characters, at most MAX_QUERY characters."""
    return " ".join(_UNSEEN.sub(" ", str(query or "")[: 4 * MAX_QUERY]).split())[:MAX_QUERY]


def _policy(assignment: Assignment | None) -> tuple[Policy, str]:
    """The policy in force, and what was wrong with the variant's where it could not be used."""
    base = Policy(exploration=float(settings().exploration))
    if assignment is None or not assignment.policy:
        return base, ""
    try:
        return base.with_changes({"name": f"{base.name}:{assignment.variant}"[:64], **assignment.policy}), ""
    except (ValueError, TypeError) as error:
        return base, str(error)


def _window(course: Course) -> tuple[float, float]:
    conf = settings()
    low = conf.zpd_low if course.zpd_low is None else course.zpd_low
    high = conf.zpd_high if course.zpd_high is None else course.zpd_high
    return (low, high) if low < high else (conf.zpd_low, conf.zpd_high)


def _wish(course: Course, query: str, without: Sequence[str]) -> Wish | None:
    """What a request in words asks for. One query: the course's skills by name."""
    wrong = [code for code in without if code not in TAKEN_BACK]
    if wrong:
        raise _refuse("/without", f"“{str(wrong[0])[:40]}” cannot be left out: use {', '.join(TAKEN_BACK)}.")
    if not query:
        return None
    skills = course.skills.order_by("position", "pk").values_list("pk", "name")
    return read_wish(query, skills=list(skills), language=course.language, without=without)


def _horizon(exam_at: datetime | None, at: datetime) -> float:
    """Days until what is learnt has to be there; a usual week without an exam, or after it."""
    if exam_at is None or exam_at <= at:
        return HORIZON_DAYS
    return rounded(min((exam_at - at).total_seconds() / 86_400, MOST_DAYS))


@dataclass(frozen=True, slots=True)
class Made:
    """A new slate, stored, with what it was made from still at hand: who goes on with it need not read it back."""

    slate: Slate
    impressions: tuple[Impression, ...]
    outcome: pipeline.Outcome


@transaction.atomic
def slate_create(**values: Any) -> Slate:
    """`slate_make` in a transaction of its own."""
    return slate_make(**values).slate


def slate_make(
    *,
    learner: Learner,
    course: Course,
    count: int = 5,
    purpose: str = "practice",
    query: str = "",
    kinds: Sequence[str] | None = None,
    without: Sequence[str] = (),
    at: datetime | None = None,
    query_vector: Sequence[float] | None = None,
    embedding_model: str = "",
    exam_at: datetime | None = None,
) -> Made:
    """Recommends up to `count` resources (held within 1 and 20) and stores the slate with its whole receipt.

    With nothing to recommend the slate has no impressions and says `why_empty`. A `query` in words is read for its
    constraints (see wishes), which every pick keeps but those in `without` (codes of wishes.types). `query_vector` is
    the query embedded by `embedding_model`, else it is made here; full text does without. exam_at: when what is learnt
    has to be there. The number of queries does not depend on how much the course holds. Call it in a transaction.
    Raises InvalidInput, NotFound (another tenant's course) and NotAllowed (not enrolled).
    """
    if learner.tenant_id != course.tenant_id:
        raise NotFound(f"There is no course “{course.external_id[:60]}”.")
    purpose, kinds = _checked_purpose(purpose), _checked_kinds(kinds)
    enrolment_get(learner=learner, course=course)
    at = at or now()
    assignment = assignment_of(learner=learner)
    policy, refused = _policy(assignment)
    low, high = _window(course)
    slate_id = uuid.uuid4()
    query = query_clean(query)
    wish = _wish(course, query, without)
    stages = []
    if wish is not None:
        stages.append({"name": "wish", "language": wish.language, "asked": list(wish.codes)})
        if query_vector is None and wish.search_text:
            made = vector_of_words(wish.search_text)
            query_vector, embedding_model = made.vector, made.model
            stages.append(made.stage())
            note_words_given(made, learner=learner, course=course, text=wish.search_text)
    said = stated_of(learner.preferences)
    base = Context(
        purpose=purpose,
        asked_purpose=purpose,
        count=max(1, min(int(count), MAX_COUNT)),
        course_id=course.pk,
        seed=stable_seed(str(slate_id)) >> 1,  # 63 bits: the column is signed
        zpd_low=rounded(low),
        zpd_high=rounded(high),
        policy=policy,
        horizon_days=_horizon(exam_at, at),
        course_age_days=rounded(max((at - course.created_at).total_seconds() / 86_400, 0.0)),
        query=query if wish is not None and wish.codes else "",  # "surprise me" asks for nothing in particular
        wish=wish,
        kinds=kinds,
        preferred_kinds=said.kinds,
        preferences=Preferences(
            length=said.length, pace=said.pace, language=said.language, course_language=course.language
        ),
    )
    outcome = pipeline.run(
        learner=learner,
        course=course,
        base=base,
        at=at,
        query_vector=query_vector,
        embedding_model=embedding_model,
        before=stages,
    )
    facts: dict[str, Any] = {**outcome.context.to_json(), "at": at.isoformat(), "stages": outcome.stages}
    if outcome.offers:
        facts["offers"] = [offer.to_json() for offer in outcome.offers]
    if refused:
        facts["variant_refused"] = refused
    slate = Slate(
        id=slate_id,
        tenant_id=course.tenant_id,
        learner=learner,
        course=course,
        purpose=purpose,
        query=query,
        policy=policy.name,
        experiment=assignment.experiment if assignment else None,
        variant=assignment.variant if assignment else "",
        learner_model=outcome.learner_model,
        seed=base.seed,
        context=facts,
        candidates=receipt_of(outcome.decision, outcome.candidates),
        why_empty=outcome.why_empty,
    )
    slate.save(force_insert=True)
    seconds = second_bests(outcome.context, outcome.decision)
    impressions = Impression.objects.bulk_create(
        Impression(
            slate=slate,
            position=pick.position,
            resource=_resource_of(pick, outcome),
            generators=sorted(pick.scored.candidate.found),
            score=pick.scored.score,
            p_correct=pick.scored.candidate.p_correct,
            propensity=pick.propensity,
            is_exploration=pick.is_exploration,
            features=pick.scored.features.to_json(),
            reasons=reasons_of(outcome.context, pick),
            alternative_id=seconds[pick.position].id,
            confidence=seconds[pick.position].confidence,
        )
        for pick in outcome.decision.picks
    )
    known_keep(slate, impressions)
    if purpose == Slate.Purpose.CATALOGUE and not query:
        offers_make(slate=slate, at=at)
    if assignment is not None and outcome.decision.picks:
        exposure_record(assignment=assignment, learner=learner)
    return Made(slate, tuple(impressions), outcome)


def _resource_of(pick: Pick, outcome: pipeline.Outcome) -> Resource:
    """The picked resource as far as it was read; its other fields are read when somebody asks for them."""
    one = pick.scored.candidate
    external_id = outcome.external_ids[one.id]
    known = {"id": one.id, "course_id": one.course_id, "external_id": external_id, "kind": one.kind, "title": one.title}
    names = [field.attname for field in Resource._meta.concrete_fields if field.attname in known]
    return Resource.from_db(None, names, [known[name] for name in names])


def slate_current(
    *,
    learner: Learner,
    course: Course,
    at: datetime | None = None,
    purpose: str = "practice",
    kinds: Sequence[str] | None = None,
) -> Slate | None:
    """The learner's latest slate of this purpose, if it still says what a new one would: made within half an hour,
    with nothing answered, assessed, objected to, preferred otherwise or ruled by a teacher since. None: make a new one.
    At most 5 queries.
    """
    at = at or now()
    slate = (
        Slate.objects.filter(learner=learner, course=course, purpose=_checked_purpose(purpose), query="")
        .filter(created_at__gte=at - FRESH_FOR)
        .order_by("-created_at")
        .first()
    )
    if slate is None or slate.why_empty or learner.updated_at > slate.created_at:
        return None
    if tuple(slate.context.get("kinds", ())) != _checked_kinds(kinds):
        return None
    if LearnerState.objects.filter(learner=learner, course=course, updated_at__gt=slate.created_at).exists():
        return None
    latest = Attempt.objects.filter(learner=learner, course=course).order_by("-submitted_at", "-pk")
    if any(received > slate.created_at for received in latest.values_list("received_at", flat=True)[:3]):
        return None
    said = ImpressionEvent.objects.filter(
        impression__slate__learner=learner,
        impression__slate__course=course,
        impression__slate__created_at__gte=slate.created_at - FRESH_FOR,
        created_at__gt=slate.created_at,
        type__in=[ImpressionEvent.Type.DISMISS, ImpressionEvent.Type.DISAGREE, ImpressionEvent.Type.COMPLETE],
    )
    if said.exists() or has_ruled_since(learner_id=learner.pk, course_id=course.pk, moment=slate.created_at):
        return None
    return slate


def impressions_shown(*, impressions: Sequence[Impression]) -> None:
    """Notes of places shown together that they were, once each; `events` may be prefetched. Three queries at most."""
    shown = ImpressionEvent.Type.IMPRESSION
    new = [one for one in impressions if shown not in {event.type for event in one.events.all()}]
    if new:
        Impression.objects.filter(pk__in=[one.pk for one in new], shown_at=None).update(shown_at=now())
        ImpressionEvent.objects.bulk_create(ImpressionEvent(impression=one, type=shown) for one in new)


@transaction.atomic
def impression_event(
    *, slate: Slate, position: int, type: str, rating: int | None = None, reason: str = ""
) -> ImpressionEvent:
    """What became of a place of the slate. `disagree` (with its reason) and `dismiss` change the next slate at once.

    `rate` needs a rating of 1-5, `disagree` one of too_easy, too_hard, seen, not_now. Raises InvalidInput, NotFound.
    """
    if type not in ImpressionEvent.Type.values:
        raise _refuse("/type", f"“{str(type)[:40]}” is no event: use {', '.join(ImpressionEvent.Type.values)}.")
    if type == ImpressionEvent.Type.RATE:
        if isinstance(rating, bool) or not isinstance(rating, int) or not 1 <= rating <= 5:
            raise _refuse("/rating", "A rating is a whole number from 1 to 5.")
    elif rating is not None:
        raise _refuse("/rating", "Only the event “rate” has a rating.")
    if type == ImpressionEvent.Type.DISAGREE:
        if reason not in ImpressionEvent.Reason.values:
            raise _refuse("/reason", f"Say why you disagree: {', '.join(ImpressionEvent.Reason.values)}.")
    elif reason and reason not in ImpressionEvent.Reason.values:
        raise _refuse("/reason", f"“{str(reason)[:40]}” is no reason: {', '.join(ImpressionEvent.Reason.values)}.")
    is_place = isinstance(position, int) and 1 <= position <= MAX_COUNT
    impression = Impression.objects.filter(slate=slate, position=position).first() if is_place else None
    if impression is None:
        raise NotFound(f"The recommendation has no place {str(position)[:10]}.")
    if type == ImpressionEvent.Type.IMPRESSION and impression.shown_at is None:
        Impression.objects.filter(pk=impression.pk, shown_at=None).update(shown_at=now())
    return ImpressionEvent.objects.create(impression=impression, type=type, rating=rating, reason=reason)
