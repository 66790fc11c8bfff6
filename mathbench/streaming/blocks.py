"""A cache of blocks of rows, for access by row number.

One row costs as much to generate as a thousand (see `mathbench.sampling.sampler`), so the block around it is generated
and cached. A block of which only one row is used costs ten times as much as that row, though. Therefore, like the
read-ahead of an operating system, a block is generated when it is requested twice in succession, or at once if the
cache has room for all blocks.
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

CACHED_BLOCKS = 16  # a row takes about 100 bytes


class BlockCache:
    """The rows of one split of a task, with the latest blocks in memory.

    Threads may share it. It is pickled as its arguments, without the rows.

    Args:
        task: the task.
        split: the name of the split.
        seed: the seed of the rows.
        rows: the number of rows of the split that may be requested.
        columns: optional columns besides those that the task always has.

    >>> from mathbench.families import task
    >>> blocks = BlockCache(task("addition"), "train", 0, 50_000)
    >>> blocks.take(np.array([7, 20_000])).column("row").to_pylist()
    [7, 20000]
    """

    def __init__(self, task: Task, split: str, seed: int | str, rows: int, columns: tuple[str, ...] = ()):
        self._arguments = task, split, seed, rows, columns
        self._rows = rows
        self._schema = schema(task, columns)
        self._all_fit = rows <= CACHED_BLOCKS * BLOCK
        # A deque, because its `append` and `list` are thread-safe without a lock.
        self._cache: deque[tuple[int, pa.Table]] = deque(maxlen=CACHED_BLOCKS)
        self._previous: set[int] = set()  # the blocks of the previous call

    def __reduce__(self) -> Any:
        return BlockCache, self._arguments

    @cached_property
    def _source(self) -> Rows:
        task, split, seed, _, columns = self._arguments
        return open_rows(task, split, seed, columns)

    def take(self, numbers: Int, sequential: bool = False) -> pa.Table:
        """Return rows in the requested order, with the columns of the files.

        Args:
            numbers: row numbers, int64 (n,).
            sequential: a hint that the following rows will be requested next.
        """
        block_of = numbers // BLOCK
        requested = block_of.tolist() if len(block_of) == 1 else np.unique(block_of).tolist()
        repeated = self._previous if len(requested) <= 2 else set()
        blocks = {number: self._block(number, sequential or number in repeated) for number in requested}
        self._previous = set(requested)
        if len(requested) == 1 and (block := blocks[requested[0]]) is not None:  # the usual case
            return _take(block, numbers - requested[0] * BLOCK)
        return self._gather(numbers, block_of, {n: block for n, block in blocks.items() if block is not None})

    def _gather(self, numbers: Int, block_of: Int, blocks: dict[int, pa.Table]) -> pa.Table:
        """Collect rows from several blocks; rows in none of them are generated together."""
        parts, positions = [], []
        for number, block in blocks.items():
            positions.append(np.flatnonzero(block_of == number))
            parts.append(_take(block, numbers[positions[-1]] - number * BLOCK))
        missing = np.flatnonzero(~np.isin(block_of, list(blocks)))
        if len(missing) or not parts:
            parts.append(self._generate(numbers[missing]))
        return _merge(parts, np.concatenate([*positions, missing]))

    def _block(self, number: int, generate: bool) -> pa.Table | None:
        """A cached block, or a new one if `generate` is set or all blocks fit; None otherwise."""
        for cached, table in list(self._cache):
            if cached == number:
                return table
        if not (generate or self._all_fit):
            return None
        table = self._generate(np.arange(number * BLOCK, min((number + 1) * BLOCK, self._rows)))
        self._cache.append((number, table))
        return table

    def _generate(self, numbers: Int) -> pa.Table:
        return self._source.batch(numbers).select(self._schema.names).cast(self._schema)


def _take(block: pa.Table, positions: Int) -> pa.Table:
    """Rows of one block, without a copy if they are contiguous."""
    if len(positions) and (positions[1:] - positions[:-1] == 1).all():
        return block.slice(int(positions[0]), len(positions))
    return block.take(pa.array(positions))


def _merge(parts: list[pa.Table], positions: Int) -> pa.Table:
    """Concatenate tables and move their rows to the given positions."""
    joined = pa.concat_tables(parts)
    if (np.diff(positions) == 1).all():
        return joined
    return joined.take(pa.array(np.argsort(positions)))
