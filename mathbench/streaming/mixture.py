"""Several tasks in one stream, by weight; as pure and as open to random access as one task.

The mixture repeats a block of slots. Each source has a fixed number of slots in it, by its weight, and each block has
an order of its own; so "position -> (source, how many of it came before)" is arithmetic, and every prefix has the right
shares to within one block. A source that is used up begins its next epoch.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError, SpaceExhausted
from mathbench.hashing import GOLDEN, check_seed, key_of, mix64
from mathbench.sampling.plan import MAX_ROWS
from mathbench.streaming.source import Source

Int = NDArray[np.int64]

SLOTS = 1024  # of a block: a weight is rounded to a 1,024th of the sum


class Mixture:
    """Rows of several sources.

    Args:
        sources: what is mixed.
        weights: the share of each, relative to the others; None: equal.
        seed: decides the order in which the sources take turns.
        rows: rows of an epoch; None: one endless epoch.

    Raises:
        InputError: for no sources, or weights that are not as many positive numbers.
    """

    def __init__(
        self, sources: Sequence[Source], weights: Sequence[float] | None, seed: int | str, rows: int | None
    ):
        if not sources:
            raise InputError("a mixture needs at least one task. Received: none.")
        self.sources, self.rows, self.seed = tuple(sources), rows, check_seed(seed)
        self.weights = _checked([1.0] * len(sources) if weights is None else weights, len(sources))
        self._key = np.uint64(key_of("mixture", self.seed, *self.weights))
        self.schema = _common([source.schema for source in sources])

    @property
    def spec(self) -> Mapping[str, Any]:
        """Everything that decides the rows, as JSON values."""
        sources = [dict(source.spec) for source in self.sources]
        return {"sources": sources, "weights": list(self.weights), "seed": self.seed, "rows": self.rows}

    def table(self, epoch: int, positions: Int, ahead: bool = False) -> pa.Table:
        """The rows at some positions of an epoch; further epochs go on where the one before stopped."""
        before = epoch * (self.rows or 0)
        if before + int(positions.max(initial=0)) >= MAX_ROWS:
            raise SpaceExhausted(f"a mixture goes as far as row {MAX_ROWS:,}. Received: epoch {epoch}.")
        source, index = self.place(positions + before)
        parts, places = [], []
        for number in np.unique(source).tolist():
            here = np.flatnonzero(source == number)
            for turn, at, chosen in _epochs(index[here], self.sources[number].rows):
                table = self.sources[number].table(turn, at, ahead)
                parts.append(table.select(self.schema.names).cast(self.schema))
                places.append(here[chosen])
        return _in_order(parts, places) if parts else self.schema.empty_table()

    def place(self, positions: Int) -> tuple[Int, Int]:
        """Positions to sources and how many rows of the source came before, int64 (n,) each."""
        blocks, which = np.unique(positions // SLOTS, return_inverse=True)
        random_bits = mix64(blocks.astype(np.uint64) * np.uint64(GOLDEN) + self._key)
        noise = mix64(random_bits[:, None] ^ (np.arange(SLOTS, dtype=np.uint64) * np.uint64(GOLDEN)))
        source = self._slots[np.argsort(noise, axis=1)]
        earlier = np.empty_like(source)
        for number, count in enumerate(self._counts):
            mine = source == number
            earlier[mine] = (np.cumsum(mine, axis=1) - 1 + blocks[:, None] * count)[mine]
        at = which * SLOTS + positions % SLOTS
        return source.ravel()[at], earlier.ravel()[at]

    @cached_property
    def _counts(self) -> Int:
        """Slots of each source in a block: by largest remainder, but at least one."""
        exact = np.array(self.weights) / sum(self.weights) * SLOTS
        counts = np.maximum(np.floor(exact).astype(np.int64), 1)
        while counts.sum() < SLOTS:
            counts[np.argmax(exact - counts)] += 1
        while counts.sum() > SLOTS:  # small weights were given a slot each
            counts[np.argmax(counts)] -= 1
        return counts

    @cached_property
    def _slots(self) -> Int:
        return np.repeat(np.arange(len(self._counts)), self._counts)


def _checked(weights: Sequence[float], count: int) -> tuple[float, ...]:
    listed = isinstance(weights, Sequence | np.ndarray) and all(_positive(weight) for weight in weights)
    if not listed or len(weights) != count or count > SLOTS // 2:
        raise InputError(
            f"weights are positive numbers, one for each of the {count} tasks (at most {SLOTS // 2}). "
            f"Received: {weights!r}."
        )
    return tuple(float(weight) for weight in weights)


def _positive(weight: object) -> bool:
    number = isinstance(weight, int | float | np.number) and not isinstance(weight, bool)
    return number and math.isfinite(weight) and weight > 0  # type: ignore[arg-type, operator]


def _common(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The columns of the schema that has the fewest: labels only where every task has them."""
    return min(schemas, key=len)


def _epochs(index: Int, rows: int | None) -> list[tuple[int, Int, Int]]:
    """Running numbers of a source as epochs, positions in them, and which of the numbers these are."""
    if rows is None:
        return [(0, index, np.arange(len(index)))]
    epoch = index // rows
    groups = [(int(e), np.flatnonzero(epoch == e)) for e in np.unique(epoch)]
    return [(e, index[chosen] - e * rows, chosen) for e, chosen in groups]


def _in_order(parts: Sequence[pa.Table], positions: Sequence[Int]) -> pa.Table:
    joined = pa.concat_tables(parts)
    return joined.take(pa.array(np.argsort(np.concatenate(positions))))
