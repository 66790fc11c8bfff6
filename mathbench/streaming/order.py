"""In which order an epoch shows the rows: arithmetic, so that any position is reached at once.

Epoch 0 is the order of the dataset on disk. Every further epoch takes the blocks of the table in another order and
shuffles each block: rows are made a block at a time, and one row from each of many blocks costs a thousand times more.
A table of one block is shuffled as a whole.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import key_of
from mathbench.sampling.permute import feistel_halves, keyed_permutation, permutation

Int = NDArray[np.int64]

BLOCK = 1 << 14  # rows made and shuffled together


@dataclass(frozen=True)
class EpochOrder:
    """The orders of a table.

    Args:
        rows: rows of the table.
        key: 64-bit key; another key, other orders.

    >>> order = EpochOrder(40_000, key=1)
    >>> order.rows_at(0, np.array([0, 1, 39_999])).tolist()
    [0, 1, 39999]
    >>> sorted(order.rows_at(1, np.arange(40_000)).tolist()) == list(range(40_000))
    True
    """

    rows: int
    key: int

    def rows_at(self, epoch: int, positions: Int) -> Int:
        """The rows at some positions of an epoch, int64 (n,)."""
        if epoch == 0 or not len(positions):
            return positions
        out = np.empty_like(positions)
        slot, position = self._slots(epoch, positions)
        for number in np.unique(slot):
            here = slot == number
            out[here] = self._block(epoch, int(number)).take(position[here])
        return out

    @property
    def _tail(self) -> tuple[int, int]:
        """How many whole blocks there are, and the rows of the short one."""
        return self.rows // BLOCK, self.rows % BLOCK

    def _short_slot(self, epoch: int) -> int:
        """Which slot of an epoch shows the short block; every one is as likely."""
        return key_of(self.key, epoch, "short") % (self._tail[0] + 1)

    def _slots(self, epoch: int, positions: Int) -> tuple[Int, Int]:
        """The slot that each position lies in, and its place there, int64 (n,) each."""
        _, short = self._tail
        begin = self._short_slot(epoch) * BLOCK
        behind = positions >= begin + short
        moved = np.where(behind, positions - short, positions)
        slot = moved // BLOCK + behind
        start = slot * BLOCK - np.where(slot > begin // BLOCK, BLOCK - short, 0)
        return slot, positions - start

    def _block(self, epoch: int, slot: int) -> Int:
        """The rows of one slot in their order."""
        return _shuffled_block(self, epoch, slot)

    def _number(self, epoch: int, slot: int) -> int:
        """The block that a slot shows."""
        whole, _ = self._tail
        short = self._short_slot(epoch)
        if slot == short:
            return whole
        return _permuted(slot - (slot > short), whole, key_of(self.key, epoch, "blocks"))


@lru_cache(maxsize=8)
def _shuffled_block(order: EpochOrder, epoch: int, slot: int) -> Int:
    start = order._number(epoch, slot) * BLOCK
    size = min(BLOCK, order.rows - start)
    return start + permutation(size, key_of(order.key, epoch, slot)).astype(np.int64)


def _permuted(index: int, size: int, key: int) -> int:
    """Where a keyed bijection on 0 .. size-1 sends an index: what lands outside walks on."""
    parts = feistel_halves(size)
    position, shift, high, word = np.array(
        [[index], [parts.shift], [parts.high_size], [key]], dtype=np.uint64
    )
    while True:
        position = keyed_permutation(position, shift, high, word)
        if position[0] < size:
            return int(position[0])
