"""Long numbers: columns of limbs and their arithmetic.

A column of n long numbers is an int64 array (L, n) whose row i holds the coefficients of the i-th power of the radix:
the least significant limb first. A limb holds a fixed number of digits of the base, so the radix is a power of the base
and numbers become text without conversion. It is at most 2^27, so that sums of 512 products of limbs stay below 2^63
(multiple-precision arithmetic as in Knuth, TAOCP volume 2, section 4.3.1, one limb of all rows at a time).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64

Int = NDArray[np.int64]
Mask = NDArray[np.bool_]

MAX_RADIX = 1 << 27  # the largest radix
MAX_PRODUCTS = 512  # products of limbs that can be summed
MAX_MODULUS = 1 << 35  # a residue times a limb stays below 2^62
WORD = 8  # characters in a word of text


@cache
def per_limb(base: int) -> int:
    """Digits per limb in a base; beyond eight a multiple of eight, so that limbs are whole words of text.

    >>> per_limb(10), per_limb(2), per_limb(36)
    (8, 24, 5)
    """
    maximum = max(k for k in range(1, 28) if base**k <= MAX_RADIX)
    return maximum if maximum <= WORD else maximum - maximum % WORD


def radix_of(base: int) -> int:
    """The radix of limbs in a base.

    >>> radix_of(10)
    100000000
    """
    return base ** per_limb(base)


def limbs_for(digits: int, base: int) -> int:
    """The number of limbs that hold some number of digits.

    >>> limbs_for(8, 10), limbs_for(9, 10)
    (1, 2)
    """
    return -(-digits // per_limb(base))


def from_int(value: int, radix: int, limbs: int) -> list[int]:
    """The limbs of one Python integer.

    >>> from_int(123, 10, 4)
    [3, 2, 1, 0]
    """
    return [value // radix**i % radix for i in range(limbs)]


def widened(number: Int, limbs: int) -> Int:
    """Pad numbers with zeros to at least `limbs` limbs."""
    missing = max(limbs - len(number), 0)
    return np.concatenate([number, np.zeros((missing, number.shape[1]), np.int64)]) if missing else number


def carried(sums: Int, radix: int, more: int = 1) -> Int:
    """Propagate carries through sums that are too large for a limb or negative.

    Args:
        sums: int64 (L, n); the numbers themselves are not negative.
        radix: the radix.
        more: limbs by which numbers may grow.

    >>> carried(np.array([[12], [-1], [3]]), 10).T.tolist()
    [[2, 0, 3, 0]]
    """
    limbs = np.zeros((len(sums) + more, sums.shape[1]), dtype=np.int64)
    carry = limbs[-1]
    for i in range(len(limbs)):
        total = sums[i] + carry if i < len(sums) else carry
        carry = total // radix
        np.subtract(total, carry * radix, out=limbs[i])
    return limbs


def greater(a: Int, b: Int) -> Mask:
    """Where a is greater than b, bool (n,): from the top limb down, further down only where limbs are equal.

    >>> greater(np.array([[1, 5], [2, 2]]), np.array([[9, 4], [1, 2]])).tolist()
    [True, True]
    """
    above, left = a[-1] > b[-1], np.flatnonzero(a[-1] == b[-1])
    for x, y in zip(a[-2::-1], b[-2::-1], strict=True):
        if not len(left):
            break
        x, y = x.take(left), y.take(left)
        above[left] = x > y
        left = left[x == y]
    return above


def equal(a: Int, b: Int) -> Mask:
    """Where two columns are equal, bool (n,)."""
    return np.asarray((a == b).all(axis=0))


def add(a: Int, b: Int, radix: int) -> Int:
    """Sums, one limb longer.

    >>> add(np.array([[9], [9]]), np.array([[1], [0]]), 10).T.tolist()
    [[0, 0, 1]]
    """
    return carried(a + b, radix)


def subtract(a: Int, b: Int, radix: int) -> Int:
    """Differences; all limbs of a negative one are negative or zero, so that the sum over limbs is still its value.

    >>> subtract(np.array([[1], [1]]), np.array([[3], [2]]), 10).T.tolist()
    [[-2, -1]]
    """
    sign = 1 - 2 * greater(b, a).astype(np.int64)
    return sign * carried(sign * (a - b), radix, more=0)


def multiply(a: Int, b: Int, radix: int) -> Int:
    """Products, with as many limbs as both factors together; at most `MAX_PRODUCTS` limbs in the shorter factor.

    >>> multiply(np.array([[2], [1]]), np.array([[5], [3]]), 10).T.tolist()
    [[0, 2, 4, 0]]
    """
    if len(a) > len(b):
        a, b = b, a
    sums = np.zeros((len(a) + len(b), a.shape[1]), dtype=np.int64)
    for i, limb in enumerate(a):
        sums[i : i + len(b)] += limb * b
    return carried(sums, radix, more=0)


def divide(a: Int, b: Int, radix: int) -> tuple[Int, Int]:
    """Quotients and remainders, one limb of the quotient at a time (Knuth's algorithm D).

    Each limb is estimated in floating point from the leading limbs, is right or off by one, and is then corrected.

    Args:
        a, b: int64 (L, n), b at least 1.
        radix: at least 1000, so that the estimate is good enough.

    >>> q, r = divide(np.array([[57], [12]]), np.array([[8], [0]]), 1000)
    >>> q.T.tolist(), r.T.tolist()
    ([[507, 1]], [[1, 0]])
    """
    top = len(b) - 1 - (b[::-1] != 0).argmax(axis=0)  # index of the leading limb
    divisor, scale = widened(b, len(b) + 1), _leading(b, top, radix, 3)
    quotient, rest = np.zeros_like(a), np.zeros_like(divisor)
    for i in range(len(a) - 1, -1, -1):
        rest = np.concatenate([a[i : i + 1], rest[:-1]])
        guess = np.floor(_leading(rest, top + 1, radix, 4) / scale).astype(np.int64)
        quotient[i], rest = _corrected(rest, divisor, guess, radix)
    return quotient, rest[:-1]


def _leading(number: Int, top: Int, radix: int, limbs: int) -> NDArray[np.float64]:
    """The value of the limbs from index `top` down, in floating point and in units of the last of them."""
    value = np.zeros(number.shape[1])
    for i in range(limbs):
        index = top - i
        limb = np.take_along_axis(number, np.maximum(index, 0)[None], axis=0)[0]
        value = value * radix + np.where(index >= 0, limb, 0)
    return value


def _corrected(rest: Int, divisor: Int, guess: Int, radix: int) -> tuple[Int, Int]:
    """Subtract `guess` times the divisor, and correct guesses that are off by one."""
    rest = carried(rest - guess * divisor, radix)
    high, rest = np.flatnonzero(rest[-1]), rest[:-1]  # a negative rest leaves a carry
    guess[high] -= 1
    rest[:, high] = carried(rest[:, high] + divisor[:, high], radix, more=0)
    low = np.flatnonzero(~greater(divisor, rest))
    guess[low] += 1
    rest[:, low] = carried(rest[:, low] - divisor[:, low], radix, more=0)
    return guess, rest


def residue(number: Int, modulus: int, radix: int) -> Int:
    """Residues, int64 (n,), as a sum of limbs weighted by the residues of the powers of the radix.

    Args:
        number: int64 (L, n).
        modulus: 1 to `MAX_MODULUS`.
        radix: the radix.

    >>> residue(np.array([[3], [2], [1]]), 7, 10).tolist()
    [4]
    """
    step = max((1 << 63) // (radix * modulus) - 1, 1)  # products between two divisions
    weights = np.array(_powers(radix, len(number), modulus), dtype=np.int64)
    total = np.zeros(number.shape[1], dtype=np.int64)
    for i in range(0, len(number), step):
        part = slice(i, i + step)
        total = (total + np.einsum("ln,l->n", number[part], weights[part])) % modulus
    return total


@cache
def _powers(radix: int, count: int, modulus: int) -> tuple[int, ...]:
    return tuple(pow(radix, i, modulus) for i in range(count))


def low_bits(number: Int, radix: int) -> Int:
    """The last 63 bits of each number, int64 (n,).

    >>> low_bits(np.array([[3], [2], [1]]), 10).tolist()
    [123]
    """
    weights = np.array(_powers(radix, len(number), 1 << 64), dtype=np.uint64)
    used = np.flatnonzero(weights)
    total: U64 = np.einsum("ln,l->n", number[used].view(np.uint64), weights[used])
    return (total & np.uint64((1 << 63) - 1)).view(np.int64)


def exceeds(number: Int, bound: int, radix: int) -> Mask:
    """Which numbers are greater than a bound, bool (n,).

    >>> exceeds(np.array([[3, 4], [1, 1]]), 13, 10).tolist()
    [False, True]
    """
    count = next((i for i in range(1, len(number)) if radix**i > bound), len(number))
    above = np.asarray(number[count:].any(axis=0))
    left = np.flatnonzero(~above)  # rows whose upper limbs are all zero
    if len(left) and radix**count > bound:
        limit = np.array(from_int(bound, radix, count))[:, None]
        above[left] = greater(number[:count, left], np.broadcast_to(limit, (count, len(left))))
    return above


def to_ints(number: Int, radix: int) -> list[int]:
    """Convert to Python integers; for reading and for tests.

    >>> to_ints(np.array([[3], [2], [1]]), 10)
    [123]
    """
    return [sum(limb * radix**i for i, limb in enumerate(column)) for column in number.T.tolist()]
