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
from mathbench.hashing import GOLDEN, MASK, U64, Int, mix, scale

Bool = NDArray[np.bool_]

_HALF = np.uint64(32)
_QUANTILES = 1 << 12
_FEW = 1 << 9  # problems that are drawn again side by side with further draws of their own
_FRACTION = np.uint64((1 << 56) - 1)


class Chance:
    """Random choices.

    Args:
        words: uint64 (n,), a random word per problem.

    >>> once, again = (Chance(np.arange(3, dtype=np.uint64)) for _ in range(2))
    >>> bool((once.below(10) == again.below(10)).all())
    True
    """

    def __init__(self, words: U64):
        self._words, self._drawn = words, 0

    def __len__(self) -> int:
        return len(self._words)

    def words(self) -> U64:
        """A random word per problem, uint64 (n,)."""
        offset = self._next()
        if compiled.LIBRARY:
            return compiled.mix(self._words, offset)
        return mix(self._words + np.uint64(offset))

    def _next(self) -> int:
        """What the next draw adds to the words of the problems."""
        self._drawn += 1
        return self._drawn * GOLDEN & MASK

    def skip(self, draws: int = 1) -> None:
        """Move on as if words had been drawn: for a draw that is certain in the whole batch."""
        self._drawn += draws

    def fork(self) -> "Chance":
        """A stream apart; however much is drawn from it, this one moves on by one."""
        return Chance(self.words())

    def take(self, index: Int) -> "Chance":
        """A stream apart for some of the problems."""
        taken = self.later(index)
        self.skip()
        return taken

    def later(self, index: Int, turn: int | Int = 0) -> "Chance":
        """Streams that `take` would give, after some further draws from this one, which does not move on.

        Args:
            index: int64 (m,), problems, each as often as it is to have a stream.
            turn: int64 (m,), how many draws come before.

        >>> chance = Chance(np.arange(9, dtype=np.uint64))
        >>> at_once = chance.later(np.array([2, 5, 5]), np.array([0, 0, 1])).words()
        >>> in_turn = [chance.take(np.array(index)).words() for index in ([2, 5], [5])]
        >>> bool((at_once == np.concatenate(in_turn)).all())
        True
        """
        draws = np.asarray(self._drawn + 1 + turn, dtype=np.uint64) * np.uint64(GOLDEN)
        return Chance(mix(self._words.take(index) + draws))

    def apart(self, item: Int) -> "Chance":
        """Streams apart for several things of one problem, which differ in their numbers, int64 (n,), 0 or more."""
        return Chance(mix(self._words + mix(item.astype(np.uint64))))

    def below(self, size: int | Int) -> Int:
        """Uniform in 0 .. size-1, int64 (n,); size (an integer or int64 (n,)) is 1 or more."""
        if compiled.LIBRARY:
            return compiled.stream_below(self._words, self._next(), np.asarray(size, dtype=np.int64))
        sizes, words = np.asarray(size, dtype=np.int64).view(np.uint64), self.words()
        if sizes.max(initial=np.uint64(0)) >> _HALF:
            return scale(words, sizes).view(np.int64)
        words >>= _HALF  # as `scale` does where sizes are small, in place
        words *= sizes
        words >>= _HALF
        return words.view(np.int64)

    def between(self, low: int | Int, high: int | Int) -> Int:
        """Uniform in low .. high, both included, int64 (n,)."""
        return low + self.below(high - low + 1)

    def coin(self, wins: int = 1, of: int = 2) -> Bool:
        """True with probability wins / of, bool (n,)."""
        return self.below(of) < wins

    def sign(self) -> Int:
        """-1 or 1, int64 (n,)."""
        return self.below(2) * 2 - 1

    def integer(self, entropy: Int, signed: bool = True, least: int = 0) -> Int:
        """A number of some entropy: one of about 10^entropy values.

        Signed: from -m to m with 2 m about 10^entropy, absolute value at least `least`; unsigned: from `least` to about
        10^entropy + least.

        Args:
            entropy: int64 (n,), in units.
            signed: whether there are negative numbers.
            least: the smallest absolute value.

        >>> chance = Chance(np.arange(1000, dtype=np.uint64))
        >>> drawn = chance.integer(np.full(1000, decades.units(2)), least=1)
        >>> int(drawn.min()), int(drawn.max()), 0 in drawn
        (-51, 51, False)
        """
        many = decades.choices(entropy) + least
        if not signed:
            return self.between(least, many)
        most = (many + 1) // 2
        if least == 0:
            return self.between(-most, most)
        sign = self.sign()
        return sign * self.between(least, np.maximum(most, least))

    def exponential(self) -> Int:
        """Exponentially distributed with mean 1, in 2^-16, int64 (n,); more than 0."""
        return _exponentials().take(self.below(_QUANTILES))

    def exponentials(self, many: int) -> Int:
        """Exponentially distributed numbers as above, int64 (many, n), five from one random word."""
        chance, bits = self.fork(), np.uint64(_QUANTILES.bit_length() - 1)
        found: list[Int] = []
        while len(found) < many:
            word = chance.words()
            for place in range(5):
                index = (word >> (bits * np.uint64(place))) & np.uint64(_QUANTILES - 1)
                found.append(_exponentials().take(index.view(np.int64)))
        return np.stack(found[:many]) if many else np.empty((0, len(self)), np.int64)

    def spread(self, total: Int, weights: Int) -> Int:
        """Share a total out at random: a Dirichlet distribution with whole parameters, rounded down.

        Args:
            total: int64 (n,), 0 or more.
            weights: int64 (k, n) or (k, 1), parameters, at most 8 each; a part with 0 gets nothing.

        Returns:
            int64 (k, n), parts that add up to the total, give or take k; zeros where all weights are zero.
        """
        weights, chance = np.broadcast_to(weights, (len(weights), len(self))), self.fork()
        parts = np.zeros(weights.shape, dtype=np.int64)
        for i in range(int(weights.max(initial=0))):
            parts += chance.exponentials(len(weights)) * (weights > i)
        return parts * total // np.maximum(parts.sum(axis=0), 1)

    def parts(self, total: Int, count: int) -> Int:
        """Uniform among the ways to write a total as a sum of some numbers of 0 or more, int64 (count, n).

        Total and count together are less than 256.

        >>> Chance(np.arange(4, dtype=np.uint64)).parts(np.array([0, 1, 2, 3]), 2).sum(axis=0).tolist()
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

    def parts_among(self, total: Int, live: Bool) -> Int:
        """As `parts`, where not all of the numbers may be more than 0.

        Args:
            total: int64 (n,).
            live: bool (k, n), which numbers may; where there are none, all are 0.
        """
        counts, there = np.zeros(live.shape, dtype=np.int64), live.sum(axis=0)
        for many in range(1, len(live) + 1):
            if not len(rows := np.flatnonzero(there == many)):
                self.skip()
                continue
            parts, here = self.take(rows).fork().parts(total[rows], many), live[:, rows]
            place = np.maximum(np.cumsum(here, axis=0) - 1, 0)
            counts[:, rows] = np.take_along_axis(parts, place, axis=0) * here
        return counts

    def order(self, many: int, live: Bool | None = None) -> Int:
        """A random order of 0 .. many-1, int64 (many, n); those that are not live, bool (many, n), come last."""
        chance = (
            self.fork()
        )  # one draw per number: the order of the live ones does not depend on how many are not
        keys = np.stack([chance.words() >> np.uint64(1) for _ in range(many)])
        if live is not None:
            keys |= (~live).astype(np.uint64) << np.uint64(63)
        return np.argsort(keys, axis=0)

    def pick(self, live: Bool) -> Int:
        """One of the live ones, bool (k, n), each as likely; int64 (n,); 0 where none is live."""
        many = live.sum(axis=0)
        wanted = self.below(np.maximum(many, 1))
        return np.argmax(live & (np.cumsum(live, axis=0) == wanted + 1), axis=0)

    def until(self, draw: Callable[["Chance", Int], Int], good: Callable[[Int, Int], Bool]) -> Int:
        """Draw again where what was drawn will not do.

        Args:
            draw: from a stream for some problems and which ones they are, int64 (m,), to values, int64 (..., m).
            good: from values and which problems they are for, to bool (m,).

        Returns:
            int64 (..., n), the first good values of each problem.
        """
        chance, every = self.fork(), np.arange(len(self))
        values = draw(chance.fork(), every)
        pending = np.flatnonzero(~good(values, every))
        while len(pending):
            tries = max(_FEW // len(pending), 1)  # so many at once cost hardly more than one
            index = np.repeat(pending, tries)
            drawn = draw(chance.later(index, np.tile(np.arange(tries), len(pending))), index)
            chance.skip(tries)
            right = good(drawn, index).reshape(-1, tries)
            values[..., pending] = drawn[..., np.arange(len(pending)) * tries + right.argmax(axis=1)]
            pending = pending[~right.any(axis=1)]
        return values


@cache
def _exponentials() -> Int:
    """Quantiles of the exponential distribution, in 2^-16, int64; rounded, so that no processor differs."""
    return np.array([round(-log((i + 0.5) / _QUANTILES) * (1 << 16)) for i in range(_QUANTILES)])


class Weighted:
    """Choices with whole weights, in one or more groups, by the alias method of Walker (1977).

    Each choice has a cell of the same size; what a cell has left over is filled up from one heavier choice. So a choice
    is one cell and one comparison, however many there are.

    Args:
        groups: the weights of each group, int64 (m,), not negative; their sum times m is below 2^63.

    >>> table = Weighted([np.array([1, 3]), np.array([1, 1, 0])])
    >>> chance = Chance(np.arange(4000, dtype=np.uint64))
    >>> np.bincount(table.pick(chance, np.zeros(4000, np.int64))).round(-2).tolist()
    [1000, 3000]
    >>> np.unique(table.pick(chance, np.ones(4000, np.int64))).tolist()
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

    def pick(self, chance: Chance, group: Int | None = None) -> Int:
        """A choice of each problem's group, int64 (n,): its number among all choices, one group after the other."""
        group = np.zeros(len(chance), np.int64) if group is None else group
        cell = self._start.take(group) + chance.below(self._size.take(group))
        own = chance.below(self._total.take(group)) < self._edge.take(cell)
        return np.where(own, cell, self._other.take(cell))


def _cells(weights: Int) -> tuple[Int, Int]:
    """How much of each choice's cell is its own, and whose the rest is; int64 (m,) each.

    The light choices in turn are filled up by the heavy ones in turn. What a heavy choice gives away beyond its surplus
    the next one makes up for.
    """
    total, scaled = int(weights.sum()), weights * len(weights)
    light, heavy = np.flatnonzero(scaled < total), np.flatnonzero(scaled >= total)
    wanted = np.cumsum(total - scaled[light])
    given = np.cumsum(scaled[heavy] - total)
    begin = np.concatenate([[0], wanted])
    edge, other = scaled.clip(max=total), np.arange(len(weights))
    other[light] = heavy[np.searchsorted(given, begin[:-1], side="right")]
    filled = begin[
        np.searchsorted(begin[:-1], given, side="left")
    ]  # wanted up to the last light one it helps
    edge[heavy] = total - np.maximum(filled - given, 0)
    other[heavy[:-1]] = heavy[1:]
    return edge, other
