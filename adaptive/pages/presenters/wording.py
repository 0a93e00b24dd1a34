"""Numbers and names as people say them. Everything here comes out as plain text."""

from datetime import datetime, timedelta
from functools import lru_cache

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from adaptive.catalog.models import Resource


def percent(share: float | None) -> str:
    """A probability as a whole percentage; never 0 % or 100 %, which nobody knows. "" for None."""
    return "" if share is None else _whole(min(max(round(share * 100), 1), 99), get_language())


@lru_cache(maxsize=1024)
def _whole(n: int, language: str | None) -> str:
    """Kept by language: a map says it ten thousand times."""
    return _("%(n)d\u00a0%%") % {"n": n}


def share(value: float) -> str:
    """A counted share, where 0 % and 100 % are facts."""
    return _whole(round(value * 100), get_language())


def points(step: float) -> str:
    """How far a probability moved: "+12 points", "−3 points"; tenths where it is little."""
    n = round(step * 100, 0 if abs(step) >= 0.1 else 1)
    sign = "+" if n > 0 else "−" if n < 0 else "±"
    return _("%(n)s\u00a0points") % {"n": f"{sign}{number_format(abs(n), 0 if abs(step) >= 0.1 else 1)}"}


def minutes(value: float) -> str:
    n = max(1, round(value))
    return ngettext("%(n)d min", "%(n)d min", n) % {"n": n}


KINDS = {
    Resource.Kind.EXERCISE: lambda: _("Exercise"),
    Resource.Kind.READING: lambda: _("Reading"),
    Resource.Kind.VIDEO: lambda: _("Video"),
    Resource.Kind.WORKED_EXAMPLE: lambda: _("Worked example"),
}


def kind_name(kind: str) -> str:
    return KINDS[kind]() if kind in KINDS else kind


def ago(moment: datetime, at: datetime) -> str:
    """How long ago, or how soon, in words."""
    seconds = (at - moment).total_seconds()
    past = seconds >= 0
    size = timedelta(seconds=abs(seconds))
    if size < timedelta(seconds=50):
        return _("just now") if past else _("in a moment")
    if size < timedelta(minutes=50):
        n, unit = round(size.total_seconds() / 60), "minute"
    elif size < timedelta(hours=22):
        n, unit = round(size.total_seconds() / 3600), "hour"
    elif size < timedelta(days=25):
        n, unit = max(1, round(size.total_seconds() / 86400)), "day"
    else:
        return pgettext("a date", "on %(date)s") % {"date": date_format(localtime(moment), "DATE_FORMAT")}
    forms = {
        ("minute", True): ngettext("%(n)d minute ago", "%(n)d minutes ago", n),
        ("hour", True): ngettext("%(n)d hour ago", "%(n)d hours ago", n),
        ("day", True): ngettext("%(n)d day ago", "%(n)d days ago", n),
        ("minute", False): ngettext("in %(n)d minute", "in %(n)d minutes", n),
        ("hour", False): ngettext("in %(n)d hour", "in %(n)d hours", n),
        ("day", False): ngettext("in %(n)d day", "in %(n)d days", n),
    }
    return forms[unit, past] % {"n": n}


def exactly(moment: datetime) -> str:
    return date_format(localtime(moment), "DATETIME_FORMAT")
