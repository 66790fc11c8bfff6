"""From (space, rank) to a problem: every problem of a reserve at most once, at random, with random access.

Small spaces (up to 2^20 points) are listed: the points that are valid and lie in the reserve, in a keyed random
order. They are exact: every problem of the reserve is handed out.

In larger spaces a keyed bijection orders all points, and the order is cut into windows just long enough that each
holds at least 1,024 problems of the reserve, by ten standard deviations. Rank r is problem r % 1024 of window
r // 1024. So no problem comes twice, a rank costs one window however far out it lies, nothing is remembered, and
some 3 to 30 % of the reserve is never handed out: the price of not counting a space of 10^30 problems.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mathbench.domain import GROUP, SLICE, Domain, Int, enough
from mathbench.hashing import U64, key_of
from mathbench.permute import permute, shuffled

CHUNK = 1 << 19  # candidates held at a time, which bounds the memory
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
        self._lists: dict[int, NDArray[np.uint32]] = {}

    @property
    def width(self) -> int:
        """How many numbers a problem has: its operands or, of long ones, their limbs."""
        return self._domain.operands

    def draw(self, space: Int, rank: Int) -> tuple[Int, U64]:
        """Draw the problems at some ranks.

        Space by space: with the same sizes and keys for all problems at hand, divisions are by constants and nothing
        is looked up per problem (measured: 290 -> 230 ns per row of 6-digit sums).

        Args:
            space: int64 (n,): which space.
            rank: int64 (n,): which problem of it, 0 to capacity-1.

        Returns:
            Their operands, int64 (m, n), and their fingerprints, uint64 (n,).
        """
        order = np.argsort(space.astype(np.uint16), kind="stable")  # 16 bits: a radix sort
        ranks, ends = rank.take(order), np.cumsum(np.bincount(space, minlength=1))
        prints = np.empty(len(rank), dtype=np.uint64)
        operands = np.empty((self._domain.operands, len(rank)), dtype=np.int64)
        for s, (start, end) in enumerate(pairwise([0, *ends.tolist()])):
            draw = self._draw_listed if self._domain.listed[s] else self._draw_windowed
            for here in range(start, end, BATCH):
                rows = order[here : min(here + BATCH, end)]
                drawn, marks = draw(s, ranks[here : here + len(rows)])
                prints[rows] = marks
                for operand, values in zip(
                    operands, drawn, strict=True
                ):  # one by one: 2-D fancy indexing is slow
                    operand[rows] = values
        return operands, prints

    def _list(self, space: int) -> NDArray[np.uint32]:
        """The problems of a listed space, as points, in the order of the key."""
        if space not in self._lists:
            members = self._domain.members(space)
            self._lists[space] = members[shuffled(len(members), int(self._keys[space]))]
        return self._lists[space]

    def _draw_listed(self, space: int, rank: Int) -> tuple[Int, U64]:
        step = self._domain.at_a_time(SLICE)
        cuts = range(0, len(rank), step)
        points = self._list(space).take(rank).astype(np.uint64)
        return _joined([self._domain.problems(space, points[i : i + step]) for i in cuts])

    def _draw_windowed(self, space: int, rank: Int) -> tuple[Int, U64]:
        """Work through the windows that hold the ranks, each once, a bounded number at a time."""
        wanted, window_of = _distinct(rank // GROUP)
        place = rank % GROUP
        needed = np.zeros(len(wanted), dtype=np.int64)
        np.maximum.at(needed, window_of, place + 1)
        prints = np.empty(len(rank), dtype=np.uint64)
        operands = np.empty((self._domain.operands, len(rank)), dtype=np.int64)
        for first, last in self._chunks(space, needed):
            counts, found, marks = self._windows(space, wanted[first:last], needed[first:last])
            rows = slice(None) if last - first == len(wanted) else _between(window_of, first, last)
            chosen = (np.cumsum(counts) - counts).take(window_of[rows] - first) + place[rows]
            prints[rows] = marks.take(chosen)
            operands[:, rows] = found.take(chosen, axis=1)
        return operands, prints

    def _chunks(self, space: int, needed: Int) -> Iterator[tuple[int, int]]:
        ends = np.cumsum(enough(needed, self._domain.share[space]))
        cuts = [0, *(np.flatnonzero(np.diff(ends // self._domain.at_a_time(CHUNK))) + 1).tolist(), len(ends)]
        yield from pairwise(cuts)

    def _windows(self, space: int, number: Int, needed: Int) -> tuple[Int, Int, U64]:
        """The first problems of some windows of a space, at least as many as needed of each.

        Returns:
            How many were found in each window, the operands of all, their fingerprints.
        """
        window = self._domain.window[space]
        lengths = np.minimum(enough(needed, self._domain.share[space]), window)
        ends = np.cumsum(lengths)
        position = np.arange(ends[-1]) + np.repeat(number * window - (ends - lengths), lengths)
        parts = list(self._accepted(space, position.view(np.uint64)))
        kept = np.concatenate([p[0] for p in parts])
        counts = np.diff(np.searchsorted(kept, np.concatenate([[0], ends])))
        if (counts < needed).any():
            raise RuntimeError(f"a window of {self._domain.spaces.names[space]} held too few problems")
        return counts, *_joined([p[1:] for p in parts])

    def _accepted(self, space: int, position: U64) -> Iterator[tuple[Int, Int, U64]]:
        """Slice by slice: which positions of the order hold problems, their operands and fingerprints."""
        domain, key = self._domain, self._keys[space]
        step = domain.at_a_time(SLICE)
        for start in range(0, len(position), step):
            part = position[start : start + step]
            point = permute(part, domain.shift[space], domain.high_size[space], key)
            kept, operands, prints = domain.judge(space, point, key)
            yield kept + start, operands, prints


def _joined(parts: list[tuple[Int, U64]]) -> tuple[Int, U64]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([p[0] for p in parts], axis=1), np.concatenate([p[1] for p in parts])


def _between(values: Int, first: int, last: int) -> Int:
    return np.flatnonzero((values >= first) & (values < last))


def _distinct(values: Int) -> tuple[Int, Int]:
    """The different values in ascending order, and which of them each value is; by a table where they lie close."""
    first = int(values.min())
    span = int(values.max()) - first + 1
    if span > 4 * len(values):
        return np.unique(values, return_inverse=True)
    offset, present = values - first, np.zeros(span, dtype=bool)
    present[offset] = True
    return np.flatnonzero(present) + first, (np.cumsum(present) - 1).take(offset)
