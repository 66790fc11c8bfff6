"""Numbers with their least significant digit first: `57+8` -> `56`, read as 65."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mathbench.formats.format import Format, FormatContext, Formatted
from mathbench.formats.text_columns import MINUS, Int, Mask, NumberSpans, TextColumn, is_word


@dataclass(frozen=True)
class Reversed(Format):
    """Every number of the answer reversed, followed by its sign: `-49` -> `94-`, `7,12` -> `7,21`.

    The order of the numbers and the text between them do not change.
    Source: Lee et al., Teaching Arithmetic to Small Transformers, 2023 (arXiv 2307.03381), format "reverse".
    """

    name: ClassVar[str] = "reversed"
    summary: ClassVar[str] = "answers with the least significant digit first"
    order: ClassVar[int] = 1

    def unsupported_reason(self, task: Formatted) -> str:
        """Labels, which have no digits."""
        return "its answers are labels; reversed-all reverses the questions" if task.recognition else ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Reverse numbers with a sign in front."""
        return _reverse_numbers(text, context, before=True) if context.answers else text

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Reverse numbers with a sign behind."""
        return _reverse_numbers(text, context, before=False) if context.answers else text


@dataclass(frozen=True)
class ReversedAll(Format):
    """Every number of the question and of the answer reversed; see `Reversed`."""

    name: ClassVar[str] = "reversed-all"
    summary: ClassVar[str] = "operands and answers with the least significant digit first"
    order: ClassVar[int] = 1

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Reverse numbers with a sign in front."""
        return _reverse_numbers(text, context, before=True)

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Reverse numbers with a sign behind."""
        return _reverse_numbers(text, context, before=False)


def _reverse_numbers(text: TextColumn, column: FormatContext, before: bool) -> TextColumn:
    starts, stops = column.numbers(text)
    if before:
        starts = starts - _has_sign(text, starts - 1, starts - 2, ")")
    else:
        stops = stops + _has_sign(text, stops, stops + 1, "(")
    spans = NumberSpans(starts, stops)
    positions, source = spans.bytes(), np.arange(len(text.data))
    source[positions] = spans.each(starts + stops - 1) - positions
    return TextColumn(text.data[source], text.offsets)


def _has_sign(text: TextColumn, sign: Int, beyond: Int, bracket: str) -> Mask:
    """Which numbers have a sign beside them that is not the operator of a difference.

    Args:
        text: the text.
        sign: int64 (k,), the position of the possible sign.
        beyond: int64 (k,), the position on its other side; with an operand there, the sign is an operator.
        bracket: a bracket that also ends (or starts) an operand.
    """
    size, last = len(text.data), len(text.offsets) - 2
    if not len(sign):
        return np.zeros(0, dtype=bool)
    number = np.where(beyond > sign, sign - 1, sign + 1)
    row = np.minimum(np.searchsorted(text.offsets, number, side="right") - 1, last)
    low, high = text.offsets[row], text.offsets[row + 1]
    data = np.append(text.data, 0)
    is_sign = (sign >= low) & (sign < high) & (data[np.clip(sign, 0, size)] == MINUS)
    other = data[np.clip(beyond, 0, size)]
    operand = (beyond >= low) & (beyond < high) & (is_word(other) | (other == ord(bracket)))
    return is_sign & ~operand
