"""Expressions of a given value, drawn from the root down: first an operation, then operands with the right result.

All nodes of one depth in all expressions of a batch are drawn together, each from its own random word.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.operand_pairs import Values, draw_operands, factor_pair_entropy
from mathbench.generators.deepmind.kernel import expression_trees, templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.fingerprints import commutative_hash
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.rationals import draw_divisor
from mathbench.generators.deepmind.kernel.scope import letter_text
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import U64, Int
from mathbench.numbers import text


@dataclass(frozen=True)
class Nodes(Columns):
    """Nodes of one depth that are still to be drawn.

    Attributes:
        row: int64 (m,), the expression of the node.
        number: int64 (m,), the number of the node in its expression, in preorder.
        top, bottom: int64 (m,), its value, in lowest terms.
        count: int64 (m,), the number of operations of its subtree.
        entropy: int64 (m,), units for them.
        word: uint64 (m,), a random word.
    """

    row: Int
    number: Int
    top: Int
    bottom: Int
    count: Int
    entropy: Int
    word: U64


@dataclass(frozen=True)
class Expressions(Columns):
    """Expressions whose leaves are integers.

    Attributes:
        kind: int64 (k, n), as in :mod:`mathbench.generators.deepmind.kernel.expression_trees`.
        left, right: int64 (k, n), numbers of the operands.
        value: int64 (k, n), the value of a leaf.
        commutative_hash: int64 (n,), equal for expressions that differ only in the order of terms or factors.
    """

    kind: Int
    left: Int
    right: Int
    value: Int
    commutative_hash: Int

    def rendered(self, codes: Int) -> pa.StringArray:
        """As text, strings (n,).

        Args:
            codes: int64 (k, n), the letters in place of leaves; -1: the leaf itself.
        """
        leaves = np.flatnonzero(self.kind == expression_trees.LEAF)
        value, code = self.value.ravel()[leaves], codes.ravel()[leaves]
        texts = text.join(letter_text(code), templates.masked(templates.signed_text(value), code < 0))
        position = np.zeros(self.kind.size, dtype=np.int64)
        position[leaves] = np.arange(len(leaves))
        precedence = np.where((self.value < 0) & (codes < 0), expression_trees.PRODUCT, expression_trees.ATOM)
        minus = np.zeros(self.kind.shape, np.bool_)
        tree = expression_trees.ExpressionTrees(self.kind, self.left, self.right, precedence, minus)
        return tree.rendered(position.reshape(self.kind.shape), texts)


def draw_expressions(
    rng: RandomStream, value: Numbers, count: Int, entropy: Int, sums: bool, products: bool
) -> tuple[Expressions, Bool]:
    """Draw expressions.

    Args:
        rng: random streams.
        value: the values, n of them; integers if there are no products.
        count: int64 (n,), the number of operations.
        entropy: int64 (n,), units.
        sums: whether to add and subtract.
        products: whether to multiply and divide.

    Returns:
        The expressions, and bool (n,), where 63 bits were enough for all numbers.
    """
    size = 2 * int(count.max(initial=0)) + 1
    kind, left, right, leaf = (np.full((size, len(count)), fill) for fill in (expression_trees.NONE, 0, 0, 0))
    good, rows = np.ones(len(count), np.bool_), np.arange(len(count))
    nodes = Nodes(rows, np.zeros_like(rows), value.top, value.bottom, count, entropy, rng.words())
    while len(nodes.row):
        is_leaf = np.flatnonzero(nodes.count == 0)
        kind[nodes.number[is_leaf], nodes.row[is_leaf]] = expression_trees.LEAF
        leaf[nodes.number[is_leaf], nodes.row[is_leaf]] = nodes.top[is_leaf]
        if not len(split := np.flatnonzero(nodes.count > 0)):
            break
        parents = nodes.take(split)
        kinds, parts, in_range = _split_nodes(parents, sums, products)
        at = parents.number, parents.row
        kind[at], left[at], right[at] = kinds, parts.number[: len(split)], parts.number[len(split) :]
        good[parents.row[~in_range]] = False
        nodes = parts
    return Expressions(kind, left, right, leaf, commutative_hash(kind, left, right, leaf)), good


def _split_nodes(nodes: Nodes, sums: bool, products: bool) -> tuple[Int, Nodes, Bool]:
    """Draw an operation for each node: kinds, left operands followed by right ones, and where these are in range."""
    rng, own = RandomStream(nodes.word), nodes.entropy // np.maximum(nodes.count, 1)
    factor, count = draw_divisor(rng, nodes.top) if products else (nodes.top, nodes.top)
    kind = _operations(rng, nodes, count, sums, products)
    values = Values(nodes.top, nodes.bottom, nodes.count, own, factor, count, kind)
    left, right, good = draw_operands(rng, values, fractional=products)
    return kind, _operand_nodes(rng, nodes, own, left, right), good


def _operations(rng: RandomStream, nodes: Nodes, divisors: Int, sums: bool, products: bool) -> Int:
    """Draw one of the operations that can have the value, uniform, int64 (m,)."""
    last, integer = nodes.count == 1, nodes.bottom == 1
    live = np.zeros((expression_trees.DIV + 1, len(last)), np.bool_)
    if sums:
        live[expression_trees.ADD] = live[expression_trees.SUB] = ~last | integer
    if products:
        live[expression_trees.MUL] = ~last | (
            integer & (nodes.entropy <= factor_pair_entropy(nodes.top, divisors))
        )
        live[expression_trees.DIV] = True
    return rng.choose(live)


def _operand_nodes(rng: RandomStream, nodes: Nodes, own: Int, left: Int, right: Int) -> Nodes:
    """The operands of some nodes, the left ones first; a fraction among them has at least one operation."""
    left_fraction, right_fraction = ((part[1] != 1).astype(np.int64) for part in (left, right))
    free = nodes.count - 1 - left_fraction - right_fraction
    first = rng.randint_below(np.maximum(free, 0) + 1) + left_fraction
    second = nodes.count - 1 - first
    share = _beta_share(rng, nodes.entropy - own, first, second)
    rest = np.where(second > 0, nodes.entropy - own - share, 0)
    return Nodes(
        np.concatenate([nodes.row, nodes.row]),
        np.concatenate([nodes.number + 1, nodes.number + 2 + 2 * first]),
        np.concatenate([left[0], right[0]]),
        np.concatenate([left[1], right[1]]),
        np.concatenate([first, second]),
        np.concatenate([share, rest]),
        np.concatenate([rng.words(), rng.words()]),
    )


def _beta_share(rng: RandomStream, total: Int, first: Int, second: Int) -> Int:
    """The share of the first of two parts: a beta distribution with small integer parameters."""
    maximum = int((first + second).max(initial=0))
    drawn = rng.exponentials(maximum)
    position = np.arange(maximum)[:, None]
    first_part = np.where(position < first, drawn, 0).sum(axis=0)
    both_parts = np.where(position < first + second, drawn, 0).sum(axis=0)
    return total * first_part // np.maximum(both_parts, 1)
