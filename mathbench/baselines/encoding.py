"""Encodings between text and tokens, named and recorded because results depend on them.

Token 0 is padding, token i the i-th character of the alphabet. All functions work on the byte buffers of whole columns
without loops over rows.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.baselines.columns import ColumnLayout, fit_layout, rows_of_equal_shape
from mathbench.baselines.settings import EncodingOptions
from mathbench.errors import InputError
from mathbench.numbers import text
from mathbench.task import Task
from mathbench.tokenizer import PAD, Characters, as_string_array, bytes_and_offsets

Tokens = NDArray[np.int64]

MAX_CLASSES = 1000
_ASCII = 128  # codes of characters


@dataclass(frozen=True)
class Encoding:
    """The mapping between the text and the tokens of one run.

    Args:
        choices: the named choices.
        alphabet: all characters, in order of their tokens (from 1).
        widths: the width of a padded question, or for ``operands`` the width of every group of characters: those
            before the first number, the first number, those between, the second number, ... They are the widths of
            training questions. Longer questions are encoded wider. For ``columns`` how many columns and numbers.
        answer_width: tokens of the longest training answer. Networks that answer in one pass give no longer one.
        classes: the answers of a classifier, empty when the answer is text.
        layout: how questions are laid out in columns, for ``columns``.
        units_first: whether the numbers of questions and of answers have their units first in the text; None where no
            network needs to know.

    >>> questions, answers = pa.array(["5+62", "31+8"]), pa.array(["67", "39"])
    >>> encoding = fit_encoding(EncodingOptions(), "0123456789+", questions, answers)
    >>> encoding.questions(questions).tolist()
    [[3, 7, 11, 6], [9, 11, 2, 4]]
    >>> encoding.decoded(encoding.answers(answers)).to_pylist()
    ['67', '39']
    """

    choices: EncodingOptions
    alphabet: str
    widths: tuple[int, ...]
    answer_width: int
    classes: tuple[str, ...] = ()
    layout: ColumnLayout | None = None
    units_first: tuple[bool, bool] | None = None

    @property
    def name(self) -> str:
        """The choices in one word, for tables.

        >>> Encoding(EncodingOptions(), "01", (3,), 2).name
        'reversed-right-first'
        """
        last = self.choices.labels if self.classes else self.choices.answer
        return f"{self.choices.query}-{self.choices.padding}-{last}"

    @property
    def symbols(self) -> int:
        """The vocabulary size, including padding."""
        return self.layout.symbols if self.layout else len(self.alphabet) + 1

    @property
    def filler(self) -> int:
        """The token that questions are padded with."""
        return self.alphabet.index("0") + 1 if self.choices.pad_with == "zero" else PAD

    @property
    def outputs(self) -> int:
        """The number of values of an output token: `symbols`, or the number of classes."""
        return len(self.classes) or (self.layout.outputs if self.layout else self.symbols)

    @property
    def question_width(self) -> int:
        """The number of positions of a padded training question."""
        return self.widths[0] if self.layout else sum(self.widths)

    def questions(self, column: Any) -> Tokens:
        """Encode questions as tokens, int64 (n, q) with q at least `question_width`, or (n, columns, numbers).

        Raises:
            InputError: for a character outside the alphabet.
        """
        if self.layout:
            return self.layout.tokens(column)
        if self.choices.padding == "operands":
            data, offsets = bytes_and_offsets(column)
            out = _align_groups(self._characters.tokens(data), data, offsets, self.widths)
        else:
            out, _ = self._characters.encode(column, self.widths[0], left=self.choices.padding == "left")
        if self.filler != PAD:
            out[out == PAD] = self.filler
        # a copy, because NumPy counts a reversed column as contiguous and PyTorch takes no negative strides
        return out[:, ::-1].copy() if self.choices.query == "reversed" else np.ascontiguousarray(out)

    def group_by_width(self, column: Any) -> list[tuple[Tokens, Tokens]]:
        """Encode questions in groups of equal width, so that no answer depends on the other questions.

        Returns:
            For each group the indices of its rows, int64 (g,), and their tokens, int64 (g, T).
        """
        column = as_string_array(column)
        return [
            (rows, self.questions(column.take(pa.array(rows))))
            for rows in rows_of_equal_shape(self.padded_shapes(column))
        ]

    def padded_shapes(self, column: Any) -> Tokens:
        """Return the sizes that a question's tokens have after padding, int64 (n, sizes)."""
        if self.layout:
            return self.layout.shapes(column)
        data, offsets = bytes_and_offsets(column)
        lengths = (
            _group_lengths(data, offsets)[2]
            if self.choices.padding == "operands"
            else np.diff(offsets)[:, None]
        )
        groups = max(lengths.shape[1], len(self.widths))
        widths = np.pad(lengths, ((0, 0), (0, groups - lengths.shape[1])))
        return np.maximum(widths, np.pad(self.widths, (0, groups - len(self.widths))))

    def answers(self, column: Any, columns: int = 0) -> Tokens:
        """Encode answers as tokens, int64 (n, answer_width), or with classes as class numbers, int64 (n, 1).

        Args:
            column: the answers.
            columns: columns of their questions, where questions are laid out in columns: (n, columns).
        """
        if self.classes:
            numbers = pc.index_in(as_string_array(column), pa.array(list(self.classes), pa.string()))
            if numbers.null_count:
                raise InputError(
                    f"{numbers.null_count:,} training answers are not among the classes {', '.join(self.classes[:8])}."
                )
            return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.int64)[:, None]
        if self.layout:
            return self.layout.targets(column, columns)
        if self.choices.answer == "last":
            column = _reversed_strings(column)
        return self._characters.encode(column, self.answer_width)[0]

    def decoded(self, tokens: Tokens) -> pa.StringArray:
        """Decode output tokens (n, answer_width) or classes (n, 1). An answer ends at its first padding token."""
        if self.classes:
            return text.choose_text(tokens[:, 0], self.classes)
        if self.layout:
            return self.layout.text(tokens)
        answers = self._characters.decode(tokens)
        return _reversed_strings(answers) if self.choices.answer == "last" else answers

    def read_texts(self, tokens: Tokens) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        """Return the text at each position of questions, empty for padding, and all up to it, (n, positions) each.

        In columns, a position has a digit of every number.

        >>> encoding = Encoding(EncodingOptions(), "01", (3,), 2)
        >>> [texts.tolist() for texts in encoding.read_texts(np.array([[0, 2, 1]]))]
        [[['', '1', '0']], [['', '1', '10']]]
        """
        if self.layout:
            return self.layout.read_texts(tokens)
        characters = np.array(["", *self.alphabet])[tokens]
        prefixes = [characters[:, 0]]
        for column in characters.T[1:]:
            prefixes.append(np.char.add(prefixes[-1], column))
        return characters, np.stack(prefixes, axis=1)

    def to_json(self) -> dict[str, Any]:
        """Return the encoding and its name as plain values."""
        summary = dataclasses.asdict(self)
        layout, units_first = summary.pop("layout"), summary.pop("units_first")
        if units_first:
            summary["units_first"] = list(units_first)
        if layout:
            summary["layout"] = {**layout, "signs": list(layout["signs"])}
        summary |= {
            "choices": self.choices.to_json(),
            "widths": list(self.widths),
            "classes": list(self.classes),
        }
        return {"name": self.name, **summary}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Encoding":
        """Read what `to_json` returned."""
        return cls(
            EncodingOptions(**value["choices"]),
            value["alphabet"],
            tuple(value["widths"]),
            value["answer_width"],
            tuple(value["classes"]),
            _layout_from_json(value.get("layout")),
            tuple(value["units_first"]) if "units_first" in value else None,
        )

    @cached_property
    def _characters(self) -> Characters:
        return Characters(self.alphabet)


