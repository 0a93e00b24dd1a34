"""Tomorrow's ten minutes: three misconceptions at most, each with words, a question, a set to assign, an outcome."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET

from adaptive.common.clock import now
from adaptive.learners.models import Cohort
from adaptive.pages import lesson as reading
from adaptive.pages.access import Visit, teacher_page
from adaptive.pages.presenters.homework import homework_card
from adaptive.pages.presenters.lesson import lesson_card
from adaptive.pages.presenters.report import misconceptions_by_id
from adaptive.pages.rendering import page
from adaptive.pages.report import class_names
from adaptive.recommendation.homework_progress import counts_of, given_to


@require_GET
@teacher_page
def tomorrow(request: HttpRequest, visit: Visit) -> HttpResponse:
    course, at = visit.course, now()
    learners = class_names(course=course)
    names = reading.names_of(learners)
    shown = reading.shown_lately(course=course, at=at)
    given = reading.given_for(course=course, at=at)
    codes = reading.codes_of_cards(shown, given)
    given = {code: given[code] for code in codes if code in given}
    pools = reading.exercises_for(course=course, shown=shown, codes=codes)
    quotes = reading.quotes_of(shown=shown, codes=codes, names=names)
    starters = reading.starters_of(shown=shown, pools=pools, codes=codes)
    claims = reading.claims_of(shown=shown, starters=starters, names=names)
    concerned = {pk for code in codes if code in shown for pk in shown[code].learners}
    candidates = {code: reading.candidates_for(pools[code], starter=starters.get(code), code=code) for code in codes}
    usable = {one.pk for pairs in candidates.values() for _, one in pairs}
    solved = reading.solved_by(learners=concerned, exercises=usable)
    sets = {code: reading.set_of(pairs, solved=solved) for code, pairs in candidates.items()}
    full = reading.in_full([*starters.values(), *(one for found in sets.values() for one in found)])
    counted = reading.before_and_after(course=course, given=given, pools=pools, at=at)
    counts, to = counts_of(homework=given.values()), given_to(homework=given.values())
    cards = []
    for code in codes:
        homework = given.get(code)
        starter = full.get(starters[code].pk) if code in starters else None
        cards.append(
            lesson_card(
                shown.get(code, reading.Shown(code)),
                known=misconceptions_by_id(course.misconceptions),
                course_id=course.pk,
                learners=learners,
                quotes=quotes[code],
                starter=starter,
                claim=claims.get(code, ""),
                exercises=[full[one.pk] for one in sets[code] if one.pk in full],
                homework=homework_card(homework, counts[homework.pk], to.get(homework.pk), at=at) if homework else None,
                counted=counted.get(code),
            )
        )
    context = {
        "cards": cards,
        "n_learners": len(learners),
        "cohorts": list(Cohort.objects.filter(course=course).order_by("name")),
        "today": localdate(),
        "has_answers": bool(shown),
    }
    return page(request, visit, "adaptive/teacher/lesson.html", context)
