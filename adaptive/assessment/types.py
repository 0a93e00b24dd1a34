"""What an assessor says about one response. Plain data: no Django."""

from dataclasses import dataclass, field
from typing import Any, Literal

AssessorKind = Literal["key", "llm", "teacher", "lms"]
LABELS = ("correct", "partially_correct", "contradictory", "irrelevant", "incorrect")


class AssessorUnavailable(RuntimeError):
    """The assessor needs a language model and there is none now: keep the attempt queued and try again later."""


@dataclass(frozen=True)
class Verdict:
    """The result of assessing one response.

    score: credit in [0, 1]. label: one of LABELS. confidence: P(the decision right / not right is as a person's), in
    [0, 1]. feedback: one or two sentences for the learner; never the reference answer. misconception: the id of the
    one shown, or "". missing: words of what the answer lacks, for finding resources; not for showing. details: numbers
    behind the verdict, JSON-able. needs_review: a person should look before it counts. version: key of what was learned
    from the school's own marks and had the last word; None: the assessor as it ships.
    """

    score: float
    label: str
    confidence: float
    feedback: str
    misconception: str = ""
    missing: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    needs_review: bool = False
    assessor_kind: AssessorKind = "key"
    model: str = ""
    prompt_version: str = ""
    version: int | None = None

    def __post_init__(self) -> None:
        if self.label not in LABELS:
            raise ValueError(f"Unknown label {self.label!r}: one of {', '.join(LABELS)}.")
        for name in ("score", "confidence"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must lie in [0, 1], not {getattr(self, name)!r}.")
