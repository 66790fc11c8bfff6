"""From (space, rank) to a problem: every problem of a reserve at most once, at random, with random access.

A keyed bijection orders all points of a space. Small spaces (up to 2^20 points) are listed: the points that are valid
and lie in the reserve, in this order. They are exact: every problem of the reserve is handed out.

Of larger spaces the order is cut into windows just long enough that each
holds at least 1,024 problems of the reserve, by ten standard deviations. Rank r is problem r % 1024 of window
r // 1024. So no problem comes twice, a rank costs one window however far out it lies, nothing is remembered, and
some 3 to 30 % of the reserve is never handed out: the price of not counting a space of 10^30 problems.
"""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64, key_of
from mathbench.sampling.capacity import Capacity
from mathbench.sampling.domain import GROUP, SIGMAS, SLICE, Domain, Int, sample_size_for
from mathbench.sampling.permute import keyed_permutation
from mathbench.sampling.small_space import SmallSpace

CHUNK = 1 << 19  # candidates held at a time, which bounds the memory
CACHED_NUMBERS = 1 << 22  # numbers kept of windows that were cut short, and of listed spaces: 32 MiB each
WELL_KNOWN = 1 << 13  # problems of a space after which their share of the points is known well
BATCH = 1 << 17  # problems of one space drawn at a time


