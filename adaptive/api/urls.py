"""Version 1 of the REST API. Paths are a contract: they may be added to, never changed."""

from django.urls import path, re_path, register_converter

from adaptive.api.views.attempts import AttemptsView, AttemptView, BulkView, ContestView
from adaptive.api.views.catalogue import CourseView, ResourcesView, ResourceView, SkillView
from adaptive.api.views.conversations import ConversationsView, MessagesView
from adaptive.api.views.learners import EnrolmentView, LearnerExportView, LearnerView
from adaptive.api.views.mastery import MasteryView, PredictionsView
from adaptive.api.views.operators import NothingHereView, SchemaView
from adaptive.api.views.planning import StudyPlanView
from adaptive.api.views.recommendations import EventsView, RecommendationsView, SlateView
from adaptive.api.views.reports import ReportView
from adaptive.api.views.reviews import ReviewsView, ReviewView
from adaptive.common.text import control_character


class ExternalIdConverter:
    """An LMS's own id in a path: no slash, no control character, at most 255 characters."""

    regex = "[^/]{1,255}"

    def to_python(self, value: str) -> str:
        if control_character(value):
            raise ValueError("a control character")
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ExternalIdConverter, "external")

app_name = "api"
urlpatterns = [
    path("courses/<external:course>/", CourseView.as_view(), name="course"),
    path("courses/<external:course>/skills/<external:skill>/", SkillView.as_view(), name="skill"),
    path("courses/<external:course>/resources/", ResourcesView.as_view(), name="resources"),
    path("courses/<external:course>/resources/<external:resource>/", ResourceView.as_view(), name="resource"),
    path("courses/<external:course>/enrolments/<external:learner>/", EnrolmentView.as_view(), name="enrolment"),
    path("courses/<external:course>/report/", ReportView.as_view(), name="report"),
    path("courses/<external:course>/recommendations/", ReviewsView.as_view(), name="reviews"),
    path("learners/<external:learner>/", LearnerView.as_view(), name="learner"),
    path("learners/<external:learner>/export/", LearnerExportView.as_view(), name="learner-export"),
    path("learners/<external:learner>/mastery/", MasteryView.as_view(), name="mastery"),
    path("learners/<external:learner>/predictions/", PredictionsView.as_view(), name="predictions"),
    path("learners/<external:learner>/recommendations/", RecommendationsView.as_view(), name="recommendations"),
    path("learners/<external:learner>/study-plan/", StudyPlanView.as_view(), name="study-plan"),
    path("learners/<external:learner>/conversations/", ConversationsView.as_view(), name="conversations"),
    path("conversations/<uuid:conversation>/messages/", MessagesView.as_view(), name="messages"),
    path("attempts/", AttemptsView.as_view(), name="attempts"),
    path("attempts/bulk/", BulkView.as_view(), name="attempts-bulk"),
    path("attempts/<int:attempt>/", AttemptView.as_view(), name="attempt"),
    path("attempts/<int:attempt>/contest/", ContestView.as_view(), name="contest"),
    path("recommendations/<uuid:slate>/", SlateView.as_view(), name="recommendation"),
    path("recommendations/<uuid:slate>/items/<int:position>/events/", EventsView.as_view(), name="events"),
    path("recommendations/<uuid:slate>/items/<int:position>/review/", ReviewView.as_view(), name="review"),
    path("schema/", SchemaView.as_view(), name="schema"),
    re_path("", NothingHereView.as_view(), name="nothing-here"),
]
