from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adaptive.catalog.graph import find_cycle


def test_a_chain_has_no_cycle() -> None:
    edges = {"c": ["b"], "b": ["a"], "a": []}
    assert [find_cycle(edges, skill) for skill in edges] == [[], [], []]


def test_a_diamond_has_no_cycle() -> None:
    edges = {"d": ["b", "c"], "b": ["a"], "c": ["a"]}
    assert find_cycle(edges, "d") == []


def test_a_cycle_is_returned_from_the_start_back_to_it() -> None:
    edges = {"a": ["c"], "b": ["a"], "c": ["b"]}
    assert find_cycle(edges, "a") == ["a", "c", "b", "a"]


def test_a_skill_that_needs_itself_is_the_shortest_cycle() -> None:
    assert find_cycle({"a": ["a"]}, "a") == ["a", "a"]


def test_a_cycle_further_down_that_does_not_lead_back_is_not_this_ones() -> None:
    assert find_cycle({"a": ["b"], "b": ["c"], "c": ["b"]}, "a") == []


def test_a_long_chain_needs_no_deep_stack() -> None:
    edges = {n: [n + 1] for n in range(20_000)}
    assert find_cycle(edges, 0) == []
    assert len(find_cycle({**edges, 20_000: [0]}, 0)) == 20_002


graphs = st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=4), max_size=8)


@given(graphs, st.integers(0, 7))
def test_what_is_found_is_a_way_along_the_prerequisites_and_is_found_where_one_exists(
    edges: dict[int, list[int]], start: int
) -> None:
    cycle = find_cycle(edges, start)
    reachable, stack = set(), list(edges.get(start, []))
    while stack:
        node = stack.pop()
        if node not in reachable:
            reachable.add(node)
            stack += edges.get(node, [])
    assert bool(cycle) == (start in reachable)
    if cycle:
        assert cycle[0] == cycle[-1] == start
        assert all(second in edges[first] for first, second in pairwise(cycle))
