"""The rows of one split under test: as they should be, answered rightly, in their reserve, none twice, balanced."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats
from mathbench.dataset import shard
from mathbench.dataset.digest import difference
from mathbench.errors import SpaceExhausted
from mathbench.reserve import RESERVE_OF_SPLIT, reserve_of
from mathbench.rows import Rows
from mathbench.sampling.enumerated import Enumerated
from mathbench.task import Task

MAX_TEXT = 64 << 20  # bytes of questions compared with each other for repeats; memory stays flat
REGENERATED = "regenerated rows"


class SplitAudit:
    """What is found out about one split while its tables go by.

    Args:
        rows: the rows as they should be.
        picked: numbers of the rows to solve independently, ascending.
        make_all: make every row anew that goes by, not only these.
    """

    def __init__(self, rows: Rows, picked: NDArray[np.int64], make_all: bool):
        self.rows, self._picked, self._make_all = rows, picked, make_all
        self._solve: dict[str, Callable[[pa.Table], str]] = {
            "answers, by an independent solver": partial(_wrong_answer, rows.task),
        }
        if isinstance(rows.task, Enumerated):
            what = f"problems in the {RESERVE_OF_SPLIT[rows.split].name} reserve"
            self._solve[what] = partial(_foreign, rows.task, rows.split)
        self._found = dict.fromkeys([REGENERATED, *self._solve], "")
        self._made = self._solved = self._read = self._true = 0
        self._questions: list[pa.ChunkedArray] = []

    def within(self, start: int, stop: int) -> NDArray[np.int64]:
        """The picked rows of a range."""
        return self._picked[slice(*np.searchsorted(self._picked, [start, stop]))]

    def take(self, table: pa.Table, start: int, file: str) -> int:
        """Check a table of stored rows; returns how many of them were picked.

        Args:
            table: the rows.
            start: the number that its first row should have.
            file: where it stands.
        """
        numbers = self.within(start, start + table.num_rows)
        some = table.take(numbers - start)
        if self._make_all:
            self._compare(table, range(start, start + table.num_rows), file)
        else:
            self._compare(some, numbers, file)
        if not table.schema.equals(shard.schema(self.rows.task)):
            return len(numbers)
        self._check(some, file)
        self._remember(table if self._make_all else some)
        self._solved += len(numbers)
        self._read += table.num_rows
        if self.rows.task.recognition:
            self._true += pc.sum(table["label"]).as_py() or 0
        return len(numbers)

    def _check(self, some: pa.Table, file: str) -> None:
        """Solve rows from their questions, as they read in plain text."""
        plain = formats.for_task(self.rows.task).undo(some)
        unread = pc.indices_nonzero(pc.and_(pc.is_null(plain["question"]), pc.is_valid(some["question"])))
        for what, check in self._solve.items():
            if len(unread):
                row = some.slice(unread[0].as_py(), 1).to_pylist()[0]
                found = f"row {row['row']}: {row['question']!r} is not written as {self.rows.task.format}"
            else:
                found = check(plain)
            self._note(what, found, file)

    def _compare(self, stored: pa.Table, numbers: range | NDArray[np.int64], file: str) -> None:
        self._made += stored.num_rows
        try:
            self._note(REGENERATED, difference(stored, shard.expected(self.rows, numbers)), file)
        except SpaceExhausted as error:
            self._note(REGENERATED, str(error), file)

    def _note(self, what: str, found: str, file: str) -> None:
        """Keep the first thing that was found."""
        if found and not self._found[what]:
            self._found[what] = f"{file}, {found}"

    def _remember(self, table: pa.Table) -> None:
        if sum(questions.nbytes for questions in self._questions) < MAX_TEXT:
            self._questions.append(table["question"])

    def results(self, chosen: str) -> dict[str, tuple[bool, str]]:
        """What was checked, whether it held, and how much was checked or the first thing that did not hold.

        Args:
            chosen: how rows were picked, in words.
        """
        how = {name: f"{self._solved:,} rows{chosen}" for name in self._found}
        if self._make_all:
            how[REGENERATED] = f"{self._made:,} rows"
        held = {name: (not found, found or how[name]) for name, found in self._found.items()}
        repeated, detail = self._repeated()
        if self.rows.task.may_repeat(self.rows.split):
            return {**held, "questions repeated, which train may": (True, detail)}
        return {**held, "no question twice": (not repeated, detail)}

    def _repeated(self) -> tuple[int, str]:
        """How many questions came again, among as many as fit in memory."""
        questions = pa.chunked_array([chunk for q in self._questions for chunk in q.chunks], pa.string())
        repeated = len(questions) - pc.count_distinct(questions).as_py()
        return repeated, f"{repeated:,} of {len(questions):,}" if repeated else f"{len(questions):,} rows"

    def balanced(self) -> tuple[bool, str]:
        """As many true as false among the rows read, up to the block of the plan that the last row cuts."""
        self.rows.capacity_up_to(self._read)  # the plan as far as rows were read
        slack = self.rows.source.block // 2 + 1
        return abs(2 * self._true - self._read) <= slack, f"{self._true:,} true of {self._read:,}"


def _wrong_answer(task: Task, table: pa.Table) -> str:
    columns = _texts(table, "row", "question", "answer", "stratum")
    for row, question, answer, stratum in zip(*columns, strict=True):
        try:
            right = task.part_of_stratum(stratum).oracle(question)
        except Exception as error:  # a stored question can be any text, and a task from elsewhere any code
            return _unreadable(row, question, error)
        if right != answer:
            return f"row {row}: {question} -> {answer!r} should be {right!r}"
    return ""


def _foreign(task: Enumerated, split: str, table: pa.Table) -> str:
    requested = RESERVE_OF_SPLIT[split].name
    for row, question in zip(*_texts(table, "row", "question"), strict=True):
        try:
            found = reserve_of(task.reserve_family, task.operands_of(question))
        except Exception as error:
            return _unreadable(row, question, error)
        if found != requested:
            return f"row {row}: {question} belongs to the {found} reserve"
    return ""


def _texts(table: pa.Table, *columns: str) -> list[list[Any]]:
    return [table[column].to_pylist() for column in columns]


def _unreadable(row: object, question: object, error: Exception) -> str:
    return f"row {row}: {question!r} cannot be read as a question ({type(error).__name__})"