class Sampler:
    """Draws the problems of a domain in the order of a key.

    Args:
        domain: what there is to draw.
        key: 64-bit key of the order; another key, another order of the same problems.
    """

    def __init__(self, domain: Domain, key: int):
        self._domain = domain
        self._keys = np.array([key_of(key, name) for name in domain.spaces.names], dtype=np.uint64)
        self._seen = np.zeros((len(domain.spaces.names), 2), dtype=np.int64)
        self._small_spaces: dict[int, SmallSpace] = {}
        self._last: dict[int, _Window] = {}

    def capacities(self) -> list[Capacity]:
        """How many problems each space hands out."""
        return [
            self._domain.capacity(s, partial(self._count, s)) for s in range(len(self._domain.spaces.names))
        ]

    def _count(self, space: int) -> int:
        counted = self._domain.known_counts
        if space not in counted:  # under one key; it is the same under all
            counted[space] = self._small_space(space).count()
        return counted[space]

    @property
    def words_per_problem(self) -> int:
        """How many numbers a problem has: its operands or, of long ones, their limbs."""
        return self._domain.words_per_problem

    def sample(self, space: Int, rank: Int) -> tuple[Int, U64]:
        """Draw the problems at some ranks.

        Space by space: with the same sizes and keys for all problems at hand, divisions are by constants and nothing
        is looked up per problem.

        Args:
            space: int64 (n,): which space.
            rank: int64 (n,): which problem of it, 0 to capacity-1.

        Returns:
            Their operands, int64 (m, n), and their fingerprints, uint64 (n,).
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
        window = self._last.get(space)
        if window and window.number == first // GROUP:
            stop = min(last, (window.number + 1) * GROUP)
            part = slice(first % GROUP, (stop - 1) % GROUP + 1)
            yield window.operands[:, part], window.fingerprints[part]
            first = stop
        per_piece = max(self._domain.batch_size(SLICE) // int(self._domain.window[space]), 1)
        for number in range(first // GROUP, -(-last // GROUP), per_piece) if first < last else ():
            stop = min((number + per_piece) * GROUP, last)
            yield self._draw_windows(space, max(number * GROUP, first), stop)

    def _small_space(self, space: int) -> SmallSpace:
        """A listed space in the order of the key."""
        if space not in self._small_spaces:
            keep = len(self._small_spaces) * SLICE * (self.words_per_problem + 1) < CACHED_NUMBERS
            self._small_spaces[space] = SmallSpace(self._domain, space, self._keys[space], keep)
        return self._small_spaces[space]

    def _draw_small(self, space: int, rank: Int) -> tuple[Int, U64]:
        return self._small_space(space).take(rank)

    def _draw_windows(self, space: int, first: int, last: int) -> tuple[Int, U64]:
        """The problems at consecutive ranks, all windows they lie in worked out whole; the last one is remembered."""
        number = np.arange(first // GROUP, -(-last // GROUP))
        found = self._find_windows(space, number, np.full(len(number), GROUP))
        if space in self._last or len(self._last) * GROUP * (self.words_per_problem + 1) < CACHED_NUMBERS:
            self._last[space] = found.last()
        parts = [slice(b, b + GROUP) for b in found.starts.tolist()]
        parts[-1] = slice(parts[-1].start, parts[-1].start + (last - 1) % GROUP + 1)
        parts[0] = slice(parts[0].start + first % GROUP, parts[0].stop)
        return _concatenated([(found.operands[:, part], found.fingerprints[part]) for part in parts])

    def _draw_windowed(self, space: int, rank: Int) -> tuple[Int, U64]:
        """Work through the windows that hold the ranks, each once, a bounded number at a time."""
        requested, window_of = np.unique(rank // GROUP, return_inverse=True)
        position = rank % GROUP
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
        stops = np.cumsum(sample_size_for(needed, self._domain.share[space]))
        cuts = [
            0,
            *(np.flatnonzero(np.diff(stops // self._domain.batch_size(CHUNK))) + 1).tolist(),
            len(stops),
        ]
        yield from pairwise(cuts)

    def _find_windows(self, space: int, number: Int, needed: Int, sigmas: int = 3) -> "_Windows":
        """The first problems of some windows of a space, at least as many as needed of each."""
        window = int(self._domain.window[space])
        lengths = np.minimum(sample_size_for(needed, self._share(space, sigmas), sigmas), window)
        stops = np.cumsum(lengths)
        position = np.arange(stops[-1]) + np.repeat(number * window - (stops - lengths), lengths)
        parts = list(self._accepted(space, position.view(np.uint64)))
        kept = np.concatenate([p[0] for p in parts])
        counts = np.diff(np.searchsorted(kept, np.concatenate([[0], stops])))
        self._seen[space] += len(kept), len(position)
        if (counts >= needed).all():
            return _Windows(number, counts, *_concatenated([p[1:] for p in parts]))
        if sigmas == SIGMAS:
            raise RuntimeError(f"a window of {self._domain.spaces.names[space]} held too few problems")
        return self._find_windows(space, number, needed, SIGMAS)

    def _share(self, space: int, sigmas: int) -> NDArray[np.float64]:
        """The share of points that are problems: as seen so far or, to be on the safe side, the low estimate."""
        kept, tried = self._seen[space]
        return np.array(kept / tried if kept >= WELL_KNOWN and sigmas < SIGMAS else self._domain.share[space])

    def _accepted(self, space: int, position: U64) -> Iterator[tuple[Int, Int, U64]]:
        """Slice by slice: which positions of the order hold problems, their operands and fingerprints."""
        step = self._domain.batch_size(SLICE)
        for start in range(0, len(position), step):
            point = self._point(space, position[start : start + step])
            kept, operands, fingerprints = self._domain.accept(space, point, self._keys[space])
            yield kept + start, operands, fingerprints

    def _point(self, space: int, position: U64) -> U64:
        """The points at some positions of the order of a space."""
        domain = self._domain
        return keyed_permutation(position, domain.shift[space], domain.high_size[space], self._keys[space])


class _Window(NamedTuple):
    """The problems of one window.

    Attributes:
        number: which window of its space.
        operands: int64 (m, GROUP).
        fingerprints: uint64 (GROUP,), fingerprints.
    """

    number: int
    operands: Int
    fingerprints: U64


class _Windows(NamedTuple):
    """Problems found in some windows of one space.

    Attributes:
        number: int64 (windows,), the windows.
        counts: int64 (windows,), how many problems of each follow each other below.
        operands: int64 (m, n).
        fingerprints: uint64 (n,), fingerprints.
    """

    number: Int
    counts: Int
    operands: Int
    fingerprints: U64

    @property
    def starts(self) -> Int:
        """Where the problems of each window begin, int64 (windows,)."""
        return np.cumsum(self.counts) - self.counts

    def last(self) -> _Window:
        """The last window."""
        begin = int(self.starts[-1])
        part = slice(begin, begin + GROUP)
        return _Window(int(self.number[-1]), self.operands[:, part].copy(), self.fingerprints[part].copy())


def _concatenated(parts: list[tuple[Int, U64]]) -> tuple[Int, U64]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([p[0] for p in parts], axis=1), np.concatenate([p[1] for p in parts])
