"""Expressions as tapes: trees of operations side by side, written with as few brackets as reading them needs.

Nodes have numbers, the root 0, and every node a smaller number than those below it. A tree is written in two passes
over the numbers, bottom-up for how many pieces each node has and top-down for where they stand.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mathbench import phrases, text
from mathbench.generators.deepmind.kernel.chance import Bool
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.task import Int

NONE, LEAF, ADD, SUB, MUL, DIV, POW, SQRT = range(-1, 7)
# how tightly parts hold together; a leaf has one of these as well
ATOM, POWER, PRODUCT, SUM = 1, 2, 4, 5
_HOLDS = np.array([0, SUM, SUM, PRODUCT, PRODUCT, POWER, POWER])
_JOINTS = ("(", ")", "", " + ", " - ", "*", "/", "**", "sqrt(", "-")
_OPEN, _CLOSE, _EMPTY, _ROOT, _NEGATIVE = 0, 1, 2, 8, 9
_BETWEEN = np.array([_EMPTY, 3, 4, 5, 6, 7, _EMPTY])  # by kind


@dataclass(frozen=True)
class Tape(Columns):
    """Trees of operations.

    Attributes:
        kind: int64 (k, n), NONE, LEAF or an operation.
        left, right: int64 (k, n), numbers of the operands; a SQRT has the left one only.
        holds: int64 (k, n), of a leaf: ATOM for a letter or a number that is neither negative nor a fraction,
            POWER for `x**2`, PRODUCT for `2*x`, `-3` and `3/4`, SUM for `x + 1`.
        minus: bool (k, n), of a leaf: shown with a minus sign, as the difference it makes in a sum; a leaf that
            should read `-3` wherever it stands has it in its text instead.
    """

    kind: Int
    left: Int
    right: Int
    holds: Int
    minus: Bool

    def written(self, leaf: Int, texts: pa.StringArray) -> pa.StringArray:
        """The expressions as text, strings (n,).

        Args:
            leaf: int64 (k, n), which of the texts each leaf shows.
            texts: strings.

        >>> kind = np.array([[MUL], [ADD], [LEAF], [LEAF], [LEAF]])
        >>> left, right = np.array([[1], [3], [0], [0], [0]]), np.array([[2], [4], [0], [0], [0]])
        >>> tape = Tape(kind, left, right, np.full((5, 1), ATOM), np.zeros((5, 1), bool))
        >>> tape.written(np.array([[0], [0], [0], [1], [2]]), pa.array(["2", "x", "5"])).to_pylist()
        ['(x + 5)*2']
        """
        holds = np.where(self.kind == LEAF, self.holds, _HOLDS.take(np.maximum(self.kind, 0)))
        bracketed = self._bracketed(holds)
        leading = self._leading(bracketed)
        size = self._sizes(bracketed)
        pieces = self._laid(bracketed, leading, size, leaf + len(_JOINTS))
        shown = pieces >= 0
        pool = pa.concat_arrays([text.column(_JOINTS), texts])
        return phrases.merged(pool.take(text.integers(pieces.T[shown.T])), shown.sum(axis=0))

    def _bracketed(self, holds: Int) -> Bool:
        """Which nodes stand in brackets, bool (k, n)."""
        found = np.zeros(self.kind.shape, dtype=np.bool_)
        for node in range(len(self.kind)):
            kind = self.kind[node]
            rows = np.flatnonzero((kind > LEAF) & (kind != SQRT))
            op, left, right = kind[rows], self.left[node, rows], self.right[node, rows]
            mine = _HOLDS.take(op)
            under_left, under_right = holds[left, rows], holds[right, rows]
            tight = (op == DIV) | (op == POW)  # brackets also around what holds just as tightly
            found[left, rows] = (under_left > mine) | ((under_left == mine) & tight)
            found[left, rows] |= (op == ADD) & (self.kind[left, rows] == SUB)
            apart = (op == SUB) | ((op == ADD) & (self.kind[right, rows] == SUB))
            found[right, rows] = (under_right > mine) | ((under_right == mine) & (tight | apart))
        return found

    def _leading(self, bracketed: Bool) -> Bool:
        """Which nodes begin with a leaf that has a minus sign, not in brackets, bool (k, n)."""
        found = (self.kind == LEAF) & self.minus
        for node in range(len(self.kind) - 1, -1, -1):
            rows = np.flatnonzero((self.kind[node] > LEAF) & (self.kind[node] != SQRT))
            left = self.left[node, rows]
            found[node, rows] = found[left, rows] & ~bracketed[left, rows]
        return found

    def _sizes(self, bracketed: Bool) -> Int:
        """Of how many pieces each node consists: brackets, a minus sign, a leaf, the joints between operands."""
        size = np.where(self.kind == LEAF, 1 + self.minus, 0) + 2 * bracketed
        for node in range(len(self.kind) - 1, -1, -1):
            rows = np.flatnonzero(self.kind[node] > LEAF)
            left, right = self.left[node, rows], self.right[node, rows]
            below = size[left, rows] + np.where(self.kind[node, rows] == SQRT, 0, size[right, rows])
            size[node, rows] += below + np.where(self.kind[node, rows] == SQRT, 2, 1)
        return size

    def _laid(self, bracketed: Bool, leading: Bool, size: Int, leaf: Int) -> Int:
        """The number of the piece at each place, int64 (places, n), -1 behind the end."""
        shape = (int(size[0].max(initial=0)), self.kind.shape[1])
        pieces, start = np.full(shape, -1), np.zeros_like(size)
        joined = np.zeros(self.kind.shape, dtype=np.bool_)  # nodes whose minus sign is the joint before them
        for node in range(len(self.kind)):
            rows = np.flatnonzero(self.kind[node] > NONE)
            kind, at = self.kind[node, rows], start[node, rows]
            wrapped = bracketed[node, rows]
            pieces[at[wrapped], rows[wrapped]] = _OPEN
            pieces[(at + size[node, rows] - 1)[wrapped], rows[wrapped]] = _CLOSE
            at = at + wrapped
            self._lay_leaves(pieces, node, rows, kind == LEAF, at, joined, leaf)
            self._lay_operations(pieces, node, rows, kind, at, (start, size, joined, bracketed, leading))
        return pieces

    def _lay_leaves(
        self, pieces: Int, node: int, rows: Int, leaves: Bool, at: Int, joined: Bool, leaf: Int
    ) -> None:
        here, at = rows[leaves], at[leaves]
        minus = self.minus[node, here]
        sign = minus & ~joined[node, here]
        pieces[at[sign], here[sign]] = _NEGATIVE
        blank = minus & joined[node, here]
        pieces[at[blank], here[blank]] = _EMPTY  # the joint before has the sign
        pieces[at + minus, here] = leaf[node, here]

    def _lay_operations(
        self, pieces: Int, node: int, rows: Int, kind: Int, at: Int, state: tuple[Int, Int, Bool, Bool, Bool]
    ) -> None:
        start, size, joined, bracketed, leading = state
        roots = kind == SQRT
        pieces[at[roots], rows[roots]] = _ROOT
        inner = rows[roots]
        left = self.left[node, inner]
        start[left, inner] = at[roots] + 1
        pieces[at[roots] + 1 + size[left, inner], inner] = _CLOSE
        two = (kind > LEAF) & ~roots
        here, at, kind = rows[two], at[two], kind[two]
        left, right = self.left[node, here], self.right[node, here]
        joined[left, here] |= joined[node, here] & ~bracketed[left, here]
        start[left, here] = at
        between = at + size[left, here]
        swallowed = (kind == ADD) & leading[right, here] & ~bracketed[right, here]
        pieces[between, here] = np.where(swallowed, _BETWEEN[SUB], _BETWEEN.take(kind))
        joined[right, here] = swallowed
        start[right, here] = between + 1
