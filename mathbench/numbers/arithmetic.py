"""Arithmetic on columns of numbers of either precision, so that a family is written once.

A column of n numbers is int64 (n,) where all numbers stay below 2^63 (the fast path), else limbs, int64 (L, n), as in
:mod:`mathbench.numbers.limbs`. The number of dimensions distinguishes the two; all numbers of one task are of one kind.
"""

from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.hashing import ABSENT, LONG_MODULUS, LONG_OPERAND
from mathbench.numbers import limbs, long_text, text
from mathbench.numbers.limbs import Int, Mask
from mathbench.numbers.text import TextPiece


def split(operands: Int, count: int) -> list[Int]:
    """Split the operands of problems into columns, one per operand.

    Args:
        operands: int64 (count, n), or (L * count, n): first the last limb of every operand, then the next.
        count: operands per problem.

    >>> split(np.array([[1], [2], [3], [4]]), 2)[0].tolist()
    [[1], [3]]
    """
    if len(operands) == count:
        return list(operands)
    return list(operands.reshape(len(operands) // count, count, operands.shape[1]).swapaxes(0, 1))


def single(operands: Int) -> Int:
    """The operand of problems with one operand, as a column."""
    return operands[0] if len(operands) == 1 else operands


def add(a: Any, b: Any, base: int) -> Any:
    """Sums of two columns, or of two Python integers."""
    return limbs.add(a, b, limbs.radix_of(base)) if _long(a) else a + b


def total(numbers: list[Int], base: int) -> Int:
    """The sum of several columns; absent numbers count as 0."""
    sums = reduce(np.add, map(_present, numbers))
    return limbs.carried(sums, limbs.radix_of(base)) if _long(sums) else sums


def subtract(a: Int, b: Int, base: int) -> Int:
    """Differences; all limbs of a negative one are negative or zero."""
    return limbs.subtract(a, b, limbs.radix_of(base)) if _long(a) else a - b


def multiply(a: Any, b: Any, base: int) -> Any:
    """Products of two columns, or of two Python integers."""
    return limbs.multiply(a, b, limbs.radix_of(base)) if _long(a) else a * b


def divide(a: Int, b: Int, base: int) -> tuple[Int, Int]:
    """Quotients and remainders."""
    return limbs.divide(a, b, limbs.radix_of(base)) if _long(a) else np.divmod(a, b)


def residue(number: Int, modulus: int, base: int) -> Int:
    """Residues, int64 (n,)."""
    return limbs.residue(number, modulus, limbs.radix_of(base)) if _long(number) else number % modulus


def equal(a: Int, b: Int) -> Mask:
    """Where two columns are equal, bool (n,)."""
    return limbs.equal(a, b) if _long(a) else a == b


def negative(number: Int) -> Mask:
    """Which numbers are negative, bool (n,)."""
    return np.asarray((number < 0).any(axis=0)) if _long(number) else number < 0


def greater(a: Int, b: Int) -> Mask:
    """Where a is greater than b, bool (n,)."""
    return limbs.greater(a, b) if _long(a) else a > b


def number(values: Int, base: int, where: NDArray[np.bool_] | None = None) -> TextPiece:
    """Convert a column to text; see :func:`mathbench.numbers.text.number`."""
    return long_text.number(values, base, where) if _long(values) else text.number(values, base, where)


def signed(
    values: Int, base: int, where: NDArray[np.bool_] | None = None, brackets: bool = False
) -> TextPiece:
    """Convert a column of numbers of either sign to text, negative ones in brackets on request.

    >>> text.join(signed(np.array([7, -12]), 10, brackets=True)).to_pylist()
    ['7', '(-12)']
    """
    if values.min(initial=0) >= 0:
        return number(values, base, where)
    rows, below = values.shape[-1], negative(values)
    below = below if where is None else below & where
    closing = text.literal(")", rows, below) if brackets else ()
    return (
        *text.literal("(-" if brackets else "-", rows, below),
        *number(np.abs(values), base, where),
        *closing,
    )


def written(values: Int, base: int) -> pa.StringArray:
    """Convert a column of numbers of either sign to an Arrow array of text."""
    return text.join(signed(values, base))


def words(number: Int, base: int) -> list[Int]:
    """The words of a number in a fingerprint: the number itself or, from 2^63, its last 63 bits and a residue.

    Words do not depend on the base, and the fingerprint of a number is the same at either precision.

    Args:
        number: a column; where it is absent, its first limb is `ABSENT` and the others are 0.
        base: the base of its limbs.
    """
    if not _long(number):
        return [number]
    radix, present = limbs.radix_of(base), number[0] != ABSENT
    large = limbs.exceeds(number, LONG_OPERAND - 1, radix)
    second = np.where(large, limbs.residue(number, LONG_MODULUS, radix), ABSENT)
    return [np.where(present, limbs.low_bits(number, radix), ABSENT), second]


def _present(number: Int) -> Int:
    """A number, or 0 where it is absent."""
    return np.where(number == ABSENT, 0, number) if number.min(initial=0) == ABSENT else number


def _long(number: Any) -> bool:
    return getattr(number, "ndim", 0) == 2
