"""Finite tables: every operation modulo a prime, permutations, chains; each table is shared out without rest."""

import itertools
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.families import task
from mathbench.numbers.modular import inverses, monomials
from mathbench.reserve import RESERVE_OF_SPLIT, reserve_of
from mathbench.rows import Rows
from tests import solvers
from tests.variants import POLYNOMIALS

OPERATIONS = ("plus", "minus", "times", "divide", "conditional", *POLYNOMIALS)
PARTS = ("train", "validation", "interpolate")


def table(made, split):
    """All questions of a split."""
    source = Rows(made, split)
    return source.batch(range(len(source)))["question"].to_pylist()


def pairs(made, split):
    return {solvers.pair_of(made, question) for question in table(made, split)}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_pair_of_residues_is_in_exactly_one_split(operation):
    made = task("modular", modulus=31, operation=operation)
    found = [solvers.pair_of(made, q) for split in PARTS for q in table(made, split)]
    seconds = range(1 if operation == "divide" else 0, 31)
    assert sorted(found) == list(itertools.product(range(31), seconds))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_pair_is_in_the_same_split_in_any_order_and_for_all_operations(operation):
    made, plus = (task("modular", modulus=31, operation=name) for name in (operation, "plus"))
    for split in PARTS:
        expected = pairs(plus, split)
        assert expected == {(b, a) for a, b in expected}
        assert pairs(made, split) == {(a, b) for a, b in expected if b or operation != "divide"}


@pytest.mark.parametrize(
    "operation, question, answer",
    [
        ("divide", "(3/5)%97", "20"),
        ("conditional", "(3?5)%97", "20"),
        ("conditional", "(3?4)%97", "96"),
        ("x^2+y^2", "(3^2+5^2)%97", "34"),
        ("x^2+xy+y^2", "(3^2+3*5+5^2)%97", "49"),
        ("x^2+xy+y^2+x", "(3^2+3*5+5^2+3)%97", "52"),
        ("x^3+xy", "(3^3+3*5)%97", "42"),
        ("x^3+xy^2+y", "(3^3+3*5^2+5)%97", "10"),
    ],
)
def test_questions_and_answers_as_written(operation, question, answer):
    made = task("modular", operation=operation)
    rows = {row["question"]: row["answer"] for split in PARTS for row in Rows(made, split).batch(
        range(len(Rows(made, split)))).to_pylist()}  # fmt: skip
    assert rows[question] == answer == made.oracle(question)


@pytest.mark.parametrize("digits", [1, 2])
@pytest.mark.parametrize("operation", ["divide", "conditional"])
@pytest.mark.parametrize("modulus", [2, 3, 7])
def test_no_divisor_is_a_multiple_of_the_modulus(operation, modulus, digits):
    made = task("modular", modulus=modulus, operation=operation, digits=digits)
    found = [solvers.pair_of(made, q) for split in PARTS for q in table(made, split)]

    def divides(y):
        return y % modulus > 0 or (operation == "conditional" and y % 2 == 0)

    assert all(divides(y) for _, y in found)
    every = itertools.combinations_with_replacement(range(10**digits), 2)
    assert sorted((min(p), max(p)) for p in found) == [p for p in every if divides(p[0]) or divides(p[1])]


def test_the_terms_of_the_polynomials():
    assert [monomials(p) for p in POLYNOMIALS] == [
        ((2, 0), (0, 2)),
        ((2, 0), (1, 1), (0, 2)),
        ((2, 0), (1, 1), (0, 2), (1, 0)),
        ((3, 0), (1, 1)),
        ((3, 0), (1, 2), (0, 1)),
    ]


@given(
    st.sampled_from([2, 3, 97, 65_537, (1 << 30) - 35]),
    st.lists(st.integers(1, 1 << 40), max_size=50),
)
def test_inverses_are_those_of_python(prime, values):
    values = [value for value in values if value % prime]
    found = inverses(np.array(values, dtype=np.int64), prime)
    assert found.tolist() == [pow(value, -1, prime) for value in values]


def test_factors_of_permutations_are_applied_from_the_right():
    """Two cycles of three elements: 0 to 1 to 0, and 1 to 2 to 1."""
    compose, conjugate, xyx = (
        task("permutation", size=3, operation=o) for o in ("compose", "conjugate", "xyx")
    )
    assert compose.oracle("102*021") == "120"
    assert conjugate.oracle("120*102*120^-1") == "021"
    assert xyx.oracle("102*021*102") == "210"


