"""Evaluation of expressions of many shapes at once, by rules that make values or random words of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.generators.toolkit.expression_shapes import DIVIDE, MAX_DEPTH, MINUS, field
from mathbench.hashing import U64, Int, mix64

# The words of an expression depend on its terms and factors, but not on their order.
MINUS_BIT = np.uint64(63)
_BRACKET = 0xD6E8FEB86659FD93  # marks a sum that is a factor or a term
_DIVISOR = 0xA0761D6478BD642F  # marks a factor by which a term is divided


class _Values:
    """The rules of arithmetic.

    Args:
        modulus: values are reduced modulo it; 0: not at all.
    """

    dtype = np.int64

    def __init__(self, modulus: int = 0):
        self._modulus = modulus

    def start(self, minus: NDArray[np.bool_]) -> Int:
        """A term without factors."""
        return 1 - 2 * minus.astype(np.int64)

    def factor(self, numbers: Int) -> Int:
        """A number as a factor; a missing one is 0."""
        return self._reduced(np.maximum(numbers, 0))

    def multiply(self, terms: Int, factors: Int) -> Int:
        """Terms with one more factor each."""
        return self._reduced(terms * factors)

    def divide(self, terms: Int, numbers: Int) -> Int:
        """Terms divided by numbers, without remainder."""
        return terms // numbers

    def term(self, terms: Int) -> Int:
        """A finished term as part of a sum."""
        return terms

    def bracket(self, totals: Int) -> Int:
        """A finished sum as a factor."""
        return self._reduced(totals)

    def _reduced(self, values: Int) -> Int:
        # the division by one number is faster than the remainder
        return values - values // self._modulus * self._modulus if self._modulus else values


class _Words:
    """The rules of the words that decide the reserve, the same as those of chains; see :class:`_Values`."""

    dtype = np.uint64

    def start(self, minus: NDArray[np.bool_]) -> U64:
        """A term without factors."""
        return minus.astype(np.uint64) << MINUS_BIT

    def factor(self, numbers: Int) -> U64:
        """A number as a factor; a missing one is 0."""
        # a missing number becomes 0, which is mixed to 0
        return mix64((np.maximum(numbers, -1) + 1).view(np.uint64))

    def multiply(self, terms: U64, factors: U64) -> U64:
        """Terms with one more factor each."""
        return terms + factors

    def divide(self, terms: U64, numbers: Int) -> U64:
        """Terms divided by numbers."""
        return terms + mix64(self.factor(numbers) ^ np.uint64(_DIVISOR))

    def term(self, terms: U64) -> U64:
        """A finished term as part of a sum."""
        return mix64(terms)

    def bracket(self, totals: U64) -> U64:
        """A finished sum as a factor."""
        return mix64(totals ^ np.uint64(_BRACKET))


class _Sums:
    """The sums of expressions that are not finished yet, those in the innermost brackets first.

    Args:
        rules: :class:`_Values` or :class:`_Words`.
        rows: the number of expressions.

    Attributes:
        totals: the finished terms of each sum, (rows,) for each level of brackets.
        terms: the last term of each sum.
    """

    def __init__(self, rules: Any, rows: int):
        self._rules, self._nothing = rules, np.zeros(rows, dtype=np.bool_)
        self.totals = [np.zeros(rows, dtype=rules.dtype)]
        self.terms = [rules.start(self._nothing)]

    def start_term(self, sign: Int) -> None:
        """Finish the last term where the sign is plus or minus, and start the next."""
        new = sign <= MINUS
        self.totals[0] += self._rules.term(self.terms[0]) * new
        np.copyto(self.terms[0], self._rules.start(sign == MINUS), where=new)

    def open(self, here: NDArray[np.bool_]) -> None:
        """Start a sum in brackets in the rows of a mask."""
        for levels, start in ((self.totals, 0), (self.terms, self._rules.start(self._nothing))):
            levels.append(levels[-1].copy())
            for level in range(len(levels) - 2, 0, -1):
                np.copyto(levels[level], levels[level - 1], where=here)
            np.copyto(levels[0], start, where=here)

    def close(self, here: NDArray[np.bool_]) -> None:
        """Make the innermost sum a factor in the rows of a mask."""
        factors = self._rules.bracket(self.value)
        for levels in (self.totals, self.terms):
            for level in range(len(levels) - 1):
                np.copyto(levels[level], levels[level + 1], where=here)
        np.copyto(self.terms[0], self._rules.multiply(self.terms[0], factors), where=here)

    def append(self, numbers: Int, sign: Int) -> None:
        """Multiply the last term by numbers or, by the sign, divide it."""
        divided = np.flatnonzero(sign == DIVIDE)
        terms = self._rules.divide(self.terms[0][divided], numbers[divided])
        self.terms[0] = self._rules.multiply(self.terms[0], self._rules.factor(numbers))
        self.terms[0][divided] = terms

    @property
    def value(self) -> Any:
        """The innermost sum, (rows,)."""
        return self.totals[0] + self._rules.term(self.terms[0])


def values(numbers: Int, shapes: Int, modulus: int = 0) -> Int:
    """The values of expressions, int64 (n,).

    Args:
        numbers: int64 (m, n); missing ones, at the end, are `ABSENT`.
        shapes: int64 (n,).
        modulus: values are congruent modulo it, and close to it; 0: exact.

    >>> shapes = np.array([0b01_000000_010100_000000])  # a-(b+c)
    >>> values(np.array([[9], [3], [2]]), shapes)
    array([4])
    """
    if compiled.LIBRARY:
        return compiled.expression_values(numbers, shapes, modulus)
    found: Int = _fold(numbers, shapes, _Values(modulus))
    return found


def words(numbers: Int, shapes: Int) -> U64:
    """64 bits that depend on the terms and factors of expressions, but not on their order, uint64 (n,).

    Without brackets and divisions they are those of :mod:`mathbench.generators.modular_chain`.
    """
    if compiled.LIBRARY:
        return compiled.expression_words(numbers, shapes, _BRACKET, _DIVISOR)
    found: U64 = _fold(numbers, shapes, _Words())
    return found


def _fold(numbers: Int, shapes: Int, rules: "_Values | _Words") -> Any:
    """Evaluate expressions by some rules, (n,)."""
    sums = _Sums(rules, len(shapes))
    for position, number in enumerate(numbers):
        closed, sign, opened = field(shapes, position)
        _repeat(sums.close, closed)
        if position:
            sums.start_term(sign)
        _repeat(sums.open, opened)
        sums.append(number, sign)
    _repeat(sums.close, field(shapes, len(numbers)).closed)
    return sums.value


def _repeat(change: Callable[[NDArray[np.bool_]], None], counts: Int) -> None:
    """Change rows as often as counted, int64 (n,)."""
    for count in range(MAX_DEPTH):
        here = counts > count
        if not here.any():
            break
        change(here)
