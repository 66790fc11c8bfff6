"""The problems of one reserve of a task: its spaces, which of their points are problems, and how many.

Nothing here depends on a seed, so one domain serves all seeds of a split.
"""

import math
from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.errors import SpaceExhausted
from mathbench.hashing import GOLDEN, U64, mix64, to_range
from mathbench.reserve import Reserve, fingerprints
from mathbench.sampling.capacity import Capacity
from mathbench.sampling.permute import MAX_SIZE, feistel_halves
from mathbench.stratum import Spaces

Int = NDArray[np.int64]

SMALL_POINTS = 1 << 20  # spaces of up to this many points are enumerated exactly
FEW_POINTS = 1 << 8  # points of a space that are counted as quickly as estimated
SIGMAS = 10  # standard deviations of an event that does not happen
GROUP = 1024  # problems per window of a larger space
SLICE = 1 << 14  # candidates processed at a time: temporaries of 128 KiB stay in the cache
WIDE = 16  # numbers per problem from which fewer candidates are processed at a time
MIN_VALID = 1 << 10  # valid points to find before the share of valid points is estimated
MAX_PROBES = 1 << 19
MIN_LEFT = 1 << 15  # problems to find before the share of those that are not excluded is estimated
FEW_EXCLUDED = 1e-3  # of the problems of a space: so few that they are subtracted without an estimate
MAX_RANK = 1 << 57  # so that a space and the number of a window fit in one integer


class ProblemSpace(Protocol):
    """The methods of a task that a sampler calls."""

    @property
    def reserve_family(self) -> str:
        """The name under which related families share their reserves."""

    @property
    def expensive_to_count(self) -> bool:
        """Whether `valid` is so slow that it is called only for points in the reserve."""

    @property
    def one_per_window(self) -> bool:
        """Whether windows have a single rank where testing a candidate is slow."""

    @property
    def points_per_problem(self) -> int:
        """The largest number of points of a space that have the same canonical form; 0: no limit."""

    def draw(self, coordinates: U64, low: Int) -> Int:
        """Convert points of a space to operands; uint64 (c, n) and int64 (p, 1) to int64 (m, n)."""

    def canonical(self, operands: Int) -> Int:
        """Convert operands to the canonical form that decides the reserve; int64 (m, n) to int64 (m', n)."""

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        """Which points are problems, bool (n,); None: all."""


