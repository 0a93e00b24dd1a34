"""The policies by name."""

from collections.abc import Callable

from .base import Policy
from .blind import Fixed, Random
from .greedy import Greedy
from .oracle import Oracle
from .ours import Ours
from .tracing import LowestMastery, MasteryOrder

POLICIES: dict[str, Callable[[], Policy]] = {
    policy.name: policy for policy in (Random, Fixed, LowestMastery, MasteryOrder, Greedy, Ours, Oracle)
}


def make_policy(name: str) -> Policy:
    return POLICIES[name]()
