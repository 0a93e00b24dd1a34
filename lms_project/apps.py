from django.apps import AppConfig


class LmsProjectConfig(AppConfig):
    """The host project; an app only so that `manage.py start` is found."""

    name = "lms_project"
