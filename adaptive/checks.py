"""System checks: what must hold before the plugin can serve anybody."""

from django.conf import settings
from django.core.checks import Error, Warning, register
from django.db import connections

LOCALE = "django.middleware.locale.LocaleMiddleware"


@register()
def database_is_postgresql(app_configs, **kwargs):
    if connections["default"].vendor != "postgresql":
        return [
            Error(
                "adaptive needs PostgreSQL with the pgvector extension.",
                hint="Point DATABASE_URL at a PostgreSQL server.",
                id="adaptive.E001",
            )
        ]
    return []


@register()
def every_request_begins_with_its_own_language(app_configs, **kwargs):
    """A page speaks its reader's language from the login on; without this the next reader of the thread got it too."""
    if LOCALE in settings.MIDDLEWARE:
        return []
    return [
        Warning(
            "Without LocaleMiddleware a page can come in the language of whoever was served before.",
            hint=f"Add {LOCALE} to MIDDLEWARE, after SessionMiddleware.",
            id="adaptive.W001",
        )
    ]
