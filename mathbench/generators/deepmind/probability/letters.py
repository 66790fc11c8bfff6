"""Letters in random order as columns of text."""

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
    """Random orders of the alphabet, int64 (letters, orders), where 0 is the letter a."""
    return np.stack([permutation(ALPHABET, key_of("alphabet", i)) for i in range(_ORDERS)], axis=1).astype(
        np.int64
    )


def shuffle(random_bits: U64, values: Int, live: Bool) -> Int:
    """Put the live values of each row in random order, followed by zeros.

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
    keys[~live] = ~_LOW  # larger than all others, with value 0
    return (np.sort(keys, axis=1) & _LOW).view(np.int64)


def repeat_values(values: Int, counts: Int, width: int) -> tuple[Int, Bool]:
    """Repeat the values of each row, (n, k), by their counts, (n, k).

    Returns:
        int64 (n, width), padded with zeros, and which entries are not padding, bool (n, width).
    """
    there = np.arange(width) < counts.sum(axis=1)[:, None]
    found = np.zeros(there.shape, np.int64)
    found[there] = np.repeat(values.ravel(), counts.ravel())
    return found, there


def letters_text(letters: Int, lengths: Int) -> TextPiece:
    """Rows of letters, int64 (n, a multiple of 8), as text of the given lengths, int64 (n,)."""
    used = np.arange(letters.shape[1]) < lengths[:, None]
    words = np.where(used, letters + ord("a"), 0).astype(np.uint8).view(np.uint64)
    return tuple(
        PaddedText(words[:, i].copy(), (lengths - WORD * i).clip(0, WORD).view(np.uint64), WORD)
        for i in range(words.shape[1])
    )
