"""Streams as map-style PyTorch datasets: rows by index, and a sampler of batches of indices."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch.utils.data import Dataset, Sampler

from mathbench.errors import InputError
from mathbench.hashing import key_of
from mathbench.parameters import check_flag
from mathbench.streaming.base import BaseStream, check_epoch, iter_rows
from mathbench.streaming.encoder import Encode
from mathbench.streaming.order import EpochOrder
from mathbench.streaming.share import WorkerShard
from mathbench.streaming.torch import TensorBatch, current_rank, requested_rank


class TorchRows(Dataset[Any]):
    """The rows of a stream by index, for a `DataLoader` that shuffles.

    An index gives a row, a list of indices a batch. A loader that draws batches of indices (the usual
    ``batch_size=64, shuffle=True``) generates its rows one batch at a time. Random access to a table that is too large
    for the cache costs about as much for one row as for a thousand; `TorchSampler` draws rows that are close together.

    Args:
        stream: the stream; its batch size and epochs are ignored.
        encode: see `mathbench.streaming.encoder.make_encoder`; None: rows as dicts.

    >>> import mathbench
    >>> rows = mathbench.stream("addition", rows=1000).torch_rows()
    >>> len(rows), rows[999]["row"], rows[[5, 7]]["row"].tolist()
    (1000, 999, [5, 7])
    """

    def __init__(self, stream: BaseStream, *, encode: Encode = None):
        self._source, self._length, self._convert = stream.source, _row_count(stream), TensorBatch(encode)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list | tuple | np.ndarray | torch.Tensor) and np.ndim(index):
            return self._convert(self._table(np.asarray(index, dtype=np.int64)))
        return self.__getitems__([int(index)])[0]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """A list of rows, which the loader collates."""
        table = self._table(np.asarray(indices, dtype=np.int64))
        if self._convert.encoder is None:
            return list(iter_rows(table))
        batch = self._convert(table)
        if not isinstance(batch, dict):
            raise InputError(
                "single rows require an encoder that returns a dict of tensors; read batches instead."
            )
        return [
            dict(zip(batch, values, strict=True))
            for values in zip(*map(_unbind, batch.values()), strict=True)
        ]

    def _table(self, indices: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Table:
        rows = np.where(indices < 0, indices + self._length, indices)
        if len(rows) and (rows.min() < 0 or rows.max() >= self._length):
            raise IndexError(
                f"the stream has rows 0 to {self._length - 1}. Received: {indices.tolist()!s:.100}."
            )
        return self._source.table(0, rows)


class TorchSampler(Sampler[list[int]]):
    """Batches of indices in a random order that keeps rows of one block together.

    Pass it as ``sampler`` with ``batch_size=None``. Each epoch has another order of all rows: blocks of 16,384 rows in
    random order, each shuffled. Epoch 0 has the order of the rows, which is itself random.

    Args:
        stream: a stream of batches.
        rank, world, even: as for `TorchStream`.

    >>> import mathbench
    >>> sampler = mathbench.stream("addition", rows=10, batch_size=4).torch_sampler()
    >>> sampler.set_epoch(1)
    >>> sorted(sum(sampler, []))
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """

    def __init__(
        self, stream: BaseStream, *, rank: int | None = None, world: int | None = None, even: bool = False
    ):
        if stream.batch_size is None:
            raise InputError("a sampler requires batches: give batch_size to the stream.")
        self._rows, self._size, self._per_epoch = _row_count(stream), stream.batch_size, stream.per_epoch or 0
        self._order = EpochOrder(self._rows, key_of("sampler", str(dict(stream.source.spec))))
        self._requested, self._even = requested_rank(rank, world), check_flag("even", even)
        self.epoch: int = stream.epoch
        self._skip = 0

    def __len__(self) -> int:
        return self._shard().count(self._per_epoch)

    def __iter__(self) -> Iterator[list[int]]:
        skip, self._skip = self._skip, 0
        for position in range(skip, len(self)):
            item = int(self._shard().items(position, position + 1, self._per_epoch)[0])
            positions = np.arange(item * self._size, min((item + 1) * self._size, self._rows))
            yield self._order.rows_at(self.epoch, positions).tolist()

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass."""
        check_epoch(epoch)
        self.epoch = epoch

    def skip(self, batches: int) -> None:
        """Skip the first batches of the next pass, such as those that the loader yielded before a resume."""
        self._skip = batches

    def _shard(self) -> WorkerShard:
        rank, world = self._requested or current_rank() or (0, 1)
        return WorkerShard(rank, world, even=self._even)


def _row_count(stream: BaseStream) -> int:
    """The number of rows of an epoch; raises an `InputError` for endless streams."""
    if stream.source.rows is None:
        raise InputError("an endless mixture cannot be indexed: give rows=N.")
    return stream.source.rows


def _unbind(values: Any) -> Any:
    return values.unbind() if isinstance(values, torch.Tensor) else values
