import time
import zlib

from adaptive.backends.llm.base import LanguageModel

SECONDS_PER_TEXT = 0.01


class StandIn(LanguageModel):
    """Takes about as long as a fast model and says something arbitrary, always the same for the same words."""

    name, version = "stand-in", "1"

    def __init__(self, **options: object) -> None:
        pass

    def is_available(self) -> bool:
        return True

    def load(self) -> None:
        pass

    def score_labels(self, prefix: str, texts: list[str], labels: list[str]) -> list[list[float]]:
        time.sleep(SECONDS_PER_TEXT * len(texts))
        return [[_likelihood(prefix + text, label) for label in labels] for text in texts]

    def generate(self, prompt: str, *, max_tokens: int, stop: list[str], seconds: float) -> str:
        return ""


def _likelihood(before: str, label: str) -> float:
    words = label.split()
    if len(words) > 3:  # a sentence: its shuffled words, which mostly begin with a small letter, are less likely
        return -len(words) * (1.0 if words[0][0].isupper() else 3.0)
    return -(zlib.crc32((before + label).encode()) % 1000) / 100
