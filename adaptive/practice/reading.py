"""Having the words of an answer read."""

from collections.abc import Sequence

from adaptive.assessment.types import Verdict
from adaptive.assessment.words.assessor import assess_words
from adaptive.audit.models import SentText
from adaptive.audit.services import sent_record
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.embedding.base import EmbeddingModel
from adaptive.backends.llm.base import LanguageModel
from adaptive.common.redacting import Redacted, redacted
from adaptive.events.models import Attempt
from adaptive.learners.selectors import written_by


def words_given(attempt: Attempt) -> Redacted:
    """The answer in words as a model may read it: without who wrote it."""
    exercise, answer = attempt.resource, attempt.resource.answer
    known = [*answer.get("references", []), *answer.get("accepted", [])]
    kept = "\n".join([exercise.title, exercise.body, exercise.rubric, *map(str, known)])
    return redacted(str((attempt.response or {}).get("text", "")), **written_by(attempt.learner), kept=kept)


def read_words(
    attempt: Attempt, *, llm: LanguageModel, embedding: EmbeddingModel, marker: Marker | None = None
) -> tuple[Verdict, Sequence[float] | None]:
    """The verdict on an answer in words, and where what it lacks lies in embedding space (None: nothing lacks).

    Who wrote it is taken out first, and what a model is about to read is noted for the learner. Outside any
    transaction: it takes as long as a model takes. Raises AssessorUnavailable where no model answers.
    """
    exercise = attempt.resource
    references, accepted = list(exercise.answer.get("references", [])), list(exercise.answer.get("accepted", []))
    given = words_given(attempt)

    def tell(model: str, host: str) -> None:
        sent_record(
            learner=attempt.learner,
            purpose=SentText.Purpose.MARKING,
            model=model,
            host=host,
            text=given.text,
            removed=given.removed,
            subject=attempt,
        )

    known = {misconception["id"]: misconception for misconception in attempt.course.misconceptions}
    verdict = assess_words(
        question=f"{exercise.title}\n{exercise.body}",
        references=references,
        accepted=accepted,
        rubric=exercise.rubric,
        answer=given.text,
        misconceptions=[known[m] for m in exercise.misconceptions if m in known],
        llm=llm,
        embedding=embedding,
        marker=marker,
        release_confidence=0.0,  # whether it is sure enough is for the trust gate to say
        tell=tell,
    )
    if not verdict.missing:
        return verdict, None
    return verdict, embedding.encode([verdict.missing])[0].tolist()
