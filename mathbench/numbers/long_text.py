"""Long numbers as text and as digits: limbs become words of characters by table lookup."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64
from mathbench.numbers.limbs import Int, per_limb
from mathbench.numbers.text import DIGITS, WORD, PaddedText, TextPiece, length

_BITS = 8  # of a character
_MAX_ENTRIES = 1 << 16


def lengths(number: Int, base: int) -> Int:
    """The number of digits of each number, int64 (n,); zero has one.

    Args:
        number: limbs, int64 (L, n).
        base: 2 to 36.

    >>> lengths(np.array([[5, 0], [0, 12]]), 10).tolist()
    [1, 10]
    """
    top, index = number[0].copy(), np.zeros(number.shape[1], dtype=np.int64)
    for i, limb in enumerate(number[1:], 1):
        nonzero = np.flatnonzero(limb)
        top[nonzero], index[nonzero] = limb[nonzero], i
    return index * per_limb(base) + length(top, base)


def number(values: Int, base: int, where: NDArray[np.bool_] | None = None) -> TextPiece:
    """Convert long numbers to text in a base, as :func:`mathbench.numbers.text.number` does short ones.

    Args:
        values: limbs, int64 (L, n), not negative.
        base: 2 to 36.
        where: the rows that get text; None: all.

    >>> from mathbench.numbers.text import join
    >>> join(number(np.array([[5, 0], [0, 12]]), 10)).to_pylist()
    ['5', '1200000000']
    """
    long, width = lengths(values, base), min(per_limb(base), WORD)
    shortest, words = int(long.min(initial=0)), []
    for position, characters in _words(values, base):
        if position + width <= shortest:  # full in every row
            used = np.broadcast_to(np.uint64(width), long.shape)
            shifted = characters >> np.uint64((WORD - width) * _BITS)
        else:
            used = np.clip(long - position, 0, width).view(np.uint64)
            shifted = characters >> ((np.uint64(WORD) - used) * np.uint64(_BITS))
            shifted *= used > 0
        words.append(PaddedText(shifted, used, width).masked(where))
    return tuple(words)


def digits(values: Int, base: int) -> NDArray[np.uint8]:
    """All digits of long numbers, uint8 (n, D), the least significant first; D is the digits of L limbs.

    >>> digits(np.array([[5], [12]]), 10)[0].tolist()
    [5, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]
    """
    width = min(per_limb(base), WORD)
    rows = [w.view(np.uint8).reshape(-1, WORD)[:, WORD - width :] for _, w in _words(values, base)]
    return _VALUES[np.concatenate(rows, axis=1)[:, ::-1]]


def _words(values: Int, base: int) -> list[tuple[int, U64]]:
    """Words of digits, the most significant first: the position of the last digit and the right-aligned characters."""
    per, words = per_limb(base), []
    for i, limb in enumerate(values):
        rest = limb
        for position in range(0, per, WORD):
            word, rest = _last_digits(rest, base)
            words.append((i * per + position, word))
    return words[::-1]


def _last_digits(values: Int, base: int) -> tuple[U64, Int]:
    """The last digits of each value as a right-aligned word, and the values without these digits."""
    table, width = _table(base)
    word = np.zeros(len(values), dtype=np.uint64)
    for position in range(0, min(per_limb(base), WORD), width):
        rest = values // len(table)
        # excess leading zeros are shifted out
        word |= table.take(values - rest * len(table)) >> np.uint64(_BITS * position)
        values = rest
    return word, values


@cache
def _table(base: int) -> tuple[U64, int]:
    """The digits of all numbers of some width as right-aligned words, and the width."""
    width = max(k for k in range(1, min(per_limb(base), WORD) + 1) if base**k <= _MAX_ENTRIES)
    values = np.arange(base**width)
    table = np.zeros((len(values), WORD), dtype=np.uint8)
    for k in range(width):
        table[:, WORD - 1 - k] = _CHARACTERS[values // base**k % base]
    return table.view(np.uint64)[:, 0], width


_CHARACTERS = np.frombuffer(DIGITS.encode(), dtype=np.uint8)
_VALUES = np.zeros(256, dtype=np.uint8)
_VALUES[_CHARACTERS] = np.arange(len(DIGITS))
