"""Where one lands: the courses, and a course's home with one button."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from adaptive.common.clock import now
from adaptive.mastery.selectors import mastery_of
from adaptive.pages.access import TEACHER, Visit, learner_page, signed_in
from adaptive.pages.picks import pick_seen, picks_now
from adaptive.pages.presenters.feed import feed_cards
from adaptive.pages.presenters.home import home
from adaptive.pages.presenters.homework import to_do
from adaptive.pages.presenters.performance import performance_card
from adaptive.pages.presenters.plan import today_card
from adaptive.pages.rendering import page
from adaptive.pages.selectors import course_of_latest_attempt, results
from adaptive.performance.selectors import performance_of
from adaptive.planning.selectors import session_today
from adaptive.recommendation.homework_progress import exercises_in, homework_open, progress_of
from adaptive.recommendation.models import Slate
from adaptive.recommendation.services import impressions_shown

FEED_COUNT = 8  # as on its page, which shows the same slate
NEWS = 3  # of them, here


@require_GET
@signed_in
def start(request: HttpRequest, visit: Visit) -> HttpResponse:
    """To the course that was worked in last; the list where there is no course."""
    if not visit.enrolments:
        return page(request, visit, "adaptive/courses.html")
    latest = course_of_latest_attempt(learner=visit.learner, courses=[e.course_id for e in visit.enrolments])
    chosen = next((e for e in visit.enrolments if e.course_id == latest), visit.enrolments[-1])  # the newest is first
    return redirect("adaptive:report" if chosen.role == TEACHER else "adaptive:course", course_id=chosen.course_id)


@require_GET
@signed_in
def courses(request: HttpRequest, visit: Visit) -> HttpResponse:
    return page(request, visit, "adaptive/courses.html")


@require_GET
@learner_page
def course(request: HttpRequest, visit: Visit) -> HttpResponse:
    at = now()
    picks = picks_now(learner=visit.learner, course=visit.course, at=at)
    masteries = mastery_of(learner=visit.learner, course=visit.course, at=at)
    recent = results(learner=visit.learner, course=visit.course)
    if picks.first:
        pick_seen(picks.first, "impression")
    offered = {pick.resource_id for pick in picks.waiting[:4]}
    feed = picks_now(learner=visit.learner, course=visit.course, at=at, purpose=Slate.Purpose.FEED, count=FEED_COUNT)
    news = [one for one in feed.waiting if one.resource_id not in offered][:NEWS]
    impressions_shown(impressions=news)
    view = home(picks=picks, masteries=masteries, recent=recent, at=at)
    latest = performance_of(learner=visit.learner, course=visit.course).first()
    session = session_today(learner=visit.learner, course=visit.course, at=at)
    skills = {mastery.skill.pk: mastery.skill for mastery in masteries}
    given = homework_open(learner=visit.learner, course=visit.course, at=at)
    progress, titles = progress_of(homework=given, learner=visit.learner), exercises_in(homework=given)
    context = {
        "home": view,
        "news": feed_cards(news, course=visit.course, at=at),
        "homework": to_do(given, progress, titles, learner=visit.learner, at=at),
        "card": performance_card(latest) if latest else None,
        "today": today_card(session, skills) if session else None,
    }
    return page(request, visit, "adaptive/learner/home.html", context)
