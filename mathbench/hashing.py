"""The integer hash behind every random choice, for arrays and for Python integers.

A row must be the same on every platform and version, and NumPy promises stable bit streams but not stable `Generator`
methods, so these few lines are part of mathbench. All arithmetic is modulo 2^64.
Source of the mixing function: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators"
(OOPSLA 2014), variant 13 of Stafford's finalizers.
"""

import hashlib
import re

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.errors import InputError, shown
from mathbench.integers import as_integer, parse_integer

U64 = NDArray[np.uint64]
Int = NDArray[np.int64]

MASK = (1 << 64) - 1
ABSENT = -(
    2**63 - 1
)  # a missing operand, where problems have fewer operands than others; its negative is an int64
LONG_OPERAND = 1 << 63  # operands from here on are hashed as two words
LONG_MODULUS = 2_147_483_629  # a prime below 2^31, for the second word of a long operand
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd: steps through all residues evenly
_M1, _M2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix64(x: U64) -> U64:
    """Mix every bit of every element into every other bit; a bijection of 64-bit words.

    Args:
        x: uint64 array of any shape, which is not changed.

    Returns:
        A new uint64 array of the same shape.

    >>> [hex(v) for v in mix64(np.array([0, 1], dtype=np.uint64))]
    ['0x0', '0x5692161d100b05e5']
    """
    if compiled.LIBRARY:
        return compiled.mix(x)
    x = x ^ (x >> np.uint64(30))
    x *= np.uint64(_M1)
    x ^= x >> np.uint64(27)
    x *= np.uint64(_M2)
    x ^= x >> np.uint64(31)
    return x


def mix64_int(x: int) -> int:
    """:func:`mix64` of one Python integer.

    >>> hex(mix64_int(1))
    '0x5692161d100b05e5'
    """
    x = (x ^ (x >> 30)) * _M1 & MASK
    x = (x ^ (x >> 27)) * _M2 & MASK
    return x ^ (x >> 31)


def key_of(*parts: object) -> int:
    """Derive a 64-bit key from names and numbers by SHA-256; different parts give unrelated keys.

    >>> key_of("addition", 1) == key_of("addition", 1)
    True
    >>> key_of("ab", "c") == key_of("a", "bc")
    False
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def check_seed(seed: int | str) -> int | str:
    """Check that a seed is a 64-bit integer (signed or unsigned) or a non-empty string, and return it.

    Text that spells an integer becomes that integer, so that the command line and Python agree. It has no digits but
    0 to 9 and no spaces.

    >>> check_seed("42"), check_seed(-1), check_seed("winter")
    (42, -1, 'winter')

    Raises:
        InputError: for anything else.
    """
    if isinstance(seed, str) and not re.fullmatch(r"\s*[+-]*\d+\s*", seed):
        if not seed or any("\ud800" <= c <= "\udfff" for c in seed):
            raise InputError(f"seed must be a 64-bit integer or a non-empty string. Received: {shown(seed)}.")
        return str(seed)
    try:
        number = parse_integer(seed) if isinstance(seed, str) else as_integer(seed)
    except ValueError:
        number = None
    if number is None:
        raise InputError(
            f"seed must be a 64-bit integer, in the digits 0 to 9, or a non-empty string. Received: {shown(seed)}."
        )
    if not -(1 << 63) <= number < 1 << 64:
        raise InputError(
            f"an integer seed must fit in 64 bits (-2^63 to 2^64 - 1). Received: {shown(number)}."
        )
    return number


def to_range(h: U64, size: U64) -> U64:
    """Scale 64 random bits evenly to 0 .. size-1: about floor(h * size / 2^64).

    Args:
        h: uint64 random words.
        size: uint64, 1 to 2^63, of a shape that broadcasts with `h`.

    >>> to_range(np.array([0, 1 << 63, MASK], dtype=np.uint64), np.uint64(10)).tolist()
    [0, 5, 9]
    """
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    h_hi, s_hi, s_lo = h >> half, size >> half, size & low
    scaled = (h_hi * s_lo) >> half
    if np.any(s_hi):  # otherwise the other terms are zero
        scaled = scaled + h_hi * s_hi + (((h & low) * s_hi) >> half)
    return scaled