def fit_encoding(
    choices: EncodingOptions,
    alphabet: str,
    questions: Any,
    answers: Any,
    classify: bool = False,
    base: int = 10,
) -> Encoding:
    """Fit an encoding to training rows.

    Args:
        choices: the choices of the recipe.
        alphabet: all characters that may occur.
        questions: training questions.
        answers: training answers.
        classify: whether the answer is a class, one of the training answers, instead of text.
        base: base of the numbers, for questions in columns.

    Raises:
        InputError: when there are too many different answers for a classifier, or columns do not suit the rows.
    """
    classes = tuple(sorted(pc.unique(as_string_array(answers)).to_pylist())) if classify else ()
    if len(classes) > MAX_CLASSES:
        raise InputError(
            f"a classifier supports at most {MAX_CLASSES:,} different answers. Received: {len(classes):,}."
        )
    if choices.padding == "columns":
        return _fit_columns(choices, alphabet, questions, answers, classes, base)
    data, offsets = bytes_and_offsets(questions)
    lengths = np.diff(offsets)
    grouped = choices.padding == "operands"
    widths = _group_lengths(data, offsets)[2].max(axis=0) if grouped else [lengths.max(initial=1)]
    longest = int(np.diff(bytes_and_offsets(answers)[1]).max(initial=1))
    return Encoding(choices, alphabet, tuple(map(int, widths)), 1 if classify else longest, classes)


