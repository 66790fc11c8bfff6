"""Methods of families on unordered pairs of numbers: one stratum per pair of lengths, one point per pair.

A family uses these functions as its methods; its `draw` is that of :mod:`mathbench.generators.toolkit.operands`.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.toolkit import operands as tuples
from mathbench.hashing import U64, Int
from mathbench.sampling.enumerated import Problems
from mathbench.stratum import Stratum


class PairTask(Protocol):
    """A task on pairs; it also has the parameters of :func:`mathbench.generators.toolkit.operands.lengths`."""

    @property
    def base(self) -> int: ...
    @property
    def distribution(self) -> str: ...
    def bound(self, longest: int) -> int:
        """A bound on everything that is computed from operands of up to `longest` digits."""
        ...


def inner(task: PairTask) -> list[Stratum]:
    """The strata of train, validation and interpolate."""
    return _strata(task, tuples.length_pairs(task)[0], task.distribution)


def outer(task: PairTask) -> list[Stratum]:
    """The strata of extrapolate."""
    return _strata(task, tuples.length_pairs(task)[1], "lengths")


def _strata(task: PairTask, choices: list[tuple[int, ...]], distribution: str) -> list[Stratum]:
    longest = max(c[0] for c in choices)
    limb_count = tuples.limb_count(longest, task.base, task.bound(longest))
    return tuples.strata(choices, tuples.NumberRange(task.base), distribution, limb_count=limb_count)


def canonical(task: PairTask, operands: Int) -> Int:
    """The larger operand first."""
    return tuples.canonical_sorted(operands, 2, task.base)


def valid(task: PairTask, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
    """Which points are the one point of their pair."""
    return tuples.count_once(operands, coordinates, low, 2)


def pose(task: PairTask, problems: Problems, random_bits: U64) -> Problems:
    """Put the operands in a random order."""
    return tuples.shuffle_operands(problems, random_bits, 2)
