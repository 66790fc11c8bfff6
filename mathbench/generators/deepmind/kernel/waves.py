"""Waves: the nodes of many trees by their depth, so that trees of any shape are gone through all together."""

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mathbench.task import Int

Whole = NDArray[np.signedinteger[Any]]  # tables of many nodes are small in few bits
T = TypeVar("T", bound=np.generic)


class Wave(NamedTuple):
    """All nodes of one depth.

    Attributes:
        at: int64 (m,), where each stands in the tables laid end to end.
        kind: int64 (m,).
        over: int64 (p,), which of them are operations; the next wave has their left operands, then their right ones.
    """

    at: Int
    kind: Whole
    over: Int


def waves(kind: Whole, left: Whole, right: Whole) -> list[Wave]:
    """Take trees apart, the roots first.

    Args:
        kind: integers (k, n), 0 for a leaf, more for an operation; the root of each tree is number 0.
        left, right: integers (k, n), numbers of the operands.

    >>> [wave.at.tolist() for wave in waves(np.array([[1], [0], [0]]), np.array([[1]] * 3), np.array([[2]] * 3))]
    [[0], [1, 2]]
    """
    kinds, parts, many = kind.ravel(), (left.ravel(), right.ravel()), kind.shape[1]
    found: list[Wave] = []
    at = np.arange(many)
    while len(at) or not found:
        here = kinds.take(at)
        found.append(Wave(at, here, np.flatnonzero(here > 0)))
        above = at.take(found[-1].over)
        row = above % many
        at = np.concatenate([part.take(above).astype(np.int64) * many + row for part in parts])
    return found


def halves(operands: NDArray[T]) -> tuple[NDArray[T], NDArray[T]]:
    """What belongs to the left operands of a wave, and to the right ones."""
    many = len(operands) // 2
    return operands[:many], operands[many:]
