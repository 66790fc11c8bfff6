"""Streams as PyTorch datasets, dealt out to the workers of a loader and to the ranks of a job."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch.utils.data import Dataset, IterableDataset, Sampler, get_worker_info

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import MASK, key_of
from mathbench.streaming.base import BaseStream, Reader, check_epoch, check_state, iter_rows, to_lists
from mathbench.streaming.encoder import Encode, make_encoder
from mathbench.streaming.order import BLOCK, EpochOrder
from mathbench.streaming.share import WorkerShard

DEALT = ("batches", "blocks")
RANKS = 1 << 10  # of one machine, whose processes may share a dataset


class TensorBatch:
    """A batch as tensors; what is not a number stays a list.

    Args:
        encode: see `mathbench.streaming.encoder.make_encoder`.
    """

    def __init__(self, encode: Encode):
        self.encoder = make_encoder(encode)

    def __call__(self, table: pa.Table) -> Any:
        if self.encoder is None:
            return {
                name: torch.tensor(column) if name in ("row", "label") else column
                for name, column in to_lists(table).items()
            }
        encoded = self.encoder(table)
        if not isinstance(encoded, dict):
            return encoded
        return {
            name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
            for name, value in encoded.items()
        }


class TorchStream(IterableDataset[Any]):
    """A stream for a `DataLoader`, which must be told ``batch_size=None`` when the stream makes the batches.

    Workers and ranks share the batches out (see `mathbench.streaming.share`): none comes twice, none is lost, and the
    order in which a loader gives them does not depend on how many workers it has. `set_epoch` and `load_state_dict`
    reach workers that are already running from their next pass on.

    Args:
        stream: what to read.
        encode: see `mathbench.streaming.encoder.make_encoder`; None: text as lists.
        rank, world: which part this process reads; None: those of `torch.distributed` or, before it is
            set up, of the environment of ``torchrun``; else everything.
        deal: ``"batches"`` one by one, or ``"blocks"`` of about 16,384 rows: workers then make only rows of their own,
            and the order depends on how many there are.
        even: whether every rank gets equally many batches, the last few being left out.

    Raises:
        InputError: for an impossible rank, or an encoder where the stream gives rows.

    >>> import mathbench
    >>> stream = mathbench.stream("addition", rows=100, batch_size=40)
    >>> [batch["row"].shape for batch in stream.torch()]
    [torch.Size([40]), torch.Size([40]), torch.Size([20])]
    """

    def __init__(
        self,
        stream: BaseStream,
        *,
        encode: Encode = None,
        rank: int | None = None,
        world: int | None = None,
        deal: str = "batches",
        even: bool = False,
    ):
        if encode and stream.batch_size is None:
            raise InputError("encode works on batches: give the stream a batch_size.")
        if deal not in DEALT:
            raise InputError(f"unknown way to deal '{deal}'. {did_you_mean(deal, DEALT)}")
        self.stream, self._convert, self._even = stream, TensorBatch(encode), even
        self._turn = max(1, BLOCK // (stream.batch_size or 1)) if deal == "blocks" else 1
        self._requested = _requested_ranks(rank, world)
        self._reader: Reader | None = None
        self._here: tuple[int, int] | None = None  # begin and done, loaded in a worker
        self._passes = 0
        # Seen by workers that already run: the epoch; a loaded state's epoch, items and ranks; which passes took it.
        self._shared = torch.zeros(4 + RANKS, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self.set_epoch(stream.epoch)

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        self._passes += 1
        begin, done = self._place()
        share = self._share(begin)
        if info is not None:
            share = share.of_worker(info.id, info.num_workers)
        self._reader = self.stream.read(self._convert, share, self.epoch, done)
        return self._reader

    def __len__(self) -> int:
        """Items of this rank in one pass.

        Raises:
            TypeError: when the stream is endless.
        """
        return self._share().count(len(self.stream))

    def __getstate__(self) -> dict[str, Any]:
        """For a new process: a worker does not know the rank that is known here."""
        return {**self.__dict__, "_requested": self._requested or _ranks_here(), "_reader": None}

    @property
    def epoch(self) -> int:
        """The first epoch of the next pass."""
        return int(self._shared[0])

    def set_epoch(self, epoch: int) -> None:
        """Let the next pass begin with this epoch: another order of the same rows."""
        check_epoch(epoch)
        self._shared[0] = epoch

    def state_dict(self) -> dict[str, Any]:
        """Where the latest pass in this process stands, as JSON values; a loader with workers: see `state_after`."""
        state = self.state_after(0) if self._reader is None else self._state(self._reader.share)
        if self._reader is not None:
            state |= {"epoch": self._reader.epoch, "done": self._reader.done}
        else:
            state["begin"] = self._loaded(free=(0,))
        return state

    def state_after(self, batches: int) -> dict[str, Any]:
        """The state after so many batches of the current epoch came out of a loader with any number of workers.

        Args:
            batches: counted from the beginning of the pass, also in a pass that was resumed.

        Raises:
            InputError: where workers give rows or blocks, whose order depends on the workers.
        """
        if batches and (self.stream.batch_size is None or self._turn > 1):
            raise InputError(
                "batches that came out of a loader can be counted where the stream makes them and deal='batches'."
            )
        return {**self._state(self._share(batches)), "epoch": self.epoch, "done": 0}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass over the epoch of a state begin where it stands; other passes are whole.

        Raises:
            InputError: for the state of another stream, or of a job with another number of ranks or workers that
                cannot be continued.
        """
        check_state(state, self.stream.spec, ("epoch", "done", "begin", "worker", "workers", "world"))
        self._reader = None
        info = get_worker_info()
        self.set_epoch(state["epoch"])
        begin, done = state["begin"], state["done"]
        self._rescaled(begin + done, state["world"])
        if info is not None and state["workers"] == info.num_workers and state["world"] == self._ranks()[1]:
            self._here = (begin, done)
        elif state["workers"] == 1:
            self._shared[1:4] = torch.tensor([state["epoch"], state["begin"] + done, state["world"]])
            self._shared[self._claim] = 0
        else:
            raise InputError(
                f"the state is that of one of {state['workers']} workers, not of a whole loader."
            )

    def _place(self) -> tuple[int, int]:
        """Where the pass that starts now begins, and how much of it is done."""
        if self._here is not None:
            here, self._here = self._here, None
            return here
        begin = self._loaded(free=(0, self._pass()))
        if begin:
            self._shared[self._claim] = self._pass()
        return begin, 0

    def _loaded(self, free: tuple[int, ...]) -> int:
        """The items of this rank that a loaded state passes over, if it is of this epoch and `free` to be taken."""
        epoch, resumed, items, world = self._shared[:4].tolist()
        if not items or resumed != epoch or int(self._shared[self._claim]) not in free:
            return 0
        return self._rescaled(items, world)

    @property
    def _claim(self) -> int:
        """Where the pass of this rank that took the loaded state is noted."""
        return 4 + self._ranks()[0] % RANKS

    def _pass(self) -> int:
        """A number of this pass, the same in all workers: they share a seed, or count passes when they persist."""
        info = get_worker_info()
        return (self._passes + (info.seed - info.id if info else 0)) % (MASK >> 2) or 1

    def _state(self, share: WorkerShard) -> dict[str, Any]:
        dealt = {"begin": share.begin, "worker": share.worker, "workers": share.workers, "world": share.world}
        return {"stream": self.stream.spec, **dealt}

    def _share(self, begin: int = 0) -> WorkerShard:
        rank, world = self._ranks()
        return WorkerShard(rank, world, turn=self._turn, begin=begin, even=self._even)

    def _rescaled(self, items: int, world: int) -> int:
        """Items that each of `world` ranks has read, as items of each rank there is now."""
        mine = self._ranks()[1]
        if world != mine and (self._turn > 1 or items * world % mine):
            raise InputError(f"{items} items in each of {world} ranks cannot be dealt to {mine} ranks.")
        return items * world // mine

    def _ranks(self) -> tuple[int, int]:
        return self._requested or _ranks_here() or (0, 1)


