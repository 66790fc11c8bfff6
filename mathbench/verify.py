"""Verification: is a dataset whole and what its manifest says, are its answers right and its splits apart?

Rows are regenerated and compared; answers and reserves are checked from the text of each question by plain
Python that shares nothing with the generators (`Task.oracle`, `Task.operands_of`, `reserve.fingerprint`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats, shard
from mathbench.dataset import Dataset
from mathbench.digest import Digest
from mathbench.errors import CheckFailed, InputError
from mathbench.hashing import GOLDEN, mix
from mathbench.manifest import Config, Shard, ShardContent
from mathbench.reserve import OF_SPLIT, reserve_of
from mathbench.rows import Rows, open_rows
from mathbench.shard import Progress
from mathbench.task import Task

SAMPLE = 1000
MOST_QUESTIONS = (
    2_000_000  # questions compared with each other for repeats; more would not fit in flat memory
)
COMPARED = ("question", "answer", "stratum", "row", "label")


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        config, split: where.
        what: what was checked, in words.
        passed: whether it held.
        detail: how much was checked, or the first thing that did not hold.
    """

    config: str
    split: str
    what: str
    passed: bool
    detail: str


def verify(
    dataset: Dataset, sample: int | None = SAMPLE, progress: Progress = lambda rows: None
) -> Iterator[Check]:
    """Check a dataset, one check after another.

    Args:
        dataset: a finished dataset.
        sample: how many rows of each split to regenerate and solve independently; None for all of them.
        progress: called with the number of rows worked through since its last call.
    """
    for config in dataset.manifest.configs:
        for split in config.spec()["sizes"]:
            yield from _split(dataset, config, split, sample, progress)


def _split(
    dataset: Dataset, config: Config, split: str, sample: int | None, progress: Progress
) -> Iterator[Check]:
    """Read the files of a split once, a row group at a time, and check what comes by."""
    parts = [part for part in config.shards() if part.split == split]
    audit = _Audit(open_rows(config.task, split, config.seed), _picked(parts[-1].stop, sample))
    broken = ""
    for part in parts:
        try:
            for table in shard.read(dataset.folder / part.file):
                progress(audit.take(table))
            broken = broken or audit.wrong_content(dataset.manifest.contents[part.file], part)
        except CheckFailed as error:
            broken = broken or str(error)
    yield Check(config.name, split, "content digests", not broken, broken or f"{len(parts)} file(s)")
    for what, found in audit.found.items():
        yield Check(config.name, split, what, not found, found or f"{audit.checked:,} rows")
    yield Check(config.name, split, "no question twice", *audit.distinct())
    if config.task.recognition:
        yield Check(config.name, split, "labels balanced", *audit.balanced())


def _picked(total: int, sample: int | None) -> NDArray[np.int64] | None:
    """A fixed pseudo-random sample of row numbers, with the first and the last; None for all."""
    if sample is None or sample >= total:
        return None
    luck = mix(np.arange(sample, dtype=np.uint64) * np.uint64(GOLDEN)) % np.uint64(total)
    return np.unique(np.concatenate([[0, total - 1], luck.astype(np.int64)]))


