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

    def draw(self, space: Int, rank: Int) -> tuple[Int, U64]:
        """Draw the problems at some ranks.

        Args:
            space: int64 (n,): which space.
            rank: int64 (n,): which problem of it, 0 to capacity-1.

        Returns:
            Their operands, int64 (m, n), and their fingerprints, uint64 (n,).
        """
        listed = self._domain.listed[space]
        if listed.all():
            return self._draw_listed(space, rank)
        if not listed.any():
            return self._draw_windowed(space, rank)
        parts = (
            self._draw_listed(space[listed], rank[listed]),
            self._draw_windowed(space[~listed], rank[~listed]),
        )
        place = np.concatenate([np.flatnonzero(listed), np.flatnonzero(~listed)])
        back = np.empty_like(place)
        back[place] = np.arange(len(place))
        operands = np.concatenate([p[0] for p in parts], axis=1)
        return operands.take(back, axis=1), np.concatenate([p[1] for p in parts]).take(back)

    def _list(self, space: int) -> NDArray[np.uint32]:
        """The problems of a listed space, as points, in the order of the key."""
        if space not in self._lists:
            members = self._domain.members(space)
            self._lists[space] = members[shuffled(len(members), int(self._keys[space]))]
        return self._lists[space]

    def _draw_listed(self, space: Int, rank: Int) -> tuple[Int, U64]:
        point = np.empty(len(space), dtype=np.uint64)
        for s in np.unique(space):
            here = space == s
            point[here] = self._list(int(s))[rank[here]]
        cuts = range(0, max(len(space), 1), SLICE)
        parts = [
            self._domain.problems(space[i : i + SLICE], point[i : i + SLICE], point[i : i + SLICE])
            for i in cuts
        ]
        return np.concatenate([p[0] for p in parts], axis=1), np.concatenate([p[1] for p in parts])

    def _draw_windowed(self, space: Int, rank: Int) -> tuple[Int, U64]:
        """Work through the windows that hold the ranks, each once, a bounded number at a time."""
        window_ids = (space << 48) | (rank // GROUP)
        wanted = np.unique(window_ids)
        window_of = np.searchsorted(wanted, window_ids)
        needed = np.zeros(len(wanted), dtype=np.int64)
        np.maximum.at(needed, window_of, rank % GROUP + 1)
        starts, operands, prints, before = [], [], [], 0
        for part in self._chunks(wanted, needed):
            counts, ops, fps = self._windows(wanted[part], needed[part])
            starts.append(before + np.concatenate([[0], np.cumsum(counts[:-1])]))
            before += int(counts.sum())
            operands.append(ops)
            prints.append(fps)
        chosen = np.concatenate(starts)[window_of] + rank % GROUP
        return np.concatenate(operands, axis=1).take(chosen, axis=1), np.concatenate(prints).take(chosen)

    def _chunks(self, window_ids: Int, needed: Int) -> Iterator[slice]:
        ends = np.cumsum(enough(needed, self._domain.share[window_ids >> 48]))
        cuts = [0, *(np.flatnonzero(np.diff(ends // CHUNK)) + 1), len(ends)]
        yield from (slice(int(a), int(b)) for a, b in pairwise(cuts))

    def _windows(self, window_ids: Int, needed: Int) -> tuple[Int, Int, U64]:
        """The first problems of some windows, at least as many as needed of each.

        Returns:
            How many were found in each window, the operands of all, their fingerprints.
        """
        space, number = window_ids >> 48, window_ids & ((1 << 48) - 1)
        lengths = np.minimum(enough(needed, self._domain.share[space]), self._domain.window[space])
        ends = np.cumsum(lengths)
        position = np.arange(ends[-1]) + np.repeat(
            number * self._domain.window[space] - (ends - lengths), lengths
        )
        spaces = np.repeat(space, lengths)
        parts = list(self._accepted(spaces, position.astype(np.uint64)))
        kept = np.concatenate([p[0] for p in parts])
        counts = np.diff(np.searchsorted(kept, np.concatenate([[0], ends])))
        if (counts < needed).any():
            raise RuntimeError(
                f"a window of {self._domain.spaces.names[int(space[0])]} held too few problems"
            )
        return counts, np.concatenate([p[1] for p in parts], axis=1), np.concatenate([p[2] for p in parts])

    def _accepted(self, spaces: Int, position: U64) -> Iterator[tuple[Int, Int, U64]]:
        """Slice by slice: which positions of the order hold problems, their operands and fingerprints."""
        domain = self._domain
        for start in range(0, len(position), SLICE):
            space = spaces[start : start + SLICE]
            key = self._keys.take(space)
            point = permute(
                position[start : start + SLICE], domain.shift.take(space), domain.high_size.take(space), key
            )
            kept, operands, prints = domain.judge(space, point, key)
            yield kept + start, operands, prints
