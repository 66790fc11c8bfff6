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

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from mathbench.errors import InputError, did_you_mean, shown
from mathbench.formats import quoting
from mathbench.formats.format import Format, FormatContext, Formatted, undo_all, write_all
from mathbench.formats.grouped import Grouped
from mathbench.formats.index_hints import IndexHints
from mathbench.formats.padded import Padded
from mathbench.formats.quoting import abbreviated
from mathbench.formats.reversal import Reversed, ReversedAll
from mathbench.formats.scratchpad import Scratchpad
from mathbench.formats.spaced import Spaced
from mathbench.formats.text_columns import map_chunks
from mathbench.formats.words.choices import Choices
from mathbench.formats.words.messages import COLUMN as MESSAGES
from mathbench.formats.words.messages import Messages
from mathbench.formats.words.options import OPTIONS, formats_of
from mathbench.formats.words.prompt import Prompt
from mathbench.formats.words.shots import RowKeys, Shots
from mathbench.parameters import parse as arguments
from mathbench.registry import unique_table

__all__ = [
    "FORMATS",
    "MESSAGES",
    "OPTIONS",
    "PLAIN",
    "FormattedTask",
    "abbreviated",
    "for_task",
    "name_of",
    "parse",
    "supported_formats",
    "validated",
    "with_options",
]

PLAIN = "plain"
MAX_LENGTH = 10_000  # characters of a format with all its prompts
_KINDS: tuple[type[Format], ...] = (
    Padded,
    Reversed,
    ReversedAll,
    IndexHints,
    Grouped,
    Scratchpad,
    Spaced,
    Prompt,
    Choices,
    Shots,
    Messages,
)
FORMATS = unique_table("formats", ((kind.name, kind) for kind in _KINDS))
_EXCLUDING = "padded, reversed or reversed-all, index-hints or grouped"  # formats of one order


def parse(text: str) -> tuple[Format, ...]:
    """Parse the name of a format; plain text has no formats.

    Args:
        text: formats joined by ``+``, each a name, or a name, a colon and options joined by commas.

    Raises:
        InputError: for an unknown name or option, a wrong value, or formats that cannot be combined in this way.

    >>> parse("padded:width=8,answer=9+reversed")
    (Padded(width=8, answer=9, to='splits'), Reversed())
    """
    if not isinstance(text, str):
        raise InputError(f"a format must be text, such as 'padded+reversed'. Received: {shown(text)}.")
    if len(text) > MAX_LENGTH:
        raise InputError(f"a format must have at most {MAX_LENGTH:,} characters. Received: {len(text):,}.")
    return _parse(text)


@lru_cache(maxsize=256)
def _parse(text: str) -> tuple[Format, ...]:
    if text == PLAIN:
        return ()
    formats = tuple(_parse_one(part.strip()) for part in quoting.split(text, "+"))
    if any(first.order >= second.order for first, second in pairwise(formats)):
        order = ", ".join([_EXCLUDING, *(kind.name for kind in _KINDS if kind.order > Grouped.order)])
        raise InputError(
            f"formats must be combined in this order, each at most once: {order}. Received: {text}."
        )
    return formats


def with_options(text: str, options: Mapping[str, Any]) -> str:
    """Add formats given as options of their own to a format.

    Args:
        text: the format.
        options: some of `OPTIONS` by name.

    Raises:
        InputError: for a format given twice, or a value that is not allowed.

    >>> with_options("padded", {"choices": 4})
    'padded+choices:n=4'
    """
    given, added = parse(text), formats_of(options)
    for kind in added:
        if any(type(kind) is type(other) for other in given):
            raise InputError(f"{kind.name} is given twice: as an option and in format={text}.")
    return name_of(tuple(sorted([*given, *added], key=lambda kind: kind.order)))


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
        refused = [(kind, _unsupported_reason(kind, task) or _conflict(kind, formats)) for kind in formats]
    except InputError as error:
        # a profile of the task may find its own parameters wrong, and then says so with its name
        known = str(error).startswith(task.family)
        raise InputError(str(error) if known else f"{task.family}: {error}") from None
    for kind, why in refused:
        if why:
            raise InputError(f"{task.family} does not support the format {kind.name}: {why}.")
    return name_of(formats)


