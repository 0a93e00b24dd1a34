"""Addresses of the pages. They belong to the namespace of adaptive.urls."""

from django.urls import path

from adaptive.pages.views import (
    ask,
    attempt,
    home,
    performance,
    plan,
    practice,
    reading,
    review,
    session,
    skills,
    teacher_learner,
    teacher_report,
    why,
)

COURSE = "courses/<int:course_id>/"
PICK = "picks/<uuid:slate_id>/<int:position>/"

urlpatterns = [
    path("", home.start, name="home"),
    path("courses/", home.courses, name="courses"),
    path("login/", session.login, name="login"),
    path("logout/", session.logout, name="logout"),
    path(COURSE, home.course, name="course"),
    path(f"{COURSE}practice/", practice.start, name="practice"),
    path(f"{COURSE}ask/", ask.ask, name="ask"),
    path(f"{COURSE}ask/<uuid:slate_id>/", ask.asked, name="asked"),
    path(PICK, practice.pick, name="pick"),
    path(f"{PICK}why/", why.drawer, name="why"),
    path(f"{PICK}disagree/", why.disagree, name="disagree"),
    path(f"{PICK}done/", reading.done, name="done"),
    path(f"{COURSE}resources/<int:resource_id>/", practice.resource, name="resource"),
    path(f"{COURSE}resources/<int:resource_id>/answer/", practice.answer, name="answer"),
    path(f"{COURSE}resources/<int:resource_id>/hint/", practice.hint, name="hint"),
    path(f"{COURSE}attempts/<int:attempt_id>/", attempt.attempt, name="attempt"),
    path(f"{COURSE}attempts/<int:attempt_id>/state/", attempt.attempt_state, name="attempt-state"),
    path(f"{COURSE}attempts/<int:attempt_id>/reveal/", attempt.reveal, name="reveal"),
    path(f"{COURSE}attempts/<int:attempt_id>/contest/", attempt.contest, name="contest"),
    path(f"{COURSE}performance/", performance.performance, name="performance"),
    path(f"{COURSE}performance/sharing/", performance.sharing, name="performance-sharing"),
    path(f"{COURSE}plan/", plan.plan, name="plan"),
    path(f"{COURSE}plan/save/", plan.save, name="plan-save"),
    path(f"{COURSE}plan/change/", plan.change, name="plan-change"),
    path("calendar/<str:token>.ics", plan.calendar, name="calendar"),
    path(f"{COURSE}skills/", skills.skills, name="skills"),
    path(f"{COURSE}skills/<int:skill_id>/", skills.skill, name="skill"),
    path(f"{COURSE}report/", teacher_report.report, name="report"),
    path(f"{COURSE}report/map/", teacher_report.skill_map, name="report-map"),
    path(f"{COURSE}report/skills/<int:skill_id>/", teacher_report.skill, name="report-skill"),
    path(f"{COURSE}report/exercises/<int:resource_id>/", teacher_report.exercise, name="report-exercise"),
    path(f"{COURSE}learners/<int:learner_id>/", teacher_learner.learner, name="learner"),
    path(f"{COURSE}learners/<int:learner_id>/skills/<int:skill_id>/", teacher_learner.skill, name="learner-skill"),
    path(f"{COURSE}review/", review.waiting, name="review"),
    path(f"{COURSE}review/<int:attempt_id>/", review.one, name="review-one"),
]
