"""What every language model must offer. Importing this file loads no model library."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext

PURPOSES = ("assess", "explain", "recommend", "tutor")


class ModelUnavailable(RuntimeError):
    """The model cannot answer now (switched off, not reachable, not installed). Try again later, or do without."""


class LanguageModel(ABC):
    """A language model that scores given continuations and writes short texts.

    `name` and `version` are stored beside everything the model had a part in, so they must change when the weights do.
    Implementations take their options as keyword arguments and do nothing heavy before `load()`.
    """

    name: str = ""
    version: str = ""
    # Whether score_labels tells true likelihoods of any text. Some servers only tell which label they would choose:
    # then the numbers order short labels and say nothing about long texts.
    has_likelihoods: bool = True
    # Whose server reads what the model is given, such as "api.example.com"; "" where it never leaves this process.
    host: str = ""

    @abstractmethod
    def is_available(self) -> bool:
        """Whether a call now has a fair chance of an answer. Cheap; never loads the model, never raises."""

    @abstractmethod
    def load(self) -> None:
        """Do the heavy work once (imports, weights). Safe to call again. Raises ModelUnavailable."""

    def for_purpose(self, purpose: str) -> AbstractContextManager[None]:
        """Within the block the model works with what was fitted for this purpose (one of PURPOSES), if anything was."""
        return nullcontext()

    @abstractmethod
    def score_labels(self, prefix: str, texts: list[str], labels: list[str]) -> list[list[float]]:
        """Log-likelihood (natural log, summed over tokens, <= 0) of every label as the continuation of prefix + text.

        Returns one row a text, one number a label: shape (len(texts), len(labels)). The row of a text does not depend
        on which other texts are in the call. Labels should begin with the space that would follow the prompt. A prompt
        longer than the model's limit is cut in the middle. Raises ValueError for no or empty labels and
        ModelUnavailable.
        """

    @abstractmethod
    def generate(self, prompt: str, *, max_tokens: int, stop: list[str], seconds: float) -> str:
        """Answer the prompt (a chat message where the model has a chat format), greedily.

        At most `max_tokens` tokens and about `seconds` seconds.
        The text ends before the first string of `stop`. Running out of time or tokens is not an error: what was
        written so far is returned. Raises ModelUnavailable.
        """
