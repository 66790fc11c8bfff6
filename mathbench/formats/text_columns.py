"""Columns of text as concatenated bytes, and the spans of the numbers in them, for formats.

A **number** is a run of letters, digits and underscores that consists of digits of the base. Runs directly before a `(`
are names of functions (`gcd(`), and the labels `true` and `false` are words, in any base.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.numbers.text import DIGITS, bytes_and_offsets

Bytes = NDArray[np.uint8]
Int = NDArray[np.int64]
Mask = NDArray[np.bool_]

PART_BYTES = 1 << 21  # bytes of a column processed at a time: temporaries take eight bytes per byte
MINUS = ord("-")
_WORD = "_" + DIGITS + DIGITS[10:].upper()


class TextColumn(NamedTuple):
    """A column of strings.

    Attributes:
        data: uint8 (c,), all strings concatenated, in UTF-8.
        offsets: int64 (n + 1,), the start of each string, and the end of the last.
    """

    data: Bytes
    offsets: Int

    @classmethod
    def of(cls, column: pa.StringArray) -> "TextColumn":
        """Convert an Arrow array; null becomes empty text."""
        return cls(*bytes_and_offsets(pc.fill_null(column, "") if column.null_count else column))

    def to_array(self) -> pa.StringArray:
        """Convert to an Arrow array."""
        if self.offsets[-1] >= 1 << 31:
            raise InputError(
                f"{len(self.offsets) - 1:,} rows of text make {self.offsets[-1]:,} bytes, over 2^31."
            )
        buffers = [pa.py_buffer(self.offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(self.data))]
        return pa.StringArray.from_buffers(len(self.offsets) - 1, *buffers)

    def string_starts(self) -> Mask:
        """Which bytes start a string, bool (c + 1,), including one past the last byte."""
        mask = np.zeros(len(self.data) + 1, dtype=bool)
        mask[self.offsets] = True
        return mask

    def filtered(self, keep: Mask) -> "TextColumn":
        """Keep the bytes of a mask, bool (c,)."""
        return TextColumn(self.data[keep], np.concatenate([[0], np.cumsum(keep)])[self.offsets])

    def widened(self, before: Int, fill: int = 0) -> tuple["TextColumn", Int]:
        """Insert bytes.

        Args:
            before: int64 (c,), the number of bytes to insert before each byte.
            fill: the byte to insert.

        Returns:
            The text, and the new position of each old byte, int64 (c,).
        """
        shift = np.concatenate([[0], np.cumsum(before)])
        positions = np.arange(len(self.data)) + shift[1:]
        data = np.full(len(self.data) + shift[-1], fill, dtype=np.uint8)
        data[positions] = self.data
        return TextColumn(data, self.offsets + shift[self.offsets]), positions


class NumberSpans(NamedTuple):
    """The spans of the numbers of a text, int64 (k,) each, in the order of the text."""

    starts: Int
    stops: Int

    def bytes(self) -> Int:
        """The positions of all bytes of the numbers, int64 (sum of lengths,)."""
        return ranges(self.starts, self.stops - self.starts)

    def each(self, values: Int) -> Int:
        """Repeat a value per number, int64 (k,), for each byte of the number."""
        return np.repeat(values, self.stops - self.starts)


def numbers(text: TextColumn, base: int, labels: Sequence[str] = ()) -> NumberSpans:
    """Find the numbers of a text.

    Args:
        text: the text.
        base: 2 to 36.
        labels: runs that are words although they could be numbers.

    >>> text = TextColumn.of(pa.array(["gcd(48,36)", "-7", "x2+3"]))
    >>> [bytes(text.data[a:b]) for a, b in zip(*numbers(text, 36), strict=True)]
    [b'48', b'36', b'7', b'x2', b'3']
    >>> [bytes(text.data[a:b]) for a, b in zip(*numbers(text, 10), strict=True)]
    [b'48', b'36', b'7', b'3']
    """
    word, edge = is_word(text.data), text.string_starts()
    inside = np.concatenate([[False], word, [False]])
    starts = np.flatnonzero(word & (~inside[:-2] | edge[:-1]))
    stops = np.flatnonzero(word & (~inside[2:] | edge[1:])) + 1
    not_digits = np.concatenate([[0], np.cumsum(word & ~_byte_mask(DIGITS[:base])[text.data])])
    is_number = not_digits[stops] == not_digits[starts]
    following = np.append(text.data, 0)[stops]
    is_number &= ~((following == ord("(")) & ~edge[stops])
    for label in labels:
        is_number &= ~_spells(text, starts, stops, label.encode())
    return NumberSpans(starts[is_number], stops[is_number])


def ranges(starts: Int, lengths: Int) -> Int:
    """Concatenate the ranges of integers with some starts and lengths.

    >>> ranges(np.array([3, 9]), np.array([2, 1])).tolist()
    [3, 4, 9]
    """
    before = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)


def is_word(data: Bytes) -> Mask:
    """Which bytes are ASCII letters, digits or underscores."""
    return _byte_mask(_WORD)[data]


def map_chunks(work: Callable[..., pa.Array], *columns: Any) -> pa.ChunkedArray:
    """Apply a function to columns of text part by part, so that memory is bounded.

    Args:
        work: converts StringArrays of some rows, one per column, to one of as many rows; must not mix rows.
        columns: strings (n,): Arrow arrays, chunked or not, dictionary-encoded or not; nulls are passed on.
    """
    plain = [_plain(column) for column in columns]
    parts = [work(*arrays) for arrays in _slices(plain)]
    return pa.chunked_array(parts, pa.string())


def _slices(columns: list[pa.ChunkedArray]) -> Any:
    """Yield slices of all columns of about `PART_BYTES` bytes, at least one row."""
    rows = len(columns[0])
    total = np.zeros(rows + 1, dtype=np.int64)
    for column in columns:
        lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy()
        total[1:] += np.cumsum(lengths) + np.arange(1, rows + 1)
    start = 0
    while start < rows:
        stop = max(int(np.searchsorted(total, total[start] + PART_BYTES, side="right")) - 1, start + 1)
        yield [_flat(column.slice(start, stop - start)) for column in columns]
        start = stop


def _plain(column: Any) -> pa.ChunkedArray:
    return (column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])).cast(pa.string())


def _flat(column: pa.ChunkedArray) -> pa.StringArray:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _spells(text: TextColumn, starts: Int, stops: Int, word: bytes) -> Mask:
    """Which spans are equal to a word."""
    same = stops - starts == len(word)
    for i, character in enumerate(word):
        same[same] = text.data[starts[same] + i] == character
    return same


@cache
def _byte_mask(characters: str) -> Mask:
    table = np.zeros(256, dtype=bool)
    table[list(characters.encode())] = True
    return table
