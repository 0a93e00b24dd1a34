"""How far down the hint ladder a learner has gone, kept in the session by the server: a page cannot forget a hint.

The rungs: the author's hints from 1, then a similar problem with its solution, then the answer itself. The last two
keep their numbers where the course has no similar problem.
"""

from datetime import datetime

from django.http import HttpRequest

from adaptive.catalog.models import Resource

SESSION_KEY = "hints"
MOST = 20  # exercises remembered at once


def hints_seen(request: HttpRequest, resource: Resource, *, since: datetime | None = None) -> int:
    """Rungs seen for this exercise. `since`: the time of a right answer; hints seen before it no longer count.

    See `example_shown` and `answer_shown` for those beyond the author's.
    """
    n, at = request.session.get(SESSION_KEY, {}).get(str(resource.pk), (0, 0.0))
    return 0 if since is not None and at < since.timestamp() else n


def hint_open(request: HttpRequest, resource: Resource, n: int, *, at: datetime) -> None:
    """Notes that n rungs have been shown by now."""
    seen = request.session.get(SESSION_KEY, {})
    seen.pop(str(resource.pk), None)
    seen[str(resource.pk)] = (n, at.timestamp())
    request.session[SESSION_KEY] = dict(list(seen.items())[-MOST:])


def example_shown(resource: Resource) -> int:
    """The rung of the similar problem."""
    return len(resource.hints) + 1


def answer_shown(resource: Resource) -> int:
    """The rung that stands for having seen the answer."""
    return len(resource.hints) + 2
