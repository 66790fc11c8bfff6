"""Sources of streams: rows by epoch and position."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.dataset.shard import schema
from mathbench.hashing import check_seed, key_of
from mathbench.rows import check_split, open_rows
from mathbench.streaming.blocks import BlockCache
from mathbench.streaming.order import EpochOrder
from mathbench.task import Task

Int = NDArray[np.int64]


class Source(Protocol):
    """Rows by epoch and position. Implementations are pure: the same arguments give the same rows."""

    @property
    def rows(self) -> int | None:
        """The number of rows of an epoch; None: endless."""

    @property
    def schema(self) -> pa.Schema:
        """The columns, as in the files of a dataset."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """Everything that determines the rows, as JSON values."""

    def table(self, epoch: int, positions: Int, sequential: bool = False) -> pa.Table:
        """The rows at some positions of an epoch.

        Args:
            epoch: the number of the epoch.
            positions: int64 (n,).
            sequential: a hint that the following positions will be read next.
        """


class TaskSource:
    """The first rows of one split of a task.

    Args:
        task: the task.
        split: the name of the split.
        seed: a 64-bit integer or a string.
        rows: the number of rows; None: all rows of the split.
        columns: optional columns besides those that the task always has.

    Raises:
        InputError: for an unknown split, a bad seed, or more rows than the split holds.
    """

    def __init__(
        self, task: Task, split: str, seed: int | str, rows: int | None, columns: tuple[str, ...] = ()
    ):
        self.task: Task = task
        self.split: str = check_split(split)
        self.seed: int | str = check_seed(seed)
        available = open_rows(task, self.split, self.seed, columns)
        available.require(max(rows or 0, 1))
        self.rows: int = len(available) if rows is None else rows
        self.columns: tuple[str, ...] = available.columns
        self.schema: pa.Schema = schema(task, columns)
        self._blocks = BlockCache(task, split, self.seed, self.rows, self.columns)
        self._order = EpochOrder(self.rows, key_of("epochs", task.id, self.seed, split))

    @property
    def spec(self) -> Mapping[str, Any]:
        """Everything that determines the rows, as JSON values."""
        task = {"task": self.task.id, "parameters": self.task.parameters}
        columns = {"columns": list(self.columns)} if self.columns else {}
        return {**task, "split": self.split, "seed": self.seed, "rows": self.rows, **columns}

    def table(self, epoch: int, positions: Int, sequential: bool = False) -> pa.Table:
        """The rows at some positions of an epoch."""
        return self._blocks.take(self.numbers(epoch, positions), sequential)

    def numbers(self, epoch: int, positions: Int) -> Int:
        """The row numbers at some positions of an epoch; both are int64 (n,)."""
        return self._order.rows_at(epoch, positions)
