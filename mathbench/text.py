"""Numbers as text in any base from 2 to 36, for whole arrays: digit matrices in, Arrow strings out."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
FEW = 20  # up to so many powers are compared one by one
_CHARACTERS = np.frombuffer(DIGITS.encode(), dtype=np.uint8)


class Piece(NamedTuple):
    """One column of text, right-aligned.

    Attributes:
        characters: uint8 of shape (n, width), or (1, width) when the same in every row.
        lengths: int64 of shape (n,): how many of the last characters of each row count.
    """

    characters: NDArray[np.uint8]
    lengths: NDArray[np.int64]


@cache
def powers(base: int) -> NDArray[np.int64]:
    """base, base^2, ... as far as 63 bits go.

    >>> powers(10)[:3].tolist(), len(powers(10))
    ([10, 100, 1000], 18)
    """
    many = next(i for i in range(1, 64) if base ** (i + 1) >= 1 << 63)
    return np.array([base**i for i in range(1, many + 1)], dtype=np.int64)


def length(values: NDArray[np.int64], base: int) -> NDArray[np.int64]:
    """How many digits each value has; zero has one.

    Args:
        values: int64 of shape (n,), not negative.
        base: 2 to 36.

    >>> length(np.array([0, 9, 10, 999]), 10).tolist()
    [1, 1, 2, 3]
    """
    steps = powers(base)[: np.searchsorted(powers(base), values.max(initial=0), side="right")]
    if len(steps) > FEW:
        return np.searchsorted(steps, values, side="right") + 1
    lengths = np.ones(len(values), dtype=np.int64)
    for step in steps:  # a handful of comparisons beats a binary search per value
        lengths += values >= step
    return lengths


def number(values: NDArray[np.int64], base: int) -> Piece:
    """Write values as numbers in a base, lower-case letters for the digits above nine.

    Args:
        values: int64 of shape (n,), not negative.
        base: 2 to 36.

    >>> join(number(np.array([255, 10]), 16)).to_pylist()
    ['ff', 'a']
    """
    lengths = length(values, base)
    return Piece(digits(values, base, int(lengths.max(initial=1))), lengths)


def digits(values: NDArray[np.int64], base: int, width: int) -> NDArray[np.uint8]:
    """The last `width` digits of each value as characters, zeros in front; uint8 (n, width)."""
    table = _chunk_table(base)
    per, many = table.itemsize, np.uint64(len(table))
    chunks = -(-width // per)
    out = np.empty((len(values), chunks), dtype=table.dtype)
    rest = values.view(np.uint64)
    for i in range(chunks - 1, -1, -1):
        quotient = rest // many
        out[:, i] = table.take(rest - quotient * many)
        rest = quotient
    return out.view(np.uint8)[:, chunks * per - width :]


@cache
def _chunk_table(base: int) -> NDArray[np.unsignedinteger]:
    """All strings of 1, 2, 4 or 8 digits that give at most 2^16 strings, each as one integer of as many bytes."""
    per = max(k for k in (1, 2, 4, 8) if base**k <= 1 << 16)
    values = np.arange(base**per)
    table = np.stack([_CHARACTERS[values // base**k % base] for k in range(per - 1, -1, -1)], axis=1)
    return np.ascontiguousarray(table).view(f"u{per}")[:, 0]


def literal(text: str, rows: int, where: NDArray[np.bool_] | None = None) -> Piece:
    """The same text in every row, or only in the rows of a mask.

    >>> join(literal("-", 2, np.array([True, False])), number(np.array([4, 5]), 10)).to_pylist()
    ['-4', '5']
    """
    characters = np.frombuffer(text.encode(), dtype=np.uint8)[None, :]
    shown = np.ones(rows, dtype=np.int64) if where is None else where.astype(np.int64)
    return Piece(characters, shown * characters.shape[1])


def join(*pieces: Piece) -> pa.StringArray:
    """Join columns of text into one Arrow string per row.

    >>> numbers = number(np.array([12, 7]), 10)
    >>> join(numbers, literal("+", 2), numbers).to_pylist()
    ['12+12', '7+7']
    """
    rows = len(pieces[0].lengths)
    width = sum(piece.characters.shape[1] for piece in pieces)
    out, keep, at = np.empty((rows, width), np.uint8), np.empty((rows, width), bool), 0
    for characters, lengths in pieces:
        end = at + characters.shape[1]
        out[:, at:end] = characters
        keep[:, at:end] = np.arange(end - at, 0, -1) <= lengths[:, None]
        at = end
    return strings(out[keep], np.sum([piece.lengths for piece in pieces], axis=0))


def strings(data: NDArray[np.uint8], lengths: NDArray[np.int64]) -> pa.StringArray:
    """Bytes laid end to end and the length of each string, as an Arrow array that shares the bytes."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.StringArray.from_buffers(
        len(lengths), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))
    )


def words(choice: NDArray[np.integer], options: Sequence[str]) -> pa.StringArray:
    """One of a few words per row.

    >>> words(np.array([1, 0]), ["false", "true"]).to_pylist()
    ['true', 'false']
    """
    return pa.array(list(options), pa.string()).take(pa.array(choice.astype(np.int64)))


def show(value: int, base: int) -> str:
    """Write one Python integer of any size and sign in a base.

    >>> show(-255, 16), show(0, 2)
    ('-ff', '0')
    """
    if value < 0:
        return "-" + show(-value, base)
    out = DIGITS[value % base]
    while value := value // base:
        out += DIGITS[value % base]
    return out[::-1]
