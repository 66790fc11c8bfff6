"""Splits never meet: exhaustively on small spaces, across parameters, bases, seeds, formats and families."""

import itertools

import numpy as np
import pytest

from mathbench.families import task
from mathbench.reserve import TEST, TRAIN, VALIDATION, fingerprint, fingerprints, reserve_of
from mathbench.rows import Rows
from tests import solvers

SPLITS = ("train", "validation", "interpolate", "extrapolate")
ROWS = 4_000  # of each setting of a family


def problems(made, split, seed=0, rows=10_000) -> list[tuple[int, ...]]:
    source = Rows(made, split, seed)
    questions = source.batch(range(min(len(source), rows)))["question"].to_pylist()
    return [solvers.problem(made, q) for q in questions]


@pytest.mark.parametrize("digits, expected", [(1, 55), (2, 5050)])
def test_every_unordered_sum_is_in_exactly_one_split(digits, expected):
    made = task("addition", digits=digits)
    found = [p for split in SPLITS[:3] for p in problems(made, split)]
    assert len(found) == len(set(found)) == expected
    assert set(found) == set(itertools.combinations_with_replacement(range(10**digits), 2))


def test_the_whole_table_of_a_small_modulus_is_shared_out():
    made = task("modular", modulus=13)
    pairs = []
    for split in SPLITS[:3]:
        questions = Rows(made, split).batch(range(len(Rows(made, split))))["question"].to_pylist()
        pairs += [tuple(solvers.numbers(q, 10)[:2]) for q in questions]
        shown = {tuple(solvers.numbers(q, 10)[:2]) for q in questions}
        assert all((b, a) in shown for a, b in shown)
    assert sorted(pairs) == list(itertools.product(range(13), repeat=2))


def test_smaller_train_shares_are_nested_and_leave_the_test_split_alone():
    shares = [task("modular", modulus=31, train_share=s) for s in (0.2, 0.5, 0.8)]
    small, medium, large = (set(problems(t, "train")) for t in shares)
    assert small < medium < large
    assert len({tuple(sorted(problems(t, "interpolate"))) for t in shares}) == 1


def test_all_multiples_of_three_operands_are_unique():
    made = task("addition", digits=1, operands=3)
    found = [p for split in SPLITS[:3] for p in problems(made, split)]
    assert sorted(found) == sorted(itertools.combinations_with_replacement(range(10), 3))


@pytest.mark.parametrize("digits, expected", [(1, 45), (2, 4950)])
def test_every_pair_of_different_numbers_is_compared_in_exactly_one_split(digits, expected):
    made = task("comparison", digits=digits, distribution="numbers")
    found = [p for split in SPLITS[:3] for p in problems(made, split)]
    assert len(found) == len(set(found)) == expected
    assert set(found) == {(a, b) for a in range(10**digits) for b in range(a)}


FAMILIES = {
    "addition": [
        ("addition", {"digits": 3}),
        ("addition", {"digits": 4}),
        ("addition", {"digits": 10, "base": 2}),
        ("addition", {"digits": 3, "distribution": "numbers", "written": "a + b"}),
        ("correct-addition", {"digits": 3}),
        ("correct-addition", {"digits": 10, "base": 2, "errors": "swap"}),
    ],
    "multiplication": [
        ("multiplication", {"digits": 3}),
        ("multiplication", {"digits": 4}),
        ("multiplication", {"digits": 8, "base": 2}),
        ("correct-multiplication", {"digits": 2}),
    ],
    "divisible": [
        ("divisible", {"k": 3}),
        ("divisible", {"k": 7, "digits": 4}),
        ("divisible", {"k": 2, "base": 3, "digits": 10}),
        ("divisible", {"k": 3, "answer": "residue"}),
    ],
    "modular": [
        ("modular", {"modulus": 97}),
        ("modular", {"modulus": 89, "operation": "divide"}),
        ("modular", {"digits": 2, "operation": "x^3+xy"}),
        ("modular", {"digits": 7, "base": 2, "operation": "conditional"}),
    ],
    "modular-chain": [
        ("modular-chain", {"modulus": 11}),
        ("modular-chain", {"modulus": 13, "base": 2, "more": 1}),
        ("modular-chain", {"operands": 3, "operations": "plus-minus"}),
        ("expression", {"modulus": 11, "depth": 0, "digits": 1}),
        ("expression", {"operations": "plus-minus-times-divide", "digits": 1, "longer": 0}),
        ("expression", {"base": 2, "digits": 4, "depth": 2, "deeper": 0}),
    ],
    "permutation": [
        ("permutation", {}),
        ("permutation", {"size": 4, "operation": "xyx"}),
        ("permutation", {"size": 6, "operation": "conjugate"}),
    ],
    "prime": [
        ("prime", {"digits": 5}),
        ("prime", {"base": 2, "digits": 16}),
        ("prime", {"negatives": "hard"}),
    ],
    "gcd": [
        ("gcd", {"digits": 3}),
        ("gcd", {"digits": 4, "distribution": "natural"}),
        ("gcd", {"base": 2, "digits": 10}),
    ],
    "comparison": [
        ("comparison", {"digits": 3}),
        ("comparison", {"digits": 4, "ask": "smaller", "distribution": "numbers"}),
        ("comparison", {"digits": 3, "ask": "relation"}),
        ("comparison", {"digits": 10, "base": 2, "kinds": "prefix"}),
        ("comparison", {"digits": 2, "places": 2}),
    ],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_setting_of_a_family_trains_on_what_another_tests(family):
    """Other digits, bases, wording, seeds, or recognition instead of generation: the reserves are one."""
    made = [task(name, **parameters) for name, parameters in FAMILIES[family]]
    train = set().union(*(problems(t, "train", seed, ROWS) for t in made for seed in (0, 1)))
    validation = set().union(*(problems(t, "validation", 3, ROWS) for t in made))
    test = set().union(*(problems(t, split, 2, ROWS) for t in made for split in SPLITS[2:]))
    assert not train & test and not train & validation and not validation & test
    assert min(map(len, (train, validation, test))) > 100


def test_the_reserve_of_one_problem_in_arrays_and_in_integers():
    operands = np.array([[0, 12, 10**17, (1 << 62) - 1], [0, 29, 5, 1]])
    prints = fingerprints("gcd", operands)
    for i, (a, b) in enumerate(operands.T.tolist()):
        assert fingerprint("gcd", (a, b)) == int(prints[i])
        held = [r.name for r in (TRAIN, VALIDATION, TEST) if r.contains(prints)[i]]
        assert held == [reserve_of("gcd", (a, b))]


def test_integers_beyond_64_bits_have_reserves_too():
    huge = 10**100
    assert len({fingerprint("addition", (huge + i, 1)) for i in range(100)}) == 100
    assert fingerprint("addition", (1 << 64,)) != fingerprint("addition", (0, 1))
    names = [reserve_of("addition", (huge + i, 1)) for i in range(2000)]
    assert 1500 < names.count("train") < 1700
