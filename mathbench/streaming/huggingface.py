"""Streams as Hugging Face datasets, whose shards are ranges of rows: dealt to nodes and workers, and resumed."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mathbench.errors import InputError
from mathbench.streaming.base import BaseStream
from mathbench.streaming.order import BLOCK
from mathbench.streaming.source import Source

if TYPE_CHECKING:
    import datasets

READ = 1 << 10  # rows of a table: what a resume makes again at most, beside the block around it
MAX_SHARDS = 1 << 16  # shards that `datasets` can list without delay
EVEN = 8  # shards come in multiples of it, so that 2, 4 or 8 nodes have equally many


def dataset(stream: BaseStream, shards: int | None = None) -> "datasets.IterableDataset":
    """The rows of a stream as a `datasets.IterableDataset`, with the features of the dataset on disk.

    One epoch, row by row, whatever the stream's batch size and epochs: `datasets` has its own `batch`, `repeat`,
    `shuffle`. `state_dict` and `load_state_dict` resume; at most one shard is made again.

    Args:
        stream: whose rows.
        shards: into how many ranges of rows; None: of 16,384 rows or less, in a multiple of 8.

    Raises:
        InputError: for an endless stream, or more rows than 65,536 shards of 16,384 rows.

    >>> import mathbench
    >>> rows = mathbench.stream("divisible", k=7, rows=1000).hf()
    >>> rows.features["label"].names, rows.num_shards, next(iter(rows))["row"]
    (['false', 'true'], 8, 0)
    """
    import datasets
    from datasets.iterable_dataset import ArrowExamplesIterable

    bounds = _bounds(stream.source.rows, shards)
    spans = list(pairwise(bounds))
    examples = ArrowExamplesIterable(
        _tables, {"source": stream.source, "epoch": stream.epoch, "spans": spans}
    )
    info = datasets.DatasetInfo(features=datasets.Features.from_arrow_schema(stream.source.schema))
    return datasets.IterableDataset(examples, info=info)


def _tables(source: Source, epoch: int, spans: list[tuple[int, int]]) -> Iterator[tuple[str, pa.Table]]:
    """Tables of some ranges of positions; what is skipped in a resume is sliced from its block, not made alone."""
    for start, stop in spans:
        for first in range(start, stop, READ):
            positions = np.arange(first, min(first + READ, stop))
            yield str(first), source.table(epoch, positions, ahead=True)


def _bounds(rows: int | None, shards: int | None) -> list[int]:
    """Where the shards begin and end, as evenly as can be."""
    if rows is None or (shards is None and rows > MAX_SHARDS * BLOCK):
        raise InputError(
            f"Hugging Face lists its shards: give rows=N, at most {MAX_SHARDS * BLOCK:,}. "
            f"Received: {rows or 'endless'}."
        )
    count = -(-rows // (BLOCK * EVEN)) * EVEN if shards is None else shards
    if not 0 < count <= MAX_SHARDS:
        raise InputError(f"shards must be 1 to {MAX_SHARDS:,}. Received: {shards}.")
    count = min(count, rows)
    return [rows * i // count for i in range(count + 1)]
