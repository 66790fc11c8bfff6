"""The distribution of a stream's items over ranks and, within a rank, over workers.

Items are dealt in turn: item 0 to rank 0, item 1 to rank 1, ..., and those of a rank to its workers in the same
way. A loader collects from its workers in turn, so it yields the items of its rank in the order of the stream,
whatever the number of workers.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError, shown
from mathbench.integers import as_integer
from mathbench.parameters import check_flag, check_integer

Int = NDArray[np.int64]


@dataclass(frozen=True)
class WorkerShard:
    """The items of one worker of one rank.

    Args:
        rank, world: the rank, and the number of ranks.
        worker, workers: the worker, and the number of workers of the rank.
        chunk: consecutive items dealt at a time.
        begin: the number of items of the rank to skip, such as those read before a resume.
        even: cut every rank to the number of items of the rank with the fewest, so that none waits for another.

    Raises:
        InputError: for a rank or worker out of range.

    >>> [WorkerShard(rank=r, world=2).items(0, 9, total=5).tolist() for r in (0, 1)]
    [[0, 2, 4], [1, 3]]
    >>> [WorkerShard(rank=r, world=2, even=True).count(5) for r in (0, 1)]
    [2, 2]
    """

    rank: int = 0
    world: int = 1
    worker: int = 0
    workers: int = 1
    chunk: int = 1
    begin: int = 0
    even: bool = False

    def __post_init__(self) -> None:
        for name in ("world", "workers", "chunk"):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), 1))
        object.__setattr__(self, "begin", check_integer("begin", self.begin, 0))
        check_flag("even", self.even)
        for name, count in (("rank", self.world), ("worker", self.workers)):
            index = as_integer(getattr(self, name))
            if index is None or not 0 <= index < count:
                raise InputError(
                    f"{name} must be from 0 to {count - 1}. Received: {shown(getattr(self, name))}."
                )
            object.__setattr__(self, name, index)

    def for_worker(self, worker: int, workers: int) -> "WorkerShard":
        """The items of this rank that one of its workers reads."""
        return replace(self, worker=worker, workers=workers)

    def items(self, start: int, stop: int, total: int | None) -> Int:
        """The items at positions `start` to `stop` of this shard, int64 (n,); fewer at its end.

        Args:
            start, stop: positions in the shard.
            total: items of the stream; None: endless.
        """
        position = np.arange(start, stop)
        in_rank = self.begin + _dealt(position, self.worker, self.workers, self.chunk)
        items = _dealt(in_rank, self.rank, self.world, self.chunk)
        return items if total is None else items[in_rank < self.count(total)]

    def count(self, total: int) -> int:
        """The number of items of the rank, including those that `begin` skips.

        Args:
            total: items of the stream.
        """
        rounds, rest = divmod(total, self.world * self.chunk)
        index = self.world - 1 if self.even else self.rank
        return rounds * self.chunk + min(max(rest - index * self.chunk, 0), self.chunk)


def _dealt(position: Int, index: int, count: int, chunk: int) -> Int:
    """The items at some positions of receiver `index`, when `count` receivers get `chunk` items in turn."""
    if count == 1:
        return position
    return (position // chunk * count + index) * chunk + position % chunk
