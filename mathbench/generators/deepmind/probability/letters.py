"""Letters in random order, as columns of text."""

from functools import cache

import numpy as np

from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.hashing import GOLDEN, U64, Int, key_of, mix64
from mathbench.numbers.text import WORD, PaddedText, TextPiece
from mathbench.sampling.permute import permutation

ALPHABET = 26
_ORDERS = 1 << 12
_LOW = np.uint64(0xFFFF)


@cache
def alphabets() -> Int:
    """Random orders of the alphabet, int64 (letters, orders): 0 for a, and so on."""
    return np.stack([permutation(ALPHABET, key_of("alphabet", i)) for i in range(_ORDERS)], axis=1).astype(
        np.int64
    )


def shuffle(random_bits: U64, values: Int, live: Bool) -> Int:
    """Put the live values of each row in a random order, zeros behind them.

    Args:
        random_bits: uint64 (n,), a random word per row.
        values: int64 (n, k), below 2^16.
        live: bool (n, k).

    >>> found = shuffle(np.zeros(1, np.uint64), np.array([[3, 1, 2]]), np.array([[True, False, True]]))
    >>> sorted(found[0, :2].tolist()), int(found[0, 2])
    ([2, 3], 0)
    """
    steps = np.arange(1, values.shape[1] + 1, dtype=np.uint64) * np.uint64(GOLDEN)
    keys = (mix64(random_bits[:, None] + steps) & ~_LOW) | values.view(np.uint64)
    keys[~live] = ~_LOW  # above all others, and zero in the bits that are kept
    return (np.sort(keys, axis=1) & _LOW).view(np.int64)


def repeat_values(values: Int, counts: Int, width: int) -> tuple[Int, Bool]:
    """Each value of a row so many times, int64 (n, width), and which ones of these are there; values, counts (n, k)."""
    there = np.arange(width) < counts.sum(axis=1)[:, None]
    found = np.zeros(there.shape, np.int64)
    found[there] = np.repeat(values.ravel(), counts.ravel())
    return found, there


def letters_text(letters: Int, lengths: Int) -> TextPiece:
    """Rows of letters, int64 (n, a multiple of 8), as text; lengths int64 (n,)."""
    used = np.arange(letters.shape[1]) < lengths[:, None]
    text = np.where(used, letters + ord("a"), 0).astype(np.uint8).view(np.uint64)
    return tuple(
        PaddedText(text[:, i].copy(), (lengths - WORD * i).clip(0, WORD).view(np.uint64), WORD)
        for i in range(text.shape[1])
    )
