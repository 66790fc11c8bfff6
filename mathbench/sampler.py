"""From (space, rank) to a problem: every problem of a reserve at most once, at random, with random access.

Small spaces (up to 2^20 points) are listed: the points that are valid and lie in the reserve, in a keyed random
order. They are exact: every problem of the reserve is handed out.

In larger spaces a keyed bijection orders all points, and the order is cut into windows just long enough that each
holds at least 1,024 problems of the reserve, by ten standard deviations. Rank r is problem r % 1024 of window
r // 1024. So no problem comes twice, a rank costs one window however far out it lies, nothing is remembered, and
some 3 to 30 % of the reserve is never handed out: the price of not counting a space of 10^30 problems.
"""

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, U64, key_of, mix, scale
from mathbench.permute import MAX_SIZE, halves, permute, shuffled
from mathbench.reserve import Reserve, fingerprints
from mathbench.stratum import Spaces

Int = NDArray[np.int64]

LISTED = 1 << 20  # spaces of up to this many points are listed
GROUP = 1024  # problems per window
SLICE = 1 << 14  # candidates worked on at a time: temporaries of 128 KiB stay in the cache
CHUNK = 1 << 19  # candidates held at a time, which bounds the memory
PROBED = 1 << 10  # valid points to find before the share of valid points is believed
MAX_RANK = 1 << 57  # so that a space and the number of a window fit in one integer


class Drawing(Protocol):
    """What a sampler needs to know of a task."""

    @property
    def reserve_family(self) -> str:
        """The name under which related tasks share their reserves."""

    def draw(self, coordinates: U64, low: Int) -> Int:
        """Points of spaces to operands; uint64 (c, n) and int64 (p, n) to int64 (m, n)."""

    def canonical(self, operands: Int) -> Int:
        """Operands to the canonical form that decides the reserve; int64 (m, n) to int64 (m', n)."""

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        """Which points are problems (bool (n,)); None means all."""


