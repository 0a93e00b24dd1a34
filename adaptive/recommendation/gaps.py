"""What an assessment of performance found missing, as query vectors for retrieval."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q

from adaptive.audit.models import SentText
from adaptive.audit.services import sent_record_many
from adaptive.backends.embedding.base import EmbeddingModel
from adaptive.catalog.models import Course
from adaptive.learners.models import Learner
from adaptive.recommendation.models import GapQuery

MAX_TEXT = 1000
BATCH = 32


@dataclass(frozen=True, slots=True)
class Gap:
    """`text`: what to look for. `score`: mean in [0, 1] of the answers behind it. Of a skill or of a resource."""

    skill: int | None
    resource: int | None
    text: str
    score: float


@transaction.atomic
def gaps_record(*, assessment_id: int, learner: Learner, course: Course, gaps: Sequence[Gap]) -> list[GapQuery]:
    """Replaces what this assessment lets retrieval look for. A gap whose words did not change keeps its vector."""
    before = {
        (query.skill_id, query.resource_id, query.text): query
        for query in GapQuery.objects.filter(assessment_id=assessment_id)
    }
    rows = []
    for gap in gaps:
        text = " ".join(gap.text.replace("\x00", " ").split())[:MAX_TEXT]
        known = before.get((gap.skill, gap.resource, text))
        rows.append(
            GapQuery(
                assessment_id=assessment_id,
                learner=learner,
                course=course,
                skill_id=gap.skill,
                resource_id=gap.resource,
                text=text,
                score=gap.score,
                vector=known.vector if known else None,
                embedding_model=known.embedding_model if known else "",
            )
        )
    GapQuery.objects.filter(assessment_id=assessment_id).delete()
    return GapQuery.objects.bulk_create(rows)


def _noted(gaps: Sequence[GapQuery], model: str) -> bool:
    """Notes for the learners what the encoder is given about them. False where one of them was erased meanwhile: their
    gaps went with them, so that the next round does without."""
    try:
        with transaction.atomic():
            given = [(gap.learner, gap.text, gap) for gap in gaps]
            sent_record_many(purpose=SentText.Purpose.SEARCH, model=model, given=given)
    except IntegrityError:
        return False
    return True


def gaps_embed(*, embedding: EmbeddingModel, limit: int = 96) -> int:
    """Embeds gaps that have no vector yet, or one of another model, the latest first. Returns how many.

    Safe to run any number of times, at once too. Raises EmbeddingUnavailable where the model cannot be loaded.
    """
    waiting = GapQuery.objects.filter(Q(vector__isnull=True) | ~Q(embedding_model=embedding.name))
    rows = list(waiting.select_related("learner").defer("vector").order_by("-pk")[:limit])
    n_done = 0
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        if not _noted(batch, embedding.name):
            continue
        vectors = embedding.encode([row.text for row in batch])
        found = {
            row.pk: GapQuery(pk=row.pk, vector=vector.tolist(), embedding_model=embedding.name)
            for row, vector in zip(batch, vectors, strict=True)
        }
        with transaction.atomic():
            # A row that was replaced, or erased with its learner, is simply not there any more. One in other hands is
            # left to them: to wait for it with others locked could be a deadlock.
            free = GapQuery.objects.select_for_update(skip_locked=True).filter(pk__in=found)
            ours = [found[pk] for pk in free.values_list("pk", flat=True)]
            n_done += GapQuery.objects.bulk_update(ours, ["vector", "embedding_model"])
    return n_done