def _conflict(kind: Format, formats: tuple[Format, ...]) -> str:
    """Why a format cannot be combined with the others, as the end of a sentence; empty if it can."""
    others = {type(other): other for other in formats}
    if isinstance(kind, Choices) and Scratchpad in others:
        return "the answer after a scratchpad is no letter"
    prompt = others.get(Prompt)
    if isinstance(kind, Shots) and isinstance(prompt, Prompt) and kind.after in prompt.text:
        return f"its examples end with {kind.after!r}, which the prompt contains; give another text in after="
    return ""


def _unsupported_reason(kind: Format, task: Formatted) -> str:
    """Why a task does not support a format. Formats that rewrite digits need text of integers and signs."""
    if not task.numeric and kind.rewrites_digits:
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

    @property
    def adds(self) -> tuple[str, ...]:
        """The columns that the formats add to rows."""
        return (MESSAGES,) if self._find(Messages) else ()

    @property
    def needs_questions(self) -> bool:
        """Whether answers can be read with their questions only."""
        return self._find(Choices) is not None

    def _find(self, kind: type[Format]) -> Any:
        return next((found for found in self.formats if isinstance(found, kind)), None)

    def questions(self, questions: Any, answers: Any = None, keys: RowKeys | None = None) -> pa.ChunkedArray:
        """Format plain questions, strings (n,).

        Args:
            questions: the questions.
            answers: their plain answers, which multiple choice shows; by default those of the exact solver.
            keys: names of the rows, which choose solved examples; by default the first row of interpolate.
        """
        if answers is None:
            answers = self.plain_rows(questions)["answer"]
        written = self._written(questions, answers)
        shots = self._find(Shots)
        if shots is None:
            return written
        return pa.chunked_array([shots.joined(self._examples(shots, written, keys), _flat(written))])

    def _written(self, questions: Any, answers: Any) -> pa.ChunkedArray:
        """Format plain questions without solved examples."""
        context = FormatContext(self.task, answers=False)
        return map_chunks(
            lambda asked, part: write_all(
                self.formats, asked, replace(context, questions=asked, solutions=part)
            ),
            questions,
            answers,
        )

    def plain_rows(self, questions: Any) -> pa.Table:
        """Plain questions, strings (n,), with the answers of the exact solver if a format needs them, else nulls."""
        answers = pa.nulls(len(questions), pa.string())
        if self._find(Choices):
            found = [_solution(self.task, text) for text in questions.to_pylist()]
            answers = pa.array(found, pa.string())
        return pa.table({"question": questions, "answer": answers})

    def _examples(
        self, shots: Shots, written: pa.ChunkedArray, keys: RowKeys | None
    ) -> list[tuple[pa.StringArray, pa.StringArray]]:
        before = self.formats[: self.formats.index(shots)]
        first = RowKeys(0, "interpolate", np.zeros(len(written), dtype=np.int64))
        return shots.examples(self.task, before, keys or first)

    def answers(self, questions: Any, answers: Any, written: Any = None) -> pa.ChunkedArray:
        """Format plain answers to plain questions, strings (n,) each.

        Args:
            questions: the questions.
            answers: the answers, the right ones unless `written` is given.
            written: the formatted questions, in whose options the letters of any answers are found.
        """
        context = FormatContext(self.task, answers=True)
        return map_chunks(
            lambda asked, part, seen: write_all(
                self.formats,
                part,
                replace(context, questions=asked, solutions=part, written=None if written is None else seen),
            ),
            questions,
            answers,
            questions if written is None else written,
        )

    def rows(self, rows: pa.Table, seed: int | str = 0, split: str = "interpolate") -> pa.Table:
        """Format the questions and answers of plain rows.

        Args:
            rows: the columns question, answer, row and others, which do not change.
            seed: the seed of the data, which chooses solved examples from train.
            split: the split of the rows.
        """
        if not self.formats:
            return rows
        written = self._written(rows["question"], rows["answer"])
        answers = self.answers(rows["question"], rows["answer"])
        shots, messages, examples = self._find(Shots), self._find(Messages), []
        if shots is not None:
            examples = self._examples(shots, written, RowKeys(seed, split, rows["row"].to_numpy()))
        if messages is not None:
            turns = [*examples, (_flat(written), _flat(answers))]
            rows = rows.append_column(MESSAGES, messages.column(turns))
        if shots is not None:
            written = pa.chunked_array([shots.joined(examples, _flat(written))])
        return _replace_text(rows, written, answers)

    def undo_questions(self, questions: Any) -> pa.ChunkedArray:
        """Convert formatted questions, strings (n,), to plain ones; null where they are not in this format."""
        context = FormatContext(self.task, answers=False)
        return map_chunks(lambda part: undo_all(self.formats, part, context), questions)

    def undo_answers(self, answers: Any, rows: pa.Table | None = None) -> pa.ChunkedArray:
        """Convert answers of a model, strings (n,), to plain ones; null where they are not in this format.

        Never raises for any text. Of a scratchpad, only the final answer is read.

        Args:
            answers: the answers.
            rows: the plain rows that they answer, in the same order: multiple choice cannot be read without them.
        """
        context = FormatContext(self.task, answers=True)
        if rows is None:
            return map_chunks(lambda part: undo_all(self.formats, part, context), answers)
        return map_chunks(
            lambda part, asked, right: undo_all(
                self.formats, part, replace(context, questions=asked, solutions=right)
            ),
            answers,
            rows["question"],
            rows["answer"],
        )

    def undo(self, rows: pa.Table) -> pa.Table:
        """The inverse of :meth:`rows`."""
        if not self.formats:
            return rows
        context = FormatContext(self.task, answers=True)
        answers = map_chunks(
            lambda part, seen: undo_all(self.formats, part, replace(context, written=seen)),
            rows["answer"],
            rows["question"],
        )
        rows = _replace_text(rows, self.undo_questions(rows["question"]), answers)
        return rows.drop_columns([name for name in self.adds if name in rows.column_names])


