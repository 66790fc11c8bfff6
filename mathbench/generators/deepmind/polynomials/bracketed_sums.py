"""Polynomials in one variable as random trees of sums and products, whose leaves are sums of terms."""

from dataclasses import dataclass
from math import comb, log10
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import expression_trees, fingerprints
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT, entropy_units
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import draw_coefficients, multiply
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.polynomials.like_terms import split_terms
from mathbench.hashing import GOLDEN, U64, Int, mix64

MAX_NODES = 31  # that fit into a question, with about ten characters per leaf
# entropy of the choice among all binary trees of each size
_TREE_ENTROPY = np.array([entropy_units(log10(comb(2 * k, k) / (k + 1))) for k in range(32)])


@dataclass(frozen=True)
class BracketedSum(Columns):
    """Expressions with brackets.

    Attributes:
        trees: the trees.
        leaf: int64 (nodes, n), the index of the leaf at each node.
        leaves: the leaves of all expressions, one after the other.
    """

    trees: expression_trees.ExpressionTrees
    leaf: Int
    leaves: MultivariateTerms

    def take(self, index: Int) -> "BracketedSum":
        return BracketedSum(self.trees.take(index), self.leaf.take(index, axis=-1), self.leaves)

    def rendered(self) -> pa.StringArray:
        """The expressions as text."""
        shown = self.trees.kind == expression_trees.LEAF
        leaf = np.zeros_like(self.leaf)
        leaf[shown] = np.arange(shown.sum())
        return self.trees.rendered(leaf, self.leaves.take(self.leaf[shown]).rendered(sign_first=False))


class DrawnBracketedSums(NamedTuple):
    """Expressions with their values.

    Attributes:
        shown: the expressions.
        value: int64 (d + 1, n), the coefficients of the expanded polynomials.
        word: uint64 (n,), hashes that do not depend on the order of terms and factors.
        good: bool (n,), which ones are valid.
    """

    shown: BracketedSum
    value: Int
    word: U64
    good: Bool


