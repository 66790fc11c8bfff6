r"""The numbers of plain questions and answers, with their signs, and the text around them.

The **skeleton** of a text has a NUL in the place of every number: that of `7+(-12)` is `\0+\0`, because the brackets of
a negative number belong to the number.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.formats.format import Formatted
from mathbench.formats.text_columns import MINUS, Int, Mask, TextColumn, numbers, ranges
from mathbench.numbers.text import from_list, int_array, string_array

NUMBER = "\0"  # the place of a number in a skeleton
SAMPLE_ROWS = 128  # rows of a split that a profile looks at
ENOUGH = 5  # questions with one skeleton from which all with as many numbers are taken to have it
_OPEN, _CLOSE, _COMMA, _DOT = map(ord, "(),.")


class SignedNumbers(NamedTuple):
    """The numbers of some texts, int64 (k,) each, in the order of the text.

    Attributes:
        text: the texts.
        starts, stops: the spans of the numbers with their signs and places.
        outer_starts, outer_stops: the same with the brackets around a negative number.
        row: the index of the text of each number.
    """

    text: TextColumn
    starts: Int
    stops: Int
    outer_starts: Int
    outer_stops: Int
    row: Int

    def counts(self) -> Int:
        """The number of numbers of each text, int64 (n,)."""
        return np.bincount(self.row, minlength=len(self.text.offsets) - 1)

    def by_count(self) -> list[tuple[int, Int]]:
        """The indices of the texts, int64 (m,), by their number of numbers."""
        counts = self.counts()
        return [(count, np.flatnonzero(counts == count)) for count in np.unique(counts).tolist()]

    def skeletons(self) -> pa.StringArray:
        """The skeletons of all texts."""
        data, keep = self.text.data.copy(), np.ones(len(self.text.data), dtype=bool)
        keep[ranges(self.outer_starts, self.outer_stops - self.outer_starts)] = False
        data[self.outer_starts], keep[self.outer_starts] = 0, True
        return TextColumn(data, self.text.offsets).filtered(keep).to_array()

    def columns(self, rows: Int, count: int) -> list[pa.StringArray]:
        """The numbers of some texts that have `count` numbers each, one column per position."""
        mine = np.zeros(len(self.text.offsets) - 1, dtype=bool)
        mine[rows] = True
        chosen = np.flatnonzero(mine[self.row]).reshape(len(rows), count)
        return [_pieces(self.text, self.starts[i], self.stops[i]) for i in chosen.T]


def signed_numbers(column: pa.StringArray, base: int) -> SignedNumbers:
    r"""Find the numbers of plain texts.

    >>> found = signed_numbers(pa.array(["7+(-12)", "-1.5*2"]), 10)
    >>> [column.to_pylist() for column in found.columns(np.arange(2), 2)]
    [['7', '-1.5'], ['-12', '2']]
    >>> found.skeletons().to_pylist()
    ['\x00+\x00', '\x00*\x00']
    """
    text = TextColumn.of(column)
    starts, stops = _with_places(text, *numbers(text, base))
    first = text.offsets[np.searchsorted(text.offsets, starts, side="right") - 1]
    before = _byte(text, starts - 1, starts > first)
    outside = _byte(text, starts - 2, starts - 1 > first)
    signed = (before == MINUS) & ((starts - 1 == first) | (outside == _OPEN) | (outside == _COMMA))
    row = np.searchsorted(text.offsets, starts, side="right") - 1
    last = text.offsets[row + 1]
    bracketed = signed & (outside == _OPEN) & (_byte(text, stops, stops < last) == _CLOSE)
    starts = starts - signed
    return SignedNumbers(text, starts, stops, starts - bracketed, stops + bracketed, row)


def _with_places(text: TextColumn, starts: Int, stops: Int) -> tuple[Int, Int]:
    """Join the digits before a point and those after it to one number."""
    joined = (starts[1:] == stops[:-1] + 1) & (_byte(text, stops[:-1], stops[:-1] < len(text.data)) == _DOT)
    first, last = np.ones((2, len(starts)), dtype=bool)
    first[1:], last[:-1] = ~joined, ~joined
    return starts[first], stops[last]


def _byte(text: TextColumn, positions: Int, inside: Mask) -> Int:
    """The bytes at some positions, int64 (k,); 0 where there is none."""
    found = np.zeros(len(positions), dtype=np.int64)
    found[inside] = text.data[positions[inside]]
    return found


def _pieces(text: TextColumn, starts: Int, stops: Int) -> pa.StringArray:
    return string_array(text.data[ranges(starts, stops - starts)], stops - starts)


class Profile(NamedTuple):
    """What the questions and answers of a task look like, from the first rows of train and of extrapolate.

    Attributes:
        counts: the different numbers of numbers of a question.
        skeletons: the skeleton of the questions by their number of numbers; where several are possible, none.
        constants: by number of numbers, the numbers that all questions share, by position.
        between: the texts between two numbers of a question or an answer.
        signed: whether answers may be negative.
        answer_numbers: the number of numbers of an answer; 0 where it is not the same for all.
    """

    counts: frozenset[int]
    skeletons: dict[int, str]
    constants: dict[int, dict[int, str]]
    between: frozenset[str]
    signed: bool
    answer_numbers: int


def profile(task: Formatted) -> Profile:
    """The profile of a task, which depends neither on its format nor on excluded problems."""
    return _profile(cast(Any, task.unrestricted))


@lru_cache(maxsize=64)
def _profile(task: Any) -> Profile:
    rows = list(_samples(task)) or [(from_list([]), from_list([]))]
    questions, answers = (pa.concat_arrays(column) for column in zip(*rows, strict=True))
    asked, answered = (signed_numbers(column, task.number_base) for column in (questions, answers))
    skeletons, constants = {}, {}
    groups, seen = asked.by_count(), asked.skeletons()
    for count, mine in groups:
        different = seen.take(pa.array(mine)).unique().to_pylist()
        if len(different) == 1 and len(mine) >= min(ENOUGH, len(questions)):
            skeletons[count] = different[0]
            columns = asked.columns(mine, count)
            shared = {i: column[0].as_py() for i, column in enumerate(columns) if len(column.unique()) == 1}
            # of a few questions, numbers may be equal by chance
            constants[count] = shared if len(mine) >= ENOUGH else {}
    return Profile(
        frozenset(count for count, _ in groups),
        skeletons,
        constants,
        frozenset(_between(seen)) | frozenset(_between(answered.skeletons())),
        bool(pc.any(pc.starts_with(answers, "-")).as_py()),
        _only(answered.counts()),
    )


def _samples(task: Any) -> Iterator[tuple[pa.StringArray, pa.StringArray]]:
    for split in ("train", "extrapolate"):
        source = task.source(split, 0) if task.strata(split) else None
        if source is not None and (rows := source.capacity_up_to(SAMPLE_ROWS)):
            for piece in source.rendered(range(rows)):
                yield piece.questions, piece.answers


def _between(skeletons: pa.StringArray) -> Iterator[str]:
    for skeleton in skeletons.unique().to_pylist():
        yield from skeleton.split(NUMBER)[1:-1]


def _only(counts: Int) -> int:
    return int(counts[0]) if len(counts) and (counts == counts[0]).all() else 0


def rebuilt(skeleton: str, columns: list[pa.StringArray]) -> pa.StringArray:
    r"""Put numbers into a skeleton: negative ones in brackets unless they come first.

    >>> rebuilt("\0+\0", [pa.array(["-7"]), pa.array(["-12"])]).to_pylist()
    ['-7+(-12)']
    """
    literals, parts = skeleton.split(NUMBER), []
    for literal, column in zip(literals, columns, strict=False):
        bare = not literal or literal[-1] in "(,"
        parts += [pa.scalar(literal), column if bare else _bracketed(column)]
    return pc.binary_join_element_wise(*parts, pa.scalar(literals[-1]), "")


def assembled(parts: list[tuple[Int, pa.StringArray]]) -> pa.StringArray:
    """Join columns of some rows, each with the indices of its rows, to one column in the order of the rows."""
    if not parts:
        return from_list([])
    rows = np.concatenate([mine for mine, _ in parts])
    return pa.concat_arrays([column for _, column in parts]).take(int_array(np.argsort(rows)))


def _bracketed(column: pa.StringArray) -> pa.StringArray:
    negative = pc.starts_with(column, "-")
    if not pc.any(negative).as_py():
        return column
    return pc.if_else(negative, pc.binary_join_element_wise("(", column, ")", ""), column)
