"""The shapes of expressions: their signs and brackets without the numbers, all shapes of a kind as one array.

A shape is an integer with six bits per number: the brackets closed before its sign, the sign, and the brackets opened
before the number. Two bits after the last number are the brackets closed at the end. Brackets are those that matter:
around a sum that is a factor or is subtracted. A divisor is a number, and so is what it divides.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from mathbench.hashing import Int

MAX_OPERANDS = 8  # of more, there are millions of shapes
MAX_DEPTH = 3
SIGNS = "+-*/"
PLUS, MINUS, TIMES, DIVIDE = range(4)
BITS, _SIGN, _OPEN = (
    6,
    2,
    4,
)  # bits per number; the first bit of its sign and of the brackets opened before it
FIELDS = 1 << BITS
_NONE = np.zeros(0, dtype=np.int64)


class Kind(NamedTuple):
    """A kind of shapes.

    Attributes:
        operands: the number of numbers.
        depth: how deep brackets are nested, 0: none.
        divisions: the number of divisions.
    """

    operands: int
    depth: int = 0
    divisions: int = 0


class Field(NamedTuple):
    """The signs and brackets before one number of some shapes, int64 (n,) each.

    Attributes:
        closed: the brackets closed before the sign.
        sign: the index of the sign in `SIGNS`; that before the first number is not written.
        opened: the brackets opened after the sign.
    """

    closed: Int
    sign: Int
    opened: Int


def between(shapes: Int, position: int) -> Int:
    """What is written before the number at a position as one integer, int64 (n,), below `FIELDS`."""
    return (shapes >> (BITS * position)) & (FIELDS - 1)


def field(shapes: Any, position: int) -> Field:
    """The signs and brackets before the number at a position.

    >>> field(expressions("+-*", Kind(3, 1))[0], 1)  # a*(b+c)
    Field(closed=np.int64(0), sign=np.int64(2), opened=np.int64(1))
    """
    bits = between(shapes, position)
    return Field(bits & 3, (bits >> _SIGN) & 3, bits >> _OPEN)


def text_of(bits: int) -> str:
    """The text of one value of :func:`between`.

    >>> text_of(0b01_10_01)
    ')*('
    """
    return ")" * (bits & 3) + SIGNS[(bits >> _SIGN) & 3] + "(" * (bits >> _OPEN)


@cache
def expressions(signs: str, kind: Kind) -> Int:
    """All shapes of a kind with some signs, int64 (n,).

    >>> len(expressions("+-*", Kind(3))), len(expressions("+-*", Kind(3, 1))), len(expressions("+-", Kind(3, 1)))
    (9, 6, 2)
    """
    return np.concatenate([_terms(signs, kind), _sums(signs, kind)])


@cache
def sources(signs: str, kind: Kind) -> Int:
    """Which number stands at each position of each shape of a kind, int64 (operands, n).

    Numbered are first those that stand alone, in order, then the two of each division.

    >>> sources("+-*/", Kind(3, 0, 1))[:, :2].T.tolist()  # a*b/c, a/b*c
    [[0, 1, 2], [1, 2, 0]]
    """
    found = expressions(signs, kind)
    alone, paired = np.zeros_like(found), np.full_like(found, kind.operands - 2 * kind.divisions)
    numbers = np.empty((kind.operands, len(found)), dtype=np.int64)
    for position, number in enumerate(numbers):
        divisor, dividend = (field(found, i).sign == DIVIDE for i in (position, position + 1))
        here = divisor | dividend
        number[:] = np.where(here, paired, alone)
        paired += here
        alone += ~here
    return numbers


def _expressions(signs: str, kind: Kind) -> Int:
    return expressions(signs, kind)


@cache
def _sums(signs: str, kind: Kind) -> Int:
    """Sums of at least two terms."""
    added = _joined(_expressions, PLUS, _terms, signs, kind)
    subtracted = _joined(_expressions, MINUS, _products, signs, kind)
    return np.concatenate([_NONE, *added, *subtracted])


@cache
def _terms(signs: str, kind: Kind) -> Int:
    """Terms without brackets around all of them."""
    multiplied = _joined(_products, TIMES, _factors, signs, kind) if "*" in signs else ()
    return np.concatenate([_numbers(signs, kind), *multiplied])


@cache
def _products(signs: str, kind: Kind) -> Int:
    """Terms, and sums in brackets."""
    return np.concatenate([_terms(signs, kind), _brackets(signs, kind)])


@cache
def _factors(signs: str, kind: Kind) -> Int:
    """Numbers, quotients, and sums in brackets."""
    return np.concatenate([_numbers(signs, kind), _brackets(signs, kind)])


def _numbers(signs: str, kind: Kind) -> Int:
    """A number, or a quotient of two."""
    if kind == Kind(1):
        return np.zeros(1, dtype=np.int64)
    if kind == Kind(2, 0, 1) and "/" in signs:
        return np.array([DIVIDE << (BITS + _SIGN)])
    return _NONE


def _brackets(signs: str, kind: Kind) -> Int:
    """Sums in brackets."""
    if not kind.depth:
        return _NONE
    inside = _sums(signs, kind._replace(depth=kind.depth - 1))
    return inside + (1 << _OPEN) + (1 << (BITS * kind.operands))


def _joined(
    left: Callable[[str, Kind], Int], sign: int, right: Callable[[str, Kind], Int], signs: str, kind: Kind
) -> Iterator[Int]:
    """All shapes of one set, a sign, and all shapes of another, together of a kind."""
    for first, second in _splits(kind):
        others = right(signs, second) + (sign << _SIGN)
        yield np.add.outer(left(signs, first), others << (BITS * first.operands)).ravel()


def _splits(kind: Kind) -> Iterator[tuple[Kind, Kind]]:
    """The kinds of both sides of a sign."""
    for operands in range(1, kind.operands):
        depths = product(range(kind.depth + 1), repeat=2)
        for depth, other in [pair for pair in depths if max(pair) == kind.depth]:
            for divisions in range(kind.divisions + 1):
                rest = kind.divisions - divisions
                yield Kind(operands, depth, divisions), Kind(kind.operands - operands, other, rest)
