"""Formats: how the plain text of a task is written, and how what a model answers is read back.

A format is a step of its own between the plain rows and what a model sees. It never changes a problem, its answer or
its split. Formats are written as text, such as ``padded:width=8+reversed``: names with options, joined by ``+``.

>>> from mathbench.families import task
>>> written = for_task(task("addition", digits=2, longer=1, format="padded+reversed"))
>>> questions, answers = pa.array(["57+8", "1+9"]), pa.array(["65", "10"])
>>> written.questions(questions).to_pylist(), written.answers(questions, answers).to_pylist()
(['057+008', '001+009'], ['5600', '0100'])
>>> written.undo_answers(pa.array(["5600", "65", None])).to_pylist()
['65', None, None]
"""

from dataclasses import dataclass, fields, replace
from functools import lru_cache, reduce
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError, did_you_mean
from mathbench.formats.format import Format, FormatContext, Formatted
from mathbench.formats.index_hints import IndexHints
from mathbench.formats.padded import Padded
from mathbench.formats.reversal import Reversed, ReversedAll
from mathbench.formats.scratchpad import Scratchpad
from mathbench.formats.spaced import Spaced
from mathbench.formats.text_columns import TextColumn, map_chunks
from mathbench.parameters import parse as arguments
from mathbench.registry import unique_table

PLAIN = "plain"
_KINDS: tuple[type[Format], ...] = (Padded, Reversed, ReversedAll, IndexHints, Scratchpad, Spaced)
FORMATS = unique_table("formats", ((kind.name, kind) for kind in _KINDS))


@lru_cache(maxsize=256)
def parse(text: str) -> tuple[Format, ...]:
    """Read the name of a format; plain text has none.

    Args:
        text: formats joined by ``+``, each a name, or a name, a colon and options joined by commas.

    Raises:
        InputError: for an unknown name or option, a wrong value, or formats that cannot be combined so.

    >>> parse("padded:width=8,answer=9+reversed")
    (Padded(width=8, answer=9), Reversed())
    """
    if text == PLAIN:
        return ()
    found = tuple(_parse_one(part.strip()) for part in text.split("+"))
    if any(first.order >= second.order for first, second in pairwise(found)):
        order = ", ".join(FORMATS).replace("reversed, reversed-all", "reversed or reversed-all")
        raise InputError(f"formats are combined in this order, each once: {order}. Received: {text}.")
    return found


def name_of(found: tuple[Format, ...]) -> str:
    """The inverse of :func:`parse`; options at their defaults are left out.

    >>> name_of(parse("padded:width=0+reversed")), name_of(())
    ('padded+reversed', 'plain')
    """
    return "+".join(map(str, found)) or PLAIN


def validated(task: Formatted, text: str) -> str:
    """The name of a format that a task can be written in, options at their defaults left out.

    Raises:
        InputError: for a format that there is not, or that makes no sense for the task.
    """
    try:
        found = parse(text)
    except InputError as error:
        raise InputError(f"{task.family}: {error}") from None
    for kind in found:
        if why := _unsupported_reason(kind, task):
            raise InputError(f"{task.family} cannot be written as {kind.name}: {why}.")
    return name_of(found)


def _unsupported_reason(kind: Format, task: Formatted) -> str:
    """Why a task cannot be written so; formats that rewrite digits need text that is numbers and signs."""
    if not task.numeric and not isinstance(kind, Spaced):
        return "its text is sentences, not numbers and signs"
    return kind.unsupported_reason(task)


def supported_formats(task: Formatted) -> dict[str, str]:
    """Every format by name, and why the task does not take it; empty where it does."""
    return {PLAIN: "", **{name: _unsupported_reason(kind(), task) for name, kind in FORMATS.items()}}


@dataclass(frozen=True)
class FormattedTask:
    """A task and its format: plain columns to written ones, and back.

    Args:
        task: whose text it is.
        formats: what is done to it, in this order.
    """

    task: Formatted
    formats: tuple[Format, ...]

    @property
    def steps(self) -> bool:
        """Whether answers begin with steps that are not part of the answer."""
        return any(isinstance(kind, Scratchpad) for kind in self.formats)

    def questions(self, questions: Any) -> pa.ChunkedArray:
        """Plain questions, strings (n,), as a model sees them."""
        column = FormatContext(self.task, answers=False)
        return map_chunks(lambda part: self._write(part, column), questions)

    def answers(self, questions: Any, answers: Any) -> pa.ChunkedArray:
        """Plain answers to plain questions, strings (n,) each, as a model must write them."""
        column = FormatContext(self.task, answers=True)
        return map_chunks(
            lambda requested, part: self._write(part, replace(column, questions=requested, plain=part)),
            questions,
            answers,
        )

    def rows(self, rows: pa.Table) -> pa.Table:
        """Plain rows as a model sees them; all columns but question and answer stay."""
        if not self.formats:
            return rows
        return _replace_text(
            rows, self.questions(rows["question"]), self.answers(rows["question"], rows["answer"])
        )

    def undo_questions(self, questions: Any) -> pa.ChunkedArray:
        """Written questions, strings (n,), as plain ones; null where they are not in this format."""
        column = FormatContext(self.task, answers=False)
        return map_chunks(lambda part: self._undo(part, column), questions)

    def undo_answers(self, answers: Any) -> pa.ChunkedArray:
        """What a model wrote, strings (n,), as plain answers; null where it is not in this format.

        Never raises for what stands in the text. Of a scratchpad only the final answer is read.
        """
        column = FormatContext(self.task, answers=True)
        return map_chunks(lambda part: self._undo(part, column), answers)

    def undo(self, rows: pa.Table) -> pa.Table:
        """The inverse of :meth:`rows`."""
        if not self.formats:
            return rows
        return _replace_text(rows, self.undo_questions(rows["question"]), self.undo_answers(rows["answer"]))

    def _write(self, part: pa.StringArray, column: FormatContext) -> pa.StringArray:
        text = reduce(lambda text, kind: kind.write(text, column), self.formats, TextColumn.of(part))
        return _masked(text, part.is_valid())

    def _undo(self, part: pa.StringArray, column: FormatContext) -> pa.StringArray:
        text, right = TextColumn.of(part), part.is_valid()
        for kind in reversed(self.formats):
            undone = kind.undo(text, column)
            right = pc.and_(right, pa.array(kind.is_valid(text, undone, column)))
            text = undone
        return _masked(text, right)


def for_task(task: Formatted) -> FormattedTask:
    """A task's text as its format writes it."""
    return FormattedTask(task, parse(task.format))


def _replace_text(rows: pa.Table, questions: pa.ChunkedArray, answers: pa.ChunkedArray) -> pa.Table:
    for name, column in (("question", questions), ("answer", answers)):
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def _masked(text: TextColumn, valid: pa.BooleanArray) -> pa.StringArray:
    column = text.to_array()
    return column if pc.all(valid, min_count=0).as_py() else pc.if_else(valid, column, None)


def _parse_one(text: str) -> Format:
    """One format with its options."""
    name, _, options = text.partition(":")
    if name not in FORMATS:
        hint = did_you_mean(name, [PLAIN, *FORMATS])
        raise InputError(f"unknown format '{name}'. {hint}")
    kind, given = FORMATS[name], {}
    if options and not fields(kind):
        raise InputError(f"format {name} has no options. Received: '{options}'.")
    for option in filter(None, options.split(",")):
        key, equals, value = option.partition("=")
        if not equals:
            raise InputError(f"format {name}: options are given as key=value. Received: '{option}'.")
        given[key.strip()] = value.strip()
    return kind(**arguments(kind, f"format {name}", given))
