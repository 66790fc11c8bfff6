"""A letter before every digit for its position: `b5a7+a8` -> `b6a5`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow.compute as pc

from mathbench.errors import InputError
from mathbench.formats.format import Format, FormatContext
from mathbench.formats.row_bits import row_bits
from mathbench.formats.text_columns import Bytes, Int, Mask, NumberSpans, TextColumn
from mathbench.hashing import to_range
from mathbench.numbers.text import DIGITS
from mathbench.parameters import parameter

_LETTERS = 26
_MOST = 1 << 40  # no position is as large


@dataclass(frozen=True)
class IndexHints(Format):
    """Every digit with its position before it, `a` for the first, `z` for the 26th, then `aa`, `ab`, ...

    Positions are counted from the units digit, so that equal place values have equal letters, or from the left, which
    is equivalent for numbers padded to one width. Above base 10, where digits are letters too, hints are capitals.
    Source: Zhou et al., What Algorithms can Transformers Learn?, 2023 (arXiv 2310.16028).

    With `letters`, the hints of a row are consecutive ones of that many, from one on that a hash of the plain question
    selects, so that short numbers show the hints of long ones. Where the operands and one more digit do not fit in,
    hints begin with the first. Source: Zhou et al., Transformers Can Achieve Length Generalization But Not Robustly,
    2024 (arXiv 2402.09371). With `circle`, the first letter follows the last, and rows begin with any of them: numbers
    longer than half the circle show every two letters together. Numbers longer than the circle repeat letters.
    """

    name: ClassVar[str] = "index-hints"
    summary: ClassVar[str] = "a letter before every digit that marks its position"
    order: ClassVar[int] = 2

    places: str = parameter("units", "end from which positions are counted", choices=("units", "left"))
    letters: int = parameter(
        0, "number of hints, of which a row has consecutive ones; 0: from the first on", low=0, high=10_000
    )
    circle: str = parameter("no", "whether the first of `letters` follows the last", choices=("no", "yes"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.circle == "yes" and not self.letters:
            raise InputError("index-hints: circle=yes requires letters above 0. Received: letters=0.")

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Insert the hint of its position before each digit."""
        return self._hinted(text, self._first_hints(text, context), context)

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Whether writing restores the text, of unknown questions with the first hint that the text has."""
        if context.questions is not None or not self.letters:
            return super().is_valid(text, undone, context)
        first = _hint_values(text, context) - _hint_values(
            self._hinted(undone, _zeros(undone), context), context
        )
        first = first % self.letters if self.circle == "yes" else first.clip(0, self.letters)
        again = self._hinted(undone, first, context).to_array()
        return np.asarray(pc.equal(again, text.to_array()).to_numpy(zero_copy_only=False), dtype=bool)

    def _first_hints(self, text: TextColumn, context: FormatContext) -> Int:
        """Return the hint of the first position of each row, int64 (n,), by a hash of its plain question."""
        if not self.letters or context.questions is None:
            return _zeros(text)
        plain = TextColumn.of(context.questions)
        starts, stops = context.numbers(plain)
        longest = np.zeros(len(plain.offsets) - 1, dtype=np.int64)
        np.maximum.at(longest, _rows(plain, starts), stops - starts)
        taken = np.zeros_like(longest) if self.circle == "yes" else longest
        choices = np.maximum(self.letters - taken, 1).astype(np.uint64)
        return to_range(row_bits(context.questions), choices).astype(np.int64)

    def _hinted(self, text: TextColumn, first: Int, context: FormatContext) -> TextColumn:
        """Insert hints that start at some hint in each row, int64 (n,)."""
        numbers = context.numbers(text)
        at = numbers.bytes()
        position = at - numbers.each(numbers.starts)
        if (self.places == "units") != _is_reversed(context):
            position = numbers.each(numbers.stops) - 1 - at
        position = position + first[_rows(text, at)]
        if self.circle == "yes":
            position = position % self.letters
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
        starts, stops = _hint_runs(text, context)
        keep = np.ones(len(text.data), dtype=bool)
        keep[NumberSpans(starts, stops).bytes()] = False
        return text.filtered(keep)


def _zeros(text: TextColumn) -> Int:
    return np.zeros(len(text.offsets) - 1, dtype=np.int64)


def _hint_values(text: TextColumn, context: FormatContext) -> Int:
    """Return the position that the first hint of each row stands for, int64 (n,); 0 where there is none."""
    starts, stops = _hint_runs(text, context)
    rows, first = np.unique(_rows(text, starts), return_index=True)
    starts, stops = starts[first], stops[first]
    found = np.zeros(len(starts), dtype=np.int64)
    for i in range(int((stops - starts).max(initial=0))):
        inside = starts + i < stops
        letter = text.data[np.where(inside, starts + i, starts)].astype(np.int64) - _first_letter(context)
        found = np.where(inside, np.minimum(found * _LETTERS + letter + 1, _MOST), found)
    values = _zeros(text)
    values[rows] = found - 1
    return values


def _hint_runs(text: TextColumn, context: FormatContext) -> tuple[Int, Int]:
    """Return starts and stops of the runs of hint letters that are directly followed by a digit, int64 (k,) each."""
    hint = (text.data >= _first_letter(context)) & (text.data < _first_letter(context) + _LETTERS)
    digit = np.isin(text.data, np.frombuffer(DIGITS[: context.base].encode(), np.uint8)) & ~hint
    edge = text.string_starts()
    before, after = np.append(False, hint[:-1]) & ~edge[:-1], np.append(hint[1:], False) & ~edge[1:]
    starts, stops = np.flatnonzero(hint & ~before), np.flatnonzero(hint & ~after) + 1
    followed = np.append(digit, False)[stops] & ~edge[stops]
    return starts[followed], stops[followed]


def _rows(text: TextColumn, at: Int) -> Int:
    """Return the rows of bytes."""
    return np.searchsorted(text.offsets, at, side="right") - 1


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
