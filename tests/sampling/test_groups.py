"""Groups of strata: labels stay balanced whatever runs out first, and nothing that can be balanced is lost."""

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mathbench.sampling.capacity import Capacity, RemainingCapacity
from mathbench.sampling.groups import MAX_REST, apportioned, groups_of
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
    made = plan(evened, [n for members in groups for _, _, n in members], key)
    stratum, rank = made.locate(np.arange(made.rows))
    assert len(set(zip(stratum.tolist(), rank.tolist(), strict=True))) == made.rows
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
    remaining = RemainingCapacity([Capacity(5, never), Capacity(7, never)])
    assert [len(g.members) for g in groups_of(strata, [0, 1], remaining)] == [2]
