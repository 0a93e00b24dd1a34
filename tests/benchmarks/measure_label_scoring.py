#!/usr/bin/env python3
"""Times the scoring of labels against writing them, with the same local model on the same answers, one thread.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python tests/benchmarks/measure_label_scoring.py \
        ANSWERS.csv [--answers 40] [--questions 4] [--tokens 32] [--rounds 2] [--quality TEST.csv] [--sample 300]

Both ways get the same words (the prompt of the product's judge, answered by yes or no). Scored: `score_labels`, all
answers to a question in one call, no question remembered from before. Written: `generate`, one answer at a time,
greedily, until the model ends, at most --tokens tokens. Printed is the ratio of their times, of the processor (which
other work on the machine disturbs less) and of the clock, and the same for fewer tokens, down to the single one from
which nothing more than the first piece of a label can be had. Ends with exit status 1 where the ratio is below --bar.

--quality: what the plain model's own words are worth as marks. It is asked for the label of each answer of a sample
(equally many of each question, as far as they go) and what it writes is read; unreadable words count as no label.
"""

import argparse
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from adaptive.assessment.words.data import Graded, read_graded
from adaptive.assessment.words.evidence import JUDGE, YES_NO
from adaptive.assessment.words.grader import THREE_WAY, TWO_WAY, label_of
from adaptive.assessment.words.measure import macro_f1
from adaptive.assessment.words.prompts import load_prompt
from adaptive.backends.llm.transformers_local import TransformersModel

SECONDS = 120.0  # a time limit that nothing here reaches
SAID_TOKENS = 24  # enough for "The student's answer is ..." and more
Spent = tuple[float, float]  # seconds of the processor, of the clock


def by_question(answers: Sequence[Graded]) -> dict[str, list[Graded]]:
    groups: dict[str, list[Graded]] = {}
    for graded in answers:
        if graded.references:
            groups.setdefault(graded.question_id, []).append(graded)
    return groups


def balanced(answers: Sequence[Graded], n: int, seed: int) -> list[Graded]:
    """n answers, one of each question in turn until none is left."""
    draw = random.Random(seed)
    groups = [draw.sample(group, len(group)) for _, group in sorted(by_question(answers).items())]
    draw.shuffle(groups)
    turns = [group[turn] for turn in range(max(map(len, groups), default=0)) for group in groups if turn < len(group)]
    return turns[:n]


def fullest(answers: Sequence[Graded], n: int, n_questions: int, seed: int) -> list[list[Graded]]:
    """n answers to n_questions questions, drawn among those with enough answers."""
    each, draw = n // n_questions, random.Random(seed)
    enough = [group for _, group in sorted(by_question(answers).items()) if len(group) >= each]
    if len(enough) < n_questions:
        raise SystemExit(
            f"Only {len(enough)} questions have {each} answers; ask for more --questions or fewer --answers."
        )
    return [draw.sample(group, each) for group in draw.sample(enough, n_questions)]


def timed(run: Callable[[], list[Any]]) -> tuple[Spent, list[Any]]:
    started = time.process_time(), time.perf_counter()
    result = run()
    return (time.process_time() - started[0], time.perf_counter() - started[1]), result


def total(times: Sequence[Spent]) -> Spent:
    return sum(cpu for cpu, _ in times), sum(clock for _, clock in times)


