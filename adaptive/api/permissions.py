"""What a token may do: its scopes."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class HasScope(BasePermission):
    """Safe methods need the scope read, others write; a view may ask for another one with `required_scope`."""

    message = _("This token's scopes do not allow that.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is None:
            return False
        scope = getattr(view, "required_scope", None) or ("read" if request.method in SAFE_METHODS else "write")
        self.message = f"This token may not do that: it needs the scope “{scope}”."
        return scope in request.auth.scopes
