"""Decimal numbers of up to 24 digits: drawn, brought to a common number of places, written."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from mathbench import phrases, text
from mathbench.generators.deepmind.kernel.chance import Bool, Chance
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.task import Int

RADIX = 10**16  # what the upper part of a long number counts
MOST = 16  # decades of entropy up to which all numbers are short
_EXTRA = 1000  # a long number is drawn as a short one times this, and so much more
_TENS = np.concatenate([[1], text.powers(10)])


@dataclass(frozen=True)
class Decimals(Columns):
    """Decimal numbers: (high * RADIX + low) / 10^places.

    Attributes:
        low: int64 (n,).
        places: int64 (n,), how many digits stand behind the point.
        high: int64 (n,), of the same sign as low; None: all 0. Where it is 0, low may have up to 18 digits.
    """

    low: Int
    places: Int
    high: Int | None = None

    @classmethod
    def drawn(cls, chance: Chance, entropy: Int, whole: Bool) -> Self:
        """Numbers of some entropy, up to 20 decades: integers, or integers over a power of ten.

        Args:
            chance: random choices.
            entropy: int64 (n,), units; at least one decade, so that there are decimals.
            whole: bool (n,), which ones are integers.
        """
        most = np.maximum(-(-entropy // UNIT), 1)

        def draw(again: Chance, here: Int) -> Int:
            low, high = _integers(again, entropy[here])
            return np.stack([low, np.where(whole[here], 0, again.between(1, most[here])), high])

        def good(drawn: Int, here: Int) -> Bool:
            return whole[here] | ~_divides(drawn)

        low, places, high = chance.until(draw, good)
        return cls(low, places, high if high.any() else None).shortened()

    def shortened(self) -> Self:
        """Without zeros at the end behind the point."""
        low, places = self.low.copy(), self.places.copy()
        high = np.zeros_like(low) if self.high is None else self.high.copy()
        left = np.flatnonzero(places)
        while len(left := left[(low[left] % 10 == 0) & (places[left] > 0)]):
            carried = np.fmod(high[left], 10) * RADIX
            high[left] = (high[left] - np.fmod(high[left], 10)) // 10
            low[left] = (low[left] + carried) // 10
            places[left] -= 1
        return type(self)(low, places, None if self.high is None else high)

    def negated(self, where: Bool) -> Self:
        """With the other sign in some rows."""
        sign = 1 - 2 * where.astype(np.int64)
        return type(self)(self.low * sign, self.places, None if self.high is None else self.high * sign)

    def plus(self, other: "Decimals") -> Self:
        """Sums; at most 24 digits at the larger number of places of the two."""
        places = np.maximum(self.places, other.places)
        if self._short(places) and other._short(places):
            low = self._aligned(places) + other._aligned(places)
            return type(self)(low, places).shortened()
        high, low = (a + b for a, b in zip(self._long(places), other._long(places), strict=True))
        carried = low // RADIX  # now low is not negative, and high may be
        high, low = high + carried, low - carried * RADIX
        borrowed = (high < 0) & (low > 0)
        return type(self)(low - RADIX * borrowed, places, high + borrowed).shortened()

    def numbers(self) -> Numbers:
        """As exact numbers; none of them long."""
        return Numbers.decimals(self.low, self.places)

    def words(self) -> list[Int]:
        """The numbers that tell these apart, int64 (n,) each."""
        high = np.zeros_like(self.low) if self.high is None else self.high
        return [self.low, self.places, high]

    def negative(self) -> Bool:
        """Which ones are below zero, bool (n,)."""
        return self.low < 0 if self.high is None else (self.low < 0) | (self.high < 0)

    def written(self, where: Bool | None = None) -> text.Piece:
        """As text, in the rows of a mask.

        >>> numbers = Decimals(np.array([-5, 1250, 7]), np.array([2, 2, 0]), np.array([0, 0, 12]))
        >>> text.join(numbers.written()).to_pylist()
        ['-0.05', '12.50', '120000000000000007']
        """
        digits, split = self._written_digits(), self.places > 0
        length = sum(word.lengths.view(np.int64) for word in digits)
        lacking = np.where(split, np.maximum(self.places + 1 - length, 0), 0)
        if most := int(lacking.max(initial=0)):
            digits = (*phrases.cut(text.literal("0" * most, len(lacking)), lacking), *digits)
        before, behind = _divided(digits, length + lacking - self.places)
        minus, point = (
            text.literal(sign, len(lacking), at) for sign, at in (("-", self.negative()), (".", split))
        )
        return phrases.only((*minus, *before, *point, *behind), where)

    def _written_digits(self) -> text.Piece:
        low = np.abs(self.low)
        if self.high is None:
            return text.number(low, 10)
        long = self.high != 0
        zeros = text.literal("0" * MOST, len(low))
        lacking = np.where(long, MOST - text.length(low, 10), 0)
        return (
            *text.number(np.abs(self.high), 10, long),
            *phrases.cut(zeros, lacking),
            *text.number(low, 10),
        )

    def _short(self, places: Int) -> bool:
        """Whether all of these have less than 18 digits at so many places."""
        more = places - self.places
        short = np.abs(self.low) < _TENS.take(np.maximum(17 - more, 0))
        return self.high is None and bool(short.all())

    def _aligned(self, places: Int) -> Int:
        return self.low * _TENS.take(places - self.places)

    def _long(self, places: Int) -> tuple[Int, Int]:
        """High and low parts at so many places, low parts of less than 16 digits; up to 24 digits in all."""
        sign = 1 - 2 * self.negative().astype(np.int64)
        low = np.abs(self.low)
        high = low // RADIX
        if self.high is not None:
            high += np.abs(self.high)
        low %= RADIX
        left = places - self.places
        while left.any():
            step = np.minimum(left, 2)  # two digits more fit into 63 bits
            low *= _TENS.take(step)
            high = high * _TENS.take(step) + low // RADIX
            low %= RADIX
            left = left - step
        return sign * high, sign * low


def _integers(chance: Chance, entropy: Int) -> tuple[Int, Int]:
    """Integers of up to 20 decades as low and high parts."""
    long = entropy > MOST * UNIT
    top = chance.integer(np.where(long, entropy - 3 * UNIT, entropy))
    rows = np.flatnonzero(long)
    more = chance.take(rows).below(_EXTRA)
    low, high = top, np.zeros_like(top)
    if len(rows):
        sign, size = np.sign(top[rows]), np.abs(top[rows])
        below = RADIX // _EXTRA
        high[rows], low[rows] = sign * (size // below), sign * (size % below * _EXTRA + more)
    return low, high


def _divides(drawn: Int) -> Bool:
    """Where the power of ten divides the number: its low part, its places and its high part."""
    low, places, high = drawn
    whole = low % _TENS.take(np.minimum(places, MOST)) == 0
    return whole & (high % _TENS.take(np.maximum(places - MOST, 0)) == 0)


def _divided(piece: text.Piece, lengths: Int) -> tuple[text.Piece, text.Piece]:
    """The first so many characters of a piece and those behind them."""
    before, behind, left = [], [], lengths
    for word in piece:
        size = word.lengths.view(np.int64)
        first = np.clip(left, 0, size)
        shift = (first * 8).astype(np.uint64)
        kept = word.characters & ~(np.uint64(0xFFFFFFFFFFFFFFFF) << np.minimum(shift, 63))
        before.append(
            text.Word(np.where(shift < 64, kept, word.characters), first.view(np.uint64), word.width)
        )
        rest = np.where(shift < 64, word.characters >> np.minimum(shift, 63), 0)
        behind.append(text.Word(rest, (size - first).view(np.uint64), word.width))
        left = left - size
    return tuple(before), tuple(behind)
