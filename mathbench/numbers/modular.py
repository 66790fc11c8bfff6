"""Arithmetic modulo a number below 2^31, on columns: polynomials in two variables, inverses, chains of operations."""

import re
from functools import cache

import numpy as np

from mathbench.hashing import Int

# the polynomials of Power et al. (2022)
POLYNOMIALS = ("x^2+y^2", "x^2+xy+y^2", "x^2+xy+y^2+x", "x^3+xy", "x^3+xy^2+y")
FEW = 8  # up to this many inverses are computed one by one


@cache
def monomials(polynomial: str) -> tuple[tuple[int, int], ...]:
    """The exponents of x and y in each term of a polynomial.

    >>> monomials("x^3+xy^2+y")
    ((3, 0), (1, 2), (0, 1))
    """
    terms = [dict(re.findall(r"([xy])\^?(\d?)", term)) for term in polynomial.split("+")]
    return tuple((_exponent(term, "x"), _exponent(term, "y")) for term in terms)


def _exponent(term: dict[str, str], variable: str) -> int:
    return int(term[variable] or 1) if variable in term else 0


def polynomial(formula: str, x: Int, y: Int, modulus: int) -> Int:
    """The residues of a polynomial of two columns, int64 (n,).

    >>> polynomial("x^2+xy+y^2+x", np.array([3, 96]), np.array([5, 96]), 97).tolist()
    [52, 2]
    """
    x, y, total = x % modulus, y % modulus, np.zeros_like(x)
    for exponents in monomials(formula):
        term = np.ones_like(x)
        for number, exponent in zip((x, y), exponents, strict=True):
            for _ in range(exponent):
                term = term * number % modulus
        total += term
    return total % modulus


def quotient(x: Int, y: Int, prime: int) -> Int:
    """The residues of x / y modulo a prime, int64 (n,); no divisor may be a multiple of the prime.

    >>> quotient(np.array([57, 1]), np.array([8, 14]), 13).tolist()
    [12, 1]
    """
    return (x % prime) * inverses(y, prime) % prime


def quotient_or_difference(x: Int, y: Int, prime: int) -> Int:
    """The residues of x / y where y is odd and of x - y where it is even, int64 (n,).

    No odd y may be a multiple of the prime.

    >>> quotient_or_difference(np.array([57, 57]), np.array([9, 8]), 13).tolist()
    [2, 10]
    """
    odd = y & 1 == 1
    return np.where(odd, quotient(x, np.where(odd, y, 1), prime), (x - y) % prime)


def inverses(values: Int, prime: int) -> Int:
    """The inverses modulo a prime, int64 (n,); no value may be a multiple of the prime.

    The inverse of a product gives those of its two factors: three multiplications per value (Montgomery, 1987).

    >>> inverses(np.array([8, 1, 12]), 13).tolist()
    [5, 1, 12]
    """
    if len(values) <= FEW:
        return np.array([pow(value, -1, prime) for value in values.tolist()], dtype=np.int64)
    pairs = np.ones(((len(values) + 1) // 2, 2), dtype=np.int64)
    pairs.ravel()[: len(values)] = values % prime
    inverse = inverses(pairs[:, 0] * pairs[:, 1] % prime, prime)
    found: Int = (pairs[:, ::-1] * inverse[:, None] % prime).ravel()[: len(values)]
    return found
