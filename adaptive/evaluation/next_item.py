"""Next-item ranking on a log of real answers: what did learners who later succeeded practise next?

Protocol. Learners are split by a stable hash: four fifths to learn from, one fifth to test (never both). A test event
is a place t of a test learner with at least WARM_UP answers before it and LATER_AT_LEAST after it. All items of the log
are ranked from the answers before t alone, and where the item really practised at t came is its rank: a full ranking,
no sampled negatives, items practised before included, since learners do come back to them. An event counts as one of
later success where the learner's next LATER answers after t are on average better than the training learners' answers
to the same items; figures are told for these events and for all. Intervals are 95 %, by resampling test learners.

What such figures can say is little: a log tells what people did, mostly in the order that their course laid out, not
what would have been best. A rule that copies the order ranks high. That is why "what came next" stands beside the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from adaptive.backends.learner_model.base import Observation
from adaptive.common.errors import InvalidInput
from adaptive.common.hashing import stable_seed
from adaptive.evaluation.policies.base import Sequence as Answers
from adaptive.evaluation.policies.ours import DAY, Ours
from adaptive.evaluation.simulators.course import CourseView, Timetable
from adaptive.evaluation.simulators.numbers import Floats

WARM_UP = 5
LATER, LATER_AT_LEAST = 10, 5
TEST_SHARE = 5  # one in so many learners
DEPTHS = (1, 5, 10)
NEIGHBOUR_STEPS = 10  # what is practised within so many steps of each other counts as co-practised
RECENT_STEPS, RECENT_KEEP = 20, 0.8
N_BOOTSTRAP = 1000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LogCourse:
    """A log as a course: its items, and the learners to learn from and to test with."""

    view: CourseView
    train: dict[str, Answers]
    test: dict[str, Answers]

    @property
    def n_items(self) -> int:
        return self.view.n_items


def course_of(histories: Mapping[str, Sequence[Observation]], *, seed: int = 0) -> LogCourse:
    """Raises InvalidInput where there are too few learners to split."""
    items: dict[int, int] = {}
    skills_of: list[tuple[int, ...]] = []
    skills: dict[int, int] = {}
    begins = min((history[0].at for history in histories.values() if history), default=0.0)
    train: dict[str, Answers] = {}
    test: dict[str, Answers] = {}
    for learner, history in histories.items():
        for observation in history:
            item = observation.item
            if item.id not in items:
                items[item.id] = len(items)
                skills_of.append(tuple(skills.setdefault(s, len(skills)) for s in item.skill_ids))
        sequence = Answers(
            np.array([items[o.item.id] for o in history]),
            np.array([o.score for o in history]),
            np.array([(o.at - begins) / DAY for o in history]),
        )
        (test if stable_seed("next-item", seed, learner) % TEST_SHARE == 0 else train)[learner] = sequence
    if not train or not test:
        raise InvalidInput("The log has too few learners to hold some of them out.")
    view = CourseView(
        n_skills=len(skills),
        skills=tuple(skills_of),
        minutes=np.full(len(skills_of), 3.0),
        authored=None,
        prerequisites=tuple(() for _ in skills),
        timetable=Timetable(1, max(len(s.items) for s in train.values())),
    )
    return LogCourse(view, train, test)


class Ranker(Protocol):
    """Ranks for one learner after the other: `begin`, then `order` and `take` in turn."""

    name: str

    def begin(self) -> None: ...

    def order(self, at: float) -> np.ndarray:
        """(n_items,): all items, best first."""

    def take(self, item: int, score: float, at: float) -> None: ...


class Popular:
    """What most answers of the others were to."""

    name = "popular"

    def __init__(self, course: LogCourse) -> None:
        count = np.zeros(course.n_items)
        for sequence in course.train.values():
            np.add.at(count, sequence.items, 1.0)
        self.count = count
        self._order = np.argsort(-count, kind="stable")

    def begin(self) -> None:
        return None

    def order(self, at: float) -> np.ndarray:
        return self._order

    def take(self, item: int, score: float, at: float) -> None:
        return None


class Neighbours(Popular):
    """Item-kNN by recency: what others practised near what this learner practised, the latest counting most."""

    name = "item_knn"

    def __init__(self, course: LogCourse) -> None:
        super().__init__(course)
        gaps = range(1, NEIGHBOUR_STEPS + 1)
        pairs = [(s.items[:-gap], s.items[gap:]) for s in course.train.values() for gap in gaps]
        self._near = _Links([*pairs, *((b, a) for a, b in pairs)], course.n_items)

    def begin(self) -> None:
        self._recent: list[int] = []

    def order(self, at: float) -> np.ndarray:
        score = 1e-9 * self.count
        for age, item in enumerate(reversed(self._recent)):
            others, times = self._near.of(item)
            elsewhere = others != item
            others, times = others[elsewhere], times[elsewhere]
            weight = RECENT_KEEP**age / np.sqrt((self.count[item] + 1.0) * (self.count[others] + 1.0))
            score[others] += weight * times
        return np.argsort(-score, kind="stable")

    def take(self, item: int, score: float, at: float) -> None:
        self._recent = [*self._recent, item][-RECENT_STEPS:]


class CameNext(Popular):
    """What others practised right after the same item."""

    name = "came_next"

    def __init__(self, course: LogCourse) -> None:
        super().__init__(course)
        self._next = _Links([(s.items[:-1], s.items[1:]) for s in course.train.values()], course.n_items)

    def begin(self) -> None:
        self._last: int | None = None

    def order(self, at: float) -> np.ndarray:
        score = 1e-6 * self.count
        if self._last is not None:
            others, times = self._next.of(self._last)
            score[others] += times
        return np.argsort(-score, kind="stable")

    def take(self, item: int, score: float, at: float) -> None:
        self._last = item


class _Links:
    """How often b came with a, kept for the pairs that there are alone."""

    def __init__(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]], n_items: int) -> None:
        codes = np.concatenate([a.astype(np.int64) * n_items + b for a, b in pairs])
        found, self._times = np.unique(codes, return_counts=True)
        self._from, self._to = found // n_items, found % n_items

    def of(self, item: int) -> tuple[np.ndarray, np.ndarray]:
        """(others, how often), both (n,)."""
        low, high = np.searchsorted(self._from, [item, item + 1])
        return self._to[low:high], self._times[low:high]


class OurRanker:
    """Our recommender's ranking of all exercises; what its filter lets rest comes last."""

    name = "ours"

    def __init__(self, course: LogCourse, policy: Ours) -> None:
        self._view, self._policy = course.view, policy

    def begin(self) -> None:
        self._policy.start(self._view, np.zeros(1, dtype=np.int64), 0)
        self._n = 0

    def order(self, at: float) -> np.ndarray:
        return np.array(self._policy.ranking(0, self._n, at))

    def take(self, item: int, score: float, at: float) -> None:
        self._policy.observe(np.array([item]), np.array([score]), at)
        self._n += 1


