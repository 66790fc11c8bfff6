"""Verification: is a dataset whole and what its manifest says, are its answers right and its splits apart?

Rows are regenerated and compared; answers and reserves are checked from the text of each question by plain
Python that shares nothing with the generators (`Task.oracle`, `Task.operands_of`, `reserve.fingerprint`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import shard
from mathbench.dataset import Dataset
from mathbench.errors import CheckFailed
from mathbench.hashing import GOLDEN, mix
from mathbench.manifest import Config, Shard
from mathbench.reserve import OF_SPLIT, reserve_of
from mathbench.rows import Rows, open_rows
from mathbench.shard import BATCH, Progress
from mathbench.task import Task

SAMPLE = 1000
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
    parts = [part for part in config.shards() if part.split == split]
    try:
        for part in parts:
            _whole(dataset, part)
        yield Check(config.name, split, "content digests", True, f"{len(parts)} file(s)")
        table = _sampled(dataset, config, parts, sample)
    except CheckFailed as error:
        yield Check(config.name, split, "content digests", False, str(error))
        return
    rows = open_rows(config.task, split, config.seed)
    for what, check in (
        ("regenerated rows", lambda t: _difference(rows, t)),
        ("answers, by an independent solver", lambda t: _wrong_answer(config.task, t)),
        (f"problems in the {OF_SPLIT[split].name} reserve", lambda t: _foreign(config.task, split, t)),
    ):
        yield Check(
            config.name, split, what, *_first(check, table, progress if what.startswith("re") else None)
        )
    yield Check(config.name, split, "no question twice", *_distinct(table))
    if config.task.recognition:
        yield Check(config.name, split, "labels balanced", *_balanced(dataset, config, parts))


def _whole(dataset: Dataset, part: Shard) -> None:
    stated, held = dataset.manifest.contents[part.file], shard.scan(dataset.folder / part.file)
    if (held.rows, held.digest) != (stated.rows, stated.digest):
        raise CheckFailed(f"{part.file} holds other rows than the manifest says")


def _sampled(dataset: Dataset, config: Config, parts: list[Shard], sample: int | None) -> pa.Table:
    """All rows of a split, or a fixed pseudo-random sample of them (and always the first and the last)."""
    total = parts[-1].stop
    table = dataset.table(config, parts[0].split)
    if sample is None or sample >= total:
        return table
    luck = mix(np.arange(sample, dtype=np.uint64) * np.uint64(GOLDEN)) % np.uint64(total)
    return table.take(np.unique(np.concatenate([[0, total - 1], luck.astype(np.int64)])))


def _first(check, table: pa.Table, progress: Progress | None) -> tuple[bool, str]:  # type: ignore[no-untyped-def]
    """Run a check batch by batch up to the first failure."""
    for start in range(0, table.num_rows, BATCH):
        batch = table.slice(start, BATCH)
        found = check(batch)
        if progress:
            progress(batch.num_rows)
        if found:
            return False, found
    return True, f"{table.num_rows:,} rows"


def _difference(rows: Rows, stored: pa.Table) -> str:
    """The first difference between stored rows and rows made anew, exactly."""
    made = rows.batch(stored.column("row").to_numpy())
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


def _wrong_answer(task: Task, table: pa.Table) -> str:
    for row, question, answer in zip(
        *(table.column(c).to_pylist() for c in ("row", "question", "answer")), strict=True
    ):
        if (right := task.oracle(question)) != answer:
            return f"row {row}: {question} -> {answer!r} should be {right!r}"
    return ""


def _foreign(task: Task, split: str, table: pa.Table) -> str:
    wanted = OF_SPLIT[split].name
    for row, question in zip(
        table.column("row").to_pylist(), table.column("question").to_pylist(), strict=True
    ):
        if (found := reserve_of(task.reserve_family, task.operands_of(question))) != wanted:
            return f"row {row}: {question} belongs to the {found} reserve"
    return ""


def _distinct(table: pa.Table) -> tuple[bool, str]:
    repeated = table.num_rows - pc.count_distinct(table.column("question")).as_py()
    return not repeated, f"{repeated:,} repeated" if repeated else f"{table.num_rows:,} rows"


def _balanced(dataset: Dataset, config: Config, parts: list[Shard]) -> tuple[bool, str]:
    """As many true as false, up to the block of the plan that the last row cuts."""
    true = total = 0
    for part in parts:
        for table in shard.read(dataset.folder / part.file):
            true += pc.sum(table.column("label")).as_py() or 0
            total += table.num_rows
    rows = open_rows(config.task, parts[0].split, config.seed)
    slack = max(phase.size for phase in rows.plan.phases) // 2 + 1
    detail = f"{true:,} true of {total:,}"
    return abs(2 * true - total) <= slack, detail