def measure_ratio(model: TransformersModel, groups: list[list[Graded]], limits: list[int], n_rounds: int) -> float:
    """Prints the figures; returns the ratio of processor times at the first of the limits."""
    prompt, n = load_prompt(JUDGE), n_rounds * sum(map(len, groups))
    scored: list[Spent] = []
    written: dict[int, list[Spent]] = {limit: [] for limit in limits}
    n_tokens: Counter[int] = Counter()
    for group in groups * n_rounds:
        prefix = prompt.prefix(question=group[0].question, reference=group[0].references[0])
        texts = [prompt.text(answer=graded.answer) for graded in group]
        model._prefixes.clear()
        scored.append(timed(partial(model.score_labels, prefix, texts, YES_NO))[0])
        for limit in limits:
            spent, said = timed(partial(write, model, [prefix + text for text in texts], limit))
            written[limit].append(spent)
            n_tokens[limit] += sum(len(model._tokens(text)) for text in said)
    cpu, clock = total(scored)
    print(f"scored: {n} answers, {cpu / n * 1e3:.0f} ms of the processor each")
    for limit in limits:
        own_cpu, own_clock = total(written[limit])
        pairs = [one[0] / other[0] for one, other in zip(written[limit], scored, strict=True)]
        print(
            f"written, at most {limit} tokens ({n_tokens[limit] / n:.1f} on average): {own_cpu / n * 1e3:.0f} ms each; "
            f"ratio {own_cpu / cpu:.1f} (of the clock {own_clock / clock:.1f}; question by question "
            f"{min(pairs):.1f} to {max(pairs):.1f}, median {statistics.median(pairs):.1f})"
        )
    return total(written[limits[0]])[0] / cpu


def write(model: TransformersModel, prompts: list[str], limit: int) -> list[str]:
    return [model.generate(prompt, max_tokens=limit, stop=[], seconds=SECONDS) for prompt in prompts]


def asked_in_words(graded: Graded, classes: Sequence[str]) -> str:
    # Plain on purpose: told what each label means, the small model repeats the meanings instead of marking.
    return (
        f"Question: {graded.question}\nModel answer: {graded.references[0]}\nStudent's answer: {graded.answer}\n"
        f"Is the student's answer {', '.join(classes[:-1])} or {classes[-1]}? Answer with one word."
    )


def label_in(words: str, classes: Sequence[str]) -> str:
    """The class that is named first; "" for none. Neither "incorrect" nor "not correct" is taken for "correct"."""
    words = words.casefold().replace("not correct", "incorrect")
    found = [(at, -len(name), name) for name in classes if (at := words.find(name)) >= 0]
    return min(found)[2] if found else ""


def measure_quality(model: TransformersModel, sample: list[Graded]) -> None:
    for n_ways, classes in ((2, TWO_WAY), (3, THREE_WAY)):
        wanted = [label_of(graded, n_ways) for graded in sample]
        said = [
            label_in(
                model.generate(asked_in_words(each, classes), max_tokens=SAID_TOKENS, stop=[], seconds=SECONDS), classes
            )
            for each in sample
        ]
        most = Counter(wanted).most_common(1)[0][0]
        print(
            f"asked in words, {n_ways}-way: macro-F1 {macro_f1(wanted, said, classes):.3f} "
            f"(always {most!r}: {macro_f1(wanted, [most] * len(wanted), classes):.3f}) on {len(sample)} answers; "
            f"wanted {dict(Counter(wanted))}, said {dict(Counter(name or 'unreadable' for name in said))}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers_csv", type=Path)
    parser.add_argument("--answers", type=int, default=40)
    parser.add_argument("--questions", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--bar", type=float, default=10.0)
    parser.add_argument("--quality", type=Path)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model-dir", default=".data/models")
    args = parser.parse_args()
    if not 1 <= args.questions <= args.answers or args.tokens < 1 or args.rounds < 1 or args.sample < 1:
        parser.error("--questions, --tokens, --rounds and --sample must be positive, --answers at least --questions.")
    try:
        groups = fullest(read_graded(args.answers_csv), args.answers, args.questions, args.seed)
        sample = balanced(read_graded(args.quality), args.sample, args.seed) if args.quality else []
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    model = TransformersModel(model_dir=args.model_dir, threads=1)
    model.score_labels("Warm", [" up"], YES_NO)
    print(f"{model.name} {model.version}, one thread")
    limits = sorted({args.tokens, *(limit for limit in (1, 8, 16) if limit < args.tokens)}, reverse=True)
    ratio = measure_ratio(model, groups, limits, args.rounds)
    if sample:
        measure_quality(model, sample)
    if ratio < args.bar:
        raise SystemExit(f"The ratio {ratio:.1f} is below {args.bar:g}.")


if __name__ == "__main__":
    main()
