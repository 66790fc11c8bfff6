"""Streams as iterable PyTorch datasets, which the workers of a loader and the ranks of a job share."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch.utils.data import IterableDataset, get_worker_info

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import MASK
from mathbench.parameters import check_flag
from mathbench.streaming.base import BaseStream, Reader, check_epoch, check_state, to_lists
from mathbench.streaming.encoder import Encode, make_encoder
from mathbench.streaming.order import BLOCK
from mathbench.streaming.share import WorkerShard

DEAL_UNITS = ("batches", "blocks")
MAX_RANKS = 1 << 10  # on one machine, where processes may share a dataset


class TensorBatch:
    """Converts a batch to tensors; columns of text without an encoder stay lists.

    Args:
        encode: see `mathbench.streaming.encoder.make_encoder`.
    """

    def __init__(self, encode: Encode):
        self.encoder: Callable[[pa.Table], Any] | None = make_encoder(encode)

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
    """A stream for a `DataLoader`, which needs ``batch_size=None`` if the stream makes the batches.

    Workers and ranks share the batches (see `mathbench.streaming.share`): no batch is repeated or lost, and the order
    in which a loader yields them does not depend on the number of workers. `set_epoch` and `load_state_dict` also
    reach workers that are already running, from their next pass on.

    Args:
        stream: the stream.
        encode: see `mathbench.streaming.encoder.make_encoder`; None: text as lists.
        rank, world: the rank of this process and the number of ranks; None: those of `torch.distributed` or, before
            it is initialised, of the environment of ``torchrun``; otherwise a single rank.
        deal: ``"batches"`` one by one, or ``"blocks"`` of about 16,384 rows: workers then generate no rows in common,
            and the order depends on the number of workers.
        even: whether every rank gets the same number of batches, dropping the last few.

    Raises:
        InputError: for an invalid rank, or an encoder for a stream of single rows.

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
            raise InputError("encode requires batches: give batch_size to the stream.")
        if deal not in DEAL_UNITS:
            raise InputError(f"unknown deal '{deal}'. {did_you_mean(deal, DEAL_UNITS)}")
        self.stream: BaseStream = stream
        self._convert, self._even = TensorBatch(encode), check_flag("even", even)
        self._chunk = max(1, BLOCK // (stream.batch_size or 1)) if deal == "blocks" else 1
        self._requested = requested_rank(rank, world)
        self._reader: Reader | None = None
        self._worker_state: tuple[int, int] | None = None  # begin and done of a state loaded in a worker
        self._passes = 0
        # Shared with running workers: the epoch; epoch, items and ranks of a loaded state; per rank, the pass that
        # resumed from that state (0: none yet).
        self._shared = torch.zeros(4 + MAX_RANKS, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self.set_epoch(stream.epoch)

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        self._passes += 1
        begin, done = self._start()
        shard = self._shard(begin)
        if info is not None:
            shard = shard.for_worker(info.id, info.num_workers)
        self._reader = self.stream.read(self._convert, shard, self.epoch, done)
        return self._reader

    def __len__(self) -> int:
        """The number of items of this rank in one pass.

        Raises:
            TypeError: when the stream is endless.
        """
        return self._shard().count(len(self.stream))

    def __getstate__(self) -> dict[str, Any]:
        """The state to pickle for a worker, with the rank of this process, which workers cannot find out."""
        return {**self.__dict__, "_requested": self._requested or current_rank(), "_reader": None}

    @property
    def epoch(self) -> int:
        """The first epoch of the next pass."""
        return int(self._shared[0])

    def set_epoch(self, epoch: int) -> None:
        """Set the first epoch of the next pass; each epoch has another order of the same rows."""
        check_epoch(epoch)
        self._shared[0] = epoch

    def state_dict(self) -> dict[str, Any]:
        """The position of the latest pass in this process, as JSON values; for loaders with workers: `state_after`."""
        if self._reader is None:
            return {**self.state_after(0), "begin": self._resume_at(passes=(0,))}
        return {**self._state(self._reader.shard), "epoch": self._reader.epoch, "done": self._reader.done}

    def state_after(self, batches: int) -> dict[str, Any]:
        """The state after a loader, with any number of workers, has yielded some batches of the current epoch.

        Args:
            batches: the number of batches, including those that a resumed pass skipped.

        Raises:
            InputError: for single rows or blocks, whose order depends on the number of workers.
        """
        if batches and (self.stream.batch_size is None or self._chunk > 1):
            raise InputError("state_after() requires batch_size and deal='batches'.")
        return {**self._state(self._shard(batches)), "epoch": self.epoch, "done": 0}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume the next pass over the epoch of a state at its position; other passes are complete.

        Raises:
            InputError: for the state of another stream, or for a number of ranks or workers that does not allow a
                resume.
        """
        check_state(state, self.stream.spec, ("epoch", "done", "begin", "worker", "workers", "world"))
        self._reader = None
        info = get_worker_info()
        self.set_epoch(state["epoch"])
        begin, done = state["begin"], state["done"]
        self._rescale(begin + done, state["world"])
        if info is not None and state["workers"] == info.num_workers and state["world"] == self._rank()[1]:
            self._worker_state = (begin, done)
        elif state["workers"] == 1:
            self._shared[1:4] = torch.tensor([state["epoch"], state["begin"] + done, state["world"]])
            self._shared[self._resumed_by] = 0
        else:
            raise InputError(
                f"the state is from one of {state['workers']} workers, not from a complete loader."
            )

    def _start(self) -> tuple[int, int]:
        """The items of the rank to skip in the pass that starts now, and those of this worker after them."""
        if self._worker_state is not None:
            state, self._worker_state = self._worker_state, None
            return state
        begin = self._resume_at(passes=(0, self._pass_id()))
        if begin:
            self._shared[self._resumed_by] = self._pass_id()
        return begin, 0

    def _resume_at(self, passes: tuple[int, ...]) -> int:
        """The items of this rank that a loaded state skips; 0 if it is of another epoch or used by another pass.

        Args:
            passes: the passes that may have used the state; 0: none.
        """
        epoch, state_epoch, items, world = self._shared[:4].tolist()
        if not items or state_epoch != epoch or int(self._shared[self._resumed_by]) not in passes:
            return 0
        return self._rescale(items, world)

    @property
    def _resumed_by(self) -> int:
        """The index in the shared tensor of the pass of this rank that used the loaded state."""
        return 4 + self._rank()[0] % MAX_RANKS

    def _pass_id(self) -> int:
        """A number of this pass, equal in all its workers: these share a seed, or count passes if they persist."""
        info = get_worker_info()
        return (self._passes + (info.seed - info.id if info else 0)) % (MASK >> 2) or 1

    def _state(self, shard: WorkerShard) -> dict[str, Any]:
        position = {
            "begin": shard.begin,
            "worker": shard.worker,
            "workers": shard.workers,
            "world": shard.world,
        }
        return {"stream": self.stream.spec, **position}

    def _shard(self, begin: int = 0) -> WorkerShard:
        rank, world = self._rank()
        return WorkerShard(rank, world, chunk=self._chunk, begin=begin, even=self._even)

    def _rescale(self, items: int, world: int) -> int:
        """Convert items read by each of `world` ranks to items of each current rank."""
        current = self._rank()[1]
        if world != current and (self._chunk > 1 or items * world % current):
            raise InputError(
                f"{items} items in each of {world} ranks cannot be divided among {current} ranks."
            )
        return items * world // current

    def _rank(self) -> tuple[int, int]:
        return self._requested or current_rank() or (0, 1)


def requested_rank(rank: int | None, world: int | None) -> tuple[int, int] | None:
    """The requested rank and number of ranks; None for those of the process when it reads.

    Raises:
        InputError: for a rank out of range, or only one of both.
    """
    if (rank is None) != (world is None):
        raise InputError(f"rank and world require each other. Received: rank={rank}, world={world}.")
    if rank is None or world is None:
        return None
    WorkerShard(rank, world)
    return rank, world


def current_rank() -> tuple[int, int] | None:
    """The rank of this process and the number of ranks, if known."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ:
        return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    return None
