"""What all views of the API share."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from adaptive.api.authentication import TokenAuthentication
from adaptive.api.parsers import StrictJSONParser
from adaptive.api.permissions import HasScope
from adaptive.api.problems import LengthRequired, exception_handler
from adaptive.api.throttling import TokenThrottle


class AlwaysTheSame(BaseContentNegotiation):
    """The API speaks JSON, whatever a client's Accept header says: an error must never hide behind a 406."""

    def select_parser(self, request: Request, parsers: list[BaseParser]) -> BaseParser | None:
        wanted = (request.content_type or "application/json").split(";")[0].strip().lower()
        for parser in parsers:
            if parser.media_type in {wanted, "*/*"}:
                return parser
        return None

    def select_renderer(
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A token, a scope, a rate, JSON. All named here, so that a host project's own defaults change nothing."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [TokenThrottle]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysTheSame
    schema = AutoSchema()

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response]:
        return exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.headers.get("Transfer-Encoding") and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired

    def read(self, serializer: type[serializers.Serializer], data: Any = None) -> dict[str, Any]:
        """The body (or `data`) in the serializer's shape. Raises ValidationError with pointers."""
        reader = serializer(data=self.request.data if data is None else data)
        reader.is_valid(raise_exception=True)
        return reader.validated_data


class OpenView(ApiView):
    """Without a token: what an operator's machines and a developer's browser read."""

    authentication_classes: list = []
    permission_classes: list = []
    throttle_classes: list = []


def put_answer(body: dict[str, Any], *, created: bool) -> Response:
    return Response(body, status=201 if created else 200)
