"""A language model with simple opinions, so that the assessor's rules can be tested without weights."""

from itertools import pairwise

from adaptive.backends.llm.base import LanguageModel, ModelUnavailable


class FakeModel(LanguageModel):
    """Knows word pairs, no meaning.

    A pair of neighbouring words of the prompt, or of `known`, costs little; any other pair costs much. So sentences
    beat their shuffled words, and an answer gains from a reference that says the same.
    """

    name = "fake"
    version = "1"

    def __init__(self, known: str = "", likelihoods: bool = True, yes: float = 0.0) -> None:
        self.has_likelihoods = likelihoods
        self.available, self.calls, self.yes = True, 0, yes
        self._known = known.casefold().split()

    def is_available(self) -> bool:
        return self.available

    def load(self) -> None:
        pass

    def score_labels(self, prefix: str, texts: list[str], labels: list[str]) -> list[list[float]]:
        if not self.available:
            raise ModelUnavailable("The fake is switched off.")
        self.calls += 1
        return [[self._score(prefix + text, label) for label in labels] for text in texts]

    def generate(self, prompt: str, *, max_tokens: int, stop: list[str], seconds: float) -> str:
        return ""

    def _score(self, prompt: str, label: str) -> float:
        if label.strip() in ("yes", "no"):
            return min(0.0, -1.0 + (self.yes / 2 if label.strip() == "yes" else -self.yes / 2))
        words = prompt.casefold().split()
        pairs = {*pairwise(words), *pairwise(self._known)}
        said = label.casefold().split()
        return sum(-1.0 if pair in pairs else -4.0 for pair in pairwise(["", *said]))
