"""A language model behind an OpenAI-compatible HTTP server: vLLM, Ollama, llama.cpp, or a hosted one.

Standard library only. Servers differ in what they tell about likelihoods, so scoring goes down a ladder and remembers
the first rung that worked: the prompt's own token log-probabilities (vLLM and other servers with `echo`), else the
alternatives of the first answered token (`top_logprobs`), else the one word that the server answers.
"""

import http.client
import json
import logging
import math
import os
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from .base import LanguageModel, ModelUnavailable

logger = logging.getLogger(__name__)

MAX_PROMPT_CHARACTERS = 24_000  # longer prompts are cut in the middle
MAX_LABEL_CHARACTERS = 2_000
MAX_ANSWER_BYTES = 8_000_000
PROMPTS_A_REQUEST = 16
RETRIES = 2
SAID = 0.9  # P(label) given to the one a server says, where it tells no likelihoods
UNSEEN_LOG_P = -12.0  # of a label that is not among the top alternatives


class _Refused(ModelUnavailable):
    """The server understood and said no (4xx): asking again the same way is of no use."""


class OpenAICompatibleModel(LanguageModel):
    """Options: base_url (".../v1"), model, api_key_env (name of the environment variable with the key; optional),
    timeout_seconds (30), failures_to_open (3) and open_seconds (30) of the circuit breaker, backoff_seconds (0.5),
    scoring ("auto", "echo", "top_logprobs", "answer").
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
        scoring: str = "auto",
        model_dir: str = "",
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"base_url must look like http://127.0.0.1:8000/v1, not {base_url!r}.")
        if not model:
            raise ValueError("model must name one of the server's models.")
        if scoring not in ("auto", *_RUNGS):
            raise ValueError(f"scoring must be auto, {', '.join(_RUNGS)}, not {scoring!r}.")
        self._parts, self._path = parts, parts.path.rstrip("/")
        self._api_key_env = api_key_env
        self._timeout = timeout_seconds
        self._failures_to_open, self._open_seconds = failures_to_open, open_seconds
        self._backoff = backoff_seconds
        self._rung: str | None = None if scoring == "auto" else scoring
        self._lock = threading.Lock()
        self._n_failures, self._closed_at = 0, 0.0
        self.name = model
        self.version = "remote"

    @property
    def has_likelihoods(self) -> bool:  # type: ignore[override]
        return self._rung == "echo"

    def is_available(self) -> bool:
        with self._lock:
            return time.monotonic() >= self._closed_at

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
            except _Refused as error:
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
                seen = [(str(entry["token"]), float(entry["logprob"])) for entry in top]
            except (KeyError, IndexError, TypeError, ValueError):
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

    # -- HTTP ---------------------------------------------------------------------------------------------------

    def _ask(self, prompt: str, *, max_tokens: int, seconds: float | None = None, **extra: Any) -> Any:
        body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": max_tokens, "temperature": 0}
        return self._post("/chat/completions", {**body, **extra}, seconds=seconds)

    def _post(self, path: str, body: dict[str, Any], *, seconds: float | None = None) -> Any:
        """The server's JSON. Tries again after a failed connection, 429 and 5xx; counts failures for the breaker."""
        if not self.is_available():
            raise ModelUnavailable(f"The server of {self.name} failed several times; it is asked again soon.")
        deadline = time.monotonic() + (seconds if seconds is not None else self._timeout * (RETRIES + 1))
        payload = json.dumps({"model": self.name, **body}).encode()
        problem = ""
        for attempt in range(RETRIES + 1):
            wait = 0.0 if attempt == 0 else self._backoff * 2 ** (attempt - 1)
            left = deadline - time.monotonic() - wait
            if left <= 0:
                problem = problem or "no time left"
                break
            time.sleep(wait)
            try:
                status, data = self._send(path, payload, min(self._timeout, left))
            except (OSError, http.client.HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if status == 429 or status >= 500:
                problem = f"status {status}"
                continue
            if status != 200:
                if status in (401, 403, 404):  # a wrong key, address or model: nothing will work until it is changed
                    self._failed()
                else:
                    self._worked()
                raise _Refused(f"The server of {self.name} answered {status} to {path}.")
            try:
                answer = json.loads(data)
            except ValueError:
                problem = "an answer that is not JSON"
                continue
            if not isinstance(answer, dict):
                problem = "an answer of the wrong shape"
                continue
            self._worked()
            return answer
        self._failed()
        raise ModelUnavailable(f"The server of {self.name} does not answer: {problem}.")

    def _send(self, path: str, payload: bytes, timeout: float) -> tuple[int, bytes]:
        secure = self._parts.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(str(self._parts.hostname), self._parts.port, timeout=timeout)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        key = os.environ.get(self._api_key_env, "") if self._api_key_env else ""
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            connection.request("POST", self._path + path, body=payload, headers=headers)
            response = connection.getresponse()
            data = response.read(MAX_ANSWER_BYTES + 1)
            if len(data) > MAX_ANSWER_BYTES:
                raise http.client.HTTPException("the answer is too long")
            return response.status, data
        finally:
            connection.close()

    def _worked(self) -> None:
        with self._lock:
            self._n_failures = 0

    def _failed(self) -> None:
        with self._lock:
            self._n_failures += 1
            if self._n_failures >= self._failures_to_open:
                # One failure after the pause opens it again at once: the count is kept until something works.
                self._closed_at = time.monotonic() + self._open_seconds
                logger.warning("The server of %s failed %d times; pausing.", self.name, self._n_failures)


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
    return sorted(choices, key=lambda choice: choice.get("index", 0))


def _sum_of_echo(logprobs: Any, start: int, end: int) -> float | None:
    """Sum over the tokens that begin in characters [start, end); None where the server told no usable numbers."""
    try:
        pairs = list(zip(logprobs["text_offset"], logprobs["token_logprobs"], strict=True))
        inside = [value for offset, value in pairs if start <= offset < end]
        return float(sum(inside)) if inside and pairs[0][0] == 0 else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _log_p_of_start(label: str, seen: list[tuple[str, float]]) -> float:
    """P that the answer begins as the label does: the sum over tokens that are a beginning of it (or hold it)."""
    wanted = label.strip().casefold()
    total = 0.0
    for token, log_p in seen:
        said = token.strip().casefold()
        if said and (wanted.startswith(said) or said.startswith(wanted)):
            total += math.exp(min(0.0, log_p))
    return math.log(total) if total > 0 else UNSEEN_LOG_P


def _content(answer: dict[str, Any]) -> str:
    try:
        return answer["choices"][0]["message"]["content"] or ""
    except (KeyError, IndexError, TypeError):
        raise ModelUnavailable("The language model's server sent an answer of the wrong shape.") from None


def _says(said: str, label: str) -> bool:
    return said.strip(" .!\"'`*:").startswith(label.strip().casefold())
