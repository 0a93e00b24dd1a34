"""When the difficulties that were computed become those that the learner model is told."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from adaptive.catalog.models import Course
from adaptive.events.models import Attempt
from adaptive.mastery.difficulties import known_to_model
from adaptive.mastery.items import authored_logit
from adaptive.mastery.models import ItemDifficulty, LearnerState
from adaptive.mastery.versions import items_version_raise, tags_raise

Source = ItemDifficulty.Source

# Publishing makes the states of all who answered the exercise stale: they are replayed, by seconds of work a learner.
# So what moved by less than can be noticed waits (.25 logits are at most 6 points of p_correct, half of what twenty
# answers leave uncertain), and what moved more waits for the next of a few moments a day. Of an exercise without an
# answer no state knows, so it is published at once.
MATERIAL = 0.25
REPUBLISH_AFTER = timedelta(hours=6)


def difficulties_publish(*, course: Course, at: datetime) -> int:
    """Makes what was foretold and counted the difficulty that the learner model is told. How many states wait now.

    Only what moved enough; see MATERIAL. The course's `item_version` grows with it, in one transaction, so a state
    says by its tag which difficulties it was made with. Learners who never answered one of these exercises have states
    that a replay would give again, so they get the new tag at once and wait for nothing.
    """
    known = known_to_model(course)
    rows = [
        row
        for row in ItemDifficulty.objects.filter(resource__course=course, resource__is_retired=False).annotate(
            authored=F("resource__authored_difficulty")
        )
        if row.resource_id not in known
    ]
    answered = _answered([row.resource_id for row in rows])
    last = max((row.used_at for row in rows if row.used_at and row.used_n_answers), default=None)
    is_time = last is None or at - last >= REPUBLISH_AFTER
    moved = [row for row in rows if _has_moved(row, is_answered=row.resource_id in answered, is_time=is_time)]
    if not moved:
        return 0
    for row in moved:
        row.used, row.used_n_answers, row.used_at = _wanted(row), row.n_answers, at
    with transaction.atomic():
        before = items_version_raise(course)
        # Everybody takes an attempt in with the state locked: whoever is at it ends with the old difficulties and the
        # old tag, and whoever comes later reads the new ones.
        theirs = LearnerState.objects.select_for_update().filter(course=course).order_by("learner_id")
        locked = dict(theirs.values_list("pk", "learner_id"))
        ItemDifficulty.objects.bulk_update(moved, ["used", "used_n_answers", "used_at"], batch_size=500)
        touched = Attempt.objects.filter(resource__in=[row.resource_id for row in moved], applied_seq__isnull=False)
        concerned = set(touched.values_list("learner_id", flat=True).distinct())
        tags_raise(before=before, state_ids=[pk for pk, learner_id in locked.items() if learner_id not in concerned])
    return sum(learner_id in concerned for learner_id in locked.values())


def _answered(resource_ids: list[int]) -> set[int]:
    return set(
        Attempt.objects.filter(resource__in=resource_ids, applied_seq__isnull=False)
        .order_by()
        .values_list("resource_id", flat=True)
        .distinct()
    )


def _wanted(row: ItemDifficulty) -> float | None:
    """What should be told: nothing where only the author, or nobody, has said anything."""
    return None if row.source in (Source.AUTHOR, Source.NONE) and not row.n_answers else row.mean


def _has_moved(row: ItemDifficulty, *, is_answered: bool, is_time: bool) -> bool:
    if is_answered and not is_time:
        return False
    author = authored_logit(row.authored)
    now = author if row.used is None else row.used
    wanted = _wanted(row)
    then = author if wanted is None else wanted
    if now is None or then is None:
        return now is not then
    return abs(then - now) >= (MATERIAL if is_answered else 0.01)
