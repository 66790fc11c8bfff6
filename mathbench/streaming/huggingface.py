"""Streams as Hugging Face datasets, whose shards are ranges of rows that nodes and workers share."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mathbench.errors import InputError, shown
from mathbench.integers import as_integer
from mathbench.streaming.base import BaseStream
from mathbench.streaming.order import BLOCK
from mathbench.streaming.source import Source

if TYPE_CHECKING:
    import datasets

READ_ROWS = 1 << 10  # rows per table; a resume regenerates one table and the block around it at most
MAX_SHARDS = 1 << 16  # that `datasets` can list without delay
SHARD_MULTIPLE = 8  # so that 2, 4 or 8 nodes get the same number of shards


def dataset(stream: BaseStream, shards: int | None = None) -> "datasets.IterableDataset":
    """Convert a stream to a `datasets.IterableDataset`, with the features of the dataset on disk.

    The result has the rows of one epoch, one by one, whatever the stream's batch size and epochs: `datasets` has its
    own `batch`, `repeat` and `shuffle`. `state_dict` and `load_state_dict` resume; at most one shard is regenerated.

    Args:
        stream: the stream.
        shards: the number of shards; None: a multiple of 8 such that each has at most 16,384 rows.

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
    """Read ranges of positions as tables; the rows that a resume skips are sliced from cached blocks."""
    for start, stop in spans:
        for first in range(start, stop, READ_ROWS):
            positions = np.arange(first, min(first + READ_ROWS, stop))
            yield str(first), source.table(epoch, positions, sequential=True)


def _bounds(rows: int | None, shards: int | None) -> list[int]:
    """The bounds of shards of equal size, up to one row."""
    if rows is None or (shards is None and rows > MAX_SHARDS * BLOCK):
        raise InputError(
            f"a Hugging Face dataset requires a list of shards: give rows=N, at most {MAX_SHARDS * BLOCK:,}. "
            f"Received: {rows or 'endless'}."
        )
    count = -(-rows // (BLOCK * SHARD_MULTIPLE)) * SHARD_MULTIPLE if shards is None else as_integer(shards)
    if count is None or not 0 < count <= MAX_SHARDS:
        raise InputError(f"shards must be 1 to {MAX_SHARDS:,}. Received: {shown(shards)}.")
    count = min(count, rows)
    return [rows * i // count for i in range(count + 1)]
