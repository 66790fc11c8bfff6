"""Groups of strata: labels stay balanced whatever runs out first, and nothing that can be balanced is lost."""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.hashing import key_of
from mathbench.sampling.capacity import Capacity, RemainingCapacity
from mathbench.sampling.groups import MAX_REST, Group, Member, apportioned, groups_of
from mathbench.sampling.plan import Plan
from mathbench.stratum import Stratum

LABELS = ("false", "true")


def labelled(group, label, weight=1, name="", space=""):
    return Stratum(f"{group},{name or label}", (1,), weight=weight, group=group, label=label, space=space)


def plan(strata, capacity, key=1, balance=True):
    """A plan in which every stratum has its own space, unless it names one."""
    spaces = list(dict.fromkeys(s.space_name for s in strata))
    of = [spaces.index(s.space_name) for s in strata]
    return Plan(strata, of, [Capacity(n) for n in capacity], key, balance)


def counts(made):
    return Counter(made.locate(np.arange(made.rows))[0].tolist())


def test_a_group_without_a_label_joins_the_next_one():
    strata = [labelled("short", "false"), labelled("long", "true"), labelled("long", "false")]
    made = counts(plan(strata, [100, 40, 100]))
    assert made == {0: 20, 1: 40, 2: 20}


def test_last_groups_without_a_label_join_the_one_before_them():
    strata = [labelled("a", "true"), labelled("a", "false"), labelled("b", "true"), labelled("c", "true")]
    made = counts(plan(strata, [9, 30, 9, 9]))
    assert made[1] == 27 and made[0] == made[2] == made[3] == 9


def test_groups_that_have_all_labels_only_together_are_one():
    made = counts(plan([labelled("a", "true"), labelled("b", "false")], [5, 70]))
    assert made == {0: 5, 1: 5}


def test_a_label_that_does_not_occur_leaves_nothing():
    assert plan([labelled("a", "false"), labelled("b", "false")], [50, 50]).rows == 100
    assert plan([labelled("a", "false"), labelled("a", "true")], [50, 0]).rows == 0


def test_an_exhausted_stratum_leaves_its_share_to_others_of_its_label():
    """Otherwise the group would end after ten rounds, or with one block of all that is left."""
    strata = [labelled("g", "true", 2), labelled("g", "false", 1, "a"), labelled("g", "false", 1, "b")]
    made = plan(strata, [10**6, 10, 10**6])
    assert made.rows == 2 * 10**6
    assert counts(made) == {0: 10**6, 1: 10, 2: 10**6 - 10}
    assert made.block <= 2048


def test_thin_strata_without_labels_are_pooled_and_full_ones_end_together():
    residues = [Stratum(f"g,{r}", (1,), group="g") for r in range(4)]
    assert counts(plan(residues, [3, 0, 1, 2])) == {0: 3, 2: 1, 3: 2}
    assert counts(plan(residues, [3, 2, 4, 2])) == dict.fromkeys(range(4), 2)
    many = plan(residues, [0, MAX_REST, MAX_REST, MAX_REST + 5])
    assert counts(many) == dict.fromkeys(range(1, 4), MAX_REST) and many.block < MAX_REST


def test_statements_of_one_space_use_it_up():
    kinds = [labelled("g", "true", 4, space="g"), *(labelled("g", "false", 1, k, "g") for k in "abcd")]
    made = plan(kinds, [15])
    rows = counts(made)
    assert made.rows == 14 and rows[0] == 7 and max(rows[i] for i in range(1, 5)) == 2
    assert sorted(made.locate(np.arange(14))[1].tolist()) == list(range(14))


def test_version_one_drops_what_is_left():
    strata = [labelled("short", "false"), labelled("long", "true", 3), labelled("long", "false", 3)]
    assert counts(plan(strata, [7, 11, 100], balance=False)) == {0: 7, 1: 9, 2: 9}


def test_ties_do_not_always_favour_the_first():
    strata = [labelled("g", "true", 9), *(labelled("g", "false", 1, str(i)) for i in range(9))]
    favoured = {i for key in range(40) for i in counts(plan(strata, [2, *[5] * 9], key)) if i}
    assert favoured == set(range(1, 10))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 30)), min_size=1, max_size=8), st.data())
