"""Embeddings of resources, made in the background by whoever has the model."""

from django.db.models import F, Q

from adaptive.backends.embedding.base import EmbeddingModel
from adaptive.catalog.models import Resource
from adaptive.catalog.services import content_text

BATCH = 32


def resources_embed(*, embedding: EmbeddingModel, limit: int = 2000) -> int:
    """Embeds resources whose words have no embedding yet, or changed since, or had it from another model.

    Returns how many were embedded; call again until it returns 0.
    """
    waiting = (
        Resource.objects.filter(is_retired=False)
        .filter(Q(embedding__isnull=True) | ~Q(embedded_hash=F("content_hash")) | ~Q(embedding_model=embedding.name))
        .defer("embedding", "search")
        .order_by("pk")[:limit]
    )
    n_done, rows = 0, list(waiting)
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        vectors = embedding.encode([content_text(resource) for resource in batch])
        for resource, vector in zip(batch, vectors, strict=True):
            # Only if the words are still those that were read: an edit in between is embedded in the next round.
            n_done += Resource.objects.filter(pk=resource.pk, content_hash=resource.content_hash).update(
                embedding=vector.tolist(), embedding_model=embedding.name, embedded_hash=resource.content_hash
            )
    return n_done