class TorchRows(Dataset[Any]):
    """The rows of a stream by index, for a `DataLoader` that shuffles.

    An index gives a row; a list of indices gives a batch, in one piece. A loader that draws batches of indices (the
    usual ``batch_size=64, shuffle=True``) has its rows made a batch at a time. Access all over a table that is too
    large to be kept costs about as much for one row as for a thousand: `TorchSampler` draws what lies together.

    Args:
        stream: whose rows; its batch size and epochs do not matter.
        encode: see `mathbench.streaming.encoder.make_encoder`; None: rows as dicts.

    >>> import mathbench
    >>> rows = mathbench.stream("addition", rows=1000).torch_rows()
    >>> len(rows), rows[999]["row"], rows[[5, 7]]["row"].tolist()
    (1000, 999, [5, 7])
    """

    def __init__(self, stream: BaseStream, *, encode: Encode = None):
        self._source, self._length, self._convert = stream.source, _finite(stream), TensorBatch(encode)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list | tuple | np.ndarray | torch.Tensor) and np.ndim(index):
            return self._convert(self._table(np.asarray(index, dtype=np.int64)))
        return self.__getitems__([int(index)])[0]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """Rows as a list, for the loader to collate."""
        table = self._table(np.asarray(indices, dtype=np.int64))
        if self._convert.encoder is None:
            return list(iter_rows(table))
        batch = self._convert(table)
        if not isinstance(batch, dict):
            raise InputError("rows are cut from a batch that is a dict of tensors; ask for batches instead.")
        return [
            dict(zip(batch, values, strict=True)) for values in zip(*map(_each, batch.values()), strict=True)
        ]

    def _table(self, indices: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Table:
        whole = np.where(indices < 0, indices + self._length, indices)
        if len(whole) and (whole.min() < 0 or whole.max() >= self._length):
            raise IndexError(f"there are rows 0 to {self._length - 1}. Received: {indices.tolist()!s:.100}.")
        return self._source.table(0, whole)


class TorchSampler(Sampler[list[int]]):
    """Batches of indices in a random order that keeps together what is made together.

    Give it as ``sampler`` with ``batch_size=None``. Each epoch has another order of all rows: blocks of 16,384 rows in
    random order, each shuffled; epoch 0 is in the order of the rows, which is random by itself.

    Args:
        stream: whose rows; it says the batch size.
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
            raise InputError("a sampler draws batches: give the stream a batch_size.")
        self._rows, self._size, self._per_epoch = _finite(stream), stream.batch_size, stream.per_epoch or 0
        self._order = EpochOrder(self._rows, key_of("sampler", str(dict(stream.source.spec))))
        self._requested, self._even = _requested_ranks(rank, world), even
        self.epoch, self._begin = stream.epoch, 0

    def __len__(self) -> int:
        return self._share().count(self._per_epoch)

    def __iter__(self) -> Iterator[list[int]]:
        begin, self._begin = self._begin, 0
        for position in range(begin, len(self)):
            item = int(self._share().items(position, position + 1, self._per_epoch)[0])
            positions = np.arange(item * self._size, min((item + 1) * self._size, self._rows))
            yield self._order.rows_at(self.epoch, positions).tolist()

    def set_epoch(self, epoch: int) -> None:
        """Let the next pass be that of this epoch."""
        check_epoch(epoch)
        self.epoch = epoch

    def skip(self, batches: int) -> None:
        """Let the next pass leave out its first batches: those that came out of the loader before a resume."""
        self._begin = batches

    def _share(self) -> WorkerShard:
        rank, world = self._requested or _ranks_here() or (0, 1)
        return WorkerShard(rank, world, even=self._even)


def _finite(stream: BaseStream) -> int:
    if stream.source.rows is None:
        raise InputError("an endless mixture has no rows by index: give rows=N.")
    return stream.source.rows


def _each(values: Any) -> Any:
    return values.unbind() if isinstance(values, torch.Tensor) else values


def _requested_ranks(rank: int | None, world: int | None) -> tuple[int, int] | None:
    """The rank that was asked for; None for the one that this process has when it reads."""
    if (rank is None) != (world is None):
        raise InputError(f"rank and world go together. Received: rank={rank}, world={world}.")
    if rank is None or world is None:
        return None
    WorkerShard(rank, world)
    return rank, world


def _ranks_here() -> tuple[int, int] | None:
    """The rank of this process and how many there are, where that is known."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ:
        return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    return None