def test_shares_add_up_and_stay_within_limits(entries, data):
    weights, limits = zip(*entries, strict=True)
    total = data.draw(st.integers(0, sum(limits)))
    shares = apportioned(total, weights, limits, data.draw(st.integers(0, 99)))
    assert sum(shares) == total and all(0 <= s <= limit for s, limit in zip(shares, limits, strict=True))
    for weight in set(weights):  # equal weights get equal shares, up to the remainder and the limits
        entries = [(s, limit) for s, w, limit in zip(shares, weights, limits, strict=True) if w == weight]
        most = max(s for s, _ in entries)
        assert all(s >= min(most - 1, limit) for s, limit in entries)


group = st.lists(
    st.tuples(st.sampled_from(LABELS), st.integers(1, 12), st.integers(0, 90)), min_size=1, max_size=5
)


@given(st.lists(group, min_size=1, max_size=5), st.integers(0, 2**64 - 1))
def test_every_prefix_is_balanced_and_no_problem_comes_twice(groups, key):
    strata = [
        labelled(str(g), label, weight, str(i))
        for g, members in enumerate(groups)
        for i, (label, weight, _) in enumerate(members)
    ]
    totals = Counter()
    for member in (m for members in groups for m in members):
        totals[member[0]] += member[2]
    # the labels of a group are given the same weight by every family
    evened = [s for g in range(len(groups)) for s in evenly([s for s in strata if s.group == str(g)])]
    held = [n for members in groups for _, _, n in members]
    made = plan(evened, held, key)
    stratum, rank = made.locate(np.arange(made.rows))
    assert len(set(zip(stratum.tolist(), rank.tolist(), strict=True))) == made.rows
    assert (rank < np.array(held)[stratum]).all()
    late = Plan(evened, range(len(held)), [Capacity(max(n - 7, 0), partial(int, n)) for n in held], key)
    assert late.rows == made.rows and late.phases == made.phases  # counted when it matters
    if len({s.label for s in strata}) == 2:
        signs = np.array([1 if s.label == "true" else -1 for s in strata])[stratum]
        assert 2 * np.abs(np.cumsum(signs)).max(initial=0) <= made.block
        assert (made.rows > 0) == (min(totals[label] for label in LABELS) > 0)


def evenly(strata):
    """Strata whose labels have the same total weight."""
    total = {label: sum(s.weight for s in strata if s.label == label) for label in LABELS}
    other = {"true": total["false"] or 1, "false": total["true"] or 1}
    return [replace(s, weight=s.weight * other[s.label]) for s in strata]


def test_groups_count_only_what_may_be_too_few():
    def never():
        raise AssertionError("counted")

    strata = [labelled("g", "true"), labelled("g", "false")]
    remaining = RemainingCapacity([Capacity(1, never), Capacity(7, never)])
    assert [len(g.members) for g in groups_of(strata, [0, 1], remaining, balance=True)] == [2]


def grouped(strata, capacity, balance=True):
    """Of every group its strata and their weights; every stratum has its own space."""
    remaining = RemainingCapacity([Capacity(n) for n in capacity])
    groups = groups_of(strata, range(len(strata)), remaining, balance)
    return [{member.stratum: member.weight for member in group.members} for group in groups]


def both(group, *weights):
    return [labelled(group, label, weight) for label, weight in zip(LABELS, weights, strict=True)]


def test_groups_with_all_labels_stay_apart_and_one_problem_is_enough():
    assert grouped([*both("a", 2, 2), *both("b", 3, 3)], [1, 1, 1, 1]) == [{0: 2, 1: 2}, {2: 3, 3: 3}]
    assert grouped([*both("a", 2, 2), *both("b", 3, 3)], [0, 1, 1, 1]) == [{0: 2, 1: 2, 2: 3, 3: 3}]


def test_strata_without_weight_belong_to_no_group():
    assert grouped([*both("a", 2, 2), labelled("a", "true", 0, "more")], [9, 9, 9]) == [{0: 2, 1: 2}]
    assert grouped(both("a", 0, 2), [9, 9]) == []


