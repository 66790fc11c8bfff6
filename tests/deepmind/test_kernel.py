"""The kernel of school mathematics: text of expressions, coefficients taken apart, exact tables."""

import random
import re
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from mathbench.generators.deepmind.kernel import entropy, expression_trees
from mathbench.generators.deepmind.kernel.polynomial_text import UnivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import draw_coefficients, split_into_like_terms
from mathbench.generators.deepmind.kernel.random import RandomStream
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import mix64
from mathbench.numbers import text


def chance(many: int, seed: int = 1) -> RandomStream:
    return RandomStream(mix64(np.arange(many, dtype=np.uint64) + np.uint64(seed << 32)))


def test_powers_are_exact():
    units = np.arange(18 * entropy.UNIT + 1)
    table = entropy.size_of_entropy(units).tolist()
    for unit in range(0, len(units), 37):
        assert table[unit] ** entropy.UNIT <= 10**unit < (table[unit] + 1) ** entropy.UNIT


class Tree:
    """A random tree, its nodes numbered from the root down, and what it is worth."""

    def __init__(self, leaves: int, rng: random.Random):
        self.nodes, self.texts = [[expression_trees.LEAF, 0, 0, expression_trees.ATOM, False, 0]], []
        for _ in range(leaves - 1):
            leaf = rng.choice([i for i, node in enumerate(self.nodes) if node[0] == expression_trees.LEAF])
            kind = rng.choice(
                [expression_trees.ADD, expression_trees.SUB, expression_trees.MUL, expression_trees.DIV]
            )
            self.nodes[leaf][:3] = [kind, len(self.nodes), len(self.nodes) + 1]
            self.nodes += [[expression_trees.LEAF, 0, 0, expression_trees.ATOM, False, 0] for _ in range(2)]
        for node in self.nodes:
            if node[0] == expression_trees.LEAF:
                value = rng.choice([rng.randint(0, 9), -rng.randint(1, 9), Fraction(rng.randint(1, 9), 7)])
                node[3] = (
                    expression_trees.ATOM
                    if value >= 0 and value.denominator == 1
                    else expression_trees.PRODUCT
                )
                node[5] = len(self.texts)
                self.texts.append(str(value))

    def value(self, at: int = 0) -> Fraction:
        kind, left, right, _, _, leaf = self.nodes[at]
        if kind == expression_trees.LEAF:
            return Fraction(self.texts[leaf])
        a, b = self.value(left), self.value(right)
        return {
            expression_trees.ADD: a + b,
            expression_trees.SUB: a - b,
            expression_trees.MUL: a * b,
            expression_trees.DIV: a / b if b else None,
        }[kind]


def fraction(written: str) -> Fraction:
    """Python's own reading of an expression, every number exact."""
    return eval(re.sub(r"\d+", lambda m: f"Fraction({m[0]})", written), {"Fraction": Fraction})


def test_trees_read_as_what_they_are_worth():
    rng, trees = random.Random(5), []
    while len(trees) < 2000:
        tree = Tree(rng.randint(1, 7), rng)
        try:
            if tree.value() is not None:
                trees.append(tree)
        except TypeError:
            continue  # a division by zero
    most = max(len(tree.nodes) for tree in trees)
    table = np.array(
        [t.nodes + [[expression_trees.NONE, 0, 0, 0, False, 0]] * (most - len(t.nodes)) for t in trees]
    )
    kind, left, right, holds, minus, leaf = table.transpose(2, 1, 0)
    first = np.cumsum([0] + [len(tree.texts) for tree in trees])[:-1]
    texts = pa.array([text for tree in trees for text in tree.texts])
    written = expression_trees.ExpressionTrees(kind, left, right, holds, minus.astype(bool)).rendered(
        leaf + first, texts
    )
    for tree, shown in zip(trees, written.to_pylist(), strict=True):
        assert fraction(shown) == tree.value(), shown
    assert any("(" in shown for shown in written.to_pylist())


