"""A small space in the order of a key, worked out from the front as far as anybody has asked.

The first rows of a dataset need the first problems of a space, not all of them: a prefix is found in the time that the
prefix takes. What has been found is kept as points, four bytes each.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64
from mathbench.sampling.domain import SLICE, Domain, Int
from mathbench.sampling.permute import keyed_permutation

FIRST_POINTS = 1 << 12  # points looked through at first


class SmallSpace:
    """The problems of a listed space in the order of a key.

    Args:
        domain: what there is to draw.
        space: a space of it with up to 2^32 points.
        key: 64-bit key of the order.
        keep: whether to keep the problems found last, and not only which points they are.

    Attributes:
        found: how many problems have been found so far.
    """

    def __init__(self, domain: Domain, space: int, key: np.uint64, keep: bool = True):
        self._domain, self._space, self._key, self._keep = domain, space, key, keep
        self._points = np.empty(int(domain.total[space]), dtype=np.uint32)
        self._tried, self._covered = 0, domain.domain_size(space)
        self.found = 0
        self._forget()

    def count(self) -> int:
        """How many problems there are in all."""
        while self._tried < self._covered:
            self._find()
        return self.found

    def range(self, first: int, last: int) -> Iterator[tuple[Int, U64]]:
        """The problems at ranks first to last - 1 in pieces, each operands, int64 (m, n), and fingerprints."""
        while first < last:
            if first >= self.found:
                self._find()
            stop = min(last, self.found)
            if first < self._begin:
                stop = min(stop, self._begin, first + self._domain.batch_size(SLICE))
                yield self._problems(self._points[first:stop])
            elif first < stop:
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
        """Look through the next points of the order."""
        if self._tried >= self._covered:
            raise IndexError(f"a space holds {self.found} problems and no more")
        # a few at first, then as many as before
        step = self._domain.batch_size(min(max(self._tried, FIRST_POINTS), SLICE))
        end = min(self._tried + step, self._covered)
        position = np.arange(self._tried, end, dtype=np.uint64)
        halves = self._domain.shift[self._space], self._domain.high_size[self._space]
        point = keyed_permutation(position, *halves, np.array(self._key))
        kept, self._operands, self._fingerprints = self._domain.accept(self._space, point, self._key)
        self._begin, self._tried = self.found, end
        self.found += len(kept)
        self._points[self._begin : self.found] = point.take(kept)

    def _forget(self) -> None:
        """Drop the problems found last; they can be made again from their points."""
        self._begin, self._fingerprints = self.found, np.empty(0, dtype=np.uint64)
        self._operands = np.empty((0, 0), dtype=np.int64)
