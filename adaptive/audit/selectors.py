from typing import Any

from adaptive.audit.models import SentText


def sent_texts_of(*, learner: Any, limit: int, before: int | None = None) -> list[SentText]:
    """What models were given to read about the learner, the latest first. before: an id, for the ones after it."""
    found = SentText.objects.filter(learner=learner).order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found[:limit])
