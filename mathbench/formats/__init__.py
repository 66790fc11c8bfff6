"""Formats: invertible transformations of the plain text of a task.

A format is applied between the plain rows and the model, and undone on what the model answers. It never changes a
problem, its answer or its split. Formats are given as text, such as ``padded:width=8+reversed``: names with options,
joined by ``+``.

>>> from mathbench.families import task
>>> formatted = for_task(task("addition", digits=2, longer=1, format="padded+reversed"))
>>> questions, answers = pa.array(["57+8", "1+9"]), pa.array(["65", "10"])
>>> formatted.questions(questions).to_pylist(), formatted.answers(questions, answers).to_pylist()
(['057+008', '001+009'], ['5600', '0100'])
>>> formatted.undo_answers(pa.array(["5600", "65", None])).to_pylist()
['65', None, None]
"""

from dataclasses import dataclass, fields, replace
from functools import lru_cache, reduce
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError, did_you_mean, shown
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


def parse(text: str) -> tuple[Format, ...]:
    """Parse the name of a format; plain text has no formats.

    Args:
        text: formats joined by ``+``, each a name, or a name, a colon and options joined by commas.

    Raises:
        InputError: for an unknown name or option, a wrong value, or formats that cannot be combined in this way.

    >>> parse("padded:width=8,answer=9+reversed")
    (Padded(width=8, answer=9), Reversed())
    """
    if not isinstance(text, str):
        raise InputError(f"a format must be text, such as 'padded+reversed'. Received: {shown(text)}.")
    return _parse(text)


@lru_cache(maxsize=256)
def _parse(text: str) -> tuple[Format, ...]:
    if text == PLAIN:
        return ()
    formats = tuple(_parse_one(part.strip()) for part in text.split("+"))
    if any(first.order >= second.order for first, second in pairwise(formats)):
        order = ", ".join(FORMATS).replace("reversed, reversed-all", "reversed or reversed-all")
        raise InputError(
            f"formats must be combined in this order, each at most once: {order}. Received: {text}."
        )
    return formats


def name_of(formats: tuple[Format, ...]) -> str:
    """The inverse of :func:`parse`; options at their defaults are left out.

    >>> name_of(parse("padded:width=0+reversed")), name_of(())
    ('padded+reversed', 'plain')
    """
    return "+".join(map(str, formats)) or PLAIN


def validated(task: Formatted, text: str) -> str:
    """Check the format of a task and return its name without options at their defaults.

    Raises:
        InputError: for an unknown format, or one that the task does not support.
    """
    try:
        formats = parse(text)
    except InputError as error:
        raise InputError(f"{task.family}: {error}") from None
    for kind in formats:
        if why := _unsupported_reason(kind, task):
            raise InputError(f"{task.family} does not support the format {kind.name}: {why}.")
    return name_of(formats)


def _unsupported_reason(kind: Format, task: Formatted) -> str:
    """Why a task does not support a format. Formats that rewrite digits need text of integers and signs."""
    if not task.numeric and not isinstance(kind, Spaced):
        return "its text is not integers and signs alone"
    return kind.unsupported_reason(task)


def supported_formats(task: Formatted) -> dict[str, str]:
    """All formats by name, each with the reason why the task does not support it; empty where it does."""
    return {PLAIN: "", **{name: _unsupported_reason(kind(), task) for name, kind in FORMATS.items()}}


@dataclass(frozen=True)
class FormattedTask:
    """A task with its formats: converts plain columns to formatted ones, and back.

    Args:
        task: the task.
        formats: the formats, in the order in which they are applied.
    """

    task: Formatted
    formats: tuple[Format, ...]

    @property
    def steps(self) -> bool:
        """Whether answers start with steps that are not part of the answer."""
        return any(isinstance(kind, Scratchpad) for kind in self.formats)

    def questions(self, questions: Any) -> pa.ChunkedArray:
        """Format plain questions, strings (n,)."""
        context = FormatContext(self.task, answers=False)
        return map_chunks(lambda part: self._write(part, context), questions)

    def answers(self, questions: Any, answers: Any) -> pa.ChunkedArray:
        """Format plain answers to plain questions, strings (n,) each."""
        context = FormatContext(self.task, answers=True)
        return map_chunks(
            lambda asked, part: self._write(part, replace(context, questions=asked, plain=part)),
            questions,
            answers,
        )

    def rows(self, rows: pa.Table) -> pa.Table:
        """Format the questions and answers of plain rows; other columns do not change."""
        if not self.formats:
            return rows
        return _replace_text(
            rows, self.questions(rows["question"]), self.answers(rows["question"], rows["answer"])
        )

    def undo_questions(self, questions: Any) -> pa.ChunkedArray:
        """Convert formatted questions, strings (n,), to plain ones; null where they are not in this format."""
        context = FormatContext(self.task, answers=False)
        return map_chunks(lambda part: self._undo(part, context), questions)

    def undo_answers(self, answers: Any) -> pa.ChunkedArray:
        """Convert answers of a model, strings (n,), to plain ones; null where they are not in this format.

        Never raises for any text. Of a scratchpad, only the final answer is read.
        """
        context = FormatContext(self.task, answers=True)
        return map_chunks(lambda part: self._undo(part, context), answers)

    def undo(self, rows: pa.Table) -> pa.Table:
        """The inverse of :meth:`rows`."""
        if not self.formats:
            return rows
        return _replace_text(rows, self.undo_questions(rows["question"]), self.undo_answers(rows["answer"]))

    def _write(self, part: pa.StringArray, context: FormatContext) -> pa.StringArray:
        text = reduce(lambda text, kind: kind.write(text, context), self.formats, TextColumn.of(part))
        return _masked(text, part.is_valid())

    def _undo(self, part: pa.StringArray, context: FormatContext) -> pa.StringArray:
        text, valid = TextColumn.of(part), part.is_valid()
        for kind in reversed(self.formats):
            undone = kind.undo(text, context)
            valid = pc.and_(valid, pa.array(kind.is_valid(text, undone, context)))
            text = undone
        return _masked(text, valid)


def for_task(task: Formatted) -> FormattedTask:
    """Return the formats of a task, ready to apply."""
    return FormattedTask(task, parse(task.format))


def _replace_text(rows: pa.Table, questions: pa.ChunkedArray, answers: pa.ChunkedArray) -> pa.Table:
    for name, column in (("question", questions), ("answer", answers)):
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def _masked(text: TextColumn, valid: pa.BooleanArray) -> pa.StringArray:
    column = text.to_array()
    return column if pc.all(valid, min_count=0).as_py() else pc.if_else(valid, column, None)


def _parse_one(text: str) -> Format:
    """Parse one format with its options."""
    name, _, options = text.partition(":")
    if name not in FORMATS:
        hint = did_you_mean(name, [PLAIN, *FORMATS])
        raise InputError(f"unknown format '{name}'. {hint}")
    kind, values = FORMATS[name], {}
    if options and not fields(kind):
        raise InputError(f"format {name} has no options. Received: '{options}'.")
    for option in filter(None, options.split(",")):
        key, equals, value = option.partition("=")
        if not equals:
            raise InputError(f"format {name}: options must be given as key=value. Received: '{option}'.")
        if key.strip() in values:
            raise InputError(
                f"format {name}: the option {key.strip()} may be given once. Received: '{options}'."
            )
        values[key.strip()] = value.strip()
    return kind(**arguments(kind, f"format {name}", values))
