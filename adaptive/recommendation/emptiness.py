"""Why there is nothing to recommend, in one plain sentence."""

from collections import Counter
from collections.abc import Mapping

from django.utils.translation import gettext as _

from .filtering import ANSWERED_RIGHT, BEING_READ, JUST_TRIED, MASTERED, RULED, SAID
from .types import Context

SHOWN_QUERY = 60


def why_empty(
    context: Context, dropped: Mapping[int, str], *, has_resources: bool, has_open_skill: bool, n_queued: int = 0
) -> str:
    """`has_resources`: any of these kinds in the course. `has_open_skill`: any skill not mastered, or none at all.

    `n_queued`: answers of this learner that are still being read.
    """
    if not has_resources:
        if context.kinds:
            return _("This course has nothing of that kind yet.")
        return _("There is nothing to work on in this course yet.")
    reasons = Counter(dropped.values())
    n_said = sum(reasons[code] for code in SAID)
    n_ruled = sum(reasons[code] for code in RULED)
    if context.query and not any(code in reasons for code in (*SAID, *RULED, ANSWERED_RIGHT, BEING_READ, JUST_TRIED)):
        query = context.query if len(context.query) <= SHOWN_QUERY else context.query[: SHOWN_QUERY - 1] + "…"
        return _("Nothing in this course matches “%(query)s”; try other words.") % {"query": query}
    if not has_open_skill or (reasons and set(reasons) == {MASTERED}):
        return _("You have mastered every skill of this course, and no review is due today.")
    if n_ruled and n_ruled == max([n_ruled, *(n for code, n in reasons.items() if code not in RULED)]):
        return _("Your teacher has set aside what would come next here. Ask your teacher what to do now.")
    if n_said and n_said == max([n_said, *(n for code, n in reasons.items() if code not in SAID)]):
        return _("You have set aside everything that would come next; it comes back by itself after some days.")
    if reasons[ANSWERED_RIGHT]:
        return _("You have just answered everything here that fits right now; come back tomorrow.")
    if reasons[BEING_READ] or n_queued:
        return _("Your latest answers are still being read; the next exercises come right after.")
    if reasons[JUST_TRIED]:
        return _("You have just tried everything here; take a short break and come back in ten minutes.")
    return _("There is nothing here that fits right now.")
