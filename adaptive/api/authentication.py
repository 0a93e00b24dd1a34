"""Who calls: a bearer token that belongs to one tenant."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from adaptive.tenants.models import ApiToken
from adaptive.tenants.selectors import token_find

MAX_TOKEN = 200


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. Sets request.auth (the ApiToken) and request.tenant."""

    def authenticate(self, request: Request) -> tuple[None, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2 or len(parts[1]) > MAX_TOKEN or not parts[1].isascii():
            raise AuthenticationFailed(_("The header must read “Authorization: Bearer TOKEN”."))
        token = token_find(token=parts[1].decode("ascii"))
        if token is None:
            raise AuthenticationFailed(_("This token is not known here, or it was revoked."))
        request.tenant = token.tenant
        return None, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="adaptive"'
