"""The map from (space, rank) to a problem: each problem of a reserve at most once, in random order, with random access.

A keyed bijection orders all points of a space. Small spaces (up to 2^20 points) are enumerated: the points that are
valid and lie in the reserve, in this order. They are exact: every problem of the reserve has a rank.

The order of a larger space is cut into windows just long enough that each contains at least 1,024 problems of the
reserve, by ten standard deviations. Rank r is problem r % 1024 of window r // 1024. So no problem occurs twice, a rank
costs one window at any distance, no state is needed, and some 3 to 30 % of the reserve has no rank: the price of not
counting a space of 10^30 problems. Where a problem takes long to find, such as a prime of 500 digits, a window has one
rank, so that a row costs one problem.
"""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mathbench.hashing import U64, key_of
from mathbench.sampling.capacity import Capacity
from mathbench.sampling.domain import SIGMAS, SLICE, Domain, Int, sample_size_for
from mathbench.sampling.permute import keyed_permutation
from mathbench.sampling.small_space import SmallSpace

CHUNK = 1 << 19  # candidates in memory at a time
CACHED_NUMBERS = 1 << 22  # numbers cached of last windows, and of small spaces: 32 MiB each
CACHED_POINTS = 1 << 24  # points of counted spaces that are cached: 64 MiB
WELL_KNOWN = 1 << 13  # problems found in a space after which their share of the points is known well
STEP_PART = 0.25  # part of the expected candidates that is tried at a time
BATCH = 1 << 17  # problems of one space drawn at a time


