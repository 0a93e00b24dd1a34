"""A plan as a calendar feed (RFC 5545) at a secret address.

The address is KEY.SIGNATURE: the key is drawn by chance and stored with the plan, the signature is made of it with the
installation's secret key and stored nowhere, so a copy of the database alone opens no feed. To revoke is to forget the
key. Events name course and skills, never the learner.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from adaptive.audit.models import AuditEntry
from adaptive.audit.services import audit_record
from adaptive.catalog.models import Skill
from adaptive.learners.languages import spoken_to
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.planning.types import MOCK_SESSION, REVIEW

SALT = "adaptive.planning.calendar"
DIGITS = 32  # of the signature, 4 bits each
REFRESH = timedelta(hours=6)
MOST_SKILLS = 6  # named in an event


def _signature(key: str) -> str:
    return salted_hmac(SALT, key, algorithm="sha256").hexdigest()[:DIGITS]


def feed_token(plan: StudyPlan) -> str:
    """The secret part of the address; "" while there is none."""
    return f"{plan.feed_key}.{_signature(plan.feed_key)}" if plan.feed_key else ""


def plan_of_token(token: str) -> StudyPlan | None:
    """The plan that the address opens; None for one that is wrong or was revoked."""
    key, _dot, signature = token.partition(".")
    if not key or not constant_time_compare(signature, _signature(key)):
        return None
    return StudyPlan.objects.select_related("learner", "course").filter(feed_key=key).first()


@transaction.atomic
def feed_open(*, plan: StudyPlan) -> str:
    """Gives the plan a secret address, or a new one: the former stops working. Returns the token."""
    plan.feed_key = secrets.token_urlsafe(18)
    _feed_store(plan, "study_plan_feed_open")
    return feed_token(plan)


@transaction.atomic
def feed_close(*, plan: StudyPlan) -> None:
    """Revokes the address."""
    if plan.feed_key:
        plan.feed_key = ""
        _feed_store(plan, "study_plan_feed_close")


def _feed_store(plan: StudyPlan, action: str) -> None:
    StudyPlan.objects.filter(pk=plan.pk).update(feed_key=plan.feed_key)
    audit_record(
        tenant=plan.learner.tenant,
        action=action,
        subject=plan.learner,
        actor_kind=AuditEntry.ActorKind.PERSON,
        actor=plan.learner.external_id,
        inputs={"course": plan.course.external_id},
    )


def feed_of(plan: StudyPlan) -> bytes:
    """The feed, in the learner's language. The same plan gives the same bytes. Two queries."""
    with spoken_to(learner=plan.learner, course=plan.course):
        return _calendar(plan).to_ical()


def _calendar(plan: StudyPlan) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//adaptive//study plan//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Study plan: %(course)s") % {"course": _line(plan.course.title)})
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    sessions = list(plan.sessions.all())
    names = dict(Skill.objects.filter(course=plan.course_id).values_list("pk", "name"))
    for session in sessions:
        calendar.add_component(_session_event(plan, session, names))
    calendar.add_component(_exam_event(plan))
    return calendar


def _line(text: str) -> str:
    """On one line, without what no calendar may hold."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def _event(plan: StudyPlan, *, what: str, at: datetime, length: timedelta, stamp: datetime, sequence: int) -> Event:
    event = Event()
    event.add("uid", f"{plan.uid}-{what}@adaptive")
    event.add("dtstamp", stamp.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", stamp.astimezone(UTC).replace(microsecond=0))
    event.add("sequence", sequence)
    event.add("dtstart", at.astimezone(UTC).replace(microsecond=0))
    event.add("dtend", (at + length).astimezone(UTC).replace(microsecond=0))
    return event


def _session_event(plan: StudyPlan, session: StudySession, names: Mapping[int, str]) -> Event:
    event = _event(
        plan,
        what=session.day.isoformat(),
        at=session.starts_at,
        length=timedelta(minutes=session.minutes),
        stamp=session.changed_at,
        sequence=session.sequence,
    )
    values = {"course": _line(plan.course.title), "minutes": session.minutes}
    if session.kind == MOCK_SESSION:
        event.add("summary", _("Mock exam: %(course)s (%(minutes)d min)") % values)
    else:
        event.add("summary", _("Practise: %(course)s (%(minutes)d min)") % values)
    event.add("description", "\n".join(_lines(session.blocks, names)))
    event.add("transp", "TRANSPARENT")
    return event


def _lines(blocks: Sequence[Mapping], names: Mapping[int, str]) -> list[str]:
    lines = []
    for block in blocks[:MOST_SKILLS]:
        name = names.get(block["skill"])
        if name is None:
            continue
        text = _("Review: %(skill)s") if block["purpose"] == REVIEW else _("Practise: %(skill)s")
        lines.append(text % {"skill": _line(name)})
    if len(blocks) > MOST_SKILLS:
        lines.append(_("and %(n)d more") % {"n": len(blocks) - MOST_SKILLS})
    return lines


def _exam_event(plan: StudyPlan) -> Event:
    event = _event(plan, what="exam", at=plan.exam_at, length=timedelta(hours=1), stamp=plan.planned_at, sequence=0)
    event.add("summary", _("Exam: %(course)s") % {"course": _line(plan.course.title)})
    return event
