"""The audit of one split: rows as regenerated, right answers, the right reserve, no repeats, balanced labels."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats
from mathbench.dataset.digest import difference
from mathbench.dataset.shard import schema
from mathbench.dataset.shard_reader import expected
from mathbench.errors import SpaceExhausted
from mathbench.reserve import fingerprint, reserve_of
from mathbench.rows import Rows
from mathbench.sampling.enumerated import Enumerated
from mathbench.task import Task

MAX_QUESTION_BYTES = 64 << 20  # of the questions compared with each other for repeats, to bound memory
REGENERATED = "regenerated rows"


class SplitAudit:
    """Checks the stored rows of one split, table by table.

    Args:
        rows: the rows as they should be.
        sample: numbers of the rows to solve independently, ascending.
        regenerate_all: regenerate every stored row, not only the sample.
    """

    def __init__(self, rows: Rows, sample: NDArray[np.int64], regenerate_all: bool):
        self.rows: Rows = rows
        self._sample, self._regenerate_all = sample, regenerate_all
        self._text_checks: dict[str, Callable[[pa.Table], str]] = {
            "answers, by an independent solver": partial(_wrong_answer, rows.task),
        }
        if isinstance(rows.task, Enumerated):
            what = f"problems in the {rows.task.reserve(rows.split).name} reserve"
            self._text_checks[what] = partial(_wrong_reserve, rows.task, rows.split)
        self._failures = dict.fromkeys([REGENERATED, *self._text_checks], "")
        self._regenerated = self._solved = self._read = self._true = 0
        self._questions: list[pa.ChunkedArray] = []

    def sample_within(self, start: int, stop: int) -> NDArray[np.int64]:
        """The rows of the sample in a range."""
        return self._sample[slice(*np.searchsorted(self._sample, [start, stop]))]

    def check_table(self, table: pa.Table, start: int, file: str) -> int:
        """Check a table of stored rows; return how many of them are in the sample.

        Args:
            table: the rows.
            start: the number that its first row should have.
            file: the file that holds it.
        """
        numbers = self.sample_within(start, start + table.num_rows)
        sample = table.take(numbers - start)
        if self._regenerate_all:
            self._compare(table, range(start, start + table.num_rows), file)
        else:
            self._compare(sample, numbers, file)
        if not table.schema.equals(schema(self.rows.task, self.rows.columns)):
            return len(numbers)
        self._check_texts(sample, file)
        self._collect_questions(table if self._regenerate_all else sample)
        self._solved += len(numbers)
        self._read += table.num_rows
        if self.rows.task.recognition:
            self._true += pc.sum(table["label"]).as_py() or 0
        return len(numbers)

    def _check_texts(self, sample: pa.Table, file: str) -> None:
        """Check rows from the plain text of their questions."""
        plain = formats.for_task(self.rows.task).undo(sample)
        invalid = pc.indices_nonzero(pc.and_(pc.is_null(plain["question"]), pc.is_valid(sample["question"])))
        for what, check in self._text_checks.items():
            if len(invalid):
                row = sample.slice(invalid[0].as_py(), 1).to_pylist()[0]
                failure = (
                    f"row {row['row']}: {row['question']!r} is not in the format {self.rows.task.format}"
                )
            else:
                failure = check(plain)
            self._record(what, failure, file)

    def _compare(self, stored: pa.Table, numbers: range | NDArray[np.int64], file: str) -> None:
        self._regenerated += stored.num_rows
        try:
            self._record(REGENERATED, difference(stored, expected(self.rows, numbers)), file)
        except SpaceExhausted as error:
            self._record(REGENERATED, str(error), file)

    def _record(self, what: str, failure: str, file: str) -> None:
        """Record the first failure of each check."""
        if failure and not self._failures[what]:
            self._failures[what] = f"{file}, {failure}"

    def _collect_questions(self, table: pa.Table) -> None:
        if sum(questions.nbytes for questions in self._questions) < MAX_QUESTION_BYTES:
            self._questions.append(table["question"])

    def results(self, chosen: str) -> dict[str, tuple[bool, str]]:
        """Return whether each check passed, and the amount checked or the first failure, by description of the check.

        Args:
            chosen: how the sample was chosen, in words.
        """
        amounts = {name: f"{self._solved:,} rows{chosen}" for name in self._failures}
        if self._regenerate_all:
            amounts[REGENERATED] = f"{self._regenerated:,} rows"
        results = {name: (not failure, failure or amounts[name]) for name, failure in self._failures.items()}
        repeated, detail = self._repeated()
        if self.rows.task.may_repeat(self.rows.split):
            return {**results, "questions repeated, which train may": (True, detail)}
        return {**results, "no question twice": (not repeated, detail)}

    def _repeated(self) -> tuple[int, str]:
        """The number of repeated questions among those collected, also in words."""
        questions = pa.chunked_array([chunk for q in self._questions for chunk in q.chunks], pa.string())
        repeated = len(questions) - pc.count_distinct(questions).as_py()
        return repeated, f"{repeated:,} of {len(questions):,}" if repeated else f"{len(questions):,} rows"

    def label_balance(self) -> tuple[bool, str]:
        """Whether as many rows are true as false, apart from the incomplete last block, and the counts in words."""
        self.rows.capacity_up_to(self._read)  # extends the plan to the rows that were read
        slack = self.rows.source.block // 2 + 1
        return abs(2 * self._true - self._read) <= slack, f"{self._true:,} true of {self._read:,}"


def _wrong_answer(task: Task, table: pa.Table) -> str:
    columns = _texts(table, "row", "question", "answer", "stratum")
    for row, question, answer, stratum in zip(*columns, strict=True):
        try:
            right = task.part_of_stratum(stratum).oracle(question)
        except Exception as error:  # a stored question can be any text, and a plug-in task any code
            return _invalid_question(row, question, error)
        if right != answer:
            return f"row {row}: the answer to {question} is {answer!r} and should be {right!r}"
    return ""


def _wrong_reserve(task: Enumerated, split: str, table: pa.Table) -> str:
    reserve = task.reserve(split)
    for row, question in zip(*_texts(table, "row", "question"), strict=True):
        try:
            operands = task.operands_of(question)
            found = reserve_of(task.reserve_family, operands)
            hashed = np.array([fingerprint(task.reserve_family, operands)], dtype=np.uint64)
        except Exception as error:
            return _invalid_question(row, question, error)
        if found != reserve.name:
            return f"row {row}: {question} belongs to the {found} reserve"
        if not reserve.contains(hashed)[0]:
            excluded = reserve.excluded is not None and reserve.excluded.contains(hashed)[0]
            why = "excluded" if excluded else f"outside the share of {split}, {reserve.share}"
            return f"row {row}: {question} is {why}"
    return ""


def _texts(table: pa.Table, *columns: str) -> list[list[Any]]:
    return [table[column].to_pylist() for column in columns]


def _invalid_question(row: object, question: object, error: Exception) -> str:
    return f"row {row}: {question!r} cannot be parsed as a question ({type(error).__name__})"
