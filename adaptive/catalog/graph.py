"""The prerequisite graph, as plain ids."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def find_cycle(edges: Mapping[T, Sequence[T]], start: T) -> list[T]:
    """A way from `start` along its prerequisites back to `start`, first and last equal; empty where there is none."""
    came_from: dict[T, T] = {}
    stack = [start]
    while stack:
        node = stack.pop()
        for following in edges.get(node, ()):
            if following == start:
                path = [start]
                while node != start:
                    path.append(node)
                    node = came_from[node]
                return [start, *reversed(path[1:]), start]
            if following not in came_from:
                came_from[following] = node
                stack.append(following)
    return []
