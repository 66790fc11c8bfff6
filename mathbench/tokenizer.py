"""A character tokenizer: columns of text to padded arrays of tokens and back.

Token 0 pads; token i is the i-th character of the alphabet. All functions work on the byte buffers of Arrow columns:
bytes are looked up in a table of 256 entries, then each row is copied as one item of `width` bytes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from mathbench.errors import InputError, shown
from mathbench.numbers import text

Bytes = NDArray[np.uint8]
Int = NDArray[np.int64]
Tokens = NDArray[Any]  # of any integer type, int64 by default

PAD = 0
UNKNOWN = 255  # not a token: an alphabet has at most 127 characters
PRINTABLE = "".join(map(chr, range(32, 127)))
SLICE = 1 << 12  # rows encoded at a time: temporaries stay in the cache


@dataclass(frozen=True)
class Characters:
    """A character tokenizer with a fixed alphabet.

    Args:
        alphabet: all characters, in order of their tokens (from 1); by default the 95 printable ones of ASCII.

    Raises:
        InputError: for an alphabet that is empty, not ASCII, or has a character twice.

    >>> digits = Characters("0123456789+")
    >>> tokens, lengths = digits.encode(pa.array(["5+62", "7"]))
    >>> tokens.tolist(), lengths.tolist()
    ([[6, 11, 7, 3], [8, 0, 0, 0]], [4, 1])
    >>> digits.decode(tokens).to_pylist()
    ['5+62', '7']
    """

    alphabet: str = PRINTABLE

    def __post_init__(self) -> None:
        alphabet = self.alphabet
        valid = isinstance(alphabet, str) and alphabet and alphabet.isascii() and "\0" not in alphabet
        if not valid or len(set(alphabet)) < len(alphabet):
            raise InputError(
                f"an alphabet must be ASCII text without repeated characters. Received: {shown(alphabet)}."
            )

    @property
    def vocabulary_size(self) -> int:
        """The number of different tokens, padding included."""
        return len(self.alphabet) + 1

    def encode(
        self, column: Any, width: int = 0, *, left: bool = False, dtype: DTypeLike = np.int64
    ) -> tuple[Tokens, Int]:
        """Convert text to tokens.

        Args:
            column: n strings, an Arrow array or chunked array, also of dictionary type.
            width: the smallest width to pad to; a longer text makes all rows wider.
            left: pad on the left.
            dtype: integer type of the tokens.

        Returns:
            Tokens (n, w) with w the larger of `width` and the longest text, and lengths, int64 (n,).

        Raises:
            InputError: for a character that is not in the alphabet.
        """
        data, offsets = bytes_and_offsets(column)
        lengths = np.diff(offsets)
        width = max(width, int(lengths.max(initial=0)))
        out, zeros = np.zeros((len(lengths), width), dtype=dtype), np.zeros(width, dtype=np.uint8)
        if width:
            tokens, mask = (
                self._lookup(data),
                np.concatenate([zeros, zeros + 1] if left else [zeros + 1, zeros]),
            )
            padded = np.concatenate([zeros, tokens] if left else [tokens, zeros])
            starts, mask_starts = (offsets[1:], lengths) if left else (offsets[:-1], width - lengths)
            for i in range(0, len(lengths), SLICE):
                part = slice(i, i + SLICE)
                rows = _windows(padded, starts[part], width)
                rows *= _windows(mask, mask_starts[part], width)  # clears the neighbouring texts
                out[part] = rows
        return out, lengths

    def decode(self, tokens: Tokens, lengths: Int | None = None, *, left: bool = False) -> pa.StringArray:
        """Convert tokens to text.

        Args:
            tokens: integers (n, w), as returned by `encode` or predicted by a network.
            lengths: int64 (n,), the length of each text; by default up to the first padding token.
            left: whether rows are padded on the left, so that the text is at their end.

        Raises:
            InputError: for a number that is not a token of a character.
        """
        tokens = np.asarray(tokens)
        if lengths is None:
            padding = (tokens[:, ::-1] if left else tokens) == PAD
            lengths = np.where(padding.any(axis=1), padding.argmax(axis=1), tokens.shape[1])
        lengths = np.asarray(lengths, dtype=np.int64)
        position = np.arange(tokens.shape[1])
        used = tokens[position >= len(position) - lengths[:, None] if left else position < lengths[:, None]]
        if len(used) and not (used.min() > PAD and used.max() < self.vocabulary_size):
            raise InputError(
                f"tokens of text must be from 1 to {self.vocabulary_size - 1}. Received: {_first_invalid(used, self)}."
            )
        return text.string_array(self._bytes[used], lengths)

    def tokens(self, data: Bytes) -> Int:
        """Convert bytes, uint8 (c,), to tokens, int64 (c,).

        Raises:
            InputError: for a character that is not in the alphabet.
        """
        return self._lookup(data).astype(np.int64)

    def _lookup(self, data: Bytes) -> Bytes:
        tokens = np.frombuffer(data.tobytes().translate(self._table), dtype=np.uint8)
        if tokens.max(initial=PAD) < UNKNOWN:
            return tokens
        foreign = "".join(sorted(set(bytes(data).decode()) - set(self.alphabet)))
        raise InputError(f"the alphabet '{self.alphabet}' does not contain '{foreign}'.")

    @cached_property
    def _bytes(self) -> Bytes:
        """The byte of each token."""
        return np.frombuffer(("\0" + self.alphabet).encode(), dtype=np.uint8)

    @cached_property
    def _table(self) -> bytes:
        """The token of each byte."""
        table = np.full(256, UNKNOWN, dtype=np.uint8)
        table[self._bytes[1:]] = np.arange(1, self.vocabulary_size)
        return table.tobytes()


def as_string_array(column: Any) -> pa.StringArray:
    """Convert a column of text of any Arrow type, chunked or not, to one array of strings."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(
            [chunk.cast(pa.string()) for chunk in column.chunks] or [pa.array([], pa.string())]
        )
    return column.cast(pa.string())


def bytes_and_offsets(column: Any) -> tuple[Bytes, Int]:
    """The concatenated bytes of all strings and their offsets, int64 (n + 1,)."""
    return text.bytes_and_offsets(as_string_array(column))


def _windows(data: Bytes, starts: Int, width: int) -> Bytes:
    """The `width` bytes from each start on, each window copied as one item; uint8 (n, width)."""
    items = np.ndarray((len(data) - width + 1,), f"V{width}", data, strides=(1,))
    return items[starts].view(np.uint8).reshape(-1, width)


def _first_invalid(tokens: Tokens, characters: Characters) -> int:
    return int(tokens[(tokens <= PAD) | (tokens >= characters.vocabulary_size)][0])
