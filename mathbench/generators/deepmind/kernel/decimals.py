"""Decimal numbers of up to 24 digits: drawing, addition and text."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import U64, Int
from mathbench.numbers import text
from mathbench.numbers.text import WORD

RADIX = 10**16  # the unit of the upper part of a long number
MAX_SHORT_DECADES = 16  # numbers of at most this entropy have no upper part
_EXTRA = 1000  # a long number is drawn as a short one times this, plus a number below this
_CHUNK = 7  # digits in a word, which leaves room for a point
_TENS = np.concatenate([[1], text.powers(10)])


@dataclass(frozen=True)
class Decimals(Columns):
    """Decimal numbers: (high * RADIX + low) / 10^places.

    Attributes:
        low: int64 (n,).
        places: int64 (n,), the number of decimal places.
        high: int64 (n,), of the same sign as `low`; None: all 0. Where it is 0, `low` may have up to 18 digits.
    """

    low: Int
    places: Int
    high: Int | None = None

    @classmethod
    def draw(cls, rng: RandomStream, entropy: Int, integer: Bool) -> Self:
        """Draw numbers of given entropy, up to 20 decades: integers, or integers over a power of ten.

        Args:
            rng: random streams.
            entropy: int64 (n,), units; at least one decade where decimals are drawn.
            integer: bool (n,), which numbers are integers.
        """
        maximum = np.maximum(-(-entropy // UNIT), 1)

        def draw(again: RandomStream, here: Int) -> Int:
            low, high = _integers(again, entropy[here])
            return np.stack([low, np.where(integer[here], 0, again.randint(1, maximum[here])), high])

        def good(drawn: Int, here: Int) -> Bool:
            return integer[here] | ~_is_integer(drawn)

        low, places, high = rng.reject_until(draw, good)
        return cls(low, places, high if high.any() else None).shortened()

    def shortened(self) -> Self:
        """The same numbers without trailing zeros after the point."""
        low, places = self.low.copy(), self.places.copy()
        high = np.zeros_like(low) if self.high is None else self.high.copy()
        rows = np.flatnonzero(places)
        while len(rows := rows[(low[rows] % 10 == 0) & (places[rows] > 0)]):
            carried = np.fmod(high[rows], 10) * RADIX
            high[rows] = (high[rows] - np.fmod(high[rows], 10)) // 10
            low[rows] = (low[rows] + carried) // 10
            places[rows] -= 1
        return type(self)(low, places, None if self.high is None else high)

    @classmethod
    def where(cls, condition: Bool, first: Self, second: Self) -> Self:
        """The first numbers where the condition, bool (n,), holds, else the second ones."""
        low, places = (np.where(condition, getattr(first, f), getattr(second, f)) for f in ("low", "places"))
        if first.high is None and second.high is None:
            return cls(low, places)
        first_high, second_high = (0 if one.high is None else one.high for one in (first, second))
        return cls(low, places, np.where(condition, first_high, second_high))

    def negated(self, where: Bool) -> Self:
        """The same numbers with the other sign in the rows of a mask, bool (n,)."""
        sign = 1 - 2 * where.astype(np.int64)
        return type(self)(self.low * sign, self.places, None if self.high is None else self.high * sign)

    def plus(self, other: "Decimals") -> Self:
        """Sums, which must have at most 24 digits at the larger number of places of the two."""
        places = np.maximum(self.places, other.places)
        if self._short(places) and other._short(places):
            low = self._aligned(places) + other._aligned(places)
            return type(self)(low, places).shortened()
        high, low = (a + b for a, b in zip(self._long(places), other._long(places), strict=True))
        carried = low // RADIX  # makes low non-negative; high may be negative
        high, low = high + carried, low - carried * RADIX
        borrowed = (high < 0) & (low > 0)
        return type(self)(low - RADIX * borrowed, places, high + borrowed).shortened()

    def to_numbers(self) -> Numbers:
        """Convert numbers without an upper part to exact numbers. Integers are not marked as decimals."""
        found = Numbers.decimals(self.low, self.places)
        return Numbers(found.top, found.bottom, self.places > 0)

    def canonical(self) -> list[Int]:
        """The parts that identify each number, int64 (n,) each."""
        high = np.zeros_like(self.low) if self.high is None else self.high
        return [self.low, self.places, high]

    def negative(self) -> Bool:
        """Which numbers are negative, bool (n,)."""
        return self.low < 0 if self.high is None else (self.low < 0) | (self.high < 0)

    def rendered(self, where: Bool | None = None) -> text.TextPiece:
        """As text, in the rows of a mask.

        >>> numbers = Decimals(np.array([-5, 1250, 7]), np.array([2, 2, 0]), np.array([0, 0, 12]))
        >>> text.join(numbers.rendered()).to_pylist()
        ['-0.05', '12.50', '120000000000000007']
        """
        size, top = np.abs(self.low), None if self.high is None else np.abs(self.high)
        length = _length(size, top)
        small = (self.places >= length) & (self.places > 0)  # below 1: only zeros before the digits
        sign = text.literal("-", len(size), self.negative())
        zeros = _leading_zeros(np.where(small, self.places - length + 2, 0))
        point = np.where(small | (self.places == 0), -1, length - self.places)
        return templates.masked((*sign, *zeros, *_digits_with_point(size, top, length, point)), where)

    def _short(self, places: Int) -> bool:
        """Whether all numbers have less than 18 digits when written with this many places."""
        more = places - self.places
        short = np.abs(self.low) < _TENS.take(np.maximum(17 - more, 0))
        return self.high is None and bool(short.all())

    def _aligned(self, places: Int) -> Int:
        return self.low * _TENS.take(places - self.places)

    def _long(self, places: Int) -> tuple[Int, Int]:
        """High and low parts at the given number of places: low parts of up to 16 digits, up to 24 digits in all."""
        sign = 1 - 2 * self.negative().astype(np.int64)
        low = np.abs(self.low)
        high = low // RADIX
        if self.high is not None:
            high += np.abs(self.high)
        low %= RADIX
        missing = places - self.places
        while missing.any():
            step = np.minimum(missing, 2)  # two more digits fit into 63 bits
            low *= _TENS.take(step)
            high = high * _TENS.take(step) + low // RADIX
            low %= RADIX
            missing = missing - step
        return sign * high, sign * low


def _integers(rng: RandomStream, entropy: Int) -> tuple[Int, Int]:
    """Draw integers of up to 20 decades as low and high parts."""
    long = entropy > MAX_SHORT_DECADES * UNIT
    top = rng.integer(np.where(long, entropy - 3 * UNIT, entropy))
    rows = np.flatnonzero(long)
    more = rng.take(rows).randint_below(_EXTRA)
    low, high = top, np.zeros_like(top)
    if len(rows):
        sign, size = np.sign(top[rows]), np.abs(top[rows])
        below = RADIX // _EXTRA
        high[rows], low[rows] = sign * (size // below), sign * (size % below * _EXTRA + more)
    return low, high


def _is_integer(drawn: Int) -> Bool:
    """Which numbers, given by low part, places and high part, are integers, bool (n,)."""
    low, places, high = drawn
    divides_low = low % _TENS.take(np.minimum(places, MAX_SHORT_DECADES)) == 0
    return divides_low & (high % _TENS.take(np.maximum(places - MAX_SHORT_DECADES, 0)) == 0)


def _length(low: Int, high: Int | None) -> Int:
    length = text.length(low, 10)
    return length if high is None else np.where(high > 0, MAX_SHORT_DECADES + text.length(high, 10), length)


def _leading_zeros(lengths: Int) -> text.TextPiece:
    """The first `lengths` characters of 0.000000."""
    return templates.truncate(
        text.literal("0." + "0" * max(int(lengths.max(initial=0)) - 2, 0), len(lengths)), lengths
    )


def _digits_with_point(low: Int, high: Int | None, lengths: Int, point: Int) -> text.TextPiece:
    """The digits of a number with a point after the first `point` of them; -1: no point.

    Each word has seven digits, which leaves room for the point.
    """
    chunks, words, remaining = _chunks(low, high, int(lengths.max(initial=1))), [], lengths
    written = np.zeros_like(lengths)
    for position in range(len(chunks) - 1, -1, -1):
        here = np.clip(remaining - position * _CHUNK, 0, _CHUNK)
        padded = text.number(chunks[position] + 10**_CHUNK, 10)[0].characters  # a one and seven digits
        characters = padded >> ((WORD - here).astype(np.uint64) * np.uint64(8))
        words.append(_with_point(characters * (here > 0), here, point - written))
        written += here
        remaining = remaining - here
    return tuple(words)


def _chunks(low: Int, high: Int | None, length: int) -> list[Int]:
    """Numbers of up to seven digits each, the least significant first."""
    chunks, unit = [], 10**_CHUNK
    rest = low
    if high is not None:  # low parts have 16 digits: two chunks and two digits
        for _ in range(2):
            chunks.append(rest % unit)
            rest = rest // unit
        rest = rest + high * (RADIX // unit**2)
    while len(chunks) * _CHUNK < length:
        last = (len(chunks) + 1) * _CHUNK >= length
        chunks.append(rest if last else rest % unit)
        rest = rest // unit
    return chunks


def _with_point(characters: U64, length: Int, point: Int) -> text.PaddedText:
    """A word of at most seven characters with a point after the first `point` of them, if that is at least 1."""
    split = (point > 0) & (point <= length)
    if not split.any():
        return text.PaddedText(characters, length.astype(np.uint64), _CHUNK)
    shift = np.where(split, point, 0).astype(np.uint64) * np.uint64(8)
    before = (np.uint64(1) << shift) - np.uint64(1)
    pointed = (
        (characters & before) | (np.uint64(ord(".")) << shift) | ((characters & ~before) << np.uint64(8))
    )
    return text.PaddedText(np.where(split, pointed, characters), (length + split).astype(np.uint64), WORD)
