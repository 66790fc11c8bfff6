"""Strata by the longest chain of carries: every pair once, long chains as often as short ones, splits as ever."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.families import task
from mathbench.generators.toolkit.carries import CarryRule
from mathbench.rows import Rows
from tests import solvers

INNER = ("train", "validation", "interpolate")


def made(family, **options):
    return task(family, carries="uniform", **options, **({"more": 0} if family == "addition" else {}))


def shown(task, split, rows=1_000_000):
    source = Rows(task, split)
    return source.batch(range(min(len(source), rows)))


def chain_of(name):
    return int(name.rpartition("=")[2])


@pytest.mark.parametrize("family", ["addition", "subtraction"])
@pytest.mark.parametrize(("base", "digits"), [(2, 5), (3, 3), (10, 2), (36, 1)])
def test_every_pair_is_in_exactly_one_split(family, base, digits):
    pairs = made(family, base=base, digits=digits)
    found = [
        solvers.problem(pairs, q) for split in INNER for q in shown(pairs, split)["question"].to_pylist()
    ]
    assert len(found) == len(set(found))
    assert set(found) == set(itertools.combinations_with_replacement(range(base**digits), 2))


@pytest.mark.parametrize("family", ["addition", "subtraction"])
@pytest.mark.parametrize("base", [2, 3, 10])
def test_the_share_of_points_that_are_problems_is_exact(family, base):
    task, numbers = made(family, base=base, digits=1), base ** (2 if base == 10 else 4)
    counts = Counter()
    for a, b in itertools.combinations_with_replacement(range(numbers), 2):
        lengths = sorted((len(solvers.write(n, base)) for n in (a, b)), reverse=True)
        counts[(*lengths, solvers.chain(task, b, a))] += 1
    rule = CarryRule(base, borrows=family == "subtraction")
    for (longer, shorter, chain), count in counts.items():
        exact = rule.problem_count(longer, shorter, chain)
        assert exact == count if family == "subtraction" or longer > shorter else count / 2 <= exact <= count


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_no_two_points_are_one_problem(data):
    """All points of a stratum, in any base: those accepted are the pairs of its lengths and its chain, each once."""
    base, borrows = data.draw(st.integers(2, 5)), data.draw(st.booleans())
    longer = data.draw(st.integers(1, 3))
    shorter = data.draw(st.integers(1, longer))
    rule = CarryRule(base, borrows)
    chain = data.draw(st.integers(0, rule.longest(longer)))
    stratum = rule.stratum(longer, shorter, chain)
    points = np.array(list(itertools.product(*map(range, stratum.sizes))), dtype=np.uint64).T
    low = np.array(stratum.low)[:, None]
    drawn = rule.draw(points, low)
    found = list(map(tuple, drawn[:, rule.valid(drawn, points, low)].T.tolist()))
    paper = made("subtraction" if borrows else "addition", base=base, digits=1)

    def numbers(length):
        return range(base ** (length - 1) if length > 1 else 0, base**length)

    every = {(a, b) for a in numbers(longer) for b in numbers(shorter) if a >= b}
    assert len(found) == len(set(found))
    assert set(found) == {pair for pair in every if solvers.chain(paper, *pair) == chain}


@pytest.mark.parametrize("family", ["addition", "subtraction"])
@pytest.mark.parametrize("split", ["train", "extrapolate"])
def test_every_length_of_chains_is_equally_likely(family, split):
    pairs = made(family, digits=12, longer=2)
    strata = [chain_of(name) for name in shown(pairs, split, 60_000)["stratum"].to_pylist()]
    counts = Counter(strata)
    longest = (12 if split == "train" else 14) - (family == "subtraction")
    assert sorted(counts) == list(range(longest + 1))
    # chains that only the shortest numbers have run out of problems
    assert all(abs(count * (longest + 1) / len(strata) - 1) < 0.25 for count in counts.values())


@pytest.mark.parametrize("family", ["addition", "subtraction"])
def test_the_split_of_a_problem_is_that_without_carries(family):
    plain, chains = task(family, digits=2), made(family, digits=2)
    for split in INNER:
        both = (
            {solvers.problem(t, q) for q in shown(t, split)["question"].to_pylist()} for t in (plain, chains)
        )
        assert next(both) == next(both)


def test_chains_on_paper():
    sums, differences = made("addition"), made("subtraction")
    cases = [(999, 1, 3), (57, 8, 1), (12, 34, 0), (9957, 48, 4), (55, 55, 1), (95, 5, 2)]
    assert [solvers.chain(sums, a, b) for a, b, _ in cases] == [found for *_, found in cases]
    cases = [(1000, 1, 3), (57, 8, 1), (34, 12, 0), (110, 19, 2), (200, 199, 1), (200, 101, 2), (7, 7, 0)]
    assert [solvers.chain(differences, a, b) for a, b, _ in cases] == [found for *_, found in cases]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"more": 1}, "carries=uniform requires operands=2 and more=0. Received: operands=2, more=1"),
        ({"more": 0, "places": 1}, "carries=uniform cannot be combined with places. Received: places=1"),
        (
            {"more": 0, "smallest": 5},
            "carries=uniform cannot be combined with smallest. Received: smallest=5",
        ),
        ({"more": 0, "distribution": "numbers"}, "cannot be combined with distribution"),
        (
            {"more": 0, "digits": 17},
            "results must stay below 2^63. Received: carries=uniform with numbers of up",
        ),
        ({"more": 0, "carries": "many"}, "carries must be one of natural, uniform. Received: 'many'"),
    ],
)
def test_what_is_not_possible_is_one_clear_line(options, message):
    with pytest.raises(InputError, match=r"^[^\n]+$") as caught:
        task("addition", **{"carries": "uniform", **options})
    assert message in str(caught.value)
