"""A letter before every digit for its position: `b5a7+a8` -> `b6a5`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mathbench.formats.format import Format, FormatContext
from mathbench.formats.text_columns import Bytes, Int, TextColumn
from mathbench.numbers.text import DIGITS
from mathbench.parameters import parameter

_LETTERS = 26


@dataclass(frozen=True)
class IndexHints(Format):
    """Every digit with its position before it, `a` for the first, `z` for the 26th, then `aa`, `ab`, ...

    Positions are counted from the units digit, so that equal place values have equal letters, or from the left, which
    is equivalent for numbers padded to one width. Above base 10, where digits are letters too, hints are capitals.
    Source: Zhou et al., What Algorithms can Transformers Learn?, 2023 (arXiv 2310.16028).
    """

    name: ClassVar[str] = "index-hints"
    summary: ClassVar[str] = "a letter before every digit that marks its position"
    order: ClassVar[int] = 2

    places: str = parameter("units", "end from which positions are counted", choices=("units", "left"))

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Insert the hint of its position before each digit."""
        numbers = context.numbers(text)
        at = numbers.bytes()
        position = at - numbers.each(numbers.starts)
        if (self.places == "units") != _is_reversed(context):
            position = numbers.each(numbers.stops) - 1 - at
        lengths = _hint_lengths(position)
        before = np.zeros(len(text.data), dtype=np.int64)
        before[at] = lengths
        widened, moved = text.widened(before)
        for i in range(int(lengths.max(initial=0))):
            some = lengths > i
            widened.data[moved[at[some]] - 1 - i] = _hint_letter(position[some], i) + _first_letter(context)
        return widened

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Remove runs of hint letters that are directly followed by a digit."""
        hint = (text.data >= _first_letter(context)) & (text.data < _first_letter(context) + _LETTERS)
        digit = np.isin(text.data, np.frombuffer(DIGITS[: context.base].encode(), np.uint8)) & ~hint
        edge = text.string_starts()
        stop = np.flatnonzero(~hint | edge[:-1])  # positions at which a run of hints ends
        at = np.flatnonzero(hint)
        end = np.append(stop, len(text.data))[np.searchsorted(stop, at, side="right")]
        follows = np.append(digit, False)[end] & ~edge[end]
        keep = np.ones(len(text.data), dtype=bool)
        keep[at[follows]] = False
        return text.filtered(keep)


def _is_reversed(column: FormatContext) -> bool:
    """Whether numbers have their units digit first."""
    return ("reversed" if column.answers else "reversed-all") in column.task.format


def _first_letter(column: FormatContext) -> int:
    """The letter of the first position; up to base 10, no digit is a letter."""
    return ord("a" if column.base <= 10 else "A")


def _hint_lengths(position: Int) -> Int:
    """The number of letters of each hint: 26 positions have one, 676 two, ..."""
    lengths, below, size = np.ones(len(position), dtype=np.int64), 0, _LETTERS
    while (position >= below + size).any():
        below, size = below + size, size * _LETTERS
        lengths += position >= below
    return lengths


def _hint_letter(position: Int, i: int) -> Bytes:
    """The i-th letter from the end of each hint, a number from 0 to 25 (bijective base 26)."""
    for _ in range(i):
        position = position // _LETTERS - 1
    return (position % _LETTERS).astype(np.uint8)
