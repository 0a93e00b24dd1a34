"""A language model behind an OpenAI-compatible HTTP server: vLLM, Ollama, llama.cpp, or a hosted one.

Standard library only. Servers differ in what they tell about likelihoods, so scoring goes down a ladder and remembers
the first rung that worked: the prompt's own token log-probabilities (vLLM and other servers with `echo`), else the
alternatives of the first answered token (`top_logprobs`), else the one word that the server answers.
"""

import logging
import math
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .base import LanguageModel, ModelUnavailable
from .json_client import JsonClient, Refused
from .limits import Budget, CircuitBreaker, SharedBudget

logger = logging.getLogger(__name__)

MAX_PROMPT_CHARACTERS = 24_000  # longer prompts are cut in the middle
MAX_LABEL_CHARACTERS = 2_000
PROMPTS_A_REQUEST = 16
SAID = 0.9  # P(label) given to the one a server says, where it tells no likelihoods
UNSEEN_LOG_P = -12.0  # of a label that is not among the top alternatives


class OpenAICompatibleModel(LanguageModel):
    """Options: base_url (".../v1"), model, api_key_env (name of the environment variable with the key; optional),
    timeout_seconds (30), failures_to_open (3) and open_seconds (30) of the circuit breaker, backoff_seconds (0.5),
    budget_tokens (0: no limit) in budget_seconds (a day), counted in budget_file for all processes ("": by each for
    itself), scoring ("auto", "echo", "top_logprobs", "answer"). Raises ValueError for options that cannot be.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key_env: str = "",
        timeout_seconds: float = 30.0,
        failures_to_open: int = 3,
        open_seconds: float = 30.0,
        backoff_seconds: float = 0.5,
        budget_tokens: int = 0,
        budget_seconds: float = 86_400.0,
        budget_file: str = "",
        scoring: str = "auto",
        model_dir: str = "",
    ) -> None:
        if not model:
            raise ValueError("model must name one of the server's models.")
        if scoring not in ("auto", *_RUNGS):
            raise ValueError(f"scoring must be auto, {', '.join(_RUNGS)}, not {scoring!r}.")
        budget = Budget(tokens=budget_tokens, seconds=budget_seconds)
        if budget_file and budget_tokens:
            budget = SharedBudget(Path(budget_file), tokens=budget_tokens, seconds=budget_seconds)
        self._client = JsonClient(
            base_url=base_url,
            who=model,
            api_key_env=api_key_env,
            timeout_seconds=timeout_seconds,
            backoff_seconds=backoff_seconds,
            breaker=CircuitBreaker(failures_to_open=failures_to_open, open_seconds=open_seconds),
            budget=budget,
        )
        self._rung: str | None = None if scoring == "auto" else scoring
        self.name = model
        self.version = "remote"
        self.host = urlsplit(base_url).hostname or base_url

    @property
    def has_likelihoods(self) -> bool:  # type: ignore[override]
        return self._rung == "echo"

    def is_available(self) -> bool:
        return self._client.is_available()

    def load(self) -> None:
        """Nothing is loaded here; the first call shows whether the server answers."""

    # -- scoring ------------------------------------------------------------------------------------------------

    def score_labels(self, prefix: str, texts: list[str], labels: list[str]) -> list[list[float]]:
        """As LanguageModel.score_labels; see `has_likelihoods` for what the numbers are."""
        if not labels or not all(labels):
            raise ValueError("score_labels needs at least one label, and no empty one.")
        labels = [label[:MAX_LABEL_CHARACTERS] for label in labels]
        prompts = [_cut_middle(prefix + text) for text in texts]
        if not prompts:
            return []
        for rung in [self._rung] if self._rung else list(_RUNGS):
            try:
                rows = getattr(self, f"_by_{rung}")(prompts, labels)
            except Refused as error:
                if self._rung or rung == "answer":
                    raise
                logger.info("The server of %s refuses scoring by %s: %s", self.name, rung, error)
                continue
            if rows is not None:
                self._rung = rung
                return rows
        raise ModelUnavailable(f"The server of {self.name} gives no usable answer to a scoring request.")

    def _by_echo(self, prompts: list[str], labels: list[str]) -> list[list[float]] | None:
        pairs = [(prompt, label) for prompt in prompts for label in labels]
        flat: list[float] = []
        for start in range(0, len(pairs), PROMPTS_A_REQUEST):
            part = pairs[start : start + PROMPTS_A_REQUEST]
            answer = self._post(
                "/completions",
                {
                    "prompt": [prompt + label for prompt, label in part],
                    "max_tokens": 1,
                    "temperature": 0,
                    "echo": True,
                    "logprobs": 1,
                },
                tokens=len(part),
            )
            choices = _by_index(answer, len(part))
            if choices is None:
                return None
            for choice, (prompt, label) in zip(choices, part, strict=True):
                value = _sum_of_echo(choice.get("logprobs"), len(prompt), len(prompt) + len(label))
                if value is None:
                    return None
                flat.append(value)
        width = len(labels)
        return [flat[row * width : (row + 1) * width] for row in range(len(prompts))]

    def _by_top_logprobs(self, prompts: list[str], labels: list[str]) -> list[list[float]] | None:
        rows = []
        for prompt in prompts:
            answer = self._ask(_one_word_prompt(prompt, labels), max_tokens=1, logprobs=True, top_logprobs=20)
            try:
                top = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
                seen = [(str(entry["token"]), _log_p(entry["logprob"])) for entry in top]
            except (KeyError, IndexError, TypeError, ValueError, OverflowError):
                return None
            rows.append([_log_p_of_start(label, seen) for label in labels])
        return rows

    def _by_answer(self, prompts: list[str], labels: list[str]) -> list[list[float]] | None:
        rows = []
        for prompt in prompts:
            said = _content(self._ask(_one_word_prompt(prompt, labels), max_tokens=12)).casefold()
            named = [index for index, label in enumerate(labels) if _says(said, label)]
            # "not correct" and "incorrect" both hold "correct": the longest label that is said counts.
            chosen = max(named, key=lambda index: len(labels[index]), default=None)
            if chosen is None or len(labels) == 1:
                rows.append([-math.log(len(labels))] * len(labels))
            else:
                rest = math.log((1 - SAID) / (len(labels) - 1))
                rows.append([math.log(SAID) if index == chosen else rest for index in range(len(labels))])
        return rows

    # -- writing ------------------------------------------------------------------------------------------------

    def generate(self, prompt: str, *, max_tokens: int, stop: list[str], seconds: float) -> str:
        """As LanguageModel.generate. When the time is over before the server answers: ModelUnavailable."""
        if max_tokens < 1 or seconds <= 0:
            return ""
        extra = {"stop": stop[:4]} if stop else {}
        answer = self._ask(_cut_middle(prompt), max_tokens=max_tokens, seconds=seconds, **extra)
        text = _content(answer)
        ends = [text.find(mark) for mark in stop if mark and mark in text]  # not every server minds `stop`
        return text[: min(ends)].strip() if ends else text.strip()

    def _ask(self, prompt: str, *, max_tokens: int, seconds: float | None = None, **extra: Any) -> dict[str, Any]:
        body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": max_tokens, "temperature": 0, **extra}
        return self._post("/chat/completions", body, tokens=max_tokens, seconds=seconds)

    def _post(self, path: str, body: dict[str, Any], *, tokens: int, seconds: float | None = None) -> dict[str, Any]:
        return self._client.post(path, {"model": self.name, **body}, tokens=tokens, seconds=seconds)


_RUNGS = ("echo", "top_logprobs", "answer")


def _cut_middle(text: str) -> str:
    if len(text) <= MAX_PROMPT_CHARACTERS:
        return text
    half = MAX_PROMPT_CHARACTERS // 2
    return text[:half] + text[-half:]


def _one_word_prompt(prompt: str, labels: list[str]) -> str:
    words = ", ".join(f'"{label.strip()}"' for label in labels)
    return f"{prompt}\n\nContinue with exactly one of: {words}. Write nothing else."


def _by_index(answer: dict[str, Any], n: int) -> list[dict[str, Any]] | None:
    choices = answer.get("choices")
    if not isinstance(choices, list) or len(choices) != n or not all(isinstance(choice, dict) for choice in choices):
        return None
    if not all(isinstance(choice.get("index", 0), int) for choice in choices):
        return None
    return sorted(choices, key=lambda choice: choice.get("index", 0))


def _sum_of_echo(logprobs: Any, start: int, end: int) -> float | None:
    """Sum over the tokens that begin in characters [start, end); None where the server told no usable numbers."""
    try:
        pairs = list(zip(logprobs["text_offset"], logprobs["token_logprobs"], strict=True))
        inside = [_log_p(value) for offset, value in pairs if start <= offset < end]
        return sum(inside) if inside and pairs[0][0] == 0 else None
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return None


def _log_p(value: Any) -> float:
    """A log-probability as a server tells it. Rounding may put it a little over 0; ValueError for what is no number."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("A log-probability must be finite.")
    return min(0.0, number)


def _log_p_of_start(label: str, seen: list[tuple[str, float]]) -> float:
    """P that the answer begins as the label does: the sum over tokens that are a beginning of it (or hold it)."""
    wanted = label.strip().casefold()
    total = 0.0
    for token, log_p in seen:
        said = token.strip().casefold()
        if said and (wanted.startswith(said) or said.startswith(wanted)):
            total += math.exp(log_p)
    return min(0.0, math.log(total)) if total > 0 else UNSEEN_LOG_P


def _content(answer: dict[str, Any]) -> str:
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        content = 0
    if content is not None and not isinstance(content, str):
        raise ModelUnavailable("The language model's server sent an answer of the wrong shape.")
    return content or ""  # null where a model chose to say nothing


def _says(said: str, label: str) -> bool:
    return said.strip(" .!\"'`*:").startswith(label.strip().casefold())
