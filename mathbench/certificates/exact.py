"""Exact sums: every finite float32 is an integer in units of 2^-SCALE, a product of two in units of 2^-(2 * SCALE)."""

from collections.abc import Iterable
from fractions import Fraction

from mathbench.certificates.arrays import Nested

SCALE = 149


def integers(numbers: Nested) -> Nested:
    """Return numbers in lists of lists as integers in units of 2^-SCALE."""
    return [integers(n) if isinstance(n, list) else integer(n) for n in numbers]


def integer(number: float | Fraction) -> int:
    """Return one number in units of 2^-SCALE."""
    return int(Fraction(number) * (1 << SCALE))


def value(number: int) -> Fraction:
    """Return the value of a number in units of 2^-SCALE."""
    return Fraction(number, 1 << SCALE)


def product(number: int) -> Fraction:
    """Return the value of a sum of products, in units of 2^-(2 * SCALE)."""
    return Fraction(number, 1 << (2 * SCALE))


def dot(one: Iterable[int], other: Iterable[int]) -> int:
    """Return the sum of products of two lists of equal length."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def norm(row: Iterable[int]) -> int:
    """Return the sum of absolute values."""
    return sum(map(abs, row))
