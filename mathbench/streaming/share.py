"""Who reads what: the items of a stream dealt out to ranks and, within a rank, to workers.

Items are dealt like cards: item 0 to rank 0, item 1 to rank 1, ... and those of a rank to its workers in the same
way. A loader collects from its workers in turn, so it sees the items of its rank in the order of the stream, however
many workers it has.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError

Int = NDArray[np.int64]


@dataclass(frozen=True)
class WorkerShard:
    """The items of one worker of one rank.

    Args:
        rank, world: which rank of how many.
        worker, workers: which worker of how many of the rank.
        turn: items dealt at a time.
        begin: items of the rank that are left out at its beginning, such as those read before a resume.
        even: whether every rank has as many items as the one with the fewest, so that none waits for another.

    Raises:
        InputError: for a rank that is not among them.

    >>> [WorkerShard(rank=r, world=2).items(0, 9, total=5).tolist() for r in (0, 1)]
    [[0, 2, 4], [1, 3]]
    >>> [WorkerShard(rank=r, world=2, even=True).count(5) for r in (0, 1)]
    [2, 2]
    """

    rank: int = 0
    world: int = 1
    worker: int = 0
    workers: int = 1
    turn: int = 1
    begin: int = 0
    even: bool = False

    def __post_init__(self) -> None:
        for what, index, count in (("rank", self.rank, self.world), ("worker", self.worker, self.workers)):
            if not 0 <= index < count:
                raise InputError(f"a {what} is one of 0 to {count - 1}. Received: {index}.")

    def of_worker(self, worker: int, workers: int) -> "WorkerShard":
        """The part of this rank's share that one of its workers reads."""
        return replace(self, worker=worker, workers=workers)

    def items(self, start: int, stop: int, total: int | None) -> Int:
        """The items at places `start` to `stop` of this share, int64 (n,), as far as there are any.

        Args:
            start, stop: places in the share.
            total: items of the stream; None: endless.
        """
        position = np.arange(start, stop)
        mine = self.begin + _dealt(position, self.worker, self.workers, self.turn)
        items = _dealt(mine, self.rank, self.world, self.turn)
        return items if total is None else items[mine < self.count(total)]

    def count(self, total: int) -> int:
        """How many items the rank has, with those that `begin` leaves out.

        Args:
            total: items of the stream.
        """
        rounds, rest = divmod(total, self.world * self.turn)
        index = self.world - 1 if self.even else self.rank
        return rounds * self.turn + min(max(rest - index * self.turn, 0), self.turn)


def _dealt(position: Int, index: int, count: int, turn: int) -> Int:
    """Which items the one at `index` gets, when `count` are given `turn` items at a time."""
    if count == 1:
        return position
    return (position // turn * count + index) * turn + position % turn
