"""What families with two operands that may change places share: their strata and what makes them one problem."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.toolkit import operands as tuples
from mathbench.hashing import U64, Int
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum


class CommutativePairs(Enumerated):
    """A task on unordered pairs of numbers, with one stratum per pair of lengths.

    A subclass has the parameters `base`, `distribution` and those of
    :func:`mathbench.generators.toolkit.operands.lengths`.
    """

    base: int
    distribution: str

    @abstractmethod
    def bound(self, longest: int) -> int:
        """A bound on everything that is computed from operands of up to `longest` digits."""

    def inner(self) -> list[Stratum]:
        return self._strata(tuples.pairs(self)[0], self.distribution)

    def outer(self) -> list[Stratum]:
        return self._strata(tuples.pairs(self)[1], "lengths")

    def _strata(self, choices: list[tuple[int, ...]], distribution: str) -> list[Stratum]:
        longest = max(c[0] for c in choices)
        limb_count = tuples.limb_count(longest, self.base, self.bound(longest))
        return tuples.strata(choices, tuples.NumberRange(self.base), distribution, limb_count=limb_count)

    draw = staticmethod(tuples.draw)

    def canonical(self, operands: Int) -> Int:
        return tuples.ordered(operands, 2, self.base)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        return tuples.count_once(operands, coordinates, low, 2)

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        return tuples.shuffle_operands(problems, random_bits, 2)
