"""What can be drawn from one reserve of a task: its spaces, which points of them are problems, and how many.

Nothing here depends on a seed, so one domain serves every seed of a split.
"""

import math
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, U64, mix, scale
from mathbench.permute import MAX_SIZE, halves
from mathbench.reserve import Reserve, fingerprints
from mathbench.stratum import Spaces

Int = NDArray[np.int64]

LISTED = 1 << 20  # spaces of up to this many points are listed
SIGMAS = 10  # an accident that does not happen
GROUP = 1024  # problems per window of a larger space
SLICE = 1 << 14  # candidates worked on at a time: temporaries of 128 KiB stay in the cache
WIDE = 16  # numbers per problem from which fewer candidates are worked on at a time
PROBED = 1 << 10  # valid points to find before the share of valid points is believed
MOST_PROBES = 1 << 19
MAX_RANK = 1 << 57  # so that a space and the number of a window fit in one integer


class Drawing(Protocol):
    """What a sampler needs to know of a task."""

    @property
    def reserve_family(self) -> str:
        """The name under which related tasks share their reserves."""

    def draw(self, coordinates: U64, low: Int) -> Int:
        """Points of a space to operands; uint64 (c, n) and int64 (p, 1) to int64 (m, n)."""

    def canonical(self, operands: Int) -> Int:
        """Operands to the canonical form that decides the reserve; int64 (m, n) to int64 (m', n)."""

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        """Which points are problems (bool (n,)); None means all."""


