"""The plan: weights, prefixes, groups that end together, spaces that are shared and used up."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.sampling.capacity import Capacity
from mathbench.sampling.plan import Plan
from mathbench.stratum import Stratum


def plan(strata, capacity, key=1):
    spaces = list(dict.fromkeys(s.space_name for s in strata))
    return Plan(strata, [spaces.index(s.space_name) for s in strata], [Capacity(n) for n in capacity], key)


def everything(made):
    return [a.tolist() for a in made.locate(np.arange(made.rows))]


def test_all_problems_are_used_each_once():
    made = plan([Stratum("a", (1,)), Stratum("b", (1,), weight=3)], [7, 100])
    strata, ranks = everything(made)
    assert made.rows == 107
    assert sorted(zip(strata, ranks, strict=True)) == [(0, i) for i in range(7)] + [
        (1, i) for i in range(100)
    ]


def test_a_group_ends_when_one_of_its_members_does():
    pair = [Stratum("x,true", (1,), weight=2, group="x"), Stratum("x,false", (1,), weight=2, group="x")]
    made = plan([*pair, Stratum("y", (1,))], [9, 50, 5])
    counts = Counter(everything(made)[0])
    assert counts[0] == counts[1] == 8 and counts[2] == 5


def test_strata_that_share_a_space_never_show_the_same_problem():
    shared = [
        Stratum(n, (1,), weight=w, group="g", space="g") for n, w in (("true", 2), ("wrong", 1), ("swap", 1))
    ]
    made = plan(shared, [41])
    strata, ranks = everything(made)
    assert made.rows == 40 and sorted(ranks) == list(range(40)) and Counter(strata) == {0: 20, 1: 10, 2: 10}


def test_every_block_holds_each_stratum_by_weight():
    made = plan([Stratum("a", (1,), weight=1), Stratum("b", (1,), weight=2)], [10**9, 10**9])
    made.capacity_up_to(1)
    size = made.phases[0].size
    strata, _ = made.locate(np.arange(20 * size))
    blocks = strata.reshape(20, size)
    assert size >= 1024 and (np.sum(blocks == 1, axis=1) == 2 * size // 3).all()
    assert len({tuple(block) for block in blocks.tolist()}) == 20


def test_an_empty_space_leaves_its_group_out():
    made = plan(
        [Stratum("a", (1,), group="g"), Stratum("b", (1,), group="g"), Stratum("c", (1,))], [0, 10, 4]
    )
    assert Counter(everything(made)[0]) == {2: 4}


def test_nothing_at_all_gives_no_rows():
    assert plan([Stratum("a", (1,))], [0]).rows == 0


def test_endless_spaces_are_cut_at_what_row_numbers_can_count():
    made = plan([Stratum("a", (1,)), Stratum("b", (1,))], [1 << 62, 1 << 62])
    assert (1 << 61) < made.rows <= 1 << 62
    assert len(made.locate(np.array([made.rows - 1]))[0]) == 1


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 60)), min_size=1, max_size=6),
    st.integers(0, 2**64 - 1),
)
def test_any_plan_of_single_strata_is_a_bijection(entries, key):
    strata = [Stratum(str(i), (1,), weight=w) for i, (w, _) in enumerate(entries)]
    made = plan(strata, [n for _, n in entries], key)
    pairs = list(zip(*everything(made), strict=True))
    assert sorted(pairs) == [(i, j) for i, (_, n) in enumerate(entries) for j in range(n)]


@pytest.mark.parametrize("key", [1, 2])
def test_ranks_grow_block_by_block(key):
    """A prefix of the rows uses a prefix of each stratum's problems, to within a block."""
    made = plan([Stratum("a", (1,)), Stratum("b", (1,), weight=4)], [10**6, 10**6], key)
    made.capacity_up_to(1)
    strata, ranks = made.locate(np.arange(10 * made.phases[0].size))
    for s in (0, 1):
        own = ranks[strata == s]
        assert sorted(own.tolist()) == list(range(len(own)))


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=6),
    st.integers(1, 40),
)
def test_counting_late_changes_nothing(entries, asked):
    """Spaces of which only a lower bound is known are counted in time, and the plan is the same."""
    strata = [Stratum(str(i), (1,), weight=w) for i, (w, _, _) in enumerate(entries)]
    late = [Capacity(max(n - less, 0), partial(int, n)) for _, n, less in entries]
    made = Plan(strata, list(range(len(strata))), late, 1)
    sure = plan(strata, [n for _, n, _ in entries])
    rows = np.arange(made.capacity_up_to(asked))
    assert len(rows) == sure.capacity_up_to(asked)
    assert [a.tolist() for a in made.locate(rows)] == [a.tolist() for a in sure.locate(rows)]
    assert everything(made) == everything(sure)


def test_what_cannot_run_out_is_not_counted():
    def never():
        raise AssertionError("counted")

    strata = [Stratum(name, (1,)) for name in "abc"]
    assert (
        Plan(strata, [0, 1, 2], [Capacity(7), Capacity(5000), Capacity(50_000, never)], 1).capacity_up_to(
            5000
        )
        == 5000
    )
