"""Expressions as tapes: trees of operations side by side, written with as few brackets as reading them needs.

Nodes have numbers, the root 0. Trees are written in two passes over their waves, upwards for how many pieces each node
has and downwards for where these stand.

Waves: the nodes of many trees by their depth, so that trees of any shape are gone through all together.
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

IntegerArray = NDArray[np.signedinteger[Any]]  # tables of many nodes are small in few bits
T = TypeVar("T", bound=np.generic)


class DepthLevel(NamedTuple):
    """All nodes of one depth.

    Attributes:
        at: int64 (m,), where each stands in the tables laid end to end.
        kind: int64 (m,).
        operations: int64 (p,), which of them are operations; the next wave has their left operands, then their right ones.
    """

    at: Int
    kind: IntegerArray
    operations: Int


def depth_levels(kind: IntegerArray, left: IntegerArray, right: IntegerArray) -> list[DepthLevel]:
    """Take trees apart, the roots first.

    Args:
        kind: integers (k, n), 0 for a leaf, more for an operation; the root of each tree is number 0.
        left, right: integers (k, n), numbers of the operands.

    >>> [wave.at.tolist() for wave in depth_levels(np.array([[1], [0], [0]]), np.array([[1]] * 3), np.array([[2]] * 3))]
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
    """What belongs to the left operands of a wave, and to the right ones."""
    count = len(operands) // 2
    return operands[:count], operands[count:]


NONE, LEAF, ADD, SUB, MUL, DIV, POW = range(-1, 6)
# how tightly parts hold together; a leaf has one of these as well
ATOM, POWER, PRODUCT, SUM = 1, 2, 4, 5
_PRECEDENCE = np.array([0, SUM, SUM, PRODUCT, PRODUCT, POWER])
_JOINTS = ("(", ")", "", " + ", " - ", "*", "/", "**", "-")
_OPEN, _CLOSE, _EMPTY, _NEGATIVE = 0, 1, 2, 8
_BETWEEN = np.array([_EMPTY, 3, 4, 5, 6, 7])  # by kind


@dataclass(frozen=True)
class ExpressionTrees(Columns):
    """Trees of operations.

    Attributes:
        kind: integers (k, n), NONE, LEAF or an operation.
        left, right: integers (k, n), numbers of the operands.
        precedence: integers (k, n), of a leaf: ATOM for a letter or a number that is neither negative nor a fraction,
            POWER for `x**2`, PRODUCT for `2*x`, `-3` and `3/4`, SUM for `x + 1`.
        minus: bool (k, n), of a leaf: shown with a minus sign, as the difference it makes in a sum; a leaf that
            should read `-3` wherever it stands has it in its text instead.
    """

    kind: IntegerArray
    left: IntegerArray
    right: IntegerArray
    precedence: IntegerArray
    minus: Bool

    def rendered(self, leaf: Int, texts: pa.StringArray) -> pa.StringArray:
        """The expressions as text, strings (n,).

        Args:
            leaf: integers (k, n), which of the texts each leaf shows.
            texts: strings.

        >>> kind = np.array([[MUL], [ADD], [LEAF], [LEAF], [LEAF]])
        >>> left, right = np.array([[1], [3], [0], [0], [0]]), np.array([[2], [4], [0], [0], [0]])
        >>> tape = ExpressionTrees(kind, left, right, np.full((5, 1), ATOM), np.zeros((5, 1), bool))
        >>> tape.rendered(np.array([[0], [0], [0], [1], [2]]), pa.array(["2", "x", "5"])).to_pylist()
        ['(x + 5)*2']
        """
        nodes = self._nodes()
        pieces, size = _piece_order(nodes, [leaf.ravel().take(node.wave.at) + len(_JOINTS) for node in nodes])
        pool = pa.concat_arrays([text.from_list(_JOINTS), texts])
        return templates.concatenate_groups(pool.take(text.int_array(pieces)), size)

    def _nodes(self) -> "list[_Nodes]":
        """All nodes, the roots first."""
        holds, minus = self.precedence.ravel(), self.minus.ravel()
        bracketed, found = np.zeros(self.kind.shape[1], np.bool_), []
        down = depth_levels(self.kind, self.left, self.right)
        for wave, below in zip(down, [*down[1:], None], strict=True):
            leaf = wave.kind == LEAF
            found.append(_Nodes(wave, leaf & minus.take(wave.at), bracketed))
            if below is not None:
                tight = np.where(below.kind == LEAF, holds.take(below.at), _PRECEDENCE.take(below.kind))
                bracketed = _needs_brackets(wave.kind.take(wave.operations), below.kind, tight)
        return found


