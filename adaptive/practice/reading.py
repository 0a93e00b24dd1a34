"""Having the words of an answer read."""

from collections.abc import Sequence

from adaptive.assessment.types import Verdict
from adaptive.assessment.words.assessor import assess_words
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.embedding.base import EmbeddingModel
from adaptive.backends.llm.base import LanguageModel
from adaptive.events.models import Attempt


def read_words(
    attempt: Attempt, *, llm: LanguageModel, embedding: EmbeddingModel, marker: Marker | None = None
) -> tuple[Verdict, Sequence[float] | None]:
    """The verdict on an answer in words, and where what it lacks lies in embedding space (None: nothing lacks).

    Outside any transaction: it takes as long as a model takes. Raises AssessorUnavailable where no model answers.
    """
    exercise = attempt.resource
    known = {misconception["id"]: misconception for misconception in attempt.course.misconceptions}
    verdict = assess_words(
        question=f"{exercise.title}\n{exercise.body}",
        references=list(exercise.answer.get("references", [])),
        accepted=list(exercise.answer.get("accepted", [])),
        rubric=exercise.rubric,
        answer=attempt.response["text"],
        misconceptions=[known[m] for m in exercise.misconceptions if m in known],
        llm=llm,
        embedding=embedding,
        marker=marker,
        release_confidence=0.0,  # whether it is sure enough is for the trust gate to say
    )
    if not verdict.missing:
        return verdict, None
    return verdict, embedding.encode([verdict.missing])[0].tolist()
