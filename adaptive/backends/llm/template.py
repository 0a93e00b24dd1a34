"""No language model at all: the site runs without AI, from authored templates and answer keys only."""

from .base import LanguageModel, ModelUnavailable


class NoModel(LanguageModel):
    """Always unavailable. Callers keep what waits for a model queued and use the plain wording elsewhere."""

    name = "none"
    version = "1"

    def __init__(self, **options: object) -> None:
        # Takes any options, so that switching the AI off needs one setting changed, not two.
        pass

    def is_available(self) -> bool:
        return False

    def load(self) -> None:
        """Nothing to load."""

    def score_labels(self, prefix: str, texts: list[str], labels: list[str]) -> list[list[float]]:
        raise ModelUnavailable("No language model is configured.")

    def generate(self, prompt: str, *, max_tokens: int, stop: list[str], seconds: float) -> str:
        raise ModelUnavailable("No language model is configured.")