def check_equal_answers(answers: Any, setting: str) -> None:
    """Check that answers consist of digits and have one length, which a network without an end token needs.

    Args:
        answers: the answers, strings (n,).
        setting: the setting that requires it, such as ``vocabulary=digits``.

    Raises:
        InputError: when they do not.

    >>> check_equal_answers(pa.array(["065", "107"]), "vocabulary=digits")
    """
    column = as_string_array(answers)
    lengths = pc.min_max(pc.utf8_length(column)).as_py()
    digits = pc.all(pc.match_substring_regex(column, "^[0-9a-z]*$")).as_py()
    if lengths["min"] != lengths["max"] or digits is False:
        raise InputError(
            f"{setting} requires answers of digits alone, all of one length, such as those of the format padded. "
            f"Received: answers of {lengths['min']} to {lengths['max']} characters, such as "
            f"{column[0].as_py()!r}."
        )


def _fit_columns(
    choices: EncodingOptions,
    alphabet: str,
    questions: Any,
    answers: Any,
    classes: tuple[str, ...],
    base: int,
) -> Encoding:
    if choices.query != "reversed" or choices.answer != "last":
        raise InputError(
            "padding=columns requires query=reversed and answer=last, because columns are read from the units on. "
            f"Received: query={choices.query}, answer={choices.answer}."
        )
    layout = fit_layout(questions, answers, base, bool(classes))
    columns, numbers = layout.shapes(questions).max(axis=0).tolist()
    return Encoding(choices, alphabet, (columns, numbers), 1 if classes else columns, classes, layout)


def _layout_from_json(value: dict[str, Any] | None) -> ColumnLayout | None:
    return ColumnLayout(value["base"], tuple(value["signs"]), value["extra"]) if value else None


def vocabulary_of(task: Task, columns: Iterable[Any]) -> str:
    """Return the digits of the task's base and all characters of the columns, sorted.

    Raises:
        InputError: for characters other than ASCII, which imported data may have.

    >>> from mathbench.families import task
    >>> vocabulary_of(task("addition", base=2), [pa.array(["1+10"])])
    '+01'
    """
    seen = {int(byte) for column in columns for byte in np.unique(bytes_and_offsets(column)[0])}
    if max(seen, default=0) >= _ASCII:
        raise InputError(f"networks read ASCII text only. Received: other characters in {task.name}.")
    return "".join(sorted({chr(byte) for byte in seen} | set(text.DIGITS[: task.parameters.get("base", 10)])))


def _align_groups(
    tokens: Tokens, data: NDArray[np.uint8], offsets: NDArray[np.int64], widths: tuple[int, ...]
) -> Tokens:
    """Pad every number on its left to the width of its group, which aligns the units of all rows."""
    row, group, lengths = _group_lengths(data, offsets)
    groups = max(len(widths), lengths.shape[1])
    lengths = np.pad(lengths, ((0, 0), (0, groups - lengths.shape[1])))
    width = np.maximum(lengths.max(axis=0, initial=0), np.pad(widths, (0, groups - len(widths))))
    start = np.cumsum(width) - width + np.where(np.arange(groups) % 2, width - lengths, 0)  # (n, groups)
    before = offsets[:-1, None] + np.cumsum(lengths, axis=1) - lengths  # start of each group in the data
    out = np.zeros((len(lengths), int(width.sum())), dtype=np.int64)
    out[row, start[row, group] + np.arange(len(data)) - before[row, group]] = tokens
    return out


def _group_lengths(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Split questions into groups: odd groups hold only digits and letters, even groups none.

    Returns:
        The row and the group of each character, int64 (c,), and the length of each group, int64 (n, groups).
    """
    n = len(offsets) - 1
    row = np.repeat(np.arange(n), np.diff(offsets))
    inside = np.isin(data, np.frombuffer(text.DIGITS.encode(), dtype=np.uint8))
    first = np.ones(len(data), dtype=bool)
    first[1:] = row[1:] != row[:-1]
    changed = inside.copy()  # a row starts in group 0, so a leading digit opens group 1
    changed[1:] = np.where(first[1:], inside[1:], inside[1:] != inside[:-1])
    count = np.cumsum(changed)
    before = np.concatenate([[0], count])[offsets[:-1]]
    group = count - before[row]
    groups = int(group.max(initial=0)) + 1
    return row, group, np.bincount(row * groups + group, minlength=n * groups).reshape(n, groups)


def _reversed_strings(column: Any) -> pa.StringArray:
    """Reverse every string."""
    data, offsets = bytes_and_offsets(column)
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    source = offsets[:-1][row] + offsets[1:][row] - 1 - np.arange(len(data))
    return text.string_array(data[source], np.diff(offsets))
