from django.apps import AppConfig


class AdaptiveConfig(AppConfig):
    """Adaptive learning as one reusable app: INSTALLED_APPS += ["adaptive"] and one include()."""

    name = "adaptive"
    verbose_name = "Adaptive learning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from adaptive import checks  # noqa: F401  registers the system checks
        from adaptive.conf import settings
        from adaptive.pages import languages  # noqa: F401  listens to logins

        settings()  # a bad setting stops the start