def for_task(task: Formatted) -> FormattedTask:
    """Return the formats of a task, ready to apply."""
    return FormattedTask(task, parse(task.format))


def _replace_text(rows: pa.Table, questions: pa.ChunkedArray, answers: pa.ChunkedArray) -> pa.Table:
    for name, column in (("question", questions), ("answer", answers)):
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def _flat(column: pa.ChunkedArray) -> pa.StringArray:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _solution(task: Formatted, question: str | None) -> str | None:
    try:
        return None if question is None else task.oracle(question)
    except (ValueError, ArithmeticError):
        return None


def _parse_one(text: str) -> Format:
    """Parse one format with its options."""
    name, _, options = text.partition(":")
    if name == PLAIN:
        raise InputError(f"the format {PLAIN} stands alone: leave it out beside others. Received: '{text}'.")
    if name not in FORMATS:
        hint = did_you_mean(name, [PLAIN, *FORMATS])
        raise InputError(f"unknown format '{name}'. {hint}")
    kind, values = FORMATS[name], {}
    if options and not fields(kind):
        raise InputError(f"format {name} has no options. Received: '{options}'.")
    for option in filter(None, quoting.split(options, ",")):
        key, equals, value = option.partition("=")
        if not equals:
            raise InputError(f"format {name}: options must be given as key=value. Received: '{option}'.")
        if key.strip() in values:
            raise InputError(
                f"format {name}: the option {key.strip()} may be given once. Received: '{options}'."
            )
        values[key.strip()] = quoting.decoded(value.strip())
    return kind(**arguments(kind, f"format {name}", values))
