"""A small space in the order of a key, enumerated from the start as far as needed.

The first rows of a dataset need only the first problems of a space, and the time for a prefix is proportional to its
length. Problems that were found are stored as points, four bytes each.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64
from mathbench.sampling.domain import SLICE, Domain, Int
from mathbench.sampling.permute import keyed_permutation

FIRST_POINTS = 1 << 12  # points in the first step


class SmallSpace:
    """The problems of a small space in the order of a key.

    Args:
        domain: the domain.
        space: one of its spaces, with up to 2^32 points.
        key: 64-bit key of the order.
        keep: whether to cache the problems of the last step, not only their points.

    Attributes:
        found: the number of problems found so far.
    """

    def __init__(self, domain: Domain, space: int, key: np.uint64, keep: bool):
        self._domain, self._space, self._key, self._keep = domain, space, key, keep
        self._points = np.empty(int(domain.total[space]), dtype=np.uint32)
        self._tried, self._covered = 0, domain.domain_size(space)
        self.found = 0

    def count(self) -> int:
        """The number of problems in the space."""
        while self._tried < self._covered:
            self._find()
        return self.found

    def range(self, first: int, last: int) -> Iterator[tuple[Int, U64]]:
        """Yield the problems at ranks first to last - 1 in pieces: operands, int64 (m, n), and fingerprints."""
        while first < last:
            while first >= self.found:
                self._find()
            stop = min(last, self.found)
            if first < self._begin:
                stop = min(stop, self._begin, first + self._domain.batch_size(SLICE))
                yield self._problems(self._points[first:stop])
            else:
                part = slice(first - self._begin, stop - self._begin)
                yield self._operands[:, part], self._fingerprints[part]
            first = stop
        if not self._keep:
            self._forget()

    def take(self, rank: Int) -> tuple[Int, U64]:
        """The problems at some ranks: operands, int64 (m, n), and fingerprints, uint64 (n,)."""
        while self.found <= int(rank.max(initial=-1)):
            self._find()
        return self._problems(self._points.take(rank))

    def _problems(self, points: NDArray[np.uint32]) -> tuple[Int, U64]:
        return self._domain.decode(self._space, points.astype(np.uint64), self._key)

    def _find(self) -> None:
        """Find the problems among the next points of the order."""
        if self._tried >= self._covered:
            raise IndexError(f"a space contains only {self.found} problems")
        # doubles the number of points, from FIRST_POINTS up to SLICE per step
        step = self._domain.batch_size(min(max(self._tried, FIRST_POINTS), SLICE))
        end = min(self._tried + step, self._covered)
        position = np.arange(self._tried, end, dtype=np.uint64)
        halves = self._domain.shift[self._space], self._domain.high_size[self._space]
        point = keyed_permutation(position, *halves, np.array(self._key))
        index, self._operands, self._fingerprints = self._domain.accept(self._space, point, self._key)
        self._begin, self._tried = self.found, end
        self.found += len(index)
        self._points[self._begin : self.found] = point.take(index)

    def _forget(self) -> None:
        """Drop the cached problems; they can be decoded again from their points."""
        self._begin, self._fingerprints = self.found, np.empty(0, dtype=np.uint64)
        self._operands = np.empty((0, 0), dtype=np.int64)
