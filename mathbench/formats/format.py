"""The base class of formats, and the protocol of the tasks that they apply to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import parameters
from mathbench.formats import quoting
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
    def plain(self) -> Self: ...
    @property
    def unrestricted(self) -> Self: ...
    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def numeric(self) -> bool: ...
    @property
    def knows_train(self) -> bool: ...
    @property
    def signed(self) -> bool: ...
    @property
    def recognition(self) -> bool: ...
    @property
    def answer_labels(self) -> tuple[str, ...]: ...
    @property
    def compares(self) -> bool: ...
    @property
    def residue_count(self) -> int: ...
    @property
    def has_steps(self) -> bool: ...
    @property
    def steps_max_digits(self) -> int | None: ...
    @property
    def number_base(self) -> int: ...
    def longest(self) -> tuple[int, int] | None: ...
    def steps(self, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray: ...
    def oracle(self, question: str) -> str: ...
    def source(self, split: str, seed: int | str) -> Any: ...


@dataclass(frozen=True)
class FormatContext:
    """The content of a column of text, which decides how a format reads it.

    Attributes:
        task: the task.
        answers: whether the column has answers; otherwise it has questions.
        questions: the plain questions of the rows, where they are known.
        solutions: their plain answers, where they are known.
        before: the formats that are applied before this one.
        written: when answers are read, the questions as the model has read them, where they are known.
    """

    task: Formatted
    answers: bool
    questions: pa.StringArray | None = None
    solutions: pa.StringArray | None = None
    before: tuple["Format", ...] = ()
    written: pa.StringArray | None = None

    @property
    def base(self) -> int:
        """The number base of the task."""
        return self.task.number_base

    def numbers(self, text: TextColumn) -> NumberSpans:
        """The spans of the numbers; labels are not numbers."""
        return numbers(text, self.base, LABELS if self.answers and self.task.recognition else ())

    def write_before(self, column: pa.StringArray) -> pa.StringArray:
        """Write plain text in the formats that are applied before."""
        return write_all(self.before, column, self)

    def undo_before(self, column: pa.StringArray) -> pa.StringArray:
        """The inverse of :meth:`write_before`; null where text is not in these formats."""
        return undo_all(self.before, column, self)


@dataclass(frozen=True)
class Format:
    """One way to write questions and answers. Fields are options, checked when a format is made.

    `write` and `undo` are pure functions on columns and never raise for any text. `undo` has to be right only for text
    that `write` can produce; `is_valid` says which rows these are.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    order: ClassVar[int]  # formats are combined in ascending order, each value at most once
    # whether the format rewrites digits, which requires text of integers and signs
    rewrites_digits: ClassVar[bool] = True

    def __post_init__(self) -> None:
        parameters.check(self, f"format {self.name}")

    def __str__(self) -> str:
        chosen = {f.name: getattr(self, f.name) for f in fields(self)}
        options = [
            f"{f.name}={quoting.encoded(str(chosen[f.name]))}"
            for f in fields(self)
            if chosen[f.name] != f.default
        ]
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


def write_all(formats: Sequence[Format], column: pa.StringArray, context: FormatContext) -> pa.StringArray:
    """Write a plain column, strings (n,), in some formats; nulls stay."""
    text = TextColumn.of(column)
    for i, kind in enumerate(formats):
        text = kind.write(text, replace(context, before=tuple(formats[:i])))
    return _masked(text, column.is_valid())


def undo_all(formats: Sequence[Format], column: pa.StringArray, context: FormatContext) -> pa.StringArray:
    """The inverse of :func:`write_all`; null where the text is not in these formats."""
    text, valid = TextColumn.of(column), column.is_valid()
    for i in reversed(range(len(formats))):
        here = replace(context, before=tuple(formats[:i]))
        undone = formats[i].undo(text, here)
        valid = pc.and_(valid, pa.array(formats[i].is_valid(text, undone, here)))
        text = undone
    return _masked(text, valid)


def _masked(text: TextColumn, valid: pa.BooleanArray) -> pa.StringArray:
    column = text.to_array()
    return column if pc.all(valid, min_count=0).as_py() else pc.if_else(valid, column, None)