class _Audit:
    """What is found out about one split while its tables go by.

    Args:
        rows: the rows as they should be.
        picked: numbers of the rows to regenerate and solve, ascending; None for all.
    """

    def __init__(self, rows: Rows, picked: NDArray[np.int64] | None):
        self._rows, self._picked = rows, picked
        self._checks: dict[str, Callable[[pa.Table], str]] = {
            "regenerated rows": partial(_difference, rows),
            "answers, by an independent solver": partial(_wrong_answer, rows.task),
            f"problems in the {OF_SPLIT[rows.split].name} reserve": partial(_foreign, rows.task, rows.split),
        }
        self.found = dict.fromkeys(self._checks, "")
        self.digest, self.checked = Digest(), 0
        self._read = self._in_shard = self._true = 0
        self._questions: list[pa.ChunkedArray] = []

    def take(self, table: pa.Table) -> int:
        """Check a table that follows the ones before; returns how many of its rows were regenerated."""
        first, self._read = self._read, self._read + table.num_rows
        self._in_shard += table.num_rows
        self.digest.update(table)
        if self._rows.task.recognition:
            self._true += pc.sum(table.column("label")).as_py() or 0
        chosen = table
        if self._picked is not None:
            ends = np.searchsorted(self._picked, [first, self._read])
            chosen = table.take(self._picked[ends[0] : ends[1]] - first)
        for what, check in self._checks.items():
            self.found[what] = self.found[what] or check(chosen)
        if self.checked < MOST_QUESTIONS:
            self._questions.append(chosen.column("question"))
        self.checked += chosen.num_rows
        return chosen.num_rows

    def wrong_content(self, stated: ShardContent, part: Shard) -> str:
        """Whether a shard that went by is not what the manifest states; the next one starts afresh."""
        digest, rows = self.digest.value(), self._in_shard
        self.digest, self._in_shard = Digest(), 0
        same = (rows, digest) == (stated.rows, stated.digest) and rows == part.stop - part.start
        return "" if same else f"{part.file} holds other rows than the manifest says"

    def distinct(self) -> tuple[bool, str]:
        """Whether no question came twice, among as many as fit in memory."""
        questions = pa.chunked_array([chunk for q in self._questions for chunk in q.chunks], pa.string())
        repeated = len(questions) - pc.count_distinct(questions).as_py()
        return not repeated, f"{repeated:,} repeated" if repeated else f"{len(questions):,} rows"

    def balanced(self) -> tuple[bool, str]:
        """As many true as false, up to the block of the plan that the last row cuts."""
        slack = max(phase.size for phase in self._rows.plan.phases) // 2 + 1
        return abs(2 * self._true - self._read) <= slack, f"{self._true:,} true of {self._read:,}"


def _difference(rows: Rows, stored: pa.Table) -> str:
    """The first difference between stored rows and rows made anew, exactly."""
    try:
        made = rows.batch(stored.column("row").to_numpy())
    except InputError as error:
        return str(error)
    for name in COMPARED:
        if name not in made.column_names:
            continue
        ours, theirs = (t.column(name).combine_chunks() for t in (made, stored))
        ours, theirs = (
            c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in (ours, theirs)
        )
        differ = pc.indices_nonzero(pc.not_equal(ours, theirs))
        if len(differ):
            i = differ[0].as_py()
            row = stored.column("row")[i].as_py()
            return f"row {row}: {name} is {theirs[i].as_py()!r} and should be {ours[i].as_py()!r}"
    return ""


def _plain(task: Task, table: pa.Table) -> pa.Table:
    """Rows in plain text, for what reads a question from its text.

    Raises:
        CheckFailed: for a question that is not written in the format of its task.
    """
    plain = formats.of(task).undo(table)
    broken = pc.indices_nonzero(pc.is_null(plain.column("question")))
    if len(broken):
        first = table.slice(broken[0].as_py(), 1).to_pylist()[0]
        raise CheckFailed(f"row {first['row']}: {first['question']!r} is not written as {task.format}")
    return plain


def _wrong_answer(task: Task, table: pa.Table) -> str:
    table = _plain(task, table)
    for row, question, answer in zip(
        *(table.column(c).to_pylist() for c in ("row", "question", "answer")), strict=True
    ):
        if (right := task.oracle(question)) != answer:
            return f"row {row}: {question} -> {answer!r} should be {right!r}"
    return ""


def _foreign(task: Task, split: str, table: pa.Table) -> str:
    table, wanted = _plain(task, table), OF_SPLIT[split].name
    for row, question in zip(
        table.column("row").to_pylist(), table.column("question").to_pylist(), strict=True
    ):
        if (found := reserve_of(task.reserve_family, task.operands_of(question))) != wanted:
            return f"row {row}: {question} belongs to the {found} reserve"
    return ""
