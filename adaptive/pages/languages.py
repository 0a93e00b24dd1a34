"""Which language a page speaks.

Who is logged in: their own, kept with the learner, so that what a worker writes to them comes in it too. Before that,
what was last chosen in this browser, else what the browser asks for (Django's LocaleMiddleware sees to both).
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from adaptive.common.errors import InvalidInput
from adaptive.learners.languages import languages, offered
from adaptive.learners.models import Learner
from adaptive.learners.services import language_set

SAID = "language_said"  # in the session: chosen before the login, so it is whoever logs in now who chose it


def speak(request: HttpRequest, learner: Learner | None) -> None:
    """From here on this request speaks the learner's language; as it was where they have none that is offered."""
    if learner is not None and (language := offered(learner.language)):
        translation.activate(language)
        request.LANGUAGE_CODE = language


def choose(request: HttpRequest, learner: Learner | None, language: str) -> None:
    """Keeps the choice. Raises InvalidInput for a language that is not offered."""
    if language not in languages():
        raise InvalidInput(_("These pages do not have that language; nothing was changed."))
    if learner is not None:
        language_set(learner=learner, language=language)
    else:
        request.session[SAID] = language


def remember(response: HttpResponse, language: str) -> None:
    """In this browser, for the pages before the login."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )


@receiver(user_logged_in, dispatch_uid="adaptive.language_at_login")
def language_at_login(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """What was chosen on the way to the login is theirs; where nothing is known yet, what the browser asks for is."""
    learner = Learner.objects.filter(user=user.pk).first()
    if learner is None:
        return
    said = request.session.pop(SAID, "")
    is_told = "HTTP_ACCEPT_LANGUAGE" in request.META or settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    if not said and not learner.language and is_told:
        said = translation.get_language_from_request(request)
    if offered(said) == said != "":
        language_set(learner=learner, language=said)
