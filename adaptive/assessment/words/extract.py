"""Features of graded answers, for fitting. What the language model says is kept in a file, so a run can be resumed."""

import hashlib
import json
import logging
import random
import time
from collections.abc import Collection
from pathlib import Path

import numpy as np

from adaptive.backends.llm.base import LanguageModel

from .data import Graded, by_question
from .evidence import VectorStore, llm_features, prompt_version
from .features import Case, as_row, text_features
from .guards import guard
from .slips import put_right
from .text import Text

logger = logging.getLogger(__name__)


def case_of(graded: Graded) -> Case | None:
    """None for what the guards keep from the models: blanks, punctuation only, no reference."""
    if guard(answer=graded.answer, references=list(graded.references), accepted=[]).blocks:
        return None
    references = tuple(Text(text) for text in graded.references if Text(text).words)
    question = Text(graded.question)
    return Case(question, references, put_right(Text(graded.answer), (question, *references)))


def features_of(
    graded: list[Graded],
    *,
    llm: LanguageModel | None,
    store: VectorStore,
    kept: Path | None,
    asked: Collection[Graded] | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Rows (len(graded), len(FEATURES)); all NaN for what the guards keep back.

    The language model is asked about those in `asked` (None: all). What it says is read from and added to the file
    `kept`, question by question in a random order: a run that was broken off goes on where it stopped.
    """
    cases = [case_of(each) for each in graded]
    known = _read(kept) if kept else {}
    rows: list[dict[str, float]] = [{} for _ in graded]
    place_of = {id(each): place for place, each in enumerate(graded)}
    groups = list(by_question(graded).values())
    random.Random(seed).shuffle(groups)
    started, n_asked = time.monotonic(), 0
    for number, group in enumerate(groups):
        places = [place_of[id(each)] for each in group if cases[place_of[id(each)]] is not None]
        inside = [cases[place] for place in places]
        if not inside:
            continue
        vectors = store.of([text for case in inside for text in case.texts_to_embed()])
        for place, case in zip(places, inside, strict=True):
            rows[place].update(text_features(case, vectors))
        chosen = [index for index, place in enumerate(places) if asked is None or graded[place] in asked]
        if llm is None or not chosen:
            continue
        places, inside = [places[index] for index in chosen], [inside[index] for index in chosen]
        keys = [_key(llm, graded[place]) for place in places]
        missing = [index for index, key in enumerate(keys) if key not in known]
        if missing:
            found = llm_features([inside[index] for index in missing], vectors, llm=llm)
            known.update(zip([keys[index] for index in missing], found, strict=True))
            n_asked += len(missing)
            if kept:
                with open(kept, "a") as handle:
                    handle.writelines(json.dumps([keys[index], known[keys[index]]]) + "\n" for index in missing)
            rate = n_asked / (time.monotonic() - started)
            logger.info("question %d of %d, %d answers asked, %.1f/s", number + 1, len(groups), n_asked, rate)
        for place, key in zip(places, keys, strict=True):
            rows[place].update(known[key])
    return np.stack([as_row(row) for row in rows])


def _key(llm: LanguageModel, graded: Graded) -> str:
    parts = [llm.name, llm.version, prompt_version(), graded.question, *graded.references, graded.answer]
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _read(path: Path) -> dict[str, dict[str, float]]:
    if not path.is_file():
        return {}
    out = {}
    for line in path.read_text().splitlines():
        try:
            key, values = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was killed
        out[key] = values
    return out
