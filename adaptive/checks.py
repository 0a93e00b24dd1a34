"""System checks: what must hold before the plugin can serve anybody."""

from django.core.checks import Error, register
from django.db import connections


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
