"""Columns of linear equations, with terms on both sides and letters in place of some numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.deepmind.kernel import polynomial_text
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.polynomials import LikeTerms
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Request, Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import U64, Int, mix64
from mathbench.numbers import text

MAX_HIDDEN = 3  # numbers of one system that child modules may define
Int8 = NDArray[np.int8]
CONSTANT = np.int8(2)  # the unknown of a constant term; the unknowns are 0 and 1
NO_SIDE = np.int8(7)  # the side of a term that does not exist; the sides of equation i are 2 i and 2 i + 1


def _positions(side: Int8, sides: int) -> tuple[Int8, Int8]:
    """Positions of the terms, int8 (t, n), and where each side starts and the last one stops, int8 (sides + 1, n)."""
    position, first = np.zeros_like(side), np.zeros((sides + 1, side.shape[1]), np.int8)
    for s in range(sides):
        here = side == s
        running = np.cumsum(here, axis=0, dtype=np.int8)
        position += here * (first[s] + running - np.int8(1))
        first[s + 1] = first[s] + np.maximum(running[-1], 1)  # a zero where there is no term
    return position, first


@dataclass(frozen=True)
class Equations(Columns):
    """The terms of equations in the order of their text, where a side without terms has a zero.

    Attributes:
        value: int64 (t, n), numbers with their signs.
        unknown: int8 (t, n), the unknown of the term, or CONSTANT.
        side: int8 (t, n), the side and equation of the term; NO_SIDE after the last one.
        name: int8 (t, n), the code of the letter in place of the number's absolute value; -1: none.
    """

    value: Int
    unknown: Int8
    side: Int8
    name: Int8

    @classmethod
    def from_terms(cls, rng: RandomStream, terms: LikeTerms, unknowns: int) -> "Equations":
        """Distribute the terms of equations "sum = 0" at random over both sides.

        Args:
            rng: random streams.
            terms: the terms. Those of equation i belong to the coefficients from i (unknowns + 1) on, one for each
                unknown and one for the constant.
            unknowns: the number of unknowns and of equations.
        """
        bits = rng.words() >> np.arange(len(terms.value), dtype=np.uint64)[:, None]
        right = (bits & np.uint64(1)).astype(np.int8)
        number = terms.of.astype(np.int8)
        side = np.where(terms.live, number // (unknowns + 1) * 2 + right, NO_SIDE)
        position, first = _positions(side, 2 * unknowns)
        shape = (int(first[-1].max()), len(bits[0]))
        value, unknown = np.zeros(shape, np.int64), np.full(shape, CONSTANT)
        term, row = np.nonzero(terms.live)
        at = position[term, row].astype(np.int64) * shape[1] + row
        value.ravel()[at] = (terms.value * (1 - 2 * right))[term, row]
        number %= unknowns + 1
        unknown.ravel()[at] = np.where(number == unknowns, CONSTANT, number)[term, row]
        there = np.arange(shape[0], dtype=np.int8)[:, None]
        sides = np.sum([there >= start for start in first[1:-1]], axis=0, dtype=np.int8)
        return cls(value, unknown, np.where(there < first[-1], sides, NO_SIDE), np.full(shape, -1, np.int8))

    @property
    def shown(self) -> Bool:
        """Which terms have a number in the text, bool (t, n); a factor of one is omitted."""
        factor = (self.value != 1) & (self.value != -1)
        return (self.side != NO_SIDE) & ((self.unknown == CONSTANT) | factor)

    def hide(self, rng: RandomStream, scope: Scope) -> tuple["Equations", list[Request]]:
        """Replace some numbers by letters for their absolute values, to be defined by child modules."""
        below, rng = scope.modules - 1, rng.fork()
        rows = np.flatnonzero(below)
        if not len(rows):
            return self, []
        position, live = self._choose_terms(rng.take(rows), below[rows], rows)
        slots = np.zeros((MAX_HIDDEN, len(scope)), np.int64), np.zeros((MAX_HIDDEN, len(scope)), np.bool_)
        slots[0][: len(position), rows], slots[1][: len(position), rows] = position, live
        sizes = np.abs(np.take_along_axis(self.value, slots[0], axis=0))
        named = scope.hide(rng, [Numbers.integers(size) for size in sizes], slots[1])
        return self._with_names(named, slots[0]), named.requests or []

    def _choose_terms(self, rng: RandomStream, below: Int, rows: Int) -> tuple[Int, Bool]:
        """Choose terms whose numbers may be hidden, int64 (up to MAX_HIDDEN, m), and which of these exist."""
        shown = self.shown[:, rows]
        count = rng.randint(1, np.maximum(np.minimum(below, shown.sum(axis=0)), 1))
        position = rng.permutation(len(shown), shown)[:MAX_HIDDEN]
        live = np.arange(len(position))[:, None] < count
        return position, live & np.take_along_axis(shown, position, axis=0)

    def _with_names(self, named: HiddenValues, position: Int) -> "Equations":
        name = self.name.copy()
        for codes, at in zip(named.codes, position, strict=True):
            rows = np.flatnonzero(codes >= 0)
            name[at[rows], rows] = codes[rows]
        return Equations(self.value, self.unknown, self.side, name)

    def canonical(self) -> Int:
        """Hashes of the equations, equal in any order of terms, sides and equations, int64 (equations, n)."""
        code = ((self.value * 4 + self.unknown) * 2 + (self.name >= 0)).view(np.uint64)
        hashes = mix64(code + np.uint64(1)) * (self.side != NO_SIDE)
        last = int(self.side.max(initial=0, where=self.side != NO_SIDE))
        both = [self._hash(hashes, side) + self._hash(hashes, side + 1) for side in range(0, last, 2)]
        return np.sort(np.stack(both), axis=0).view(np.int64)

    def _hash(self, hashes: U64, side: int) -> U64:
        return mix64((hashes * (self.side == side)).sum(axis=0, dtype=np.uint64))

    def rendered(self, codes: Int, conjunction: Int) -> text.TextPiece:
        """The equations as text, ``3*x + 2 = 8``.

        Args:
            codes: int64 (unknowns, n), the letters of the unknowns.
            conjunction: int64 (n,), COMMA or AND, between two equations.
        """
        new = self.side[1:] != self.side[:-1]
        opened = np.where(
            self.side[1:] % 2 == 1, np.int8(polynomial_text.EQUALS), conjunction.astype(np.int8)
        )
        joint = np.concatenate(
            [
                np.full((1, len(conjunction)), polynomial_text.START, np.int8),
                np.where(new, opened, polynomial_text.PLUS),
            ]
        )
        letters = codes.astype(np.int8)
        variable = np.where(self.unknown == 0, letters[0], letters[-1])
        power = (self.unknown != CONSTANT).view(np.int8)
        return polynomial_text.UnivariateTerms(
            self.value, power, self.side != NO_SIDE, variable, self.name
        ).rendered_with_joints(joint)
