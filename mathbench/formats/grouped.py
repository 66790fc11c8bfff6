"""Digits in groups: `1234567` -> `1,234,567`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mathbench.formats.format import Format, FormatContext, Formatted
from mathbench.formats.text_columns import Int, Mask, TextColumn, is_word
from mathbench.parameters import parameter

SEPARATORS = {"comma": ",", "space": " ", "underscore": "_", "dot": ".", "apostrophe": "'", "bar": "|"}


@dataclass(frozen=True)
class Grouped(Format):
    """A separator between groups of digits, counted from the right: 1234567 becomes `1,234,567`.

    The groups are counted from the left where `start` is ``left``: `123,456,7`. Source: Singh and Strouse,
    Tokenization counts, 2024 (arXiv 2402.14903): sums by language models are better with groups from the right.
    """

    name: ClassVar[str] = "grouped"
    summary: ClassVar[str] = "a separator between groups of three digits"
    order: ClassVar[int] = 2

    separator: str = parameter("comma", "separator between groups", choices=tuple(SEPARATORS))
    size: int = parameter(3, "digits of a group", low=1, high=18)
    start: str = parameter("right", "end from which groups are counted", choices=("right", "left"))

    def unsupported_reason(self, task: Formatted) -> str:
        """Tasks that separate numbers by the same character."""
        from mathbench.formats.words.question_numbers import profile

        sign = SEPARATORS[self.separator]
        if any(between == sign for between in profile(task).between):
            return f"its numbers are separated by '{sign}'; give grouped:separator=underscore or another"
        return ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Insert separators."""
        numbers = context.numbers(text)
        before = np.zeros(len(text.data), dtype=np.int64)
        before[_group_starts(self, numbers.starts, numbers.stops)] = 1
        return text.widened(before, ord(SEPARATORS[self.separator]))[0]

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Remove separators between two digits."""
        digit = is_word(text.data) & (text.data != ord("_"))
        separator = text.data == ord(SEPARATORS[self.separator])
        separator[1:] &= digit[:-1]
        separator[:-1] &= digit[1:]
        edges = text.string_starts()
        keep: Mask = ~separator | edges[:-1] | edges[1:]
        return text.filtered(keep)


def _group_starts(grouped: Grouped, starts: Int, stops: Int) -> Int:
    """The positions of the digits before which a group ends."""
    lengths = stops - starts
    count = (lengths - 1) // grouped.size
    # the number of a span for each of its separators, and the index of the separator, from 1
    span = np.repeat(np.arange(len(starts)), count)
    index = np.arange(len(span)) - np.repeat(np.cumsum(count) - count, count) + 1
    if grouped.start == "right":
        return stops[span] - index * grouped.size
    return starts[span] + index * grouped.size
