"""Integers as text, each in its own base."""

import numpy as np

from mathbench.hashing import Int
from mathbench.numbers import text
from mathbench.numbers.text import WORD, PaddedText, TextPiece


def in_bases(values: Int, bases: Int) -> TextPiece:
    """Integers, int64 (n,), as text in bases from 2 to 36, int64 (n,).

    >>> text.join(in_bases(np.array([-10, 10, 300]), np.array([2, 16, 10]))).to_pylist()
    ['-1010', 'a', '300']
    """
    order = np.argsort(bases.astype(np.int8), kind="stable")
    stops = np.searchsorted(bases[order], np.arange(2, 38))
    size = np.abs(values)
    columns: list[PaddedText] = []  # the last word first
    for base, start, end in zip(range(2, 37), stops, stops[1:], strict=False):
        if start < end:
            _place_words(columns, text.number(size[order[start:end]], base), order[start:end], len(values))
    return (*text.literal("-", len(values), values < 0), *reversed(columns))


def _place_words(columns: list[PaddedText], piece: TextPiece, rows: Int, count: int) -> None:
    """Write the text of some rows into columns of all rows, starting with the last word."""
    for position, word in enumerate(reversed(piece)):
        if position == len(columns):
            characters, lengths = np.zeros((2, count), dtype=np.uint64)
            columns.append(PaddedText(characters, lengths, WORD))
        columns[position].characters[rows] = word.characters
        columns[position].lengths[rows] = word.lengths
