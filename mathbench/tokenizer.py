"""Characters as tokens: whole columns of text to padded arrays and back.

Token 0 is the blank that pads; token i is the i-th character of the alphabet. Everything works on the byte
buffers of Arrow columns: bytes are looked up in a table of 256, then a row is copied as one item of `width` bytes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from mathbench.errors import InputError
from mathbench.numbers import text

Bytes = NDArray[np.uint8]
Int = NDArray[np.int64]
Tokens = NDArray[Any]  # of the integer type asked for, int64 by default

PAD = 0
UNKNOWN = 255  # no token: an alphabet has at most 127 characters
PRINTABLE = "".join(map(chr, range(32, 127)))
SLICE = 1 << 12  # rows worked on at a time: temporaries stay in the cache


@dataclass(frozen=True)
class Characters:
    """An alphabet, and text in it as tokens.

    Args:
        alphabet: all characters, in order of their tokens (from 1); by default the 95 printable ones of ASCII.

    Raises:
        InputError: for an alphabet that is empty, not ASCII, or names a character twice.

    >>> digits = Characters("0123456789+")
    >>> tokens, lengths = digits.encode(pa.array(["5+62", "7"]))
    >>> tokens.tolist(), lengths.tolist()
    ([[6, 11, 7, 3], [8, 0, 0, 0]], [4, 1])
    >>> digits.decode(tokens).to_pylist()
    ['5+62', '7']
    """

    alphabet: str = PRINTABLE

    def __post_init__(self) -> None:
        given = self.alphabet
        right = isinstance(given, str) and given and given.isascii() and "\0" not in given
        if not right or len(set(given)) < len(given):
            raise InputError(f"an alphabet is ASCII text, each character once. Received: {given!r}.")

    @property
    def vocabulary_size(self) -> int:
        """How many different tokens there are, the blank included."""
        return len(self.alphabet) + 1

    def encode(
        self, column: Any, width: int = 0, *, left: bool = False, dtype: DTypeLike = np.int64
    ) -> tuple[Tokens, Int]:
        """Text to tokens.

        Args:
            column: n strings, an Arrow array or chunked array, also of dictionary type.
            width: pad to at least so many tokens; a longer text makes all rows wider.
            left: pad on the left.
            dtype: integer type of the tokens.

        Returns:
            The tokens (n, w) with w the larger of `width` and the longest text, and the lengths, int64 (n,).

        Raises:
            InputError: for a character that is not in the alphabet.
        """
        data, offsets = bytes_and_offsets(column)
        lengths = np.diff(offsets)
        width = max(width, int(lengths.max(initial=0)))
        out, room = np.zeros((len(lengths), width), dtype=dtype), np.zeros(width, dtype=np.uint8)
        if width:
            found, steps = self._found(data), np.concatenate([room, room + 1] if left else [room + 1, room])
            padded = np.concatenate([room, found] if left else [found, room])
            starts, kept = (offsets[1:], lengths) if left else (offsets[:-1], width - lengths)
            for i in range(0, len(lengths), SLICE):
                part = slice(i, i + SLICE)
                rows = _cut(padded, starts[part], width)
                rows *= _cut(steps, kept[part], width)  # blanks beside the text
                out[part] = rows
        return out, lengths

    def decode(self, tokens: Tokens, lengths: Int | None = None, *, left: bool = False) -> pa.StringArray:
        """Tokens, integers (n, w), to text.

        Args:
            tokens: as `encode` gives them, or a network.
            lengths: int64 (n,), how many tokens of each row count; by default those up to the first blank.
            left: whether the rows are padded on the left; the text is at their end then.

        Raises:
            InputError: for a token that stands for no character.
        """
        tokens = np.asarray(tokens)
        if lengths is None:
            blank = (tokens[:, ::-1] if left else tokens) == PAD
            lengths = np.where(blank.any(axis=1), blank.argmax(axis=1), tokens.shape[1])
        lengths = np.asarray(lengths, dtype=np.int64)
        place = np.arange(tokens.shape[1])
        kept = tokens[place >= len(place) - lengths[:, None] if left else place < lengths[:, None]]
        if len(kept) and not (kept.min() > PAD and kept.max() < self.vocabulary_size):
            raise InputError(
                f"tokens of text are 1 to {self.vocabulary_size - 1}. Received: {_outside(kept, self)}."
            )
        return text.string_array(self._bytes[kept], lengths)

    def tokens(self, data: Bytes) -> Int:
        """Bytes, uint8 (c,), to tokens, int64 (c,).

        Raises:
            InputError: for a character that is not in the alphabet.
        """
        return self._found(data).astype(np.int64)

    def _found(self, data: Bytes) -> Bytes:
        tokens = np.frombuffer(data.tobytes().translate(self._table), dtype=np.uint8)
        if tokens.max(initial=PAD) < UNKNOWN:
            return tokens
        foreign = "".join(sorted(set(bytes(data).decode()) - set(self.alphabet)))
        raise InputError(f"the alphabet '{self.alphabet}' does not know '{foreign}'.")

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
    """A column of text as one Arrow array of strings, whatever its chunks and its type."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(
            [chunk.cast(pa.string()) for chunk in column.chunks] or [pa.array([], pa.string())]
        )
    return column.cast(pa.string())


def bytes_and_offsets(column: Any) -> tuple[Bytes, Int]:
    """The bytes of all strings laid end to end, and where each starts, int64 (n + 1,)."""
    return text.bytes_and_offsets(as_string_array(column))


def _cut(data: Bytes, starts: Int, width: int) -> Bytes:
    """Rows of `width` bytes, each from where it begins, copied as one item; uint8 (n, width)."""
    anywhere = np.ndarray((len(data) - width + 1,), f"V{width}", data, strides=(1,))
    return anywhere[starts].view(np.uint8).reshape(-1, width)


def _outside(tokens: Tokens, characters: Characters) -> int:
    return int(tokens[(tokens <= PAD) | (tokens >= characters.vocabulary_size)][0])
