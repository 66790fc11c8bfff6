"""Expression trees in batches, written with a minimum of brackets.

The nodes of a tree are numbered, and the root is 0. All trees of a batch are traversed together, one depth level after
another: upwards to count the pieces of text of each node, then downwards to place them.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.hashing import Int
from mathbench.numbers import text

IntegerArray = NDArray[np.signedinteger[Any]]  # int8 makes tables of many nodes small
T = TypeVar("T", bound=np.generic)


class DepthLevel(NamedTuple):
    """All nodes at one depth.

    Attributes:
        at: int64 (m,), the index of each node in the flattened tables.
        kind: integers (m,).
        operations: int64 (p,), the indices of the operations among these nodes. The next level has first their left
            and then their right operands.
    """

    at: Int
    kind: IntegerArray
    operations: Int


def depth_levels(kind: IntegerArray, left: IntegerArray, right: IntegerArray) -> list[DepthLevel]:
    """Split trees into levels of nodes, the roots first.

    Args:
        kind: integers (k, n), 0 for a leaf, positive for an operation; the root of each tree is number 0.
        left, right: integers (k, n), numbers of the operands.

    >>> kind, left, right = np.array([[1], [0], [0]]), np.array([[1]] * 3), np.array([[2]] * 3)
    >>> [level.at.tolist() for level in depth_levels(kind, left, right)]
    [[0], [1, 2]]
    """
    kinds, parts, count = kind.ravel(), (left.ravel(), right.ravel()), kind.shape[1]
    found: list[DepthLevel] = []
    at = np.arange(count)
    while len(at) or not found:
        here = kinds.take(at)
        found.append(DepthLevel(at, here, np.flatnonzero(here > 0)))
        above = at.take(found[-1].operations)
        row = above % count
        at = np.concatenate([part.take(above).astype(np.int64) * count + row for part in parts])
    return found


def children(operands: NDArray[T]) -> tuple[NDArray[T], NDArray[T]]:
    """Split values of a level below the roots into those of the left operands and those of the right ones."""
    count = len(operands) // 2
    return operands[:count], operands[count:]


NONE, LEAF, ADD, SUB, MUL, DIV, POW = range(-1, 6)
# precedences, the smallest binds tightest; a leaf has one as well
ATOM, POWER, PRODUCT, SUM = 1, 2, 4, 5
_PRECEDENCE = np.array([0, SUM, SUM, PRODUCT, PRODUCT, POWER])
_PIECES = ("(", ")", "", " + ", " - ", "*", "/", "**", "-")
_OPEN, _CLOSE, _EMPTY, _NEGATIVE = 0, 1, 2, 8
_OPERATORS = np.array([_EMPTY, 3, 4, 5, 6, 7])  # by kind


@dataclass(frozen=True)
class ExpressionTrees(Columns):
    """Trees of operations with numbered nodes.

    Attributes:
        kind: integers (k, n), NONE, LEAF or an operation.
        left, right: integers (k, n), numbers of the operands.
        precedence: integers (k, n), of a leaf: ATOM for a letter or a number that is neither negative nor a fraction,
            POWER for `x**2`, PRODUCT for `2*x`, `-3` and `3/4`, SUM for `x + 1`.
        minus: bool (k, n), of a leaf: written with a minus sign, which in a sum becomes a subtraction. The sign of a
            leaf that should read `-3` in any place is part of its text instead.
    """

    kind: IntegerArray
    left: IntegerArray
    right: IntegerArray
    precedence: IntegerArray
    minus: Bool

    def rendered(self, leaf: Int, texts: pa.StringArray) -> pa.StringArray:
        """The expressions as text, strings (n,).

        Args:
            leaf: integers (k, n), the index of the text of each leaf.
            texts: strings.

        >>> kind = np.array([[MUL], [ADD], [LEAF], [LEAF], [LEAF]])
        >>> left, right = np.array([[1], [3], [0], [0], [0]]), np.array([[2], [4], [0], [0], [0]])
        >>> trees = ExpressionTrees(kind, left, right, np.full((5, 1), ATOM), np.zeros((5, 1), bool))
        >>> trees.rendered(np.array([[0], [0], [0], [1], [2]]), pa.array(["2", "x", "5"])).to_pylist()
        ['(x + 5)*2']
        """
        nodes = self._nodes()
        pieces, size = _piece_order(
            nodes, [leaf.ravel().take(node.level.at) + len(_PIECES) for node in nodes]
        )
        pool = pa.concat_arrays([text.from_list(_PIECES), texts])
        return templates.concatenate_groups(pool.take(text.int_array(pieces)), size)

    def _nodes(self) -> "list[_Nodes]":
        """All nodes, the roots first."""
        precedence, minus = self.precedence.ravel(), self.minus.ravel()
        bracketed, found = np.zeros(self.kind.shape[1], np.bool_), []
        down = depth_levels(self.kind, self.left, self.right)
        for level, below in zip(down, [*down[1:], None], strict=True):
            leaf = level.kind == LEAF
            found.append(_Nodes(level, leaf & minus.take(level.at), bracketed))
            if below is not None:
                own = np.where(below.kind == LEAF, precedence.take(below.at), _PRECEDENCE.take(below.kind))
                bracketed = _needs_brackets(level.kind.take(level.operations), below.kind, own)
        return found


class _Nodes(NamedTuple):
    """Nodes of one depth.

    Attributes:
        level: the nodes.
        minus: bool (m,), which are leaves with a minus sign.
        bracketed: bool (m,), which are in brackets.
    """

    level: DepthLevel
    minus: Bool
    bracketed: Bool


def _needs_brackets(op: IntegerArray, kind: IntegerArray, precedence: Int) -> Bool:
    """Which operands are in brackets, bool (2 p,): left ones, then right ones.

    Args:
        op: integers (p,), operations.
        kind, precedence: integers (2 p,), kinds and precedences of their operands.
    """
    own, (left, right), is_difference = _PRECEDENCE.take(op), children(precedence), children(kind == SUB)
    not_associative = op >= DIV  # brackets also around operands of equal precedence
    first = (left > own) | ((left == own) & not_associative) | ((op == ADD) & is_difference[0])
    second = not_associative | (op == SUB) | ((op == ADD) & is_difference[1])
    return np.concatenate([first, (right > own) | ((right == own) & second)])


def _piece_counts(nodes: list[_Nodes]) -> tuple[list[Int], list[Bool]]:
    """The number of pieces of each node, and which nodes start with a leaf that has a minus sign, not in brackets.

    Pieces are brackets, minus signs, leaves and operators.
    """
    sizes: list[Int] = []
    leads: list[Bool] = []
    for level, minus, bracketed in reversed(nodes):
        size, lead = 2 * bracketed.astype(np.int64) + (level.kind == LEAF) + minus, minus.copy()
        if sizes:
            left, right = children(sizes[-1])
            size[level.operations] += left + right + 1
            lead[level.operations] = children(leads[-1])[0]
        sizes.append(size)
        leads.append(lead & ~bracketed)
    return sizes[::-1], leads[::-1]


def _piece_order(nodes: list[_Nodes], leaves: list[Int]) -> tuple[Int, Int]:
    """The indices of all pieces in order, one tree after another, and the number of pieces of each tree."""
    sizes, leads = _piece_counts(nodes)
    stops = np.cumsum(sizes[0])
    pieces = np.empty(sizes[0].sum(), dtype=np.int64)
    # joined: the operator before the node already shows its minus sign
    start, joined = stops - sizes[0], np.zeros(len(stops), np.bool_)
    for depth, (level, minus, bracketed) in enumerate(nodes):
        pieces[start[bracketed]] = _OPEN
        pieces[(start + sizes[depth] - 1)[bracketed]] = _CLOSE
        start = start + bracketed
        pieces[start[minus]] = np.where(joined[minus], _EMPTY, _NEGATIVE)
        leaf = level.kind == LEAF
        pieces[(start + minus)[leaf]] = leaves[depth][leaf]
        if depth + 1 < len(nodes):
            op, start = level.kind.take(level.operations), start.take(level.operations)
            between = start + children(sizes[depth + 1])[0]
            subtracted = (op == ADD) & children(leads[depth + 1])[1]
            pieces[between] = np.where(subtracted, _OPERATORS[SUB], _OPERATORS.take(op))
            first = joined.take(level.operations) & ~children(nodes[depth + 1].bracketed)[0]
            start, joined = np.concatenate([start, between + 1]), np.concatenate([first, subtracted])
    return pieces, sizes[0]