class Domain:
    """The problems of one reserve of a task.

    Args:
        drawing: how points become problems.
        spaces: the spaces to draw from.
        reserve: the reserve that all problems lie in.

    Attributes:
        total: uint64 (spaces,): the points that are enumerated.
        shift, high_size: uint64 (spaces,): the halves of a bijection over them.
        listed: bool (spaces,): whether a space is small enough to be listed.
        share: float64 (spaces,): a low estimate of the share of points that are problems of the reserve.
        window: int64 (spaces,): points among which GROUP problems of the reserve are found.
    """

    def __init__(self, drawing: Drawing, spaces: Spaces, reserve: Reserve):
        self.spaces, self._drawing, self._reserve = spaces, drawing, reserve
        self._radix, self._free, totals = _enumerated(spaces.sizes)
        parts = [halves(total) for total in totals]
        self._covered = [p.covered for p in parts]
        self.total = np.array(totals, dtype=np.uint64)
        self.shift = np.array([p.shift for p in parts], dtype=np.uint64)
        self.high_size = np.array([p.high_size for p in parts], dtype=np.uint64)
        self.listed = np.array([_points(column) <= LISTED for column in spaces.sizes.T], dtype=bool)
        self.share = np.array([self._accepting(s) for s in range(len(totals))])
        self.window = enough(np.full(len(totals), GROUP), self.share)
        self._members: dict[int, NDArray[np.uint32]] = {}

    def capacity(self, space: int) -> int:
        """How many problems of the reserve a space hands out."""
        if self.listed[space]:
            return len(self.members(space))
        return min(self._covered[space] // int(self.window[space]) * GROUP, MAX_RANK)

    def members(self, space: int) -> NDArray[np.uint32]:
        """The points of a listed space that are problems of the reserve, in ascending order."""
        if space not in self._members:
            points = np.arange(self.total[space], dtype=np.uint64)
            parts = [self._members_among(space, points[i : i + SLICE]) for i in range(0, len(points), SLICE)]
            self._members[space] = np.concatenate(parts)
        return self._members[space]

    def _members_among(self, space: int, points: U64) -> NDArray[np.uint32]:
        kept, _, _ = self.judge(space, points, np.uint64(0))
        return points[kept].astype(np.uint32)

    def _accepting(self, space: int) -> float:
        """A low estimate of the share of points that are problems of the reserve; 1 where they are listed."""
        if self.listed[space]:
            return 1.0
        return self._reserve.share * (float(self.spaces.share[space]) or self._validity(space))

    def _validity(self, space: int) -> float:
        """A low estimate of the share of points that are problems, from fixed pseudo-random points."""
        tried = found = 0
        while found < PROBED and tried < MOST_PROBES:
            luck = mix(np.arange(tried, tried + PROBED, dtype=np.uint64) * np.uint64(GOLDEN))
            coordinates = self._decode(space, scale(luck, self.total[space]), np.uint64(0))
            low = self.spaces.low[:, space, None]
            valid = self._drawing.valid(self._drawing.draw(coordinates, low), coordinates, low)
            tried += PROBED
            found += PROBED if valid is None else int(valid.sum())
        if not found:
            raise RuntimeError(f"no problems were found in the space {self.spaces.names[space]}")
        return 1.0 if found == tried else max(found - 6 * math.sqrt(found), 1) / tried

    def problems(self, space: int, point: U64, key: np.uint64) -> tuple[Int, U64]:
        """Operands, int64 (m, n), and fingerprints, uint64 (n,), of points that are known to be problems."""
        coordinates = self._decode(space, point, key)
        operands = self._drawing.draw(coordinates, self.spaces.low[:, space, None])
        return operands, fingerprints(self._drawing.reserve_family, self._drawing.canonical(operands))

    def judge(self, space: int, point: U64, key: np.uint64) -> tuple[Int, Int, U64]:
        """Find the problems of the reserve among some points.

        Args:
            space: the space.
            point: uint64 (n,).
            key: for the coordinates that are drawn by hash.

        Returns:
            Which points they are, int64 (k,), their operands, int64 (m, k), and fingerprints, uint64 (k,).
        """
        coordinates, low = self._decode(space, point, key), self.spaces.low[:, space, None]
        operands = self._drawing.draw(coordinates, low)
        prints = fingerprints(self._drawing.reserve_family, self._drawing.canonical(operands))
        kept = np.flatnonzero(self._reserve.holds(prints) & (point < self.total[space]))
        operands, prints = operands.take(kept, axis=1), prints.take(kept)
        valid = self._drawing.valid(operands, coordinates.take(kept, axis=1), low)
        if valid is None or valid.all():
            return kept, operands, prints
        return kept[valid], operands.compress(valid, axis=1), prints[valid]

    def at_a_time(self, candidates: int) -> int:
        """How many candidates to work on instead of so many where a problem is wide, so that memory is the same."""
        return max(candidates * WIDE // max(self.operands, WIDE), GROUP)

    @cached_property
    def operands(self) -> int:
        """How many numbers a problem has: its operands or, of long ones, their limbs."""
        return len(self.problems(0, np.zeros(1, dtype=np.uint64), np.uint64(0))[0])

    def _decode(self, space: int, point: U64, key: np.uint64) -> U64:
        """Points to coordinates: mixed radix for the enumerated ranges, hash bits for the free ones."""
        radix, free = self._radix[:, space], self._free[:, space]
        rest, coordinates = point, np.zeros((len(radix), len(point)), dtype=np.uint64)
        for i in np.flatnonzero(radix[1:] > 1)[::-1] + 1:
            quotient = rest // radix[i]
            np.subtract(rest, quotient * radix[i], out=coordinates[i])
            rest = quotient
        coordinates[0] = rest
        drawn = np.flatnonzero(free > 1)
        if len(drawn):  # all at once: long numbers have hundreds
            counter = (drawn + 1).astype(np.uint64)[:, None]
            noise = mix(point * np.uint64(GOLDEN) + key + counter)
            coordinates[drawn] += scale(noise, free[drawn, None])
        return coordinates


def enough(problems: Int, share: NDArray[np.float64], sigmas: int = SIGMAS) -> Int:
    """Candidates among which so many problems are found, short of an accident of so many sigmas; int64 (n,)."""
    mean = problems / share
    return np.ceil(mean + sigmas * (np.sqrt(mean * (1 - share) / share) + (share < 1))).astype(np.int64)


def _points(sizes: U64) -> int:
    return math.prod(int(size) for size in sizes)


def _enumerated(sizes: U64) -> tuple[U64, U64, list[int]]:
    """Choose which ranges of each space the bijection runs over.

    All of them while their product stays below 2^62; of a larger space the widest ones that fit, which already
    makes every problem different, and the other coordinates are drawn by hash.

    Returns:
        Radices and free sizes, uint64 (coordinates, spaces), one of which is 1 at each place, and the number of
        enumerated points per space.
    """
    radix, free, totals = np.ones_like(sizes), sizes.copy(), []
    for s in range(sizes.shape[1]):
        total = 1
        for i in sorted(range(len(sizes)), key=lambda i: -int(sizes[i, s])):
            if total * int(sizes[i, s]) <= MAX_SIZE:
                total *= int(sizes[i, s])
                radix[i, s], free[i, s] = sizes[i, s], 1
        totals.append(total)
    return radix, free, totals
