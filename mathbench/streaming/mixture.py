"""Weighted mixtures of several tasks in one stream, with random access like a single task.

A mixture is a sequence of blocks of slots. Each source has a fixed number of slots per block, by its weight, and each
block has its own order. The source at a position and its earlier occurrences are therefore computed directly, and
every prefix has the right shares to within one block. A source that is used up starts its next epoch.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.dataset.shard import schema_of
from mathbench.errors import InputError, SpaceExhausted, shown
from mathbench.hashing import GOLDEN, check_seed, key_of, mix64
from mathbench.sampling.plan import MAX_ROWS
from mathbench.streaming.source import Source

Int = NDArray[np.int64]

SLOTS = 1024  # slots per block: weights are rounded to multiples of 1/1,024 of their sum


class Mixture:
    """A source of rows that mixes several sources.

    Args:
        sources: the sources.
        weights: relative shares of the sources; None: equal shares.
        seed: determines the order of the sources.
        rows: rows of an epoch; None: one endless epoch.

    Raises:
        InputError: for no sources, or weights that are not one positive number per source.
    """

    def __init__(
        self, sources: Sequence[Source], weights: Sequence[float] | None, seed: int | str, rows: int | None
    ):
        if not sources:
            raise InputError("a mixture needs at least one task. Received: none.")
        self.sources: tuple[Source, ...] = tuple(sources)
        self.rows: int | None = rows
        self.seed: int | str = check_seed(seed)
        self.weights: tuple[float, ...] = _validated(
            [1.0] * len(sources) if weights is None else weights, len(sources)
        )
        self._key = np.uint64(key_of("mixture", self.seed, *self.weights))
        self.schema: pa.Schema = _common_schema([source.schema for source in sources])

    @property
    def spec(self) -> Mapping[str, Any]:
        """Everything that determines the rows, as JSON values."""
        sources = [dict(source.spec) for source in self.sources]
        return {"sources": sources, "weights": list(self.weights), "seed": self.seed, "rows": self.rows}

    def table(self, epoch: int, positions: Int, sequential: bool = False) -> pa.Table:
        """The rows at some positions of an epoch; each epoch continues where the previous one stopped."""
        offset = epoch * (self.rows or 0)
        if offset + int(positions.max(initial=0)) >= MAX_ROWS:
            raise SpaceExhausted(f"a mixture ends at row {MAX_ROWS:,}. Received: epoch {epoch}.")
        source, index = self.locate(positions + offset)
        parts, targets = [], []
        for number in np.unique(source).tolist():
            target = np.flatnonzero(source == number)
            for source_epoch, source_positions, chosen in _epochs(index[target], self.sources[number].rows):
                table = self.sources[number].table(source_epoch, source_positions, sequential)
                parts.append(table.select(self.schema.names).cast(self.schema))
                targets.append(target[chosen])
        return _in_order(parts, targets) if parts else self.schema.empty_table()

    def locate(self, positions: Int) -> tuple[Int, Int]:
        """The source at each position and the number of its earlier occurrences, int64 (n,) each."""
        blocks, block_index = np.unique(positions // SLOTS, return_inverse=True)
        random_bits = mix64(blocks.astype(np.uint64) * np.uint64(GOLDEN) + self._key)
        noise = mix64(random_bits[:, None] ^ (np.arange(SLOTS, dtype=np.uint64) * np.uint64(GOLDEN)))
        source = self._slots[np.argsort(noise, axis=1)]
        earlier = np.empty_like(source)
        for number, count in enumerate(self._counts):
            mine = source == number
            earlier[mine] = (np.cumsum(mine, axis=1) - 1 + blocks[:, None] * count)[mine]
        slot = block_index * SLOTS + positions % SLOTS
        return source.ravel()[slot], earlier.ravel()[slot]

    @cached_property
    def _counts(self) -> Int:
        """Slots of each source in a block, by the largest remainder method, at least one each."""
        exact = np.array(self.weights) / sum(self.weights) * SLOTS
        counts = np.maximum(np.floor(exact).astype(np.int64), 1)
        while counts.sum() < SLOTS:
            counts[np.argmax(exact - counts)] += 1
        while counts.sum() > SLOTS:  # because of the minimum of one slot
            counts[np.argmax(counts)] -= 1
        return counts

    @cached_property
    def _slots(self) -> Int:
        return np.repeat(np.arange(len(self._counts)), self._counts)


def _validated(weights: Any, count: int) -> tuple[float, ...]:
    listed = isinstance(weights, Sequence) or (isinstance(weights, np.ndarray) and weights.ndim == 1)
    if not listed or not all(map(_is_positive, weights)) or len(weights) != count or count > SLOTS // 2:
        raise InputError(
            f"weights must be positive numbers, one for each of the {count} tasks (at most {SLOTS // 2}). "
            f"Received: {shown(weights)}."
        )
    return tuple(float(weight) for weight in weights)


def _is_positive(weight: object) -> bool:
    number = isinstance(weight, int | float | np.number) and not isinstance(weight, bool)
    return number and 0 < weight < math.inf  # type: ignore[operator]


def _common_schema(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The columns of all sources, so that labels are included only if every task has them."""
    return schema_of([name for name in schemas[0].names if all(name in other.names for other in schemas)])


def _epochs(index: Int, rows: int | None) -> list[tuple[int, Int, Int]]:
    """Group indices into an endless source by epoch, as (epoch, positions in the epoch, indices of the group)."""
    if rows is None:
        return [(0, index, np.arange(len(index)))]
    epoch = index // rows
    groups = [(int(e), np.flatnonzero(epoch == e)) for e in np.unique(epoch)]
    return [(e, index[group] - e * rows, group) for e, group in groups]


def _in_order(parts: Sequence[pa.Table], positions: Sequence[Int]) -> pa.Table:
    joined = pa.concat_tables(parts)
    return joined.take(pa.array(np.argsort(np.concatenate(positions))))
