"""What a teacher wants to know about a course."""

from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.presenters.reports import report_json
from adaptive.api.shapes.reports import ReportShape
from adaptive.api.views.base import ApiView
from adaptive.catalog.selectors import course_get
from adaptive.common.clock import now
from adaptive.practice.reports import course_report


class ReportView(ApiView):
    @describe("teachers", "Where a course stands: skills, learners, what waits", answers={200: ReportShape})
    def get(self, request: Request, course: str) -> Response:
        return Response(report_json(course_report(course=course_get(tenant=request.tenant, course=course), at=now())))
