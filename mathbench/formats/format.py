"""The base class of formats, and the protocol of the tasks that they apply to."""

from dataclasses import dataclass, fields
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import parameters
from mathbench.formats.text_columns import Mask, NumberSpans, TextColumn, numbers

LABELS = ("false", "true")


class Formatted(Protocol):
    """The attributes of a task that formats use."""

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
    """The content of a column of text, which decides how a format reads it.

    Attributes:
        task: the task.
        answers: whether the column has answers; otherwise it has questions.
        questions: when answers are written, the plain questions of the same rows.
        plain: when answers are written, the plain answers.
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
        """The spans of the numbers; labels are not numbers."""
        return numbers(text, self.base, LABELS if self.answers and self.task.recognition else ())


@dataclass(frozen=True)
class Format:
    """One way to write questions and answers. Fields are options, checked when a format is made.

    `write` and `undo` are pure functions on columns and never raise for any text. `undo` has to be right only for text
    that `write` can produce; `is_valid` says which rows these are.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    order: ClassVar[int]  # formats are combined in ascending order, each value at most once

    def __post_init__(self) -> None:
        parameters.check(self, f"format {self.name}")

    def __str__(self) -> str:
        chosen = {f.name: getattr(self, f.name) for f in fields(self)}
        options = [f"{f.name}={chosen[f.name]}" for f in fields(self) if chosen[f.name] != f.default]
        return ":".join([self.name, ",".join(options)] if options else [self.name])

    def unsupported_reason(self, task: Formatted) -> str:
        """Why a task does not support this format, as the end of a sentence; empty if it does."""
        return ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Convert text to this format."""
        raise NotImplementedError

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """The inverse of :meth:`write`."""
        raise NotImplementedError

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Which rows are in this format, bool (n,): by default those that `write` restores from what `undo` made."""
        again = self.write(undone, context).to_array()
        return np.asarray(pc.equal(again, text.to_array()).to_numpy(zero_copy_only=False), dtype=bool)
