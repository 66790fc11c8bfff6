"""Calculation steps before the answer: `57+8` -> `7+8+0=15;5+0+1=6#65`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError
from mathbench.formats.format import Format, FormatContext, Formatted
from mathbench.formats.text_columns import Int, Mask, TextColumn

MARK = "#"
MAX_CHARACTERS = 1 << 24  # characters of steps in memory at a time


@dataclass(frozen=True)
class Scratchpad(Format):
    """The steps of a written calculation, then `#`, then the answer; the question does not change.

    The final answer is the text after the first `#`; text without `#` has none. Steps come from :meth:`Task.steps` and
    are always plain; formats combined with this one apply to the question and the final answer.
    Source of the idea: Nye et al., Show Your Work, 2021 (arXiv 2112.00114).
    """

    name: ClassVar[str] = "scratchpad"
    summary: ClassVar[str] = "the steps of a written calculation before the answer"
    order: ClassVar[int] = 3

    def unsupported_reason(self, task: Formatted) -> str:
        """Tasks without steps, or whose numbers are too long for steps."""
        if not task.has_steps:
            return "there are no steps for negative numbers" if task.signed else "the task defines no steps"
        maximum, longest = task.steps_max_digits, task.longest()
        if maximum is not None and longest is not None and longest[0] > maximum:
            return f"its scratchpads support numbers of at most {maximum} digits. Received: up to {longest[0]} digits"
        return ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Insert the steps and the mark before the answer."""
        if not context.answers or context.questions is None or context.solutions is None:
            return text
        steps = _steps(context.task, context.questions, context.solutions)
        return TextColumn.of(pc.binary_join_element_wise(steps, text.to_array(), MARK))

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Keep the text after the first mark."""
        if not context.answers:
            return text
        marks = _marks(text)
        return text.filtered(marks[:-1] > np.repeat(marks[text.offsets[:-1]], np.diff(text.offsets)))

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Whether there is a mark; steps need not be right."""
        marks = _marks(text)[text.offsets]
        return (marks[1:] > marks[:-1]) | (not context.answers)


def _marks(text: TextColumn) -> Int:
    """The number of marks before each byte, and in total, int64 (c + 1,)."""
    return np.concatenate([[0], np.cumsum(text.data == ord(MARK))])


def _steps(task: Formatted, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """The steps of some rows, in parts: their length grows up to the square of that of the question."""
    longest = pc.max(pc.binary_length(questions)).as_py() or 1
    count = max(MAX_CHARACTERS // (8 * longest * longest), 1)
    parts = [
        task.steps(questions[i : i + count], answers[i : i + count]) for i in range(0, len(questions), count)
    ]
    steps = pa.concat_arrays([pa.array(part, pa.string()) for part in parts] or [questions])
    if len(steps) != len(questions):
        raise InputError(
            f"{task.name}: steps returned {len(steps):,} texts for {len(questions):,} questions."
        )
    return steps