class Sampler:
    """Draws problems of one task from one reserve.

    Args:
        drawing: how points become problems.
        spaces: the spaces to draw from.
        reserve: the reserve that all problems lie in.
        key: 64-bit key of the order; another key, another order of the same problems.
    """

    def __init__(self, drawing: Drawing, spaces: Spaces, reserve: Reserve, key: int):
        self._drawing, self._spaces, self._reserve = drawing, spaces, reserve
        self._radix, self._free, totals = _enumerated(spaces.sizes)
        parts = [halves(total) for total in totals]
        self._total = np.array(totals, dtype=np.uint64)
        self._shift = np.array([p.shift for p in parts], dtype=np.uint64)
        self._high = np.array([p.high_size for p in parts], dtype=np.uint64)
        self._keys = np.array([key_of(key, name, reserve.name) for name in spaces.names], dtype=np.uint64)
        self._found: dict[int, NDArray[np.uint32]] = {}
        self._lists: dict[int, NDArray[np.uint32]] = {}
        self._listed = np.array([_points(column) <= LISTED for column in spaces.sizes.T], dtype=bool)
        self._window = np.array([self._window_length(s) for s in range(len(totals))], dtype=np.int64)
        self._covered = [p.covered for p in parts]

    def _window_length(self, space: int) -> int:
        """Candidates per window so that GROUP of them are accepted, short of a ten-sigma accident."""
        if self._listed[space]:
            return 0
        share = self._reserve.share * self._validity(space)
        mean = GROUP / share
        return math.ceil(mean + 10 * math.sqrt(mean * (1 - share) / share) + 10)

    def _validity(self, space: int) -> float:
        """A low estimate of the share of points that are problems, from fixed pseudo-random points."""
        tried = found = 0
        while found < PROBED and tried < CHUNK:
            luck = mix(np.arange(tried, tried + PROBED, dtype=np.uint64) * np.uint64(GOLDEN))
            spaces = np.full(PROBED, space, dtype=np.int64)
            coordinates, low = self._decode(spaces, scale(luck, self._total[space])), self._spaces.low[:, spaces]
            valid = self._drawing.valid(self._drawing.draw(coordinates, low), coordinates, low)
            tried += PROBED
            found += PROBED if valid is None else int(valid.sum())
        if not found:
            raise RuntimeError(f"no problems were found in the space {self._spaces.names[space]}")
        return 1.0 if found == tried else max(found - 6 * math.sqrt(found), 1) / tried

    def capacity(self, space: int) -> int:
        """How many problems of the reserve a space hands out."""
        if self._listed[space]:
            return len(self._members(space))
        return min(self._covered[space] // int(self._window[space]) * GROUP, MAX_RANK)

    def draw(self, space: Int, rank: Int) -> tuple[Int, U64]:
        """Draw the problems at some ranks.

        Args:
            space: int64 (n,): which space.
            rank: int64 (n,): which problem of it, 0 to capacity-1.

        Returns:
            Their operands, int64 (m, n), and their fingerprints, uint64 (n,).
        """
        listed = self._listed[space]
        if listed.all():
            return self._draw_listed(space, rank)
        if not listed.any():
            return self._draw_windowed(space, rank)
        parts = (self._draw_listed(space[listed], rank[listed]), self._draw_windowed(space[~listed], rank[~listed]))
        place = np.concatenate([np.flatnonzero(listed), np.flatnonzero(~listed)])
        back = np.empty_like(place)
        back[place] = np.arange(len(place))
        operands = np.concatenate([p[0] for p in parts], axis=1)
        return operands.take(back, axis=1), np.concatenate([p[1] for p in parts]).take(back)

    def _members(self, space: int) -> NDArray[np.uint32]:
        """The points of a small space that are problems of the reserve, in ascending order."""
        if space not in self._found:
            points = np.arange(self._total[space], dtype=np.uint64)
            spaces = np.full(len(points), space, dtype=np.int64)
            kept = np.concatenate([index for index, _, _ in self._accepted(spaces, points, check=True)])
            self._found[space] = kept.astype(np.uint32)
        return self._found[space]

    def _list(self, space: int) -> NDArray[np.uint32]:
        """The same in the order of the key."""
        if space not in self._lists:
            members = self._members(space)
            self._lists[space] = members[shuffled(len(members), int(self._keys[space]))]
        return self._lists[space]

    def _draw_listed(self, space: Int, rank: Int) -> tuple[Int, U64]:
        point = np.empty(len(space), dtype=np.uint64)
        for s in np.unique(space):
            here = space == s
            point[here] = self._list(int(s))[rank[here]]
        parts = list(self._accepted(space, point, check=False))
        return np.concatenate([p[1] for p in parts], axis=1), np.concatenate([p[2] for p in parts])

    def _draw_windowed(self, space: Int, rank: Int) -> tuple[Int, U64]:
        """Work through the windows that hold the ranks, each once, a bounded number at a time."""
        window_ids = (space << 48) | (rank // GROUP)
        wanted = np.unique(window_ids)
        window_of = np.searchsorted(wanted, window_ids)
        starts, operands, prints, before = [], [], [], 0
        for chunk in self._chunks(wanted):
            counts, ops, fps = self._windows(chunk)
            if (counts < GROUP).any():
                raise RuntimeError(f"a window held fewer than {GROUP} problems")
            starts.append(before + np.concatenate([[0], np.cumsum(counts[:-1])]))
            before += int(counts.sum())
            operands.append(ops)
            prints.append(fps)
        chosen = np.concatenate(starts)[window_of] + rank % GROUP
        return np.concatenate(operands, axis=1).take(chosen, axis=1), np.concatenate(prints).take(chosen)

    def _chunks(self, window_ids: Int) -> Iterator[Int]:
        ends = np.cumsum(self._window[window_ids >> 48])
        cuts = np.flatnonzero(np.diff(ends // CHUNK)) + 1
        yield from np.split(window_ids, cuts)

    def _windows(self, window_ids: Int) -> tuple[Int, Int, U64]:
        """All problems of some windows: how many each holds, their operands, their fingerprints."""
        space, number = window_ids >> 48, window_ids & ((1 << 48) - 1)
        lengths = self._window[space]
        ends = np.cumsum(lengths)
        position = np.arange(ends[-1]) + np.repeat(number * lengths - (ends - lengths), lengths)
        spaces = np.repeat(space, lengths)
        parts = list(self._accepted(spaces, position.astype(np.uint64), check=True, shuffle=True))
        kept = np.concatenate([p[0] for p in parts])
        counts = np.diff(np.searchsorted(kept, np.concatenate([[0], ends])))
        return counts, np.concatenate([p[1] for p in parts], axis=1), np.concatenate([p[2] for p in parts])

    def _accepted(
        self, spaces: Int, index: U64, *, check: bool, shuffle: bool = False
    ) -> Iterator[tuple[Int, Int, U64]]:
        """Slice by slice: which candidates are problems of the reserve, their operands and fingerprints."""
        for start in range(0, max(len(index), 1), SLICE):
            space, point = spaces[start : start + SLICE], index[start : start + SLICE]
            if shuffle:
                point = permute(point, *(column.take(space) for column in (self._shift, self._high, self._keys)))
            kept, operands, prints = self._judge(space, point, check)
            yield kept + start, operands, prints

    def _judge(self, space: Int, point: U64, check: bool) -> tuple[Int, Int, U64]:
        coordinates, low = self._decode(space, point), self._spaces.low.take(space, axis=1)
        operands = self._drawing.draw(coordinates, low)
        prints = fingerprints(self._drawing.reserve_family, self._drawing.canonical(operands))
        if not check:
            return np.arange(len(space)), operands, prints
        kept = np.flatnonzero(self._reserve.holds(prints) & (point < self._total.take(space)))
        operands, prints = operands.take(kept, axis=1), prints.take(kept)
        valid = self._drawing.valid(operands, coordinates.take(kept, axis=1), low.take(kept, axis=1))
        if valid is None or valid.all():
            return kept, operands, prints
        return kept[valid], operands.compress(valid, axis=1), prints[valid]

    def _decode(self, space: Int, point: U64) -> U64:
        """Points to coordinates: mixed radix for the enumerated ranges, hash bits for the free ones."""
        rest, coordinates = point, np.empty((len(self._radix), len(point)), dtype=np.uint64)
        for i in range(len(self._radix) - 1, 0, -1):
            radix = self._radix[i].take(space)
            quotient = rest // radix
            coordinates[i] = rest - quotient * radix
            rest = quotient
        coordinates[0] = rest
        for i, free in enumerate(self._free):
            if (free > 1).any():
                noise = mix(point * np.uint64(GOLDEN) + self._keys[space] + np.uint64(i + 1))
                coordinates[i] += scale(noise, free.take(space))
        return coordinates


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
        for i in sorted(range(len(sizes)), key=lambda i: -int(sizes[i, s])):  # noqa: B023
            if total * int(sizes[i, s]) <= MAX_SIZE:
                total *= int(sizes[i, s])
                radix[i, s], free[i, s] = sizes[i, s], 1
        totals.append(total)
    return radix, free, totals
