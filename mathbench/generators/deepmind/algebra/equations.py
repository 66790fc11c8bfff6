"""Linear equations as columns: terms on two sides, some of their numbers shown as letters."""

from dataclasses import dataclass

import numpy as np

from mathbench import text
from mathbench.generators.deepmind.kernel.chance import Bool, Chance
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.expansion import Expanded
from mathbench.generators.deepmind.kernel.scope import Named, Request, Scope
from mathbench.generators.deepmind.kernel.terms import BEGIN, EQUALS, PLUS, Terms
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import U64, mix
from mathbench.task import Int

HIDDEN = 3  # numbers of one system that modules below may define
NOWHERE = 7  # the side of what is no term; the sides of equation i are 2 i and 2 i + 1


@dataclass(frozen=True)
class Equations(Columns):
    """Equations in the order of their text; a side without terms shows a zero.

    Attributes:
        value: int64 (t, n), numbers with their signs.
        unknown: int64 (t, n), which unknown a term has; as many as there are unknowns: none.
        side: int64 (t, n), which side of which equation; NOWHERE behind the last term.
        name: int64 (t, n), the code of the letter that stands for a number's absolute value; -1: none.
    """

    value: Int
    unknown: Int
    side: Int
    name: Int

    @classmethod
    def of(cls, chance: Chance, terms: Expanded, unknowns: int) -> "Equations":
        """Put terms whose sum is zero, equation by equation, on either side.

        Args:
            chance: random choices.
            terms: the terms; those of equation i belong to the numbers i (unknowns + 1) and following, one for each
                unknown and one for the constant.
            unknowns: how many unknowns, and equations, there are.
        """
        many, rows = terms.value.shape
        bits = chance.words() >> np.arange(many, dtype=np.uint64)[:, None]
        right = (bits & np.uint64(1)).astype(np.int64)
        side = np.where(terms.live, terms.of // (unknowns + 1) * 2 + right, NOWHERE)
        sides = np.arange(2 * unknowns)[:, None]
        empty = ~(side == sides[:, None]).any(axis=1)
        side = np.concatenate([side, np.where(empty, sides, NOWHERE)])
        value = np.concatenate([terms.value * (1 - 2 * right), np.zeros((len(sides), rows), np.int64)])
        constants = np.full((len(sides), rows), unknowns)
        unknown = np.concatenate([terms.of % (unknowns + 1), constants])
        order = np.argsort(side.astype(np.uint8), axis=0, kind="stable")
        value, unknown, side = (np.take_along_axis(table, order, axis=0) for table in (value, unknown, side))
        return cls(value, unknown, side, np.full(side.shape, -1))

    @property
    def shown(self) -> Bool:
        """Which terms show a number, bool (t, n); a factor of one is not shown."""
        constant = self.unknown == self.unknown.max(initial=0)
        return (self.side != NOWHERE) & (constant | (np.abs(self.value) != 1))

    def hide(self, chance: Chance, scope: Scope) -> tuple["Equations", list[Request]]:
        """Have modules below define some numbers, of either sign: a letter stands for the absolute value."""
        below, chance = scope.modules - 1, chance.fork()
        some = np.flatnonzero(below)
        if not len(some):
            return self, []
        place, live = self._chosen(chance.take(some), below[some], some)
        slots = np.zeros((HIDDEN, len(scope)), np.int64), np.zeros((HIDDEN, len(scope)), np.bool_)
        slots[0][:, some], slots[1][:, some] = place, live
        sizes = np.abs(np.take_along_axis(self.value, slots[0], axis=0))
        named = scope.hide(chance, [Numbers.integers(size) for size in sizes], slots[1])
        return self._with_names(named, slots[0]), named.requests or []

    def _chosen(self, chance: Chance, below: Int, rows: Int) -> tuple[Int, Bool]:
        """Choose terms whose numbers may be hidden, int64 (HIDDEN, m), and which of these do exist, bool."""
        shown = self.shown[:, rows]
        many = chance.between(1, np.maximum(np.minimum(below, shown.sum(axis=0)), 1))
        place = chance.order(len(shown), shown)[:HIDDEN]
        live = np.arange(HIDDEN)[:, None] < many
        return place, live & np.take_along_axis(shown, place, axis=0)

    def _with_names(self, named: Named, place: Int) -> "Equations":
        name = self.name.copy()
        for codes, at in zip(named.codes, place, strict=True):
            rows = np.flatnonzero(codes >= 0)
            name[at[rows], rows] = codes[rows]
        return Equations(self.value, self.unknown, self.side, name)

    def canonical(self) -> Int:
        """The equations as numbers, the same in any order of terms, sides and equations, int64 (equations, n)."""
        code = ((self.value * 4 + self.unknown) * 2 + (self.name >= 0)).view(np.uint64)
        hashes = mix(code + np.uint64(1)) * (self.side != NOWHERE)
        equations = np.arange(self.side.max(initial=0, where=self.side != NOWHERE) // 2 + 1)
        return np.sort(np.stack([self._hash(hashes, int(i)) for i in equations]), axis=0).view(np.int64)

    def _hash(self, hashes: U64, equation: int) -> U64:
        left, right = (
            (hashes * (self.side == 2 * equation + side)).sum(axis=0, dtype=np.uint64) for side in (0, 1)
        )
        return mix(left) + mix(right)

    def written(self, codes: Int, conjunction: Int) -> text.Piece:
        """The equations as text, ``3*x + 2 = 8``.

        Args:
            codes: int64 (unknowns, n), the letters of the unknowns.
            conjunction: int64 (n,), COMMA or AND: what stands between two equations.
        """
        before = np.concatenate([np.full((1, len(conjunction)), -1), self.side[:-1]])
        joint = np.where(self.side % 2 == 1, EQUALS, conjunction)
        joint = np.where(self.side == before, PLUS, np.where(before < 0, BEGIN, joint))
        constant = self.unknown == len(codes)
        variable = np.take_along_axis(codes, np.where(constant, 0, self.unknown), axis=0)
        live = self.side != NOWHERE
        return Terms(self.value, (~constant).astype(np.int64), live, variable, self.name).joined(joint)



