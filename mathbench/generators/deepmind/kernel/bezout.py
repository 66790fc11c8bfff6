"""Linear equations a*x + b*y = c in integers, and the arithmetic that they need."""

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Chance
from mathbench.task import Int

_PRIMES = [p for p in range(2, 100) if all(p % q for q in range(2, p))]


def cofactors(a: Int, b: Int) -> tuple[Int, Int, Int]:
    """Numbers x and y with a*x + b*y = gcd(a, b), and the gcd; int64 arrays of one shape.

    The extended Euclidean algorithm: |x| <= |b| and |y| <= |a|, unless one of them is zero.

    >>> [part.tolist() for part in cofactors(np.array([12, -7]), np.array([18, 3]))]
    [[-1, -1], [1, -2], [6, 1]]
    """
    rest, next_rest = np.abs(a), np.abs(b)
    x, next_x, y, next_y = np.ones_like(a), np.zeros_like(a), np.zeros_like(a), np.ones_like(a)
    while next_rest.any():
        on = next_rest != 0
        quotient = np.where(on, rest // np.where(on, next_rest, 1), 0)
        rest, next_rest = np.where(on, next_rest, rest), np.where(on, rest - quotient * next_rest, 0)
        x, next_x = np.where(on, next_x, x), np.where(on, x - quotient * next_x, next_x)
        y, next_y = np.where(on, next_y, y), np.where(on, y - quotient * next_y, next_y)
    return x * np.sign(a), y * np.sign(b), rest


def factor(chance: Chance, of: Int) -> Int:
    """A divisor: of every prime's power any exponent is as likely; what primes above 100 leave counts as a prime.

    Args:
        of: int64 (n,), 1 or more.
    """
    found, rest, chance = np.ones_like(of), of.copy(), chance.fork()
    for prime in _PRIMES:
        luck, many = chance.words(), np.zeros_like(of)
        rows = np.flatnonzero(rest % prime == 0)
        while len(rows):
            rest[rows] //= prime
            many[rows] += 1
            rows = rows[rest[rows] % prime == 0]
        found *= prime ** (luck % (many + 1).astype(np.uint64)).astype(np.int64)
    return found * np.where(chance.coin(), rest, 1)
