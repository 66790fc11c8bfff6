"""The plan: weights, prefixes, groups that end together, spaces that are shared and used up."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.hashing import GOLDEN, MASK, key_of, mix64_int
from mathbench.sampling import plan as plans
from mathbench.sampling.capacity import Capacity
from mathbench.sampling.permute import permutation, permutations
from mathbench.sampling.plan import Phase, Plan, PlannedSource
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


def test_an_empty_space_is_left_out_of_its_group():
    made = plan(
        [Stratum("a", (1,), group="g"), Stratum("b", (1,), group="g"), Stratum("c", (1,))], [0, 10, 4]
    )
    assert Counter(everything(made)[0]) == {1: 10, 2: 4}


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


def phases(made):
    """Of every phase the first row, the number of blocks and the rows per stratum in a block."""
    assert made.rows >= 0
    return [(phase.start, phase.blocks, phase.counts) for phase in made.phases]


def group(name, *weights, space=""):
    return [Stratum(f"{name},{i}", (1,), weight=w, group=name, space=space) for i, w in enumerate(weights)]


@pytest.mark.parametrize(
    ("strata", "capacity", "expected"),
    [
        # as many turns as both have; then one by one, because less than a turn is left of the first
        (
            [Stratum("a"), Stratum("b", weight=3)],
            [7, 100],
            [(0, 1, (7, 21)), (28, 1, (0, 3)), (31, 1, (0, 75)), (106, 1, (0, 1))],
        ),
        # full blocks of 342 turns are the shortest of 1,024 rows or more
        (
            [Stratum("a"), Stratum("b", weight=2)],
            [5000, 7003],
            [
                (0, 10, (342, 684)),
                (10260, 1, (81, 162)),
                (10503, 1, (1, 1)),
                (10505, 1, (1024, 0)),
                (11529, 1, (474, 0)),
            ],
        ),
        # one of a group is short, so what the other still has stays
        (
            [*group("x", 2, 2), Stratum("y")],
            [9, 50, 2000],
            [(0, 1, (8, 8, 4)), (20, 1, (0, 0, 1)), (21, 1, (0, 0, 1024)), (1045, 1, (0, 0, 971))],
        ),
        ([Stratum("a"), Stratum("b")], [0, 5], [(0, 1, (0, 1)), (1, 1, (0, 4))]),
        (
            [*group("g", 2, 1, 1, space="s"), Stratum("c")],
            [4100, 2],
            [
                (0, 1, (4, 2, 2, 2)),
                (10, 1, (2, 1, 1, 0)),
                (14, 3, (512, 256, 256, 0)),
                (3086, 1, (508, 254, 254, 0)),
            ],
        ),
        # row numbers end at 2^62
        (
            [Stratum("a"), Stratum("b")],
            [3000, 1 << 62],
            [
                (0, 5, (512, 512)),
                (5120, 1, (440, 440)),
                (6000, 1, (0, 1)),
                (6001, (1 << 52) - 6, (0, 1024)),
            ],
        ),
    ],
)
def test_blocks_are_as_long_and_as_many_as_the_spaces_allow(strata, capacity, expected):
    assert phases(plan(strata, capacity)) == expected


def test_phases_are_worked_out_as_far_as_rows_are_asked_for():
    made = plan([Stratum("a"), Stratum("b", weight=2)], [5000, 7003])
    assert made.block == 0 and made.phases == []
    for ask, worked_out in ((10_259, 1), (10_260, 2), (10_503, 3), (10_504, 3), (10_505, 4)):
        made.locate(np.array([3, ask, 7]))
        assert len(made.phases) == worked_out, ask
    assert made.capacity_up_to(11_529) == 11_529 and len(made.phases) == 4
    assert made.block == 1026 and made.rows == made.capacity_up_to(1 << 62) == 12_003


def slots_by_hand(phase, number, key):
    """The slots of a phase in the order of its rows, with Python integers: one of up to 64 orders, turned."""
    phase_key, size = key_of(key, number), sum(phase.counts)
    for block in range(phase.blocks):
        words = mix64_int((block * GOLDEN + phase_key) & MASK)
        order = permutation(size, key_of(phase_key, words % min(64, phase.blocks))).tolist()
        turn = (words >> 32) % size
        yield block, order[turn:] + order[:turn]


def by_hand(made, key):
    """Stratum and rank of every row."""
    for number, phase in enumerate(made.phases):
        strata = [s for s, count in enumerate(phase.counts) for _ in range(count)]
        spaces = [phase.space_of[s] for s in strata]
        for block, slots in slots_by_hand(phase, number, key):
            for slot in slots:
                space = spaces[slot]
                rank = block * spaces.count(space) + spaces[:slot].count(space)
                yield strata[slot], phase.used[space] + rank


@pytest.mark.parametrize("few", [1 << 16, 100, 1])
def test_rows_are_blocks_in_one_of_their_orders_each_turned(monkeypatch, few):
    """Whether all orders of a block are made at once, or one by one."""
    monkeypatch.setattr(plans, "FEW_SLOTS", few)
    made = plan([*group("g", 1, 2, space="s"), Stratum("b", weight=2)], [90, 150], key=11)
    assert phases(made) == [(0, 1, (30, 60, 60)), (150, 1, (0, 0, 2)), (152, 1, (0, 0, 88))]
    assert list(zip(*everything(made), strict=True)) == list(by_hand(made, 11))
    assert [problem[::2] for run in made.runs(0, 240) for problem in drawn(run)] == list(by_hand(made, 11))


@pytest.mark.parametrize(("size", "at_once"), [(1 << 16, [3]), ((1 << 16) + 1, [1, 1])])
def test_orders_of_long_blocks_are_made_when_needed_and_the_last_is_kept(monkeypatch, size, at_once):
    made = []
    monkeypatch.setattr(plans, "permutations", lambda *of: made.append(len(of[1])) or permutations(*of))
    phase = Phase(0, 3, (size,), (0,), (0,), key=2)
    _, orders = phase._permutation_at(np.arange(3))
    assert orders.tolist() == [1, 1, 2]
    for row in (0, size - 1, size, 2 * size - 1, 2 * size):
        phase.locate(np.array([row]))
    assert made == at_once


def test_many_blocks_have_at_most_64_orders():
    made = plan([Stratum("a"), Stratum("b")], [512 * 70] * 2, key=5)
    assert phases(made) == [(0, 70, (512, 512))] and len(made.phases[0].orders) == 64
    for block, slots in slots_by_hand(made.phases[0], 0, 5):
        strata, ranks = (column.tolist() for column in made.locate(np.arange(1024) + 1024 * block))
        assert strata == [slot // 512 for slot in slots]
        assert ranks == [512 * block + slot % 512 for slot in slots]


def drawn(run):
    """Stratum, space and rank of each row of a run, from the order in which its problems are drawn."""
    problems = []
    for space, first, last, strata in run.draws():
        problems += [(stratum, space, rank) for rank, stratum in enumerate(strata.tolist(), first)]
        assert len(problems) == len(set(problems)) and last - first == len(strata)
    assert run.drawn == len(problems)
    return [problems[position] for position in run.positions().tolist()]


PARTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 1), st.integers(0, 3000)), min_size=1, max_size=5
)


@settings(max_examples=40)
@given(PARTS, st.data())
def test_runs_draw_what_rows_show(entries, data):
    """Space by space and put in order, or row by row; a space belongs to one stratum or to the two of a group."""
    strata, capacity = [], []
    for i, (weight, more, held) in enumerate(entries):
        strata += group(str(i), weight, *[1] * more, space=f"space {i}")
        capacity.append(held)
    rows = plan(strata, capacity).rows
    start = data.draw(st.integers(0, rows))
    stop = data.draw(st.integers(start, min(rows, start + 3000)))
    made, at_once = plan(strata, capacity), plan(strata, capacity)
    found = [problem for run in made.runs(start, stop) for problem in drawn(run)]
    stratum, rank = (column.tolist() for column in at_once.locate(np.arange(start, stop)))
    spaces = [int(strata[s].space_name.removeprefix("space ")) for s in stratum]
    assert found == list(zip(stratum, spaces, rank, strict=True))


def test_runs_over_several_blocks_begin_and_end_inside_them():
    made = plan([Stratum("a"), Stratum("b", weight=2), Stratum("empty")], [5000, 10_000, 0])
    for start, stop in ((0, 1), (1, 1027), (1025, 1026), (1026, 2052), (700, 4000), (14_000, 15_000)):
        found = [problem for run in made.runs(start, stop) for problem in drawn(run)]
        stratum, rank = (column.tolist() for column in made.locate(np.arange(start, stop)))
        assert found == list(zip(stratum, stratum, rank, strict=True))


def test_a_block_of_heavy_strata_is_one_turn():
    assert phases(plan([Stratum("a", weight=1500)], [4600])) == [(0, 3, (1500,)), (4500, 1, (100,))]


def test_runs_draw_whole_blocks_and_no_more():
    made = plan([Stratum("a"), Stratum("b", weight=2)], [5000, 10_000])
    blocks = [
        run.drawn / 1026
        for start, stop in ((0, 1026), (1025, 1027), (0, 2053))
        for run in made.runs(start, stop)
    ]
    late = plan([Stratum("a"), Stratum("b")], [3000, 1 << 40])  # blocks of 1,024 rows from row 6,001 on
    (run,) = late.runs(6001 + 3 * 1024 + 5, 6001 + 3 * 1024 + 7)
    assert blocks == [1, 2, 3] and (run.first, run.drawn, len(run.slot)) == (3, 1024, 2)


def test_a_source_that_follows_a_plan_has_its_rows_and_blocks():
    source = PlannedSource()
    source.plan = plan([Stratum("a"), Stratum("b", weight=2)], [5000, 7003])
    assert (source.block, source.capacity_up_to(9), source.block, len(source)) == (0, 9, 1026, 12_003)
