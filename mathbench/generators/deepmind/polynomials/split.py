"""A polynomial as a sum a*f + b*g of multiples of two others."""

from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel import rationals
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.hashing import Int

_BITS = 61
_LARGEST_FACTOR = 10**6


class Split(NamedTuple):
    """Two multiples that add up to a polynomial.

    Attributes:
        a, b: int64 (n,), the multipliers.
        f, g: int64 (d + 1, n), the coefficients; neither polynomial is zero.
        good: bool (n,), which polynomials are in range.
    """

    a: Int
    b: Int
    f: Int
    g: Int
    good: Bool


def split(rng: RandomStream, target: Int, entropy: Int) -> Split:
    """Write polynomials as a*f + b*g. Every coefficient c gives an equation a*x + b*y = c.

    Args:
        rng: random streams.
        target: int64 (d + 1, n), coefficients, not all of them zero.
        entropy: int64 (n,), units.
    """
    for_a, for_b = (np.maximum(rng.randint_below(entropy // 3 + 1), UNIT) for _ in range(2))
    degree = (np.arange(len(target))[:, None] * (target != 0)).max(axis=0)
    live = np.arange(len(target))[:, None] <= degree
    shares = rng.dirichlet(np.maximum(entropy - for_a - for_b, 0), live.astype(np.int64))
    a, b = _multipliers(rng, target, for_a, for_b)
    drawn = rng.fork()
    steps = np.stack([drawn.integer(share) for share in shares]) * live
    f, g, good = _solve(a, b, target, steps)
    f, g = _without_zeros(rng, a, b, f, g, degree)
    return Split(a, b, f, g, good)


def _multipliers(rng: RandomStream, target: Int, for_a: Int, for_b: Int) -> tuple[Int, Int]:
    """Draw two numbers whose greatest common divisor divides all coefficients."""
    a = rng.integer(for_a, minimum=1)
    b = rationals.draw_coprime(rng, for_b, a)
    common = np.gcd.reduce(target, axis=0)
    b = b * rationals.draw_divisor_below_100(rng, np.where(common <= _LARGEST_FACTOR, common, 1))
    swapped = rng.bernoulli()
    return np.where(swapped, b, a), np.where(swapped, a, b)


def _solve(a: Int, b: Int, target: Int, steps: Int) -> tuple[Int, Int, Bool]:
    """Solutions of a*x + b*y = c for each coefficient, shifted by a number of steps, and where they are in range."""
    x, y, common = rationals.bezout_cofactors(a, b)
    a, b, target = a // common, b // common, target // common
    room = (1 << _BITS) // np.maximum(np.abs(target).max(axis=0), 1)
    good = (np.abs(x) <= room) & (np.abs(y) <= room)
    room = (1 << _BITS) // np.maximum(np.abs(steps).max(axis=0), 1)
    good &= (np.abs(a) <= room) & (np.abs(b) <= room)
    return target * x + b * steps, target * y - a * steps, good


def _without_zeros(rng: RandomStream, a: Int, b: Int, f: Int, g: Int, degree: Int) -> tuple[Int, Int]:
    """Change one coefficient where a polynomial is zero, until none is."""
    rng = rng.fork()
    while True:
        rows = np.flatnonzero(~f.any(axis=0) | ~g.any(axis=0))
        if not len(rows):
            return f, g
        child = rng.take(rows)
        position, sign = child.randint_below(degree[rows] + 1), child.sign()
        f[position, rows] += sign * b[rows]
        g[position, rows] -= sign * a[rows]