@pytest.mark.parametrize(
    ("kinds", "leaves", "shown"),
    [
        ((expression_trees.ADD, expression_trees.LEAF, expression_trees.ADD), ("a", "b", "c"), "a - b + c"),
        ((expression_trees.MUL, expression_trees.LEAF, expression_trees.ADD), ("a", "b", "c"), "a*(-b + c)"),
        (
            (expression_trees.SUB, expression_trees.LEAF, expression_trees.ADD),
            ("a", "b", "c"),
            "a - (-b + c)",
        ),
        ((expression_trees.POW, expression_trees.LEAF, expression_trees.DIV), ("a", "b", "c"), "a**(-b/c)"),
        (
            (expression_trees.ADD, expression_trees.LEAF, expression_trees.SUB),
            ("a", "b", "c"),
            "a + (-b - c)",
        ),
    ],
)
def test_minus_signs_join_sums(kinds, leaves, shown):
    """Three leaves, the second with a minus sign, under two operations."""
    kind = np.array(
        [[kinds[0]], [expression_trees.LEAF], [kinds[2]], [expression_trees.LEAF], [expression_trees.LEAF]]
    )
    left, right = (np.array([[1], [0], [3], [0], [0]]), np.array([[2], [0], [4], [0], [0]]))
    minus = np.array([[False], [False], [False], [True], [False]])
    trees = expression_trees.ExpressionTrees(kind, left, right, np.full((5, 1), expression_trees.ATOM), minus)
    assert trees.rendered(np.array([[0], [0], [0], [1], [2]]), pa.array(leaves)).to_pylist() == [shown]


def test_coefficients_have_their_degree():
    degree = np.array([0, 1, 2, 3] * 500)
    drawn = draw_coefficients(
        chance(2000), degree, np.full(2000, entropy.entropy_units(4)), np.ones(2000, dtype=np.int64)
    )
    assert drawn.shape == (4, 2000)
    assert (drawn[degree, np.arange(2000)] != 0).all()
    assert not drawn[np.arange(4)[:, None] > degree].any()


def test_terms_add_up_to_their_coefficients():
    whole = np.stack([chance(3000, s).integer(np.full(3000, entropy.entropy_units(2))) for s in range(3)])
    whole[0, :1000] = 0
    length = (whole != 0).sum(axis=0) + 2 + np.arange(3000) % 4
    found = split_into_like_terms(chance(3000, 9), whole, np.full(3000, entropy.entropy_units(4)), length)
    for k in range(3):
        assert (np.where(found.of == k, found.value, 0).sum(axis=0) == whole[k]).all()
    assert (found.live.sum(axis=0) == length).all()
    assert not (((found.of == 0) & found.live).sum(axis=0)[whole[0] == 0] == 1).any()


def test_sums_of_terms_read_as_what_they_are():
    drawn = draw_coefficients(
        chance(500), np.arange(500) % 4, np.full(500, entropy.entropy_units(3)), np.arange(500) % 4
    )
    terms = UnivariateTerms.from_polynomial(drawn, np.full(500, 22))
    shuffled = terms.shuffled(chance(500, 3))
    for way in (terms, shuffled):
        for i, shown in enumerate(text.join(way.rendered()).to_pylist()):
            value = eval(shown, {"y": 1000, "x": 1000, "z": 1000})
            assert value == sum(int(c) * 1000**p for p, c in enumerate(drawn[:, i])), shown


def test_numbers_read_as_what_they_are():
    top = chance(2000).integer(np.full(2000, entropy.entropy_units(5)))
    fractions = Numbers.rationals(top, chance(2000, 2).randint(1, 50))
    places = chance(2000, 3).randint_below(7)
    decimals = Numbers.decimals(top, places)
    shown = text.join(decimals.rendered()).to_pylist()
    for t, p, written in zip(top.tolist(), places.tolist(), shown, strict=True):
        assert Fraction(written) == Fraction(t, 10**p)
        assert not ("." in written and written.endswith("0")), written
    for t, b, written in zip(
        fractions.top.tolist(),
        fractions.bottom.tolist(),
        text.join(fractions.rendered()).to_pylist(),
        strict=True,
    ):
        assert Fraction(written) == Fraction(t, b)


def test_shortcuts_for_common_cases_draw_what_the_general_way_draws():
    many = 640
    words = mix64(np.arange(many, dtype=np.uint64))
    weights = np.ones((3, many), np.int64)
    weights[1, ::40] = 5  # so rare that only these problems are drawn for
    together = RandomStream(words).dirichlet(np.full(many, 9999), weights)
    for i in range(0, many, 20):
        alone = RandomStream(words[i : i + 1]).dirichlet(np.full(1, 9999), weights[:, i : i + 1])
        assert alone[:, 0].tolist() == together[:, i].tolist()
    keys = RandomStream(words).fork()
    pair = np.stack([keys.words() >> np.uint64(1) for _ in range(2)])
    assert np.array_equal(RandomStream(words).permutation(2), np.argsort(pair, axis=0))
    live = (mix64(words[None] + np.arange(1, 6, dtype=np.uint64)[:, None]) & np.uint64(1)).astype(bool)
    requested = RandomStream(words).randint_below(np.maximum(live.sum(axis=0), 1))
    nth = np.argmax(live & (np.cumsum(live, axis=0) == requested + 1), axis=0)
    assert np.array_equal(RandomStream(words).choose(live), nth)