def by_weight(total, weights):
    """Whole shares of a total that is less than twice the sum of equal weights; the rest by key."""
    order = sorted(range(len(weights)), key=lambda i: key_of(0, i))
    return {i: total // len(weights) + (order.index(i) < total % len(weights)) for i in range(len(weights))}


@pytest.mark.parametrize("total", range(6, 12))
def test_weights_of_joined_strata_are_even_and_the_rest_goes_by_key(total):
    ones = [labelled("a", "true", 1, str(i)) for i in range(6)]
    (weights,) = grouped([*ones, labelled("b", "false", total)], [9] * 7)
    assert weights == by_weight(total, [1] * 6) | {6: total}


def test_joined_strata_share_by_weight_alone():
    """One row for each first, and the rest by weight, would give light strata more than their share."""
    light = [labelled("a", "true", 1, str(i)) for i in range(4)]
    strata = [*light, labelled("a", "true", 96), labelled("b", "false", 150)]
    assert grouped(strata, [9] * 6) == [{0: 1, 1: 1, 2: 1, 3: 1, 4: 146, 5: 150}]


def test_a_round_of_all_groups_has_at_most_about_2_22_rows():
    half = 1 << 21
    assert grouped(both("a", half, half), [9, 9]) == [{0: half, 1: half}]
    heavy = [labelled("a", "true", 3 << 22, "heavy"), labelled("a", "true", 1 << 22, "light")]
    even = [*heavy, labelled("a", "false", 4 << 22)]
    # an eighth of each label, and one row more for each stratum of the label that has most of them
    assert grouped(even, [9] * 3) == [{0: (3 << 19) + 1, 1: (1 << 19) + 1, 2: (1 << 21) + 2}]
    alone = [Stratum("a", weight=(4 << 22) - 1), Stratum("b", weight=1)]
    assert grouped(alone, [9, 9]) == [{0: 1 << 22}, {1: 1}]


def rest_of(group, capacity):
    """The strata of a group after something ran out."""
    remaining = RemainingCapacity([Capacity(n) for n in capacity])
    return [member.stratum for member in group.reduced(remaining).members]


def test_a_group_goes_on_while_more_is_left_than_a_last_round():
    labels = Group((Member(0, 0, 2, "true"), Member(1, 1, 1, "false"), Member(2, 2, 1, "false")))
    assert rest_of(labels, [2, 0, 2]) == [0, 1, 2]  # four rows are left, as many as a round has
    assert rest_of(labels, [3, 0, 3]) == [0, 2]
    assert rest_of(labels, [3, 1, 3]) == [0, 1, 2]  # nothing has run out
    residues = Group((Member(0, 0, 1, ""), Member(1, 1, 1, "")))
    assert rest_of(residues, [0, 1 << 14]) == [0, 1]
    assert rest_of(residues, [0, (1 << 14) + 1]) == [1]


def test_a_last_round_takes_no_more_of_a_stratum_than_it_has():
    strata = [labelled("g", "true", 100), *(labelled("g", "false", 50, name) for name in "ab")]
    made = plan(strata, [10, 2, 100])
    assert counts(made) == {0: 10, 1: 2, 2: 8} and made.block == 20


def test_too_few_problems_of_one_space_without_labels_are_not_drawn_twice():
    shared = [Stratum(name, weight=w, group="g", space="g") for name, w in (("a", 2), ("b", 1), ("c", 1))]
    assert [plan(shared, [n]).rows for n in (3, 4, 7)] == [0, 4, 4]


@given(
    st.lists(
        st.tuples(st.sampled_from(["<", "=", ">"]), st.integers(1, 9), st.integers(0, 40)),
        min_size=2,
        max_size=8,
    ),
    st.integers(0, 100),
)
def test_a_last_round_is_measured_without_counting_all_spaces(members, rows):
    """The answer is that of the rows of the last round; spaces that hold enough for it are not counted."""
    group = Group(tuple(Member(i, i, weight, label) for i, (label, weight, _) in enumerate(members)))
    capacities = [held for _, _, held in members]
    exactly = RemainingCapacity([Capacity(held) for held in capacities])
    more = sum(group.last_round(exactly, key=0).values()) > rows
    counted = RemainingCapacity([Capacity(held // 2, partial(int, held)) for held in capacities])
    assert group._has_more_than(rows, counted) == more


def test_large_spaces_are_not_counted_where_a_small_one_runs_out():
    def never() -> int:
        raise AssertionError("counted")

    group = Group(tuple(Member(i, i, 1, label) for i, label in enumerate(("<", "=", ">", "="))))
    huge = Capacity(1 << 40, never)
    remaining = RemainingCapacity([huge, Capacity(0), huge, huge])
    assert [m.stratum for m in group.reduced(remaining).members] == [0, 2, 3]