class Domain:
    """The problems of one reserve of a task.

    Args:
        problems: converts points to problems.
        spaces: the spaces to draw from.
        reserve: the reserve that all problems lie in.

    Attributes:
        total: uint64 (spaces,): the numbers of points that are enumerated.
        shift, high_size: uint64 (spaces,): the halves of a bijection over them.
        small: bool (spaces,): whether a space is small enough to be enumerated exactly.
        known_counts: the numbers of problems of small spaces, as far as they have been counted.
    """

    def __init__(self, problems: ProblemSpace, spaces: Spaces, reserve: Reserve):
        self.spaces, self._problems, self._reserve = spaces, problems, reserve
        self._radix, self._free, totals = _enumerated(spaces.sizes)
        parts = [feistel_halves(total) for total in totals]
        self._covered = [p.covered for p in parts]
        self.total = np.array(totals, dtype=np.uint64)
        self.shift = np.array([p.shift for p in parts], dtype=np.uint64)
        self.high_size = np.array([p.high_size for p in parts], dtype=np.uint64)
        self.small = _have_few_points(spaces.sizes)
        self.known_counts: dict[int, int] = {}
        self._shares: dict[int, float] = {}

    def share(self, space: int) -> float:
        """A low estimate of the share of points that are problems of the reserve, made when it is first needed.

        Raises:
            SpaceExhausted: when no problem was found.
        """
        if not (share := self._estimated_share(space)):
            raise SpaceExhausted(f"no problems were found in the stratum {self.spaces.names[space]}.")
        return share

    def _estimated_share(self, space: int) -> float:
        if space not in self._shares:
            self._shares[space] = self._acceptance_rate(space)
        return self._shares[space]

    def window(self, space: int) -> int:
        """The number of points that contain `group` problems of the reserve."""
        return self._window(self.share(space))

    def _window(self, share: float) -> int:
        if self.group == 1:  # too few for the normal distribution: none of them has a chance of e^-64
            return math.ceil(64 / share)
        return int(sample_size_for(self.group, share))

    @cached_property
    def group(self) -> int:
        """Problems per window of a larger space."""
        return 1 if self.slow_to_test and self._problems.one_per_window else GROUP

    def domain_size(self, space: int) -> int:
        """The number of positions in the order of a space, some of which may have no point."""
        return self._covered[space]

    def capacity(self, space: int, count: Callable[[], int]) -> Capacity:
        """The number of problems of the reserve in a space.

        Args:
            space: the space.
            count: counts the problems of a small space.
        """
        if not self.small[space]:
            return self._large_capacity(space)
        if self.total[space] <= (FEW_POINTS if self.spaces.share[space] else MIN_VALID):
            return Capacity(0, count)
        share = self._reserve_rate(space)
        mean = int(self.total[space]) * share
        least = mean - SIGMAS * math.sqrt(mean * (1 - share)) - self.most_excluded
        return Capacity(int(max(least, 0)), count)

    def _large_capacity(self, space: int) -> Capacity:
        """The number of problems in a space whose points are too many to be counted."""
        least = self._reserve.share / MAX_PROBES
        if self._excludes_many(space, least):
            # all problems of a space may be excluded
            share = self._estimated_share(space)
            return Capacity(self._whole_windows(space, share) if share else 0)
        if self.spaces.share[space]:
            return Capacity(self._whole_windows(space, self.share(space)))
        # where points must be tried, the share is estimated only if it may matter
        return Capacity(
            self._whole_windows(space, least), lambda: self._whole_windows(space, self.share(space))
        )

    def _excludes_many(self, space: int, share: float) -> bool:
        """Whether excluded problems may be many among those of a space, which are this share of its points."""
        return self.most_excluded > FEW_EXCLUDED * share * float(self.total[space])

    def _whole_windows(self, space: int, share: float) -> int:
        """The number of problems in the windows of a space, if at least this share of points are problems."""
        return min(self._covered[space] // self._window(share) * self.group, MAX_RANK)

    def _acceptance_rate(self, space: int) -> float:
        """A low estimate of the share of points that are problems of the reserve and not excluded."""
        rate = self._reserve_rate(space)
        if not self._excludes_many(space, rate):
            return rate - self.most_excluded / float(self.total[space])
        zero = np.uint64(0)
        return self._low_share(space, MIN_LEFT, lambda points: len(self.accept(space, points, zero)[0]))

    def _reserve_rate(self, space: int) -> float:
        """A low estimate of the share of points that are problems of the reserve, excluded or not."""
        return self._reserve.share * (float(self.spaces.share[space]) or self._valid_share(space))

    @cached_property
    def most_excluded(self) -> float:
        """The largest number of points of one space that may be excluded problems."""
        excluded = self._reserve.excluded_problems
        return excluded * (self._problems.points_per_problem or math.inf) if excluded else 0

    def _valid_share(self, space: int) -> float:
        """A low estimate of the share of points that are problems."""

        def count(points: U64) -> int:
            coordinates, low = self._decode(space, points, np.uint64(0)), self.spaces.low[:, space, None]
            valid = self._problems.valid(self._problems.draw(coordinates, low), coordinates, low)
            return len(points) if valid is None else int(valid.sum())

        return self._low_share(space, MIN_VALID, count)

    def _low_share(self, space: int, needed: int, count: Callable[[U64], int]) -> float:
        """A low estimate of the share of points that are counted, from fixed pseudo-random points.

        Args:
            space: the space.
            needed: counted points after which no more are tried.
            count: counts some points, uint64 (n,).
        """
        tried = found = 0
        while found < needed and tried < MAX_PROBES:
            points = np.arange(tried, tried + max(min(tried, SLICE), MIN_VALID), dtype=np.uint64)
            found += count(to_range(mix64(points * np.uint64(GOLDEN)), self.total[space]))
            tried += len(points)
        return 1.0 if found == tried else max(found - 6 * math.sqrt(found), min(found, 1)) / tried

    def decode(self, space: int, point: U64, key: np.uint64) -> tuple[Int, U64]:
        """Operands, int64 (m, n), and fingerprints, uint64 (n,), of points known to be problems."""
        coordinates = self._decode(space, point, key)
        operands = self._problems.draw(coordinates, self.spaces.low[:, space, None])
        return operands, fingerprints(self._problems.reserve_family, self._problems.canonical(operands))

    def accept(self, space: int, point: U64, key: np.uint64) -> tuple[Int, Int, U64]:
        """Find the problems of the reserve among some points.

        Args:
            space: the space.
            point: uint64 (n,).
            key: for the coordinates that are drawn by hash.

        Returns:
            Indices of these points, int64 (k,), operands, int64 (m, k), and fingerprints, uint64 (k,).
        """
        coordinates, low = self._decode(space, point, key), self.spaces.low[:, space, None]
        operands, inside = self._problems.draw(coordinates, low), point < self.total[space]
        if self._problems.expensive_to_count:
            index, operands, fingerprints = self._in_reserve(operands, inside)
            valid = self._problems.valid(operands, coordinates.take(index, axis=1), low)
            if valid is None or valid.all():
                return index, operands, fingerprints
            return index[valid], operands.compress(valid, axis=1), fingerprints[valid]
        valid = self._problems.valid(operands, coordinates, low)
        if valid is None or valid.all():
            return self._in_reserve(operands, inside)
        candidates = np.flatnonzero(valid & inside)
        index, operands, fingerprints = self._in_reserve(operands.take(candidates, axis=1))
        return candidates.take(index), operands, fingerprints

    def _in_reserve(self, operands: Int, inside: NDArray[np.bool_] | None = None) -> tuple[Int, Int, U64]:
        """Select the problems, of those inside, that lie in the reserve: indices, operands and fingerprints."""
        canonical = self._problems.canonical(operands)
        return self._reserve.select(self._problems.reserve_family, canonical, operands, inside)

    def batch_size(self, candidates: int) -> int:
        """The number of candidates to process at a time: fewer where problems are wide, so that memory is the same."""
        return max(candidates * WIDE // max(self.words_per_problem, WIDE), GROUP)

    @cached_property
    def slow_to_test(self) -> bool:
        """Whether testing a candidate takes so long that none is tested in vain."""
        return self._problems.expensive_to_count and self.words_per_problem > 1

    @cached_property
    def words_per_problem(self) -> int:
        """The number of words of a problem: its operands or, of long ones, their limbs."""
        return len(self.decode(0, np.zeros(1, dtype=np.uint64), np.uint64(0))[0])

    def _decode(self, space: int, point: U64, key: np.uint64) -> U64:
        """Convert points to coordinates: mixed radix for the enumerated ranges, hash bits for the free ones."""
        radix, free = self._radix[:, space], self._free[:, space]
        coordinates = _mixed_radix(point, radix)
        drawn = np.flatnonzero(free > 1)
        if len(drawn):  # all coordinates at once: long numbers have hundreds
            counter = (drawn + 1).astype(np.uint64)[:, None]
            noise = mix64(point * np.uint64(GOLDEN) + key + counter)
            coordinates[drawn] += to_range(noise, free[drawn, None])
        return coordinates


def _mixed_radix(point: U64, radix: U64) -> U64:
    """Convert points to coordinates, uint64 (m, n); the last one changes fastest."""
    if compiled.LIBRARY:
        return compiled.mixed_radix(point, radix)
    rest, coordinates = point, np.zeros((len(radix), len(point)), dtype=np.uint64)
    for i in np.flatnonzero(radix[1:] > 1)[::-1] + 1:
        quotient = rest // radix[i]
        np.subtract(rest, quotient * radix[i], out=coordinates[i])
        rest = quotient
    coordinates[0] = rest
    return coordinates


def sample_size_for(problems: Int | int, share: float, sigmas: int = SIGMAS) -> Int:
    """The number of candidates that contain `problems` problems, up to an error of `sigmas` deviations; int64 (n,)."""
    mean = np.asarray(problems) / share
    return np.ceil(mean + sigmas * (np.sqrt(mean * (1 - share) / share) + 1)).astype(np.int64)


def _have_few_points(sizes: U64) -> NDArray[np.bool_]:
    """Which spaces have at most `SMALL_POINTS` points, bool (spaces,)."""
    points = np.ones(sizes.shape[1])
    for size in sizes:
        points = np.minimum(points * size, 2 * SMALL_POINTS)
    return points <= SMALL_POINTS


def _enumerated(sizes: U64) -> tuple[U64, U64, list[int]]:
    """Choose which ranges of each space the bijection runs over.

    All of them where their product is at most 2^62. Of a larger space, the widest ones that fit; this already makes
    every problem different, and the other coordinates are drawn by hash.

    Returns:
        Radices and free sizes, uint64 (coordinates, spaces), one of which is 1 in each entry, and the number of
        enumerated points per space.
    """
    radix, free, totals = np.ones_like(sizes), sizes.copy(), []
    widest_first = np.argsort(np.uint64(MAX_SIZE) - sizes, axis=0, kind="stable")
    for s, order in enumerate(widest_first.T):
        total = 1
        for i, size in zip(order.tolist(), sizes[order, s].tolist(), strict=True):
            if size == 1 or total == MAX_SIZE:
                break
            if total * size <= MAX_SIZE:
                total *= size
                radix[i, s], free[i, s] = size, 1
        totals.append(total)
    return radix, free, totals
