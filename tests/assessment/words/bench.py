"""Figures of the shipped assessor: `python -m tests.assessment.words.bench [--threads 2] [--csv FILE ...]`.

Prints one JSON document: load time, memory, latency of single assessments, batch throughput, what became of the
attacks and of right and wrong answers, and (with --csv, graded answers) agreement with people. Wants an idle machine.
"""

import argparse
import json
import os
import resource
import time
from collections import Counter
from pathlib import Path

import numpy as np

from adaptive.assessment.types import LABELS, Verdict
from adaptive.assessment.words import measure
from adaptive.assessment.words.assessor import WordsTask, assess_words_batch
from adaptive.assessment.words.data import read_graded
from adaptive.backends.embedding.sentence_encoder import SentenceEncoder
from adaptive.backends.llm.transformers_local import TransformersModel
from tests.assessment.words.attacks import EXERCISES, attacks_on


def memory_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model-dir", default=os.environ.get("ADAPTIVE_MODEL_DIR", ".data/models"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--csv", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    started = time.monotonic()
    llm = TransformersModel(model_dir=options.model_dir, threads=options.threads)
    llm.load()
    embedding = SentenceEncoder(threads=options.threads)
    embedding.load()
    out: dict[str, object] = {
        "load_seconds": round(time.monotonic() - started, 2),
        "model": f"{llm.name} {llm.version}",
    }

    def assess(tasks: list[WordsTask]) -> list[Verdict]:
        return assess_words_batch(tasks, llm=llm, embedding=embedding)

    tasks = [
        WordsTask(exercise.question, list(exercise.references), f"{answer} ({number})")
        for number in range(4)
        for exercise in EXERCISES
        for answer in (*exercise.right, *exercise.wrong)
    ]
    for task in tasks[:3]:
        assess([task])  # warm
    seconds = []
    for task in tasks:
        begun = time.monotonic()
        assess([task])
        seconds.append(time.monotonic() - begun)
    out["single_ms"] = {str(q): round(float(np.percentile(seconds, q)) * 1000) for q in (50, 95, 100)}
    begun = time.monotonic()
    assess(tasks)
    out["batch_per_second"] = round(len(tasks) / (time.monotonic() - begun), 2)
    out["attacks"] = attack_figures(assess)
    out["own_answers"] = own_figures(assess)
    for path in options.csv:
        graded = read_graded(path)
        verdicts: list[Verdict] = []
        begun = time.monotonic()
        for start in range(0, len(graded), 64):
            part = graded[start : start + 64]
            verdicts += assess([WordsTask(each.question, list(each.references), each.answer) for each in part])
        probabilities = np.array([probabilities_of(verdict) for verdict in verdicts])
        figures = measure.source_figures(probabilities, [each.label for each in graded])
        figures["needs_review"] = round(sum(verdict.needs_review for verdict in verdicts) / len(verdicts), 4)
        figures["answers_per_second"] = round(len(graded) / (time.monotonic() - begun), 2)
        out[path.stem] = figures
    out["rss_mb"] = round(memory_mb())
    out["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(out, indent=1))


def attack_figures(assess) -> dict[str, object]:
    n, labelled, released = 0, [], []
    for exercise in EXERCISES:
        attacks = attacks_on(exercise)
        tasks = [WordsTask(exercise.question, list(exercise.references), answer) for answer in attacks.values()]
        for kind, verdict in zip(attacks, assess(tasks), strict=True):
            n += 1
            if verdict.label == "correct":
                (labelled if verdict.needs_review else released).append(kind)
    return {"n": n, "released_as_correct": Counter(released), "called_correct_but_held_back": Counter(labelled)}


def own_figures(assess) -> dict[str, object]:
    seen: Counter[str] = Counter()
    for exercise in EXERCISES:
        for kind, answers in (("right", exercise.right), ("wrong", exercise.wrong)):
            tasks = [WordsTask(exercise.question, list(exercise.references), answer) for answer in answers]
            for verdict in assess(tasks):
                seen[f"{kind}: {'held back' if verdict.needs_review else verdict.label}"] += 1
    return dict(sorted(seen.items()))


def probabilities_of(verdict: Verdict) -> list[float]:
    known = verdict.details.get("p")
    if known:
        return [known[label] for label in LABELS]
    return [float(label == verdict.label) for label in LABELS]


if __name__ == "__main__":
    main()
