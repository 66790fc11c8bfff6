"""Algebra: polynomials as SymPy shows them, long coefficients, equations, leaks that only the area can have."""

import random
import re

import numpy as np
import pytest
import sympy

from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.generators.deepmind.algebra.factors import Roots, coefficient_bounds, expand_roots
from mathbench.generators.deepmind.kernel.polynomial_text import HIGH, UnivariateTerms
from mathbench.generators.deepmind.kernel.scope import ALPHABET
from mathbench.hashing import mix64
from mathbench.numbers import text
from mathbench.rows import Rows

X = sympy.Symbol("x")
CODE = ALPHABET.index("x")


def fractions(many: int, rng: random.Random) -> list[sympy.Rational]:
    return [
        sympy.Rational(rng.choice([0, 1, -1, rng.randint(-99, 99)]), rng.randint(1, 3)) for _ in range(many)
    ]


def test_polynomials_are_written_as_sympy_writes_them():
    rng = random.Random(3)
    drawn = [fractions(4, rng) for _ in range(1500)]
    top = np.array([[int(c.p) for c in row] for row in drawn]).T
    bottom = np.array([[int(c.q) for c in row] for row in drawn]).T
    shown = text.join(
        UnivariateTerms.from_polynomial(top, np.full(1500, CODE), bottom).rendered()
    ).to_pylist()
    for row, written in zip(drawn, shown, strict=True):
        assert written == str(sum(c * X**k for k, c in enumerate(row)))


def test_long_coefficients():
    values = [7 * HIGH + 5, -3 * HIGH, 12, 1 - HIGH, -1, HIGH * (HIGH - 1)]
    parts = [divmod(abs(v), HIGH) for v in values]
    low, high = (
        np.array([[(1 if v > 0 else -1) * part[i] for v, part in zip(values, parts, strict=True)]] * 2)
        for i in (1, 0)
    )
    shown = text.join(
        UnivariateTerms.from_polynomial(low, np.full(len(values), CODE), high=high).rendered()
    ).to_pylist()
    assert shown == [str(sympy.Integer(v) * X + v) for v in values]


def test_products_are_written_as_sympy_factors_them():
    rng = random.Random(4)
    for _ in range(40):
        roots = [r for r in fractions(rng.randint(2, 5), rng)]
        scale = sympy.Rational(rng.choice([-6, -1, 1, 4]), rng.choice([1, 5]))
        top, bottom = (np.array([[int(getattr(r, part))] for r in roots]) for part in ("p", "q"))
        there = np.ones(top.shape, dtype=bool)
        over, under = np.array([scale.p]), np.array([scale.q])
        coefficients = expand_roots(over, top, bottom, there)
        polynomial = sum(int(c) * X**k for k, c in enumerate(coefficients[:, 0])) / sympy.Integer(scale.q)
        product = Roots.from_repeated(top, bottom, there).product(over, under, np.array([CODE]))
        assert text.join(product).to_pylist() == [str(sympy.factor(polynomial))]
        assert np.abs(coefficients).max() <= coefficient_bounds(over, top, bottom, there)[0]


def test_published_extrapolation_has_long_numbers_and_their_roots():
    task = TASKS["deepmind/algebra__polynomial_roots_big"]()
    rows = Rows(task, "extrapolate", seed=2).batch(range(300)).to_pylist()
    long = [row for row in rows if re.search(r"\d{20}", row["question"])]
    assert len(long) > 5
    assert all(task.oracle(row["question"]) == row["answer"] for row in long)


@pytest.mark.parametrize("name", ["algebra__linear_1d_composed", "algebra__linear_2d_composed"])
def test_letters_stand_for_one_thing(name):
    """A letter is introduced once, and before it is used."""
    for row in Rows(TASKS[f"deepmind/{name}"](), "train").batch(range(300)).to_pylist():
        *sentences, asked = row["question"].split(". ")
        known: set[str] = set()
        for sentence in sentences:
            known |= set(re.findall(r"\b[a-z]\b", sentence))
        unknown = set(re.findall(r"\b[a-z]\b", asked)) - known
        assert len(unknown) == (1 if "1d" in name else 2), row


def test_a_longer_list_shows_the_next_term_of_a_shorter_one():
    """So all lists of one sequence lie in one split: how many terms are shown does not count."""
    module = MODULES["algebra__sequence_next_term"]
    luck = mix64(np.arange(60_000, dtype=np.uint64))
    drawn = module.draw(module.root_scopes(np.zeros(len(luck), dtype=np.int64), luck))
    lists = {}
    for numbers, shown in zip(drawn.canonical.T.tolist(), drawn.problem.shown.tolist(), strict=True):
        lists.setdefault(tuple(numbers), set()).add(shown)
    assert any(len(shown) > 1 for shown in lists.values())


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("algebra__")])
def test_hardly_a_draw_is_no_problem(name):
    module = MODULES[name]
    task = TASKS[f"deepmind/{name}"]()
    luck = mix64(np.arange(3000, dtype=np.uint64))
    for place in range(len(module.inner)):
        assert task.candidates("train", np.full(len(luck), place), luck).good.mean() > 0.995
