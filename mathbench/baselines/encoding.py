"""How text becomes tokens: a recorded, named choice; a network learns in one encoding and not in another.

Token 0 is the blank that pads; token i is the i-th character of the alphabet. Everything works on the byte
buffers of whole columns; nothing loops over rows.
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

from mathbench.errors import InputError
from mathbench.numbers import text
from mathbench.parameters import check, parameter
from mathbench.reserve import TRAIN, fingerprints
from mathbench.task import Task
from mathbench.tokenizer import Characters, as_string_array, bytes_and_offsets

Tokens = NDArray[np.int64]

MAX_CLASSES = 1000


@dataclass(frozen=True)
class EncodingOptions:
    """What a recipe chooses; the rest of an encoding follows from the data."""

    query: str = parameter("reversed", "reading direction of the question", choices=("reversed", "forward"))
    padding: str = parameter("right", "where a question is padded", choices=("right", "left", "operands"))
    answer: str = parameter("first", "which end of the answer comes first", choices=("first", "last"))
    labels: str = parameter("last", "where a label is trained", choices=("last", "prefix"))

    def __post_init__(self) -> None:
        check(self, "encoding")


@dataclass(frozen=True)
class Encoding:
    """How the questions and answers of one run become tokens.

    Args:
        choices: the named choices.
        alphabet: all characters, in order of their tokens (from 1).
        widths: one width for a padded question, or for ``operands`` the width of every group of characters:
            what comes before the first number, the first number, what comes between, the second number, ...
            These are those of the training questions; longer questions get wider.
        answer_width: tokens of the longest training answer; a network cannot write a longer one.
        classes: the answers to choose from; empty when the answer is written character by character.

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
        """How many different tokens there are, the blank included."""
        return len(self.alphabet) + 1

    @property
    def outputs(self) -> int:
        """How many values an output token can have: symbols, or classes."""
        return len(self.classes) or self.symbols

    @property
    def question_width(self) -> int:
        """Tokens of a padded training question."""
        return sum(self.widths)

    def questions(self, column: Any) -> Tokens:
        """Questions to tokens, int64 (n, q) with q at least `question_width`.

        Raises:
            InputError: for a character that is not in the alphabet.
        """
        if self.choices.padding == "operands":
            data, offsets = bytes_and_offsets(column)
            out = _in_groups(self._characters.tokens(data), data, offsets, self.widths)
        else:
            out, _ = self._characters.encode(column, self.widths[0], left=self.choices.padding == "left")
        return np.ascontiguousarray(out[:, ::-1] if self.choices.query == "reversed" else out)

    def group_by_width(self, column: Any) -> list[tuple[Tokens, Tokens]]:
        """Questions to tokens, those of one width together, so that no answer depends on what else is asked.

        Returns:
            For each group the numbers of its rows, int64 (g,), and their tokens, int64 (g, T).
        """
        column = as_string_array(column)
        data, offsets = bytes_and_offsets(column)
        lengths = (
            _group_lengths(data, offsets)[2]
            if self.choices.padding == "operands"
            else np.diff(offsets)[:, None]
        )
        positions = max(lengths.shape[1], len(self.widths))
        own = np.pad(lengths, ((0, 0), (0, positions - lengths.shape[1])))
        own = np.maximum(own, np.pad(self.widths, (0, positions - len(self.widths))))
        _, group = np.unique(own, axis=0, return_inverse=True)
        members = [
            np.flatnonzero(group.ravel() == number) for number in range(int(group.max(initial=-1)) + 1)
        ]
        return [(rows, self.questions(column.take(pa.array(rows)))) for rows in members]

    def answers(self, column: Any) -> Tokens:
        """Answers to tokens, int64 (n, answer_width), or with classes to class numbers, int64 (n, 1)."""
        if self.classes:
            found = pc.index_in(as_string_array(column), pa.array(list(self.classes), pa.string()))
            if found.null_count:
                raise InputError(
                    f"{found.null_count:,} training answers are none of {', '.join(self.classes[:8])}."
                )
            return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)[:, None]
        if self.choices.answer == "last":
            column = _each_reversed(column)
        return self._characters.encode(column, self.answer_width)[0]

    def decoded(self, tokens: Tokens) -> pa.StringArray:
        """Output tokens (n, answer_width) or classes (n, 1) to answers; the first blank ends one."""
        if self.classes:
            return text.choose_text(tokens[:, 0], self.classes)
        answers = self._characters.decode(tokens)
        return _each_reversed(answers) if self.choices.answer == "last" else answers

    def to_json(self) -> dict[str, Any]:
        """As plain values, with the name."""
        summary = dataclasses.asdict(self)
        return {"name": self.name, **summary, "widths": list(self.widths), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Encoding":
        """The inverse of `to_json`."""
        return cls(
            EncodingOptions(**value["choices"]),
            value["alphabet"],
            tuple(value["widths"]),
            value["answer_width"],
            tuple(value["classes"]),
        )

    @cached_property
    def _characters(self) -> Characters:
        return Characters(self.alphabet)


def fit_encoding(
    choices: EncodingOptions, alphabet: str, questions: Any, answers: Any, classify: bool = False
) -> Encoding:
    """The encoding that the choices and the training rows make.

    Args:
        choices: the recipe's choices.
        alphabet: all characters that may come.
        questions: those of the training rows.
        answers: those of the training rows.
        classify: whether the answer is one of the training answers instead of text.

    Raises:
        InputError: when there are too many different answers to classify.
    """
    classes = tuple(sorted(pc.unique(as_string_array(answers)).to_pylist())) if classify else ()
    if len(classes) > MAX_CLASSES:
        raise InputError(
            f"a classifier chooses between at most {MAX_CLASSES:,} answers. Received: {len(classes):,}."
        )
    data, offsets = bytes_and_offsets(questions)
    lengths = np.diff(offsets)
    grouped = choices.padding == "operands"
    widths = _group_lengths(data, offsets)[2].max(axis=0) if grouped else [lengths.max(initial=1)]
    longest = int(np.diff(bytes_and_offsets(answers)[1]).max(initial=1))
    return Encoding(choices, alphabet, tuple(map(int, widths)), 1 if classify else longest, classes)


def vocabulary_of(task: Task, columns: Iterable[Any]) -> str:
    """The digits of the task's base and every character of the columns, sorted.

    >>> from mathbench.families import task
    >>> vocabulary_of(task("addition", base=2), [pa.array(["1+10"])])
    '+01'
    """
    seen = {int(byte) for column in columns for byte in np.unique(bytes_and_offsets(column)[0])}
    return "".join(sorted({chr(byte) for byte in seen} | set(text.DIGITS[: task.parameters.get("base", 10)])))


def prefix_labels(encoding: Encoding, questions: Tokens, task: Task) -> Tokens:
    """The class of every prefix of a number, for divisibility; int64 (n, q), -1 where there is none.

    There is none before the first digit, and none where the prefix is itself a problem of the validation or
    test reserve: its label would be a held-out answer.

    Raises:
        InputError: for a task other than divisible, a question that is read from its end, or a format.
    """
    if task.family != "divisible" or encoding.choices.query != "forward" or task is not task.plain:
        raise InputError("labels=prefix needs the task 'divisible' in plain text and query=forward.")
    base, number = task.parameters["base"], _class_of_residue(encoding, task)
    ours = TRAIN.subset(task.train_part)
    digits = np.array([-1] + [text.DIGITS.index(c) for c in encoding.alphabet])[questions]
    prefix, labels = np.zeros(len(questions), dtype=np.int64), np.full(questions.shape, -1)
    for at in range(questions.shape[1]):
        here = digits[:, at] >= 0
        prefix = np.where(here, prefix * base + digits[:, at], prefix)
        known = here & ours.contains(fingerprints(task.reserve_family, prefix[None, :]))
        labels[:, at] = np.where(known, number[prefix % task.parameters["k"]], -1)
    return labels


def _class_of_residue(encoding: Encoding, task: Task) -> Tokens:
    """The number of the class that each residue belongs to, int64 (k,); -1 where training never shows it."""
    residues = range(task.parameters["k"])
    words = [
        str(r == 0).lower() if task.recognition else text.to_text(r, task.parameters["base"])
        for r in residues
    ]
    return np.array([encoding.classes.index(word) if word in encoding.classes else -1 for word in words])


def _in_groups(
    tokens: Tokens, data: NDArray[np.uint8], offsets: NDArray[np.int64], widths: tuple[int, ...]
) -> Tokens:
    """Every number padded on its left to the width of its place, so that units stand below units."""
    row, group, lengths = _group_lengths(data, offsets)
    positions = max(len(widths), lengths.shape[1])
    lengths = np.pad(lengths, ((0, 0), (0, positions - lengths.shape[1])))
    width = np.maximum(lengths.max(axis=0, initial=0), np.pad(widths, (0, positions - len(widths))))
    start = np.cumsum(width) - width + np.where(np.arange(positions) % 2, width - lengths, 0)  # (n, places)
    before = offsets[:-1, None] + np.cumsum(lengths, axis=1) - lengths  # where each group starts in the data
    out = np.zeros((len(lengths), int(width.sum())), dtype=np.int64)
    out[row, start[row, group] + np.arange(len(data)) - before[row, group]] = tokens
    return out


def _group_lengths(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut questions into groups: even ones hold no digits or letters, odd ones nothing else.

    Returns:
        The row and the group of each character, int64 (c,), and the length of each group, int64 (n, places).
    """
    n = len(offsets) - 1
    row = np.repeat(np.arange(n), np.diff(offsets))
    inside = np.isin(data, np.frombuffer(text.DIGITS.encode(), dtype=np.uint8))
    first = np.ones(len(data), dtype=bool)
    first[1:] = row[1:] != row[:-1]
    changed = inside.copy()  # a row starts in group 0, so a digit in front opens group 1
    changed[1:] = np.where(first[1:], inside[1:], inside[1:] != inside[:-1])
    count = np.cumsum(changed)
    before = np.concatenate([[0], count])[offsets[:-1]]
    group = count - before[row]
    positions = int(group.max(initial=0)) + 1
    return row, group, np.bincount(row * positions + group, minlength=n * positions).reshape(n, positions)


def _each_reversed(column: Any) -> pa.StringArray:
    """Every string back to front."""
    data, offsets = bytes_and_offsets(column)
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    source = offsets[:-1][row] + offsets[1:][row] - 1 - np.arange(len(data))
    return text.string_array(data[source], np.diff(offsets))