@pytest.mark.parametrize("split", [*PARTS, "extrapolate"])
@pytest.mark.parametrize(
    "operation, form",
    [("compose", r"(\d+)\*(\d+)"), ("conjugate", r"(\d+)\*(\d+)\*\1\^-1"), ("xyx", r"(\d+)\*(\d+)\*\1")],
)
def test_rows_of_permutations(operation, form, split):
    made = task("permutation", size=4, operation=operation)
    for row in Rows(made, split).batch(range(40)).to_pylist():
        x, y = re.fullmatch(form, row["question"]).groups()
        assert sorted(x) == sorted(y) == list("01234"[: 5 if split == "extrapolate" else 4])
        assert row["answer"] == solvers.product_of(row["question"]) == made.oracle(row["question"])
        assert made.operands_of(row["question"]) == (int(x), int(y))


@pytest.mark.parametrize("name", ["modular", "modular-chain", "permutation"])
@pytest.mark.parametrize("question", ["12/0", "(1+2)%", "", "x", "(1+2)%7)%7", "(+)%7", "^-1*^-1", "01*10*"])
def test_what_is_not_a_question_is_a_value_error(name, question):
    with pytest.raises(ValueError):
        task(name).oracle(question)


@pytest.mark.parametrize("operation", ["compose", "conjugate", "xyx"])
@pytest.mark.parametrize("size", [3, 5])
def test_every_pair_of_permutations_is_in_exactly_one_split(size, operation):
    made, compose = (task("permutation", size=size, operation=name) for name in (operation, "compose"))
    elements = ["".join(p) for p in itertools.permutations("012345"[:size])]
    found = []
    for split in PARTS:
        here = [tuple(question.split("*")[:2]) for question in table(made, split)]
        assert set(here) == {tuple(question.split("*")) for question in table(compose, split)}
        found += here
    assert sorted(found) == list(itertools.product(elements, repeat=2))


@pytest.mark.parametrize("operations, signs", [("plus-minus", "+-"), ("plus-minus-times", "+-*")])
@pytest.mark.parametrize("modulus", [2, 5])
def test_every_chain_is_in_exactly_one_split(modulus, operations, signs):
    made = task("modular-chain", modulus=modulus, operands=3, operations=operations, more=1)
    digits = list(map(str, range(modulus)))
    every = [
        f"({''.join(words)})%{modulus}" for words in itertools.product(digits, signs, digits, signs, digits)
    ]
    parts = [table(made, split) for split in PARTS]
    assert sorted(itertools.chain(*parts)) == sorted(every)
    terms = [{solvers.problem(made, question) for question in part} for part in parts]
    assert not terms[0] & terms[1] and not terms[0] & terms[2] and not terms[1] & terms[2]


@given(
    st.lists(st.integers(0, 12), min_size=3, max_size=8),
    st.lists(st.sampled_from("+-*"), min_size=7, max_size=7),
    st.randoms(use_true_random=False),
)
def test_chains_in_another_order_are_one_problem_and_others_are_not(numbers, signs, rng: random.Random):
    made = task("modular-chain", modulus=13)
    question = f"({numbers[0]}{''.join(f'{s}{n}' for s, n in zip(signs, numbers[1:], strict=False))})%13"
    terms = solvers.terms_of(question, 10)
    positive = [factors for sign, factors in terms if sign > 0]
    first = rng.choice(positive)
    rest = [(sign, factors) for sign, factors in terms]
    rest.remove((1, first))
    rng.shuffle(rest)

    def written(factors):
        return "*".join(map(str, rng.sample(factors, len(factors))))

    again = written(first) + "".join("+-"[sign < 0] + written(factors) for sign, factors in rest)
    assert made.operands_of(f"({again})%13") == made.operands_of(question)
    other = re.sub(r"\d+", lambda number: str((int(number[0]) + 1) % 13), again, count=1)
    same = solvers.terms_of(other, 10) == terms
    assert (made.operands_of(f"({other})%13") == made.operands_of(question)) == same


@pytest.mark.parametrize("split", [*PARTS, "extrapolate"])
def test_rows_of_chains(split):
    made = task("modular-chain", modulus=11, operands=5, more=4)
    for row in Rows(made, split).batch(range(60)).to_pylist():
        assert row["answer"] == solvers.solve(made, row["question"]) == made.oracle(row["question"])
        reserve = reserve_of("modular-chain", made.operands_of(row["question"]))
        assert reserve == RESERVE_OF_SPLIT[split].name


def test_chains_of_more_operands_have_a_stratum_each():
    made = task("modular-chain", modulus=97, operands=3, more=3)
    strata = Rows(made, "extrapolate").batch(range(3000))["stratum"].to_pylist()
    assert {name: strata.count(name) // 900 for name in set(strata)} == {
        "operands=4": 1,
        "operands=5": 1,
        "operands=6": 1,
    }
