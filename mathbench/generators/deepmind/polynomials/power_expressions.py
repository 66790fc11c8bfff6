"""Powers of one variable as random trees of products, quotients and powers of powers."""

from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.generators.deepmind.kernel import expression_trees, fingerprints
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.rationals import draw_rational
from mathbench.generators.deepmind.kernel.scope import letter_text
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import U64, Int
from mathbench.numbers import text

T = TypeVar("T", bound=np.generic)
Int8 = NDArray[np.int8]
MAX_NODES = 81  # that fit into a question


@dataclass(frozen=True)
class PowerExpressions(Columns):
    """Expressions of powers that are not simplified.

    Attributes:
        nodes: the nodes of all expressions.
        variable: int64 (n,), its code.
    """

    nodes: "Nodes"
    variable: Int

    def take(self, index: Int) -> "PowerExpressions":
        """The expressions at some indices, each at most once."""
        position = np.full(len(self.variable), -1)
        position[index] = np.arange(len(index))
        row = position.take(self.nodes.row)
        nodes = np.flatnonzero(row >= 0)
        return PowerExpressions(replace(self.nodes.take(nodes), row=row[nodes]), self.variable.take(index))

    def rendered(self) -> pa.StringArray:
        """The expressions as text."""
        nodes, count = self.nodes, len(self.variable)
        constant = np.flatnonzero((nodes.kind == expression_trees.LEAF) & (nodes.bottom > 0))
        top, bottom = nodes.top[constant], nodes.bottom[constant]
        leaf = nodes.row.copy()
        leaf[constant] = count + np.arange(len(constant))
        numbers = Numbers(top, bottom, np.zeros(len(constant), np.bool_))
        texts = pa.concat_arrays([text.join(letter_text(self.variable)), text.join(numbers.rendered())])
        precedence = np.full(len(leaf), expression_trees.ATOM, np.int8)
        precedence[constant] = np.where(
            (bottom == 1) & (top >= 0), expression_trees.ATOM, expression_trees.PRODUCT
        )
        kind, left, right = (
            self._table(part, expression_trees.NONE) for part in (nodes.kind, nodes.left, nodes.right)
        )
        minus = np.zeros(kind.shape, dtype=np.bool_)
        return expression_trees.ExpressionTrees(
            kind, left, right, self._table(precedence, 0), minus
        ).rendered(self._table(leaf, 0), texts)

    def _table(self, values: NDArray[T], fill: int) -> NDArray[T]:
        """A table of values by number and expression of their nodes, (nodes, n)."""
        nodes = self.nodes
        found = np.full((int(nodes.number.max(initial=0)) + 1, len(self.variable)), fill, values.dtype)
        found[nodes.number, nodes.row] = values
        return found


class DrawnPowers(NamedTuple):
    """Expressions with their values.

    Attributes:
        shown: the expressions.
        top, bottom: int64 (n,), the exponents in lowest terms.
        word: uint64 (n,), hashes that do not depend on the order of factors.
        good: bool (n,), which ones are valid.
    """

    shown: PowerExpressions
    top: Int
    bottom: Int
    word: U64
    good: Bool


@dataclass(frozen=True)
class Nodes(Columns):
    """Nodes of expressions, those of one expression in the order of their numbers.

    Attributes:
        row: int64 (m,), the expression of the node.
        number: int64 (m,), its number in the expression; 0 is the root.
        entropy: int64 (m,), units left for its operands.
        top, bottom: int64 (m,), an exponent; 1 and 0 for other nodes.
        kind, left, right: int8 (m,), an operation and the numbers of its operands, or LEAF.
    """

    row: Int
    number: Int
    entropy: Int
    top: Int
    bottom: Int
    kind: Int8
    left: Int8
    right: Int8

    @classmethod
    def leaves(cls, row: Int, number: Int, entropy: Int, top: Int, bottom: Int) -> "Nodes":
        """Nodes without operands."""
        none = np.zeros((2, len(row)), dtype=np.int8)
        return cls(
            row, number, entropy, top, bottom, np.full(len(row), expression_trees.LEAF, np.int8), *none
        )


class _DepthLevel(NamedTuple):
    """Nodes of one depth, and which of them are operations, int64 (p,). The next level has both operands of each."""

    nodes: Nodes
    operations: Int


def draw_power_expressions(rng: RandomStream, entropy: Int, maximum: Int, variable: Int) -> DrawnPowers:
    """Draw expressions of powers that are not simplified.

    Args:
        rng: random streams.
        entropy: int64 (n,), units.
        maximum: int64 (n,), maximum units of one exponent.
        variable: int64 (n,), its code.
    """
    levels, good = _draw_levels(rng.fork(), entropy, maximum)
    top, bottom, word = _evaluate(levels)
    return DrawnPowers(
        PowerExpressions(Nodes.concatenate([level.nodes for level in levels]), variable),
        top,
        bottom,
        word,
        good,
    )


