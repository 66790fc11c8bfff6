"""A keyed bijection on 0 .. size-1, for many sizes and keys at once, in O(1) memory.

An unbalanced Feistel network over two halves of the index (Luby and Rackoff, 1988): the size of the low half is a
power of two, that of the high half any number, and each round adds a hash of one half to the other, which is invertible
for any hash. The network covers slightly more than `size` (by less than a factor 1 + 2 / sqrt(size)); callers skip the
excess. Four rounds are the number that Luby and Rackoff prove sufficient for ideal round functions; with two,
neighbouring positions are visibly related (`tests/sampling/test_randomness.py`).
"""

from typing import NamedTuple

import numpy as np

from mathbench import compiled
from mathbench.hashing import GOLDEN, MASK, U64, mix64

ROUNDS = 4
SLICE = 1 << 14  # words hashed at a time: temporaries of 128 KiB stay in the cache
MAX_SIZE = 1 << 62
_MULTIPLIERS = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x9FB21C651E98DF25, 0xD6E8FEB86659FD93)


class FeistelHalves(NamedTuple):
    """The two halves of a domain: index = high * 2^shift + low; covers `high_size * 2^shift` indices."""

    shift: int
    high_size: int

    @property
    def covered(self) -> int:
        """The number of indices that the network permutes, at least the size it was made for."""
        return self.high_size << self.shift


def feistel_halves(size: int) -> FeistelHalves:
    """Split a domain of `size` (1 to 2^62) indices into nearly equal halves.

    >>> feistel_halves(1000)
    FeistelHalves(shift=5, high_size=32)
    """
    shift = ((size - 1).bit_length() + 1) // 2
    return FeistelHalves(shift, -(-size >> shift) or 1)


def keyed_permutation(index: U64, shift: U64, high_size: U64, key: U64) -> U64:
    """Map each index to its image under its key.

    Args:
        index: uint64 of shape (n,), each below ``high_size << shift``.
        shift, high_size: the halves of each index's domain; uint64 of shape (n,) or ().
        key: uint64 of shape (n,) or ().

    Returns:
        uint64 of shape (n,): for one key, a permutation of the domain.

    >>> parts = feistel_halves(10)
    >>> size, key = np.uint64(parts.high_size), np.uint64(7)
    >>> image = keyed_permutation(np.arange(parts.covered, dtype=np.uint64), np.uint64(parts.shift), size, key)
    >>> sorted(image.tolist()) == list(range(parts.covered))
    True
    """
    if compiled.LIBRARY and shift.ndim == high_size.ndim == key.ndim == 0:
        return compiled.permute(index, int(shift), int(high_size), int(key))
    half = np.uint64(32)
    low_mask = (np.uint64(1) << shift) - np.uint64(1)
    low, high = index & low_mask, index >> shift
    # the high half is changed first: neighbouring indices share it, so a hash of it would not separate them
    for turn in range(0, ROUNDS, 2):
        high += (_round(low, key, turn) * high_size) >> half
        np.minimum(high, high - high_size, out=high)  # modulo: below zero wraps to a huge number
        low ^= _round(high, key, turn + 1) & low_mask
    high <<= shift
    high |= low
    return high


def _round(x: U64, key: U64, turn: int) -> U64:
    """32 hash bits of one half; the second multiplication spreads the low bits of the first."""
    x = x + np.add(key, np.uint64(GOLDEN * (turn + 1) & MASK))  # a ufunc: scalars would warn of overflow
    x *= np.uint64(_MULTIPLIERS[turn])
    x ^= x >> np.uint64(32)
    x *= np.uint64(_MULTIPLIERS[(turn + 1) % ROUNDS])
    x >>= np.uint64(32)
    return x


def permutation(count: int, key: int) -> U64:
    """A random order of 0 .. count-1 as a table, by sorting keyed hashes; for small counts.

    >>> sorted(permutation(5, key=1).tolist())
    [0, 1, 2, 3, 4]
    """
    words = np.empty(count, dtype=np.uint64)  # all different, so the order does not depend on the sort
    for start in range(0, count, SLICE):
        index = np.arange(start, min(start + SLICE, count), dtype=np.uint64)
        words[start : start + SLICE] = mix64(index * np.uint64(GOLDEN) + np.uint64(key))
    return _order_of(words)


def permutations(count: int, keys: U64) -> U64:
    """:func:`permutation` for several keys: uint64 (keys, count).

    >>> (permutations(5, np.array([1, 2], dtype=np.uint64))[1] == permutation(5, key=2)).all()
    np.True_
    """
    index = np.arange(count, dtype=np.uint64) * np.uint64(GOLDEN)
    return _order_of(mix64(index + keys[:, None]))


def _order_of(words: U64) -> U64:
    """The argsort of words that are all different, along the last axis."""
    count = words.shape[-1]
    below = np.uint64((1 << max(count - 1, 1).bit_length()) - 1)
    tagged = (words & ~below) | np.arange(count, dtype=np.uint64)
    tagged.sort()  # 1.6 times as fast as argsort: the index is in the low bits
    high = tagged & ~below
    if (high[..., 1:] == high[..., :-1]).any():  # rare: two words that differ only in the low bits
        return np.argsort(words).astype(np.uint64)
    return tagged & below
