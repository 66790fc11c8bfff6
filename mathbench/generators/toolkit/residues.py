"""Long numbers with a residue that is asked for, point by point, so that classes of residues can be drawn directly.

All limbs but the last two are drawn freely; the last two together (below 2^54) are counted off like a short number, and
moved up by less than the modulus so that the whole number gets the residue of what was counted. A number tells its
upper limbs, those tell the move, and the move tells the point: no number is two points. The last few values of the
last two limbs, less than a modulus, are never reached.
"""

from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from mathbench.generators.toolkit.operands import NumberRange, OperandLayout
from mathbench.hashing import U64
from mathbench.numbers import limbs
from mathbench.numbers.limbs import Int
from mathbench.stratum import Stratum

TAIL = 2  # limbs that are counted off

Layout = TypeVar("Layout", bound=NamedTuple)


def residue_counts(length: int, base: int, modulus: int, cut: bool = True) -> tuple[int, int]:
    """What is counted off for numbers of some length: from the first value to below the second.

    Args:
        length: digits.
        base: the base.
        modulus: room for the move.
        cut: whether numbers are cut into limbs.

    >>> residue_counts(3, 10, 7), residue_counts(17, 10, 7)
    ((100, 1000), (0, 9999999999999993))
    """
    if not cut or length <= TAIL * limbs.per_limb(base):
        return NumberRange(base).first(length), base**length
    return 0, limbs.radix_of(base) ** TAIL - modulus


def from_limbs(stratum: Stratum, length: int, base: int, limb_count: int) -> Stratum:
    """A stratum of last limbs, with a coordinate for each limb above them."""
    if limb_count == 1:
        return stratum
    upper = OperandLayout(limbs.per_limb(base), max(limb_count, TAIL)).ranges(length, NumberRange(base))[
        TAIL:
    ]
    sizes = (*stratum.sizes, *(size for _, size in upper))
    return replace(stratum, sizes=sizes, low=(*stratum.low, *(first for first, _ in upper)))


def split_low(layout: type[Layout], low: Int) -> tuple[Layout, Int]:
    """Name the numbers `low` of a stratum of last limbs.

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
        tail: int64 (n,), what was counted off.
        modulus: up to `limbs.MAX_MODULUS`.
        upper: uint64 (L - 2, n), the coordinates of the upper limbs.
        low: int64 (L - 2, 1), their smallest values.
        base: the base.

    >>> found = numbers(np.array([8]), 7, np.array([[5]], dtype=np.uint64), np.array([[0]]), 10)
    >>> (8 - limbs.to_ints(found, 10**8)[0]) % 7
    0
    """
    radix, found = limbs.radix_of(base), np.zeros((TAIL + len(upper), len(tail)), dtype=np.int64)
    np.add(upper.view(np.int64), low, out=found[TAIL:])
    last = tail + (-limbs.residue(found, modulus, radix)) % modulus
    found[1], found[0] = np.divmod(last, radix)
    return found