def _draw_levels(rng: RandomStream, entropy: Int, maximum: Int) -> tuple[list[_DepthLevel], Bool]:
    """Draw trees from the root down, and return which have not grown too large."""
    rows, zeros = np.arange(len(entropy)), np.zeros_like(entropy)
    free, good = np.ones_like(entropy), np.ones(len(entropy), dtype=np.bool_)
    nodes = Nodes.leaves(rows, zeros, entropy, zeros + 1, zeros)
    levels: list[_DepthLevel] = []
    while len(nodes.row) or not levels:
        operations = np.flatnonzero((nodes.entropy > 0) & good.take(nodes.row))
        row = nodes.row.take(operations)
        first = free.take(row) + 2 * (np.arange(len(row)) - np.searchsorted(row, row))
        fits = first + 2 <= MAX_NODES
        good[row[~fits]] = False
        operations, row, first = operations[fits], row[fits], first[fits]
        free += 2 * np.bincount(row, minlength=len(free))
        # every node number has its own stream, whether the node exists or not
        node_rng = rng.continue_at(row, nodes.number.take(operations))
        nodes.kind[operations] = kind = np.array(
            [expression_trees.POW, expression_trees.MUL, expression_trees.DIV], np.int8
        ).take(node_rng.randint_below(3))
        nodes.left[operations], nodes.right[operations] = first, first + 1
        levels.append(_DepthLevel(nodes, operations))
        nodes = _draw_operands(
            node_rng,
            nodes.entropy.take(operations),
            kind == expression_trees.POW,
            maximum.take(row),
            row,
            first,
        )
    return levels, good


def _draw_operands(
    rng: RandomStream, entropy: Int, powers: Bool, maximum: Int, row: Int, first: Int
) -> Nodes:
    """Draw the operands of some nodes, the two of each node next to each other."""
    share = np.minimum(entropy, maximum)
    half = np.where(entropy // 2 < UNIT, 0, entropy // 2)
    half = np.where(rng.bernoulli(), half, entropy - half)
    is_integer, number, (top, bottom) = rng.bernoulli(), rng.integer(share), draw_rational(rng, share)
    return Nodes.leaves(
        np.repeat(row, 2),
        _interleave(first, first + 1),
        _interleave(np.where(powers, entropy - share, half), np.where(powers, 0, entropy - half)),
        _interleave(1, np.where(powers, np.where(is_integer, number, top), 1)),
        _interleave(0, np.where(powers, np.where(is_integer, 1, bottom), 0)),
    )


def _interleave(left: Int | int, right: Int) -> Int:
    return np.stack([np.broadcast_to(left, right.shape), right], axis=1).ravel()


def _evaluate(levels: list[_DepthLevel]) -> tuple[Int, Int, U64]:
    """Compute exponents as fractions, and hashes, from the leaves up."""
    none = np.empty(0, np.int64)
    below = none, none, none.view(np.uint64), none.view(np.uint64)
    for nodes, operations in reversed(levels):
        top, bottom, word = (
            nodes.top.copy(),
            np.maximum(nodes.bottom, 1),
            fingerprints.hash_words(nodes.top, nodes.bottom),
        )
        part, whole = word, word.copy()  # hashes, as one factor of a product and on their own
        kind = nodes.kind.take(operations)
        top[operations], bottom[operations] = _exponents(kind, *below[:2])
        part[operations], whole[operations] = _hashes(kind, *below[2:])
        below = top, bottom, part, whole
    top, bottom, _, whole = below
    return top, bottom, whole


def _exponents(kind: Int8, top: Int, bottom: Int) -> tuple[Int, Int]:
    """The exponents of operations, in lowest terms, from those of their operands."""
    (a, c), (b, d) = ((part[::2], part[1::2]) for part in (top, bottom))
    numerator = np.where(
        kind == expression_trees.POW, a * c, a * d + np.where(kind == expression_trees.MUL, c * b, -c * b)
    )
    common = np.gcd(numerator, b * d)
    return numerator // common, b * d // common


def _hashes(kind: Int8, part: U64, whole: U64) -> tuple[U64, U64]:
    """Hashes of operations from those of their operands."""
    product, together = kind == expression_trees.MUL, part[::2] + part[1::2]
    ordered = fingerprints.hash_words(whole[::2], kind.astype(np.int64), whole[1::2])
    return np.where(product, together, ordered), np.where(product, fingerprints.hash_words(together), ordered)
