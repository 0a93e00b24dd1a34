"""A teacher's look at what is recommended, and their word on it."""

from rest_framework.request import Request
from rest_framework.response import Response

from adaptive.api.documents import describe
from adaptive.api.examples import PINNED, REVIEW_PAGE, REVIEW_ROW, SWAPPED
from adaptive.api.idempotency import idempotent
from adaptive.api.paging import page
from adaptive.api.presenters.reviews import review_row_json
from adaptive.api.shapes.reviews import ReviewBody, ReviewPageShape, ReviewRowShape, ReviewsQuery
from adaptive.api.views.base import ApiView
from adaptive.catalog.models import Resource
from adaptive.catalog.selectors import course_get, resources_named
from adaptive.common.clock import now
from adaptive.common.errors import FieldError, InvalidInput, NotFound
from adaptive.learners.selectors import learner_get
from adaptive.recommendation.models import Slate
from adaptive.recommendation.review_list import new_policies, review_row, review_rows, rows_of
from adaptive.recommendation.reviewing import review_record, reviews_undo
from adaptive.recommendation.selectors import slate_get


class ReviewsView(ApiView):
    @describe(
        "teachers",
        "What is recommended in a course, for review",
        details="One row for a place of a recommendation, the latest first. Open are the places of each learner's "
        "latest recommendation for practice or review that have not been answered yet.",
        query=ReviewsQuery,
        answers={200: ReviewPageShape},
        examples=[REVIEW_PAGE],
    )
    def get(self, request: Request, course: str) -> Response:
        found, at = course_get(tenant=request.tenant, course=course), now()
        state = self.read(ReviewsQuery, request.query_params)["state"]
        policies = new_policies(course=found, at=at)
        rows = review_rows(course=found, state=state, at=at)
        return Response(
            page(
                request=request,
                rows=rows,
                present=lambda shown: [
                    review_row_json(row, policies=policies) for row in rows_of([row.pk for row in shown])
                ],
                newest_first=True,
            )
        )


def _instead(slate: Slate, name: str | None) -> Resource | None:
    if name is None:
        return None
    found = resources_named(course=slate.course, resources=[name]).get(name)
    if found is None:
        detail = f"There is no resource “{name[:60]}” in this course."
        raise InvalidInput(detail, errors=[FieldError("/with", detail)])
    return found


class ReviewView(ApiView):
    @describe(
        "teachers",
        "A teacher's word on one item",
        details="approve: it is right. pin: first, until the learner has done it. never: not any more. swap: the other "
        "resource is pinned for the learner, this one stays away for 14 days. It counts from the learner's next "
        "recommendation on; a new word takes back the one before.",
        body=ReviewBody,
        answers={201: ReviewRowShape},
        examples=[REVIEW_ROW, SWAPPED, PINNED],
        has_key=True,
    )
    @idempotent
    def post(self, request: Request, slate: str, position: int) -> Response:
        found = slate_get(tenant=request.tenant, slate_id=slate)
        body = self.read(ReviewBody)
        teacher = body.get("teacher")
        review_record(
            slate=found,
            position=position,
            decision=body["decision"],
            teacher=learner_get(tenant=request.tenant, learner=teacher) if teacher else None,
            scope=body.get("scope") or "",
            instead=_instead(found, body.get("with")),
            note=body.get("note") or "",
            actor=request.auth.name,
        )
        row = review_row(course=found.course, slate_id=found.pk, position=position)
        policies = new_policies(course=found.course, at=now())
        return Response(review_row_json(row, policies=policies), status=201)

    @describe("teachers", "Take a teacher's word back", answers={204: None})
    def delete(self, request: Request, slate: str, position: int) -> Response:
        found = slate_get(tenant=request.tenant, slate_id=slate)
        row = review_row(course=found.course, slate_id=found.pk, position=position)
        if row is None or not row.counting:
            raise NotFound("There is no review of this place.")
        reviews_undo(course=found.course, batch=row.counting[0].batch, actor=request.auth.name, only=row.counting[0].pk)
        return Response(status=204)