class _Nodes(NamedTuple):
    """Nodes of one depth.

    Attributes:
        wave: where they are.
        minus: bool (m,), which are leaves with a minus sign.
        bracketed: bool (m,), which stand in brackets.
    """

    wave: DepthLevel
    minus: Bool
    bracketed: Bool


def _needs_brackets(op: IntegerArray, kind: IntegerArray, holds: Int) -> Bool:
    """Which operands stand in brackets, bool (2 p,): left ones, then right ones.

    Args:
        op: int64 (p,), operations.
        kind, holds: int64 (2 p,), what their operands are, and how tightly these hold together.
    """
    mine, (left, right), below = _PRECEDENCE.take(op), children(holds), children(kind == SUB)
    tight = op >= DIV  # brackets also around what holds just as tightly
    first = (left > mine) | ((left == mine) & tight) | ((op == ADD) & below[0])
    apart = tight | (op == SUB) | ((op == ADD) & below[1])
    return np.concatenate([first, (right > mine) | ((right == mine) & apart)])


def _piece_counts(nodes: list[_Nodes]) -> tuple[list[Int], list[Bool]]:
    """Of how many pieces each node consists: brackets, a minus sign, a leaf, the joints between operands.

    And which nodes begin with a leaf that has a minus sign, not in brackets.
    """
    sizes: list[Int] = []
    leads: list[Bool] = []
    for wave, minus, bracketed in reversed(nodes):
        size, lead = 2 * bracketed.astype(np.int64) + (wave.kind == LEAF) + minus, minus.copy()
        if sizes:
            left, right = children(sizes[-1])
            size[wave.operations] += left + right + 1
            lead[wave.operations] = children(leads[-1])[0]
        sizes.append(size)
        leads.append(lead & ~bracketed)
    return sizes[::-1], leads[::-1]


def _piece_order(nodes: list[_Nodes], leaves: list[Int]) -> tuple[Int, Int]:
    """The numbers of all pieces, those of one tree after those of another; and how many each tree has."""
    sizes, leads = _piece_counts(nodes)
    stops = np.cumsum(sizes[0])
    pieces = np.empty(sizes[0].sum(), dtype=np.int64)
    start, joined = (
        stops - sizes[0],
        np.zeros(len(stops), np.bool_),
    )  # joined: the minus sign is the joint before it
    for depth, (wave, minus, bracketed) in enumerate(nodes):
        pieces[start[bracketed]] = _OPEN
        pieces[(start + sizes[depth] - 1)[bracketed]] = _CLOSE
        start = start + bracketed
        pieces[start[minus]] = np.where(joined[minus], _EMPTY, _NEGATIVE)
        leaf = wave.kind == LEAF
        pieces[(start + minus)[leaf]] = leaves[depth][leaf]
        if depth + 1 < len(nodes):
            op, start = wave.kind.take(wave.operations), start.take(wave.operations)
            between = start + children(sizes[depth + 1])[0]
            swallowed = (op == ADD) & children(leads[depth + 1])[1]
            pieces[between] = np.where(swallowed, _BETWEEN[SUB], _BETWEEN.take(op))
            first = joined.take(wave.operations) & ~children(nodes[depth + 1].bracketed)[0]
            start, joined = np.concatenate([start, between + 1]), np.concatenate([first, swallowed])
    return pieces, sizes[0]
