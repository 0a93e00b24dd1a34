#!/usr/bin/env python3
"""Times the learner model `blend`, its networks fitted: replay, live use, one very long history.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/measure_replay.py [LOG.csv.gz] \
        [--learners 300] [--params PARAMS.json] [--rows 20000] [--long 1000000]

Without a log on made-up learners. `--params` keeps what was fitted for the next time. Beside the clock stands the
processor time of this process, which other work on the machine disturbs less. Ends with exit status 1 where a state
reached by replay is not, to the bit, the one reached live with a JSON round trip after every attempt.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from adaptive.backends.learner_model.base import Observation, Params, State
from adaptive.backends.learner_model.blend import Blend
from adaptive.backends.learner_model.evaluation import peak_memory_mb
from adaptive.backends.learner_model.logs import read_log
from tests.backends.learner_model.histories import history

Histories = dict[str, Sequence[Observation]]
TAIL = 500  # of the long history, taken in live after a JSON round trip


class Clock:
    def __init__(self) -> None:
        self.started = time.process_time(), time.perf_counter()

    def seconds(self) -> tuple[float, float]:
        """(of the processor, of the clock) since it was made."""
        return time.process_time() - self.started[0], time.perf_counter() - self.started[1]


def learners(path: str | None, n_train: int) -> tuple[Histories, Histories]:
    """(to fit on, to replay)."""
    if path is None:
        return {str(n): history(n, 80) for n in range(n_train)}, {str(-n): history(-n, 200) for n in range(1, 101)}
    every = read_log(path).histories
    names = sorted(every)
    return {name: every[name] for name in names[:n_train]}, {name: every[name] for name in names[n_train:]}


def fitted(args: argparse.Namespace, train: Histories) -> Params:
    kept = Path(args.params) if args.params else None
    if kept and kept.exists():
        return json.loads(kept.read_text())
    params = Blend.fit(train, 0, on_progress=lambda words: print(f"  {words}", file=sys.stderr))
    if kept:
        kept.write_text(json.dumps(params))
    return params


def without_nets(params: Params) -> Blend:
    weights = {name: weight for name, weight in params["weights"].items() if name != "nets"}
    return Blend({**params, "nets": [], "weights": weights})


def replay_rate(model: Blend, histories: Sequence[Sequence[Observation]], *, tries: int = 3) -> float:
    """Attempts a second of processor time, the best of several tries."""
    n, found = sum(map(len, histories)), []
    for _ in range(tries):
        clock = Clock()
        for one in histories:
            model.replay(one)
        found.append(clock.seconds())
    cpu, wall = min(found)
    print(f"  {n / cpu:,.0f} attempts a second of processor time, {n / wall:,.0f} by the clock ({n:,} attempts)")
    return n / cpu


def live(model: Blend, state: State, observations: Iterable[Observation]) -> tuple[State, list[tuple[float, float]]]:
    """(state, seconds of each predict and update): as the web process does it, the state from JSON and to JSON."""
    times = []
    text = json.dumps(state)
    for observation in observations:
        clock = Clock()
        before = json.loads(text)
        model.predict(before, observation.item, observation.at)
        text = json.dumps(model.update(before, observation))
        times.append(clock.seconds())
    return json.loads(text), times


def percentiles(times: Sequence[float]) -> str:
    cuts = statistics.quantiles(times, n=20)
    return f"p50 {statistics.median(times) * 1e3:.2f} ms, p95 {cuts[18] * 1e3:.2f} ms"


def long_history(histories: Iterable[Sequence[Observation]], n: int) -> Iterator[Observation]:
    """n attempts of one learner: the given learners' one after the other, again and again, a minute apart."""
    rows = cycle(observation for one in histories for observation in one)
    for number, observation in enumerate(islice(rows, n)):
        yield replace(observation, at=1.0e9 + 60.0 * number)


def measure_long(model: Blend, histories: Sequence[Sequence[Observation]], n: int) -> bool:
    """Whether the state after n attempts is the one that live use ends with."""
    memory = peak_memory_mb()
    walk, rates, largest = model.walk(), [], 0
    rows, a_tenth = long_history(histories, n - TAIL), (n - TAIL) // 10
    for _ in range(10):
        clock = Clock()
        for observation in islice(rows, a_tenth):
            walk.take(observation)
        rates.append(a_tenth / clock.seconds()[0])
        largest = max(largest, len(json.dumps(walk.state()).encode()))
    begun = walk.state()
    tail = list(islice(long_history(histories, n), begun["n"], None))
    for observation in tail:
        walk.take(observation)
    is_same = live(model, begun, tail)[0] == walk.state()
    print(
        f"{n:,} attempts of one learner: first tenth {rates[0]:,.0f} a second, last {rates[-1]:,.0f} (ratio "
        f"{rates[-1] / rates[0]:.2f}); state {largest:,} bytes at most; peak memory {memory} MB before, "
        f"{peak_memory_mb()} MB after; counted {walk.state()['n']:,}; last {len(tail)} live: "
        f"{'the same state' if is_same else 'ANOTHER STATE'}"
    )
    return is_same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", nargs="?")
    parser.add_argument("--learners", type=int, default=300, help="to fit on")
    parser.add_argument("--params", help="JSON file that keeps what was fitted")
    parser.add_argument("--rows", type=int, default=20_000, help="to replay")
    parser.add_argument("--long", type=int, default=0, help="attempts of the one long history")
    args = parser.parse_args()
    train, test = learners(args.log, args.learners)
    params = fitted(args, train)
    model = Blend(params)
    print(f"weights {params['weights']}, networks of {[net['sizes']['H'] for net in params['nets']]} units")

    chosen, n = [], 0
    for one in test.values():
        if n < args.rows:
            chosen.append(one)
            n += len(one)
    print("replay, networks and all:")
    rate = replay_rate(model, chosen)
    print("replay without networks:")
    print(f"  ratio {replay_rate(without_nets(params), chosen) / rate:.2f}")

    times, n_different = [], 0
    for one in chosen[:20]:
        state, seconds = live(model, model.empty(), one)
        times += seconds
        n_different += state != model.replay(one)
    cpu = [seconds for seconds, _ in times]
    print(f"live, predict and update: {percentiles(cpu)} of the processor; by the clock", end=" ")
    print(f"{percentiles([wall for _, wall in times])}; replay {rate * statistics.fmean(cpu):.1f} times as fast")
    print(f"states that differ between live and replay: {n_different} of {len(chosen[:20])}")
    is_same = measure_long(model, chosen, args.long) if args.long else True
    if n_different or not is_same:
        sys.exit(1)


if __name__ == "__main__":
    main()
