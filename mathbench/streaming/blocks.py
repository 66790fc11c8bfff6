"""Rows by number, made in blocks of which the last ones are kept.

One row alone costs as much as a thousand (see `mathbench.sampling.sampler`), so the block around it is made and kept.
But a block that is left again at once costs ten times as much as the row. So, like read-ahead of an operating system,
a block is made when it is requested twice in a row, or at once where all blocks can be kept.
"""

from collections import deque
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.dataset.shard import schema
from mathbench.rows import Rows, open_rows
from mathbench.streaming.order import BLOCK
from mathbench.task import Task

Int = NDArray[np.int64]

CACHED_BLOCKS = 16  # blocks; about 100 bytes a row


class BlockCache:
    """One split of a task, in memory as far as it was asked for lately.

    Threads may share it, and it travels between processes as its arguments, without the rows.

    Args:
        task: the task.
        split: the name of the split.
        seed: the seed of the rows.
        rows: how many of the split's rows are ever asked for.

    >>> from mathbench.families import task
    >>> blocks = BlockCache(task("addition"), "train", 0, 50_000)
    >>> blocks.take(np.array([7, 20_000])).column("row").to_pylist()
    [7, 20000]
    """

    def __init__(self, task: Task, split: str, seed: int | str, rows: int):
        self._made_from = task, split, seed
        self._rows = rows
        self._schema = schema(task)
        self._all_fit = rows <= CACHED_BLOCKS * BLOCK
        self._cache: deque[tuple[int, pa.Table]] = deque(
            maxlen=CACHED_BLOCKS
        )  # whose `append` and `list` need no lock
        self._requested: set[int] = set()  # the blocks of the last call

    def __reduce__(self) -> Any:
        return BlockCache, (*self._made_from, self._rows)

    @cached_property
    def _source(self) -> Rows:
        return open_rows(*self._made_from)

    def take(self, numbers: Int, ahead: bool = False) -> pa.Table:
        """Some rows in the order asked for, with the columns of the files.

        Args:
            numbers: row numbers, int64 (n,).
            ahead: whether their neighbours are likely to be asked for next.
        """
        requested = numbers // BLOCK
        several = requested.tolist() if len(requested) == 1 else np.unique(requested).tolist()
        again = self._requested if len(several) <= 2 else set()
        blocks = {number: self._block(number, ahead or number in again) for number in several}
        self._requested = set(several)
        if len(several) == 1 and (block := blocks[several[0]]) is not None:  # the usual case
            return _within(block, numbers - several[0] * BLOCK)
        return self._gathered(
            numbers, requested, {n: block for n, block in blocks.items() if block is not None}
        )

    def _gathered(self, numbers: Int, requested: Int, blocks: dict[int, pa.Table]) -> pa.Table:
        """From several blocks; what is in none of them is made in one go."""
        parts, positions = [], []
        for number, block in blocks.items():
            positions.append(np.flatnonzero(requested == number))
            parts.append(_within(block, numbers[positions[-1]] - number * BLOCK))
        loose = np.flatnonzero(~np.isin(requested, list(blocks)))
        if len(loose) or not parts:
            parts.append(self._made(numbers[loose]))
        return _merged(parts, np.concatenate([*positions, loose]))

    def _block(self, number: int, worth: bool) -> pa.Table | None:
        """A block that is kept, or worth making; None where its rows are better made alone."""
        for kept, table in list(self._cache):
            if kept == number:
                return table
        if not (worth or self._all_fit):
            return None
        table = self._made(np.arange(number * BLOCK, min((number + 1) * BLOCK, self._rows)))
        self._cache.append((number, table))
        return table

    def _made(self, numbers: Int) -> pa.Table:
        return self._source.batch(numbers).select(self._schema.names).cast(self._schema)


def _within(block: pa.Table, positions: Int) -> pa.Table:
    """Rows of one block; without a copy where they stand side by side."""
    if len(positions) and (positions[1:] - positions[:-1] == 1).all():
        return block.slice(int(positions[0]), len(positions))
    return block.take(pa.array(positions))


def _merged(parts: list[pa.Table], positions: Int) -> pa.Table:
    """Tables whose rows belong at some places of one table."""
    joined = pa.concat_tables(parts)
    if (np.diff(positions) == 1).all():
        return joined
    return joined.take(pa.array(np.argsort(positions)))
