"""Long numbers as text and as digits: limbs become words of characters by table, without conversion."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64
from mathbench.numbers.limbs import Int, per_limb
from mathbench.numbers.text import DIGITS, WORD, PaddedText, TextPiece, length

_BITS = 8  # of a character
_MAX_ENTRIES = 1 << 16


def lengths(number: Int, base: int) -> Int:
    """How many digits each number has, int64 (n,); zero has one.

    Args:
        number: limbs, int64 (L, n).
        base: 2 to 36.

    >>> lengths(np.array([[5, 0], [0, 12]]), 10).tolist()
    [1, 10]
    """
    top, place = number[0].copy(), np.zeros(number.shape[1], dtype=np.int64)
    for i, limb in enumerate(number[1:], 1):
        filled = np.flatnonzero(limb)
        top[filled], place[filled] = limb[filled], i
    return place * per_limb(base) + length(top, base)


def number(values: Int, base: int, where: NDArray[np.bool_] | None = None) -> TextPiece:
    """Write long numbers in a base, as :func:`mathbench.numbers.text.number` writes short ones.

    Args:
        values: limbs, int64 (L, n), not negative.
        base: 2 to 36.
        where: the rows that show a number; None: all.

    >>> from mathbench.numbers.text import join
    >>> join(number(np.array([[5, 0], [0, 12]]), 10)).to_pylist()
    ['5', '1200000000']
    """
    long, width = lengths(values, base), min(per_limb(base), WORD)
    shortest, words = int(long.min(initial=0)), []
    for place, characters in _words(values, base):
        if place + width <= shortest:  # full in every row
            here = np.broadcast_to(np.uint64(width), long.shape)
            cut = characters >> np.uint64((WORD - width) * _BITS)
        else:
            here = np.clip(long - place, 0, width).view(np.uint64)
            cut = characters >> ((np.uint64(WORD) - here) * np.uint64(_BITS))
            cut *= here > 0
        words.append(PaddedText(cut, here, width).masked(where))
    return tuple(words)


def digits(values: Int, base: int) -> NDArray[np.uint8]:
    """All digits of long numbers, uint8 (n, D), the least significant first, D = L limbs full of digits.

    >>> digits(np.array([[5], [12]]), 10)[0].tolist()
    [5, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]
    """
    width = min(per_limb(base), WORD)
    rows = [w.view(np.uint8).reshape(-1, WORD)[:, WORD - width :] for _, w in _words(values, base)]
    return _VALUES[np.concatenate(rows, axis=1)[:, ::-1]]


def _words(values: Int, base: int) -> list[tuple[int, U64]]:
    """The place of the last digit of each word, and its digits as the last characters; most significant first."""
    per, found = per_limb(base), []
    for i, limb in enumerate(values):
        rest = limb
        for place in range(0, per, WORD):
            word, rest = _last_digits(rest, base)
            found.append((i * per + place, word))
    return found[::-1]


def _last_digits(values: Int, base: int) -> tuple[U64, Int]:
    """The last digits of each value, up to a word, as the last characters of a word, and what stands before them."""
    table, width = _table(base)
    word = np.zeros(len(values), dtype=np.uint64)
    for place in range(0, min(per_limb(base), WORD), width):
        rest = values // len(table)
        word |= table.take(values - rest * len(table)) >> np.uint64(_BITS * place)  # zeros too many fall off
        values = rest
    return word, values


@cache
def _table(base: int) -> tuple[U64, int]:
    """The digits of every number of so many digits as the last characters of a word; and how many digits."""
    width = max(k for k in range(1, min(per_limb(base), WORD) + 1) if base**k <= _MAX_ENTRIES)
    values = np.arange(base**width)
    table = np.zeros((len(values), WORD), dtype=np.uint8)
    for k in range(width):
        table[:, WORD - 1 - k] = _CHARACTERS[values // base**k % base]
    return table.view(np.uint64)[:, 0], width


_CHARACTERS = np.frombuffer(DIGITS.encode(), dtype=np.uint8)
_VALUES = np.zeros(256, dtype=np.uint8)
_VALUES[_CHARACTERS] = np.arange(len(DIGITS))
