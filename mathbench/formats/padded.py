"""Numbers padded with zeros to a fixed width: `57+8` -> `065` is `00057+00008` -> `000065`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mathbench.formats.format import Format, FormatContext, Formatted
from mathbench.formats.text_columns import Int, NumberSpans, TextColumn
from mathbench.parameters import parameter

MAX_WIDTH = 1_000_000
ZERO = ord("0")


@dataclass(frozen=True)
class Padded(Format):
    """Every number with leading zeros, as wide as the longest number in any split of the task; a sign stays in front.

    Numbers of questions have one width, numbers of answers another. Both are derived from the parameters of the task,
    including those of extrapolation, so that train and test agree. With ``to=question``, the numbers of a question are
    as wide as the longest of them, and answers have no zeros in front.
    """

    name: ClassVar[str] = "padded"
    summary: ClassVar[str] = "operands and answers padded with leading zeros to one width in all splits"
    order: ClassVar[int] = 0

    width: int = parameter(0, "digits of a number in a question; 0: as in the longest", low=0, high=MAX_WIDTH)
    answer: int = parameter(0, "digits of a number in an answer; 0: as in the longest", low=0, high=MAX_WIDTH)
    to: str = parameter(
        "splits",
        "numbers that decide the width: those of all splits, or of the question",
        choices=("splits", "question"),
    )

    def unsupported_reason(self, task: Formatted) -> str:
        """Widths that are too small or unknown."""
        if self.to == "question":
            return "to=question takes no width" if self.width or self.answer else ""
        longest = task.longest()
        requested = (
            {"width": self.width} if task.recognition else {"width": self.width, "answer": self.answer}
        )
        for i, (option, width) in enumerate(requested.items()):
            if longest is None and not width:
                return f"the length of its longest number is not known; give padded:{option}=N"
            if longest is not None and 0 < width < longest[i]:
                return f"{option} must be at least {longest[i]}, the digits of the longest number. Received: {width}"
        return ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Insert leading zeros."""
        if context.answers and self.to == "question":
            return text
        numbers, before = context.numbers(text), np.zeros(len(text.data), dtype=np.int64)
        width = _widest(text, numbers) if self.to == "question" else self._width(context)
        before[numbers.starts] = np.maximum(width - (numbers.stops - numbers.starts), 0)
        return text.widened(before, ZERO)[0]

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Remove leading zeros, but never the last digit."""
        numbers = context.numbers(text)
        others = np.append(np.flatnonzero(text.data != ZERO), len(text.data))
        first = np.minimum(others[np.searchsorted(others, numbers.starts)], numbers.stops - 1)
        keep = np.ones(len(text.data), dtype=bool)
        keep[numbers.bytes()] = numbers.bytes() >= numbers.each(first)
        return text.filtered(keep)

    def _width(self, column: FormatContext) -> int:
        own = self.answer if column.answers else self.width
        return own or (column.task.longest() or (0, 0))[column.answers]


def _widest(text: TextColumn, numbers: NumberSpans) -> Int:
    """Return the digits of the longest number in the row of each number, int64 (k,)."""
    row = np.searchsorted(text.offsets, numbers.starts, side="right") - 1
    widest = np.zeros(len(text.offsets) - 1, dtype=np.int64)
    np.maximum.at(widest, row, numbers.stops - numbers.starts)
    return widest[row]
