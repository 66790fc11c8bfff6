"""What a format is: a step that writes a column of text differently, and its inverse."""

from dataclasses import dataclass, fields
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import parameters
from mathbench.formats.text_columns import Mask, NumberSpans, TextColumn, numbers

LABELS = ("false", "true")


class Formatted(Protocol):
    """What formats need to know about a task."""

    @property
    def family(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def numeric(self) -> bool: ...
    @property
    def recognition(self) -> bool: ...
    @property
    def has_steps(self) -> bool: ...
    @property
    def steps_max_digits(self) -> int | None: ...
    @property
    def number_base(self) -> int: ...
    def longest(self) -> tuple[int, int] | None: ...
    def steps(self, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray: ...


@dataclass(frozen=True)
class FormatContext:
    """What a column of text is, so that a format knows how to read it.

    Attributes:
        task: the task whose text it is.
        answers: whether it holds answers; otherwise it holds questions.
        questions: for answers that are being written, the plain questions of the same rows.
        plain: for answers that are being written, the plain answers.
    """

    task: Formatted
    answers: bool
    questions: pa.StringArray | None = None
    plain: pa.StringArray | None = None

    @property
    def base(self) -> int:
        """The number base of the task."""
        return self.task.number_base

    def numbers(self, text: TextColumn) -> NumberSpans:
        """Where the numbers are; labels are none."""
        return numbers(text, self.base, LABELS if self.answers and self.task.recognition else ())


@dataclass(frozen=True)
class Format:
    """One way to write questions and answers; its fields are its options, and it checks itself.

    Both functions are pure, work on whole columns and never raise for what stands in the text. `undo` only has to be
    right for what `write` can make: `is_valid` says which rows that was.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    order: ClassVar[int]  # formats are combined in the order of their ranks, each rank once

    def __post_init__(self) -> None:
        parameters.check(self, f"format {self.name}")

    def __str__(self) -> str:
        chosen = {f.name: getattr(self, f.name) for f in fields(self)}
        options = [f"{f.name}={chosen[f.name]}" for f in fields(self) if chosen[f.name] != f.default]
        return ":".join([self.name, ",".join(options)] if options else [self.name])

    def unsupported_reason(self, task: Formatted) -> str:
        """Why a task cannot be written so, as the end of a sentence; empty when it can."""
        return ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Write text in this format."""
        raise NotImplementedError

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """The inverse of :meth:`write`."""
        raise NotImplementedError

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Which rows are in this format, bool (n,): by default those that `write` makes of what `undo` found."""
        again = self.write(undone, context).to_array()
        return np.asarray(pc.equal(again, text.to_array()).to_numpy(zero_copy_only=False), dtype=bool)
