"""Random streams for batches of problems, one stream per problem, and weighted choices in constant time.

A draw depends on the random word of its problem and on the number of draws before it in the code, never on the other
problems of the batch. Two rules ensure this: a loop whose length depends on the batch draws from a `fork`, and draws
for a subset of the problems come from the stream that `take` returns.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import log

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.generators.deepmind.kernel.entropy import choice_count
from mathbench.hashing import GOLDEN, MASK, U64, Int, mix64, to_range

Bool = NDArray[np.bool_]

_HALF = np.uint64(32)
_QUANTILES = 1 << 12  # entries of the table of the exponential distribution
_SMALL_BATCH = 1 << 9  # draws per round of `reject_until`, shared by the pending problems
_FRACTION = np.uint64((1 << 56) - 1)


class RandomStream:
    """One stream of random numbers per problem of a batch.

    Args:
        words: uint64 (n,), one random word per problem.

    >>> once, again = (RandomStream(np.arange(3, dtype=np.uint64)) for _ in range(2))
    >>> bool((once.randint_below(10) == again.randint_below(10)).all())
    True
    """

    def __init__(self, words: U64):
        self._words, self._drawn = words, 0

    def __len__(self) -> int:
        return len(self._words)

    def words(self) -> U64:
        """A random word per problem, uint64 (n,)."""
        offset = self._next_offset()
        if compiled.LIBRARY:
            return compiled.mix(self._words, offset)
        return mix64(self._words + np.uint64(offset))

    def _next_offset(self) -> int:
        """Advance by one draw and return its offset, which is added to the words of the problems."""
        self._drawn += 1
        return self._drawn * GOLDEN & MASK

    def skip(self, draws: int = 1) -> None:
        """Advance as if words had been drawn, where the result is the same in the whole batch."""
        self._drawn += draws

    def fork(self) -> "RandomStream":
        """A separate stream. This one advances by one draw, however many are made from the new one."""
        return RandomStream(self.words())

    def take(self, index: Int) -> "RandomStream":
        """A separate stream for a subset of the problems, int64 (m,)."""
        taken = self.continue_at(index)
        self.skip()
        return taken

    def same_for(self, index: Int) -> "RandomStream":
        """The same streams for a subset of the problems, int64 (m,). This stream does not advance."""
        stream = RandomStream(self._words.take(index))
        stream._drawn = self._drawn
        return stream

    def continue_at(self, index: Int, draws: int | Int = 0) -> "RandomStream":
        """The streams that `take` would return after some further draws. This stream does not advance.

        Args:
            index: int64 (m,), problems, once per stream requested for each.
            draws: int64 (m,), the number of further draws.

        >>> rng = RandomStream(np.arange(9, dtype=np.uint64))
        >>> at_once = rng.continue_at(np.array([2, 5, 5]), np.array([0, 0, 1])).words()
        >>> in_turn = [rng.take(np.array(index)).words() for index in ([2, 5], [5])]
        >>> bool((at_once == np.concatenate(in_turn)).all())
        True
        """
        offset = np.asarray(self._drawn + 1 + draws, dtype=np.uint64) * np.uint64(GOLDEN)
        return RandomStream(mix64(self._words.take(index) + offset))

    def substream(self, item: Int) -> "RandomStream":
        """Separate streams for numbered items of the problems, int64 (n,), 0 or more."""
        return RandomStream(mix64(self._words + mix64(item.astype(np.uint64))))

    def randint_below(self, size: int | Int) -> Int:
        """Uniform in 0 .. size-1, int64 (n,); size (an integer or int64 (n,)) is 1 or more."""
        if compiled.LIBRARY:
            return compiled.stream_below(self._words, self._next_offset(), np.asarray(size, dtype=np.int64))
        sizes, words = np.asarray(size, dtype=np.int64).view(np.uint64), self.words()
        if sizes.max(initial=np.uint64(0)) >> _HALF:
            return to_range(words, sizes).view(np.int64)
        words >>= _HALF  # `to_range` for sizes below 2^32, in place
        words *= sizes
        words >>= _HALF
        return words.view(np.int64)

    def randint(self, low: int | Int, high: int | Int) -> Int:
        """Uniform in low .. high, both inclusive, int64 (n,)."""
        return low + self.randint_below(high - low + 1)

    def bernoulli(self, wins: int = 1, of: int = 2) -> Bool:
        """True with probability wins / of, bool (n,)."""
        return self.randint_below(of) < wins

    def sign(self) -> Int:
        """-1 or 1, int64 (n,)."""
        return self.randint_below(2) * 2 - 1

    def integer(self, entropy: Int, signed: bool = True, minimum: int = 0) -> Int:
        """Integers of given entropy, uniform among about 10^entropy values, int64 (n,).

        Signed integers lie between -m and m with 2 m about 10^entropy, and their absolute value is at least `minimum`.
        Unsigned ones lie between `minimum` and about 10^entropy + minimum.

        Args:
            entropy: int64 (n,), in units.
            signed: whether to draw negative numbers too.
            minimum: the smallest absolute value.

        >>> rng = RandomStream(np.arange(1000, dtype=np.uint64))
        >>> drawn = rng.integer(np.full(1000, 2048), minimum=1)  # two decades
        >>> int(drawn.min()), int(drawn.max()), 0 in drawn
        (-51, 51, False)
        """
        count = choice_count(entropy) + minimum
        if not signed:
            return self.randint(minimum, count)
        maximum = (count + 1) // 2
        if minimum == 0:
            return self.randint(-maximum, maximum)
        sign = self.sign()
        return sign * self.randint(minimum, np.maximum(maximum, minimum))

    def exponential(self) -> Int:
        """Exponentially distributed with mean 1, in units of 2^-16, int64 (n,), positive."""
        return _exponentials().take(self.randint_below(_QUANTILES))

    def exponentials(self, count: int) -> Int:
        """As `exponential`, int64 (count, n), five from each random word."""
        rng, bits = self.fork(), np.uint64(_QUANTILES.bit_length() - 1)
        found: list[Int] = []
        while len(found) < count:
            word = rng.words()
            for position in range(5):
                index = (word >> (bits * np.uint64(position))) & np.uint64(_QUANTILES - 1)
                found.append(_exponentials().take(index.view(np.int64)))
        return np.stack(found[:count]) if count else np.empty((0, len(self)), np.int64)

    def dirichlet(self, total: Int, weights: Int) -> Int:
        """Split a total at random: a Dirichlet distribution with integer parameters, rounded down.

        Args:
            total: int64 (n,), 0 or more.
            weights: int64 (k, n) or (k, 1), the parameters, at most 8. A part with weight 0 is 0.

        Returns:
            int64 (k, n), parts whose sum is at most k below the total; zeros where all weights are zero.
        """
        weights, rng = np.broadcast_to(weights, (len(weights), len(self))), self.fork()
        parts = np.zeros(weights.shape, dtype=np.int64)
        largest = weights.max(axis=0, initial=0)
        for i in range(int(largest.max(initial=0))):
            rows = np.flatnonzero(largest > i)
            if len(rows) > len(self) // 16:
                parts += rng.exponentials(len(weights)) * (weights > i)
            else:  # hardly any weight is so large
                parts[:, rows] += rng.same_for(rows).exponentials(len(weights)) * (weights[:, rows] > i)
                rng.skip()
        return parts * total // np.maximum(parts.sum(axis=0), 1)

    def composition(self, total: Int, count: int) -> Int:
        """A uniformly random composition of a total into non-negative parts, int64 (count, n).

        The total plus the count is less than 256.

        >>> RandomStream(np.arange(4, dtype=np.uint64)).composition(np.array([0, 1, 2, 3]), 2).sum(axis=0).tolist()
        [0, 1, 2, 3]
        """
        if count == 1:
            return total[None, :]
        parts, part = np.zeros((count, len(total)), np.uint8), np.zeros(len(total), np.uint8)
        left, bars = (total + count - 1).astype(np.uint64), np.full(len(total), count - 1, np.uint64)
        word = self.words() >> np.uint64(8)  # a fraction, whose remainder after a draw serves the next one
        for _ in range(int(total.max(initial=0)) + count - 1):
            scaled = word * left
            word = scaled & _FRACTION
            bar = (scaled >> np.uint64(56)) < bars
            pending = left > 0
            for number, column in enumerate(parts):
                column += (part == number) & ~bar & pending
            part += bar
            bars -= bar
            left -= pending
        return parts.astype(np.int64)

    def composition_among(self, total: Int, live: Bool) -> Int:
        """As `composition`, with only some parts allowed to be positive, int64 (k, n).

        Args:
            total: int64 (n,).
            live: bool (k, n), the parts that may be positive. Where there are none, all parts are 0.
        """
        counts, there = np.zeros(live.shape, dtype=np.int64), live.sum(axis=0)
        for count in range(1, len(live) + 1):
            if not len(rows := np.flatnonzero(there == count)):
                self.skip()
                continue
            parts, here = self.take(rows).fork().composition(total[rows], count), live[:, rows]
            position = np.maximum(np.cumsum(here, axis=0) - 1, 0)
            counts[:, rows] = np.take_along_axis(parts, position, axis=0) * here
        return counts

    def permutation(self, count: int, live: Bool | None = None) -> Int:
        """A random order of 0 .. count-1, int64 (count, n), with those that are not live, bool (count, n), last."""
        rng = self.fork()  # one draw per number: the order of the live ones does not depend on the others
        keys = np.stack([rng.words() >> np.uint64(1) for _ in range(count)])
        if live is not None:
            keys |= (~live).astype(np.uint64) << np.uint64(63)
        if count == 1:
            return np.zeros(keys.shape, np.int64)
        if count == 2:  # as sorting does, in a fraction of the time
            swapped = keys[0] > keys[1]
            return np.stack([swapped, ~swapped]).astype(np.int64)
        return np.argsort(keys, axis=0)

    def choose(self, live: Bool) -> Int:
        """The index of one of the live items, bool (k, n), k below 256, uniform, int64 (n,); 0 where none is live."""
        count = live.sum(axis=0)
        requested = self.randint_below(np.maximum(count, 1)).astype(np.uint8)
        seen, chosen = np.zeros((2, live.shape[1]), np.uint8)
        for item in live:
            seen += item
            chosen += seen <= requested
        return np.where(count > 0, chosen, 0).astype(np.int64)

    def reject_until(
        self, draw: Callable[["RandomStream", Int], Int], good: Callable[[Int, Int], Bool]
    ) -> Int:
        """Rejection sampling: draw again where the values are not accepted.

        Args:
            draw: maps a stream for some problems and their indices, int64 (m,), to values, int64 (..., m).
            good: maps values and the indices of their problems to bool (m,).

        Returns:
            int64 (..., n), the first accepted values of each problem.
        """
        rng, every = self.fork(), np.arange(len(self))
        values = draw(rng.fork(), every)
        pending = np.flatnonzero(~good(values, every))
        while len(pending):
            trials = max(_SMALL_BATCH // len(pending), 1)  # this many at once cost hardly more than one
            index = np.repeat(pending, trials)
            drawn = draw(rng.continue_at(index, np.tile(np.arange(trials), len(pending))), index)
            rng.skip(trials)
            right = good(drawn, index).reshape(-1, trials)
            values[..., pending] = drawn[..., np.arange(len(pending)) * trials + right.argmax(axis=1)]
            pending = pending[~right.any(axis=1)]
        return values


@cache
def _exponentials() -> Int:
    """Quantiles of the exponential distribution in units of 2^-16, int64, rounded so that all processors agree."""
    return np.array([round(-log((i + 0.5) / _QUANTILES) * (1 << 16)) for i in range(_QUANTILES)])


class AliasTable:
    """Choices with integer weights, in one or more groups, by the alias method of Walker (1977).

    Every choice has a cell of the same size, and the rest of a cell belongs to one heavier choice, its alias. A draw
    takes one cell and one comparison, however many choices there are.

    Args:
        groups: the weights of each group, int64 (m,), not negative, with a sum below 2^63 / m.

    >>> table = AliasTable([np.array([1, 3]), np.array([1, 1, 0])])
    >>> rng = RandomStream(np.arange(4000, dtype=np.uint64))
    >>> np.bincount(table.choose(rng, np.zeros(4000, np.int64))).round(-2).tolist()
    [1000, 3000]
    >>> np.unique(table.choose(rng, np.ones(4000, np.int64))).tolist()
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

    def choose(self, rng: RandomStream, group: Int | None = None) -> Int:
        """Draw one choice from the group of each problem.

        Returns:
            int64 (n,), indices into the choices of all groups, one group after the other.
        """
        group = np.zeros(len(rng), np.int64) if group is None else group
        cell = self._start.take(group) + rng.randint_below(self._size.take(group))
        own = rng.randint_below(self._total.take(group)) < self._edge.take(cell)
        return np.where(own, cell, self._other.take(cell))


def _cells(weights: Int) -> tuple[Int, Int]:
    """The part of each cell that belongs to its own choice, and the alias for the rest; int64 (m,) each.

    The cells of light choices are filled in turn by the heavy ones in turn. Where a heavy choice gives away more than
    its surplus, the next one fills the gap in its cell.
    """
    total, scaled = int(weights.sum()), weights * len(weights)
    light, heavy = np.flatnonzero(scaled < total), np.flatnonzero(scaled >= total)
    deficit = np.concatenate([[0], np.cumsum(total - scaled[light])])
    surplus = np.cumsum(scaled[heavy] - total)
    edge, other = scaled.clip(max=total), np.arange(len(weights))
    other[light] = heavy[np.searchsorted(surplus, deficit[:-1], side="right")]
    # the deficit up to the last light choice that each heavy one helps to fill
    filled = deficit[np.searchsorted(deficit[:-1], surplus, side="left")]
    edge[heavy] = total - np.maximum(filled - surplus, 0)
    other[heavy[:-1]] = heavy[1:]
    return edge, other