class Sampler:
    """Draws the problems of a domain in the order of a key.

    Args:
        domain: the domain.
        key: 64-bit key of the order; different keys give different orders of the same problems.
    """

    def __init__(self, domain: Domain, key: int):
        self._domain = domain
        self._keys = np.array([key_of(key, name) for name in domain.spaces.names], dtype=np.uint64)
        self._seen = np.zeros((len(domain.spaces.names), 2), dtype=np.int64)
        self._small_spaces: dict[int, SmallSpace] = {}
        self._counted_points = 0
        self._last: dict[int, _Window] = {}

    def capacities(self) -> list[Capacity]:
        """The number of problems of each space."""
        return [
            self._domain.capacity(s, partial(self._count, s)) for s in range(len(self._domain.spaces.names))
        ]

    def _count(self, space: int) -> int:
        counted = self._domain.known_counts
        if space not in counted:  # counted under one key; the count is the same under all
            counted[space] = self._small_space(space).count()
            self._counted_points += int(self._domain.total[space])
            if self._counted_points > CACHED_POINTS:
                del self._small_spaces[space]
        return counted[space]

    @property
    def words_per_problem(self) -> int:
        """The number of words of a problem: its operands or, of long ones, their limbs."""
        return self._domain.words_per_problem

    def sample(self, space: Int, rank: Int) -> tuple[Int, U64]:
        """Draw the problems at some ranks.

        Problems are drawn space by space: with the same sizes and keys for all of them, divisions are by constants and
        no look-up per problem is needed.

        Args:
            space: int64 (n,), the space of each problem.
            rank: int64 (n,), the rank of each problem in its space, 0 to capacity-1.

        Returns:
            Operands, int64 (m, n), and fingerprints, uint64 (n,).
        """
        order = np.argsort(space.astype(np.uint16), kind="stable")  # 16 bits: a radix sort
        ranks, stops = rank.take(order), np.cumsum(np.bincount(space, minlength=1))
        fingerprints = np.empty(len(rank), dtype=np.uint64)
        operands = np.empty((self._domain.words_per_problem, len(rank)), dtype=np.int64)
        for s, (start, end) in enumerate(pairwise([0, *stops.tolist()])):
            draw = self._draw_small if self._domain.small[s] else self._draw_windowed
            for here in range(start, end, BATCH):
                rows = order[here : min(here + BATCH, end)]
                operands[:, rows], fingerprints[rows] = draw(s, ranks[here : here + len(rows)])
        return operands, fingerprints

    def sample_range(self, space: int, first: int, last: int) -> Iterator[tuple[Int, U64]]:
        """Draw the problems at consecutive ranks of a space, first to last - 1, in pieces.

        Yields:
            Operands, int64 (m, n), and fingerprints, uint64 (n,), of the next problems.
        """
        if self._domain.small[space]:
            yield from self._small_space(space).range(first, last)
            return
        group, window = self._domain.group, self._last.get(space)
        if window and window.number == first // group:
            stop = min(last, (window.number + 1) * group)
            part = slice(first % group, (stop - 1) % group + 1)
            yield window.operands[:, part], window.fingerprints[part]
            first = stop
        candidates = int(group / self._domain.share(space))
        per_piece = max(self._domain.batch_size(SLICE) // candidates, 1)
        for number in range(first // group, -(-last // group), per_piece) if first < last else ():
            stop = min((number + per_piece) * group, last)
            yield self._draw_windows(space, max(number * group, first), stop)

    def _small_space(self, space: int) -> SmallSpace:
        """A small space in the order of the key."""
        if space not in self._small_spaces:
            keep = len(self._small_spaces) * SLICE * (self.words_per_problem + 1) < CACHED_NUMBERS
            self._small_spaces[space] = SmallSpace(self._domain, space, self._keys[space], keep)
        return self._small_spaces[space]

    def _draw_small(self, space: int, rank: Int) -> tuple[Int, U64]:
        return self._small_space(space).take(rank)

    def _draw_windows(self, space: int, first: int, last: int) -> tuple[Int, U64]:
        """The problems at consecutive ranks. Their windows are computed completely, and the last one is cached."""
        group = self._domain.group
        number = np.arange(first // group, -(-last // group))
        found = self._find_windows(space, number, np.full(len(number), group))
        if space in self._last or len(self._last) * group * (self.words_per_problem + 1) < CACHED_NUMBERS:
            self._last[space] = found.last(group)
        parts = [slice(b, b + group) for b in found.starts.tolist()]
        parts[-1] = slice(parts[-1].start, parts[-1].start + (last - 1) % group + 1)
        parts[0] = slice(parts[0].start + first % group, parts[0].stop)
        return _concatenated([(found.operands[:, part], found.fingerprints[part]) for part in parts])

    def _draw_windowed(self, space: int, rank: Int) -> tuple[Int, U64]:
        """The problems at some ranks. Each window is computed once, a bounded number of windows at a time."""
        requested, window_of = np.unique(rank // self._domain.group, return_inverse=True)
        position = rank % self._domain.group
        needed = np.zeros(len(requested), dtype=np.int64)
        np.maximum.at(needed, window_of, position + 1)
        fingerprints = np.empty(len(rank), dtype=np.uint64)
        operands = np.empty((self._domain.words_per_problem, len(rank)), dtype=np.int64)
        for first, last in self._chunks(space, needed):
            found = self._find_windows(space, requested[first:last], needed[first:last])
            rows = np.flatnonzero((window_of >= first) & (window_of < last))
            chosen = found.starts.take(window_of[rows] - first) + position[rows]
            operands[:, rows], fingerprints[rows] = found.operands[:, chosen], found.fingerprints[chosen]
        return operands, fingerprints

    def _chunks(self, space: int, needed: Int) -> Iterator[tuple[int, int]]:
        stops = np.cumsum(sample_size_for(needed, self._domain.share(space)))
        chunk = stops // self._domain.batch_size(CHUNK)
        yield from pairwise([0, *(np.flatnonzero(np.diff(chunk)) + 1).tolist(), len(stops)])

    def _find_windows(self, space: int, number: Int, needed: Int, sigmas: int = 3) -> "_Windows":
        """The first problems of some windows of a space, at least `needed` of each."""
        window = self._domain.window(space)
        lengths = np.minimum(sample_size_for(needed, self._share(space, sigmas), sigmas), window)
        stops = np.cumsum(lengths)
        if stops[-1] > CHUNK or self._domain.slow_to_test:
            return self._search_windows(space, number, needed)
        position = np.arange(stops[-1]) + np.repeat(number * window - (stops - lengths), lengths)
        parts = list(self._accepted(space, position.view(np.uint64)))
        index = np.concatenate([p[0] for p in parts])
        counts = np.diff(np.searchsorted(index, np.concatenate([[0], stops])))
        self._seen[space] += len(index), len(position)
        if (counts >= needed).all():
            return _Windows(number, counts, *_concatenated([p[1:] for p in parts]))
        if sigmas == SIGMAS:
            raise RuntimeError(f"a window of {self._domain.spaces.names[space]} contained too few problems")
        return self._find_windows(space, number, needed, SIGMAS)

    def _search_windows(self, space: int, number: Int, needed: Int) -> "_Windows":
        """As `_find_windows`, but a few candidates of all windows at a time, until each has enough."""
        window, tried = self._domain.window(space), 0
        counts, parts = np.zeros(len(number), dtype=np.int64), []
        while len(unfinished := np.flatnonzero(counts < needed)):
            missing = int((needed - counts).max())
            step = self._step(space, missing, len(unfinished), window - tried)
            start = number[unfinished] * window + tried
            position = (start[:, None] + np.arange(step)).ravel().view(np.uint64)
            index, operands, fingerprints = self._domain.accept(
                space, self._point(space, position), self._keys[space]
            )
            self._seen[space] += len(index), len(position)
            window_of = unfinished.take(index // step)
            counts += np.bincount(window_of, minlength=len(number))
            parts.append((operands, fingerprints, window_of))
            tried += step
        order = np.argsort(np.concatenate([of for _, _, of in parts]), kind="stable")
        operands, fingerprints = _concatenated([(part, hashed) for part, hashed, _ in parts])
        return _Windows(number, counts, operands.take(order, axis=1), fingerprints.take(order))

    def _step(self, space: int, missing: int, windows: int, left: int) -> int:
        """The number of candidates to try next in each of some windows that still miss some problems."""
        if not left:
            raise RuntimeError(f"a window of {self._domain.spaces.names[space]} contained too few problems")
        expected = missing / self._share(space, sigmas=3)
        at_once = self._domain.batch_size(SLICE) // windows
        return max(min(int(expected * STEP_PART), at_once, left), 1)

    def _share(self, space: int, sigmas: int) -> float:
        """The share of points that are problems: as observed so far or, where in doubt, the low estimate."""
        found, tried = self._seen[space].tolist()
        return found / tried if found >= WELL_KNOWN and sigmas < SIGMAS else self._domain.share(space)

    def _accepted(self, space: int, position: U64) -> Iterator[tuple[Int, Int, U64]]:
        """Yield slice by slice the indices of positions with problems, their operands and fingerprints."""
        step = self._domain.batch_size(SLICE)
        for start in range(0, len(position), step):
            point = self._point(space, position[start : start + step])
            index, operands, fingerprints = self._domain.accept(space, point, self._keys[space])
            yield index + start, operands, fingerprints

    def _point(self, space: int, position: U64) -> U64:
        """The points at some positions of the order of a space."""
        domain = self._domain
        return keyed_permutation(position, domain.shift[space], domain.high_size[space], self._keys[space])


class _Window(NamedTuple):
    """The problems of one window.

    Attributes:
        number: the index of the window in its space.
        operands: int64 (m, group).
        fingerprints: uint64 (group,), fingerprints.
    """

    number: int
    operands: Int
    fingerprints: U64


class _Windows(NamedTuple):
    """Problems found in some windows of one space, window by window.

    Attributes:
        number: int64 (windows,), the indices of the windows.
        counts: int64 (windows,), the number of problems of each window.
        operands: int64 (m, n).
        fingerprints: uint64 (n,).
    """

    number: Int
    counts: Int
    operands: Int
    fingerprints: U64

    @property
    def starts(self) -> Int:
        """The index of the first problem of each window, int64 (windows,)."""
        return np.cumsum(self.counts) - self.counts

    def last(self, group: int) -> _Window:
        """The first `group` problems of the last window."""
        begin = int(self.starts[-1])
        part = slice(begin, begin + group)
        return _Window(int(self.number[-1]), self.operands[:, part].copy(), self.fingerprints[part].copy())


def _concatenated(parts: list[tuple[Int, U64]]) -> tuple[Int, U64]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([p[0] for p in parts], axis=1), np.concatenate([p[1] for p in parts])