def ranks_of(course: LogCourse, ranker: Ranker, *, learners: Sequence[str], say: Say = lambda _: None) -> "Ranks":
    """Ranks (from 1) of all test events of these learners."""
    mean = _means(course)
    who, rank, is_success = [], [], []
    for number, name in enumerate(learners):
        sequence = course.test[name]
        n = len(sequence.items)
        ranker.begin()
        for t in range(n):
            item, at = int(sequence.items[t]), float(sequence.at[t])
            later = slice(t + 1, t + 1 + LATER)
            if t >= WARM_UP and n - t - 1 >= LATER_AT_LEAST:
                order = ranker.order(at)
                rank.append(int(np.flatnonzero(order == item)[0]) + 1)
                who.append(number)
                better = sequence.scores[later] - mean[sequence.items[later]]
                is_success.append(bool(better.mean() > 0.0))
            ranker.take(item, float(sequence.scores[t]), at)
        if number % 20 == 19:
            say(f"{ranker.name}: {number + 1} of {len(learners)} learners")
    return Ranks(np.array(who), np.array(rank), np.array(is_success, dtype=bool))


def _means(course: LogCourse) -> Floats:
    """(n_items,): mean score of the training learners, held near the whole where few answered."""
    total, count = np.zeros(course.n_items), np.zeros(course.n_items)
    for sequence in course.train.values():
        np.add.at(total, sequence.items, sequence.scores)
        np.add.at(count, sequence.items, 1.0)
    whole = total.sum() / count.sum()
    return (total + 5 * whole) / (count + 5)


@dataclass(frozen=True, slots=True)
class Ranks:
    """(n_events,) each: number of the learner, rank of what was practised, whether success came later."""

    learner: np.ndarray
    rank: np.ndarray
    is_success: np.ndarray

    def figures(self, *, only_success: bool, seed: int = 0) -> dict[str, Any]:
        """hit@k, ndcg@k, mrr, each with its interval, and n_events, n_learners."""
        chosen = self.is_success if only_success else np.ones(len(self.rank), dtype=bool)
        rank, learner = self.rank[chosen], self.learner[chosen]
        values = {f"hit@{k}": (rank <= k).astype(float) for k in DEPTHS}
        values |= {f"ndcg@{k}": np.where(rank <= k, 1.0 / np.log2(rank + 1.0), 0.0) for k in DEPTHS[1:]}
        values["mrr"] = 1.0 / np.maximum(rank, 1)
        found: dict[str, Any] = {"n_events": len(rank), "n_learners": len(np.unique(learner))}
        if not len(rank):
            return found
        _, place = np.unique(learner, return_inverse=True)
        n = place.max() + 1
        rng = np.random.default_rng([seed, 41])
        times = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(N_BOOTSTRAP)])
        events = times @ np.bincount(place, minlength=n)
        for name, value in values.items():
            many = times @ np.bincount(place, value, n) / np.maximum(events, 1)
            low, high = np.percentile(many, [2.5, 97.5])
            found[name] = {"value": float(value.mean()), "interval": [float(low), float(high)]}
        return found


def evaluate_log(
    histories: Mapping[str, Sequence[Observation]],
    *,
    policy: Ours,
    fits: bool,
    most_learners: int,
    seed: int = 0,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """The report. most_learners: so many test learners at most. fits: our policy learns from the training learners."""
    course = course_of(histories, seed=seed)
    learners = sorted(course.test, key=lambda name: stable_seed("order", seed, name))[:most_learners]
    if fits:
        say(f"fitting on {len(course.train):,} learners")
        policy.learn(course.view, tuple(course.train.values()), seed)
    rankers: list[Ranker] = [Popular(course), Neighbours(course), CameNext(course), OurRanker(course, policy)]
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for ranker in rankers:
        say(f"{ranker.name}: {len(learners):,} learners, all {course.n_items:,} items ranked at each step")
        ranks = ranks_of(course, ranker, learners=learners, say=say)
        found["later_success"][ranker.name] = ranks.figures(only_success=True, seed=seed)
        found["all"][ranker.name] = ranks.figures(only_success=False, seed=seed)
    return {
        "protocol": "next item, full ranking",
        "n_items": course.n_items,
        "n_train_learners": len(course.train),
        "n_test_learners": len(learners),
        "is_fitted": fits,
        "seed": seed,
        **found,
    }
