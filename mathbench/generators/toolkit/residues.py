"""Long numbers with a given residue, point by point, so that residue classes can be drawn directly.

All limbs but the last two are drawn freely. The last two together (below 2^54) are enumerated like a short number, the
tail, and then shifted by less than the modulus so that the number gets the residue of its tail. A number determines its
upper limbs, these determine the shift, and the shift determines the point: no number is two points. The last few values
of the last two limbs, fewer than the modulus, are never reached.
"""

from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from mathbench.generators.toolkit.operands import NumberRange, OperandLayout
from mathbench.hashing import U64
from mathbench.numbers import limbs
from mathbench.numbers.limbs import Int
from mathbench.stratum import Stratum

TAIL = 2  # limbs that are enumerated

Layout = TypeVar("Layout", bound=NamedTuple)


def residue_counts(length: int, numbers: NumberRange, modulus: int, cut: bool = True) -> tuple[int, int]:
    """The range of tails that are enumerated for numbers of some length, its stop excluded.

    Args:
        length: digits, below 0 for numbers below zero.
        numbers: the numbers.
        modulus: the modulus, which bounds the shift; 0 where numbers are not shifted.
        cut: whether numbers are cut into limbs.

    >>> residue_counts(3, NumberRange(10), 7), residue_counts(17, NumberRange(10), 7)
    ((100, 1000), (0, 9999999999999993))
    """
    if not cut or length <= TAIL * limbs.per_limb(numbers.base):
        first = numbers.first(length)
        return first, first + numbers.count(length)
    return 0, limbs.radix_of(numbers.base) ** TAIL - modulus


def from_limbs(stratum: Stratum, length: int, base: int, limb_count: int) -> Stratum:
    """Extend a stratum of tails by a coordinate for each upper limb."""
    if limb_count == 1:
        return stratum
    upper = OperandLayout(limbs.per_limb(base), max(limb_count, TAIL)).ranges(length, NumberRange(base))[
        TAIL:
    ]
    sizes = (*stratum.sizes, *(size for _, size in upper))
    return replace(stratum, sizes=sizes, low=(*stratum.low, *(first for first, _ in upper)))


def split_low(layout: type[Layout], low: Int) -> tuple[Layout, Int]:
    """Name the numbers `low` of a stratum of tails.

    Args:
        layout: a NamedTuple of the family's own numbers.
        low: int64 (p, 1), these numbers and, from :func:`from_limbs`, the smallest values of the upper limbs.

    Returns:
        The family's own numbers, int64 (1,) each, and those of the upper limbs, int64 (L - 2, 1); none where numbers
        are not cut into limbs.
    """
    count = len(layout._fields)
    return layout(*low[:count]), low[count:]


def numbers(tail: Int, modulus: int, upper: U64, low: Int, base: int) -> Int:
    """Long numbers, int64 (L, n), each with the residue of its `tail`.

    Args:
        tail: int64 (n,), the enumerated last limbs.
        modulus: up to `limbs.MAX_MODULUS`.
        upper: uint64 (L - 2, n), the coordinates of the upper limbs.
        low: int64 (L - 2, 1), their smallest values.
        base: the base.

    >>> number = numbers(np.array([8]), 7, np.array([[5]], dtype=np.uint64), np.array([[0]]), 10)
    >>> (8 - limbs.to_ints(number, 10**8)[0]) % 7
    0
    """
    radix, number = limbs.radix_of(base), np.zeros((TAIL + len(upper), len(tail)), dtype=np.int64)
    np.add(upper.view(np.int64), low, out=number[TAIL:])
    last = tail + (-limbs.residue(number, modulus, radix)) % modulus
    number[1], number[0] = np.divmod(last, radix)
    return number
