"""Weighted: choices that are not equally likely, each in constant time."""

from collections.abc import Sequence

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Chance
from mathbench.task import Int


class Weighted:
    """Choices with whole weights, in one or more groups, by the alias method of Walker (1977).

    Each choice has a cell of the same size; what a cell has left over is filled up from one heavier choice. So a choice
    is one cell and one comparison, however many there are.

    Args:
        groups: the weights of each group, int64 (m,), not negative; their sum times m is below 2^63.

    >>> table = Weighted([np.array([1, 3]), np.array([1, 1, 0])])
    >>> chance = Chance(np.arange(4000, dtype=np.uint64))
    >>> np.bincount(table.pick(chance, np.zeros(4000, np.int64))).round(-2).tolist()
    [1000, 3000]
    >>> np.unique(table.pick(chance, np.ones(4000, np.int64))).tolist()
    [2, 3]
    """

    def __init__(self, groups: Sequence[Int]):
        self._size = np.array([len(weights) for weights in groups])
        self._start = np.cumsum(self._size) - self._size
        self._total = np.array([weights.sum() for weights in groups])
        cells = [_cells(weights) for weights in groups]
        self._edge = np.concatenate([edge for edge, _ in cells])
        self._other = np.concatenate(
            [start + other for start, (_, other) in zip(self._start, cells, strict=True)]
        )

    def pick(self, chance: Chance, group: Int | None = None) -> Int:
        """A choice of each problem's group, int64 (n,): its number among all choices, one group after the other."""
        group = np.zeros(len(chance), np.int64) if group is None else group
        cell = self._start.take(group) + chance.below(self._size.take(group))
        own = chance.below(self._total.take(group)) < self._edge.take(cell)
        return np.where(own, cell, self._other.take(cell))


def _cells(weights: Int) -> tuple[Int, Int]:
    """How much of each choice's cell is its own, and whose the rest is; int64 (m,) each.

    The light choices in turn are filled up by the heavy ones in turn. What a heavy choice gives away beyond its surplus
    the next one makes up for.
    """
    total, scaled = int(weights.sum()), weights * len(weights)
    light, heavy = np.flatnonzero(scaled < total), np.flatnonzero(scaled >= total)
    wanted = np.cumsum(total - scaled[light])
    given = np.cumsum(scaled[heavy] - total)
    begin = np.concatenate([[0], wanted])
    edge, other = scaled.clip(max=total), np.arange(len(weights))
    other[light] = heavy[np.searchsorted(given, begin[:-1], side="right")]
    filled = begin[
        np.searchsorted(begin[:-1], given, side="left")
    ]  # wanted up to the last light one it helps
    edge[heavy] = total - np.maximum(filled - given, 0)
    other[heavy[:-1]] = heavy[1:]
    return edge, other