def draw_bracketed(
    rng: RandomStream, degree: Int, entropy: Int, variable: Int, more: Int
) -> DrawnBracketedSums:
    """Draw polynomials with brackets.

    Args:
        rng: random streams.
        degree: int64 (n,).
        entropy: int64 (n,), units.
        variable: int64 (n,), its code.
        more: int64 (n,), the minimum number of terms beyond three.
    """
    length = 3 + more + rng.randint_below(entropy // (2 * UNIT) + 1)
    plan = _draw_plan(rng.fork(), degree, entropy + _TREE_ENTROPY.take(length), length)
    node, row = np.nonzero(plan.kind == expression_trees.LEAF)
    words = mix64(rng.words().take(row) + node.astype(np.uint64) * np.uint64(GOLDEN))
    leaf_rng = RandomStream(words)
    at = (node, row)
    leaves, values = _leaves(leaf_rng, plan.degree[at], plan.entropy[at], plan.length[at], variable.take(row))
    leaf = np.zeros_like(plan.kind)
    leaf[node, row] = np.arange(len(row))
    minus = np.zeros(plan.kind.shape, dtype=np.bool_)
    minus[node, row] = leaves.top[0] < 0
    trees = expression_trees.ExpressionTrees(
        plan.kind, plan.left, plan.right, np.full_like(plan.kind, expression_trees.SUM), minus
    )
    terms = fingerprints.hash_set(fingerprints.hash_words(leaves.power[0], leaves.top), leaves.live)
    value, word, good = _evaluate(plan, node, row, values, terms)
    room = np.bincount(row, leaves.lengths(), len(degree)) <= 160
    return DrawnBracketedSums(
        BracketedSum(trees, leaf, leaves), value, word, good & room & (plan.kind[-1] == expression_trees.NONE)
    )


class _Plan(NamedTuple):
    """Trees as int64 tables (nodes, n): kind and operands of each node, then the properties of its polynomial."""

    kind: Int
    left: Int
    right: Int
    degree: Int
    entropy: Int
    length: Int


def _draw_plan(rng: RandomStream, degree: Int, entropy: Int, length: Int) -> _Plan:
    """Draw trees from the root down. A tree that grows too large is marked by a leaf at the last node."""
    plan = _Plan(
        *(np.full((MAX_NODES, len(degree)), start) for start in (expression_trees.NONE, 0, 0, 0, 0, 0))
    )
    forced = np.zeros((MAX_NODES, len(degree)), dtype=np.bool_)
    plan.kind[0], forced[0] = expression_trees.LEAF, True
    plan.degree[0], plan.entropy[0], plan.length[0] = degree, entropy, length
    free = np.ones(len(degree), dtype=np.int64)
    for node in range(MAX_NODES):
        child = rng.fork()
        rows = np.flatnonzero(plan.kind[node] == expression_trees.LEAF)
        node_rng = child.take(rows)
        plan.length[node, rows] = np.maximum(plan.length[node, rows], np.where(forced[node, rows], 2, 1))
        splits = forced[node, rows] | (node_rng.bernoulli() & (plan.length[node, rows] > 1))
        rows, node_rng = rows[splits], node_rng.take(np.flatnonzero(splits))
        full = free[rows] + 2 > MAX_NODES
        plan.kind[-1, rows[full]] = expression_trees.LEAF
        rows, node_rng = rows[~full], node_rng.take(np.flatnonzero(~full))
        _split_nodes(node_rng, plan, forced, node, rows, free[rows])
        free[rows] += 2
    return plan


def _split_nodes(rng: RandomStream, plan: _Plan, forced: Bool, node: int, rows: Int, free: Int) -> None:
    """Turn some nodes into sums and products, whose operands get the numbers `free` and `free + 1`."""
    length, degree = plan.length[node, rows], plan.degree[node, rows]
    lengths = _two_parts(rng.randint(1, length - 1), length)
    entropies = rng.dirichlet(plan.entropy[node, rows], lengths)
    sums, swapped = rng.bernoulli(), rng.bernoulli().astype(np.int64)
    inner = rng.bernoulli() | (degree <= 1)
    left = np.where(inner, rng.randint_below(degree + 1), rng.randint(1, np.maximum(degree - 1, 1)))
    degrees = np.where(sums, np.stack([degree, degree]), _two_parts(left, degree))
    plan.kind[node, rows] = np.where(sums, expression_trees.ADD, expression_trees.MUL)
    swapped *= sums
    plan.left[node, rows], plan.right[node, rows] = free + swapped, free + 1 - swapped
    for which in range(2):
        here = (free + which, rows)
        plan.kind[here] = expression_trees.LEAF
        plan.degree[here], plan.entropy[here] = degrees[which], entropies[which]
        plan.length[here] = lengths[which]
    forced[free, rows] = sums  # a sum of two leaves has no brackets, so one of them must be split


def _two_parts(first: Int, total: Int) -> Int:
    return np.stack([first, total - first])


def _leaves(
    rng: RandomStream, degree: Int, entropy: Int, length: Int, variable: Int
) -> tuple[MultivariateTerms, Int]:
    """Draw sums of terms, in random order, and return them with the coefficients of their values."""
    values = draw_coefficients(rng, degree, entropy // 2, np.ones_like(degree), length)
    count = np.maximum(length, (values != 0).sum(axis=0) + 2)
    return split_terms(rng, values, entropy // 2, count, variable).shuffled(rng), values


def _evaluate(plan: _Plan, node: Int, row: Int, values: Int, terms: U64) -> tuple[Int, U64, Bool]:
    """Compute coefficients and hashes from the leaves up, and where no leading term vanishes or is too large."""
    maximum, count = int(plan.degree[0].max(initial=0)), plan.kind.shape[1]
    value = np.zeros((MAX_NODES, maximum + 1, count), dtype=np.int64)
    value[node, : len(values), row] = values.T
    # hashes as part of a sum, of a product
    added, multiplied = np.zeros((2, MAX_NODES, count), dtype=np.uint64)
    added[node, row], multiplied[node, row] = terms, fingerprints.hash_words(terms)
    good = np.ones(count, dtype=np.bool_)
    for at in range(MAX_NODES - 1, -1, -1):
        rows = np.flatnonzero(plan.kind[at] > expression_trees.LEAF)
        left, right = plan.left[at, rows], plan.right[at, rows]
        a, b = value[left, :, rows].T, value[right, :, rows].T
        sums = plan.kind[at, rows] == expression_trees.ADD
        product, fits = multiply(a, b)
        value[at, :, rows] = np.where(sums, a + b, product[: maximum + 1]).T
        highest = value[at, plan.degree[at, rows], rows]
        good[rows] &= (highest != 0) & fits
        total = added[left, rows] + added[right, rows]
        factors = multiplied[left, rows] + multiplied[right, rows]
        added[at, rows] = np.where(sums, total, fingerprints.hash_words(factors))
        multiplied[at, rows] = np.where(sums, fingerprints.hash_words(total), factors)
    return value[0], added[0], good
