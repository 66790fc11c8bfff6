"""Chance: random choices for many problems at once, each problem with a stream of its own.

What a problem draws depends on its own word and on how many draws went before it in the code, never on the other
problems of the batch. Two rules keep it so: draws inside a loop whose length depends on the batch are made from a
`fork`, and draws for some of the problems from what `take` returns.

Weighted: choices that are not equally likely, each in constant time.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import log

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.generators.deepmind.kernel import entropy as decades
from mathbench.hashing import GOLDEN, MASK, U64, Int, mix64, to_range

Bool = NDArray[np.bool_]

_HALF = np.uint64(32)
_QUANTILES = 1 << 12
_SMALL_BATCH = 1 << 9  # problems that are drawn again side by side with further draws of their own
_FRACTION = np.uint64((1 << 56) - 1)


class RandomStream:
    """Random choices.

    Args:
        words: uint64 (n,), a random word per problem.

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
        """What the next draw adds to the words of the problems."""
        self._drawn += 1
        return self._drawn * GOLDEN & MASK

    def skip(self, draws: int = 1) -> None:
        """Move on as if words had been drawn: for a draw that is certain in the whole batch."""
        self._drawn += draws

    def fork(self) -> "RandomStream":
        """A stream apart; however much is drawn from it, this one moves on by one."""
        return RandomStream(self.words())

    def take(self, index: Int) -> "RandomStream":
        """A stream apart for some of the problems."""
        taken = self.continue_at(index)
        self.skip()
        return taken

    def continue_at(self, index: Int, turn: int | Int = 0) -> "RandomStream":
        """Streams that `take` would give, after some further draws from this one, which does not move on.

        Args:
            index: int64 (m,), problems, each as often as it is to have a stream.
            turn: int64 (m,), how many draws come before.

        >>> rng = RandomStream(np.arange(9, dtype=np.uint64))
        >>> at_once = rng.continue_at(np.array([2, 5, 5]), np.array([0, 0, 1])).words()
        >>> in_turn = [rng.take(np.array(index)).words() for index in ([2, 5], [5])]
        >>> bool((at_once == np.concatenate(in_turn)).all())
        True
        """
        draws = np.asarray(self._drawn + 1 + turn, dtype=np.uint64) * np.uint64(GOLDEN)
        return RandomStream(mix64(self._words.take(index) + draws))

    def substream(self, item: Int) -> "RandomStream":
        """Streams apart for several things of one problem, which differ in their numbers, int64 (n,), 0 or more."""
        return RandomStream(mix64(self._words + mix64(item.astype(np.uint64))))

    def randint_below(self, size: int | Int) -> Int:
        """Uniform in 0 .. size-1, int64 (n,); size (an integer or int64 (n,)) is 1 or more."""
        if compiled.LIBRARY:
            return compiled.stream_below(self._words, self._next_offset(), np.asarray(size, dtype=np.int64))
        sizes, words = np.asarray(size, dtype=np.int64).view(np.uint64), self.words()
        if sizes.max(initial=np.uint64(0)) >> _HALF:
            return to_range(words, sizes).view(np.int64)
        words >>= _HALF  # as `scale` does where sizes are small, in place
        words *= sizes
        words >>= _HALF
        return words.view(np.int64)

    def randint(self, low: int | Int, high: int | Int) -> Int:
        """Uniform in low .. high, both included, int64 (n,)."""
        return low + self.randint_below(high - low + 1)

    def bernoulli(self, wins: int = 1, of: int = 2) -> Bool:
        """True with probability wins / of, bool (n,)."""
        return self.randint_below(of) < wins

    def sign(self) -> Int:
        """-1 or 1, int64 (n,)."""
        return self.randint_below(2) * 2 - 1

    def integer(self, entropy: Int, signed: bool = True, minimum: int = 0) -> Int:
        """A number of some entropy: one of about 10^entropy values.

        Signed: from -m to m with 2 m about 10^entropy, absolute value at least `minimum`; unsigned: from `minimum` to
        about 10^entropy + minimum.

        Args:
            entropy: int64 (n,), in units.
            signed: whether there are negative numbers.
            minimum: the smallest absolute value.

        >>> rng = RandomStream(np.arange(1000, dtype=np.uint64))
        >>> drawn = rng.integer(np.full(1000, decades.entropy_units(2)), minimum=1)
        >>> int(drawn.min()), int(drawn.max()), 0 in drawn
        (-51, 51, False)
        """
        count = decades.choice_count(entropy) + minimum
        if not signed:
            return self.randint(minimum, count)
        maximum = (count + 1) // 2
        if minimum == 0:
            return self.randint(-maximum, maximum)
        sign = self.sign()
        return sign * self.randint(minimum, np.maximum(maximum, minimum))

    def exponential(self) -> Int:
        """Exponentially distributed with mean 1, in 2^-16, int64 (n,); more than 0."""
        return _exponentials().take(self.randint_below(_QUANTILES))

    def exponentials(self, count: int) -> Int:
        """Exponentially distributed numbers as above, int64 (many, n), five from one random word."""
        rng, bits = self.fork(), np.uint64(_QUANTILES.bit_length() - 1)
        found: list[Int] = []
        while len(found) < count:
            word = rng.words()
            for position in range(5):
                index = (word >> (bits * np.uint64(position))) & np.uint64(_QUANTILES - 1)
                found.append(_exponentials().take(index.view(np.int64)))
        return np.stack(found[:count]) if count else np.empty((0, len(self)), np.int64)

    def dirichlet(self, total: Int, weights: Int) -> Int:
        """Share a total out at random: a Dirichlet distribution with whole parameters, rounded down.

        Args:
            total: int64 (n,), 0 or more.
            weights: int64 (k, n) or (k, 1), parameters, at most 8 each; a part with 0 gets nothing.

        Returns:
            int64 (k, n), parts that add up to the total, give or take k; zeros where all weights are zero.
        """
        weights, rng = np.broadcast_to(weights, (len(weights), len(self))), self.fork()
        parts = np.zeros(weights.shape, dtype=np.int64)
        for i in range(int(weights.max(initial=0))):
            parts += rng.exponentials(len(weights)) * (weights > i)
        return parts * total // np.maximum(parts.sum(axis=0), 1)

    def composition(self, total: Int, count: int) -> Int:
        """Uniform among the ways to write a total as a sum of some numbers of 0 or more, int64 (count, n).

        Total and count together are less than 256.

        >>> RandomStream(np.arange(4, dtype=np.uint64)).composition(np.array([0, 1, 2, 3]), 2).sum(axis=0).tolist()
        [0, 1, 2, 3]
        """
        if count == 1:
            return total[None, :]
        parts, part = np.zeros((count, len(total)), np.int64), np.zeros_like(total)
        rows = np.arange(len(total))
        left, bars = (total + count - 1).astype(np.uint64), np.full(len(total), count - 1, np.uint64)
        word = self.words() >> np.uint64(8)  # a fraction; what is left of it after a draw serves the next
        for _ in range(int(total.max(initial=0)) + count - 1):
            scaled = word * left
            word = scaled & _FRACTION
            bar = (scaled >> np.uint64(56)) < bars
            parts[part, rows] += ~bar & (left > 0)
            part += bar
            bars -= bar
            left -= left > 0
        return parts

    def composition_among(self, total: Int, live: Bool) -> Int:
        """As `composition`, where not all of the numbers may be more than 0.

        Args:
            total: int64 (n,).
            live: bool (k, n), which numbers may; where there are none, all are 0.
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
        """A random order of 0 .. many-1, int64 (many, n); those that are not live, bool (many, n), come last."""
        rng = (
            self.fork()
        )  # one draw per number: the order of the live ones does not depend on how many are not
        keys = np.stack([rng.words() >> np.uint64(1) for _ in range(count)])
        if live is not None:
            keys |= (~live).astype(np.uint64) << np.uint64(63)
        return np.argsort(keys, axis=0)

    def choose(self, live: Bool) -> Int:
        """One of the live ones, bool (k, n), each as likely; int64 (n,); 0 where none is live."""
        count = live.sum(axis=0)
        requested = self.randint_below(np.maximum(count, 1))
        return np.argmax(live & (np.cumsum(live, axis=0) == requested + 1), axis=0)

    def reject_until(
        self, draw: Callable[["RandomStream", Int], Int], good: Callable[[Int, Int], Bool]
    ) -> Int:
        """Draw again where what was drawn will not do.

        Args:
            draw: from a stream for some problems and which ones they are, int64 (m,), to values, int64 (..., m).
            good: from values and which problems they are for, to bool (m,).

        Returns:
            int64 (..., n), the first good values of each problem.
        """
        rng, every = self.fork(), np.arange(len(self))
        values = draw(rng.fork(), every)
        pending = np.flatnonzero(~good(values, every))
        while len(pending):
            trials = max(_SMALL_BATCH // len(pending), 1)  # so many at once cost hardly more than one
            index = np.repeat(pending, trials)
            drawn = draw(rng.continue_at(index, np.tile(np.arange(trials), len(pending))), index)
            rng.skip(trials)
            right = good(drawn, index).reshape(-1, trials)
            values[..., pending] = drawn[..., np.arange(len(pending)) * trials + right.argmax(axis=1)]
            pending = pending[~right.any(axis=1)]
        return values


@cache
def _exponentials() -> Int:
    """Quantiles of the exponential distribution, in 2^-16, int64; rounded, so that no processor differs."""
    return np.array([round(-log((i + 0.5) / _QUANTILES) * (1 << 16)) for i in range(_QUANTILES)])


class AliasTable:
    """Choices with whole weights, in one or more groups, by the alias method of Walker (1977).

    Each choice has a cell of the same size; what a cell has left over is filled up from one heavier choice. So a choice
    is one cell and one comparison, however many there are.

    Args:
        groups: the weights of each group, int64 (m,), not negative; their sum times m is below 2^63.

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
        """A choice of each problem's group, int64 (n,): its number among all choices, one group after the other."""
        group = np.zeros(len(rng), np.int64) if group is None else group
        cell = self._start.take(group) + rng.randint_below(self._size.take(group))
        own = rng.randint_below(self._total.take(group)) < self._edge.take(cell)
        return np.where(own, cell, self._other.take(cell))


def _cells(weights: Int) -> tuple[Int, Int]:
    """How much of each choice's cell is its own, and whose the rest is; int64 (m,) each.

    The light choices in turn are filled up by the heavy ones in turn. What a heavy choice gives away beyond its surplus
    the next one makes up for.
    """
    total, scaled = int(weights.sum()), weights * len(weights)
    light, heavy = np.flatnonzero(scaled < total), np.flatnonzero(scaled >= total)
    requested = np.cumsum(total - scaled[light])
    given = np.cumsum(scaled[heavy] - total)
    begin = np.concatenate([[0], requested])
    edge, other = scaled.clip(max=total), np.arange(len(weights))
    other[light] = heavy[np.searchsorted(given, begin[:-1], side="right")]
    filled = begin[
        np.searchsorted(begin[:-1], given, side="left")
    ]  # wanted up to the last light one it helps
    edge[heavy] = total - np.maximum(filled - given, 0)
    other[heavy[:-1]] = heavy[1:]
    return edge, other
