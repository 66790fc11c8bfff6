"""The order of rows in each epoch, computed directly for any position.

Epoch 0 has the order of the dataset on disk. Every later epoch permutes the blocks of the table and shuffles the rows
within each block: rows are generated one block at a time, and one row from each of many blocks costs a thousand times
more. A table of one block is shuffled as a whole.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import key_of
from mathbench.sampling.permute import feistel_halves, keyed_permutation, permutation

Int = NDArray[np.int64]

BLOCK = 1 << 14  # rows generated and shuffled together


@dataclass(frozen=True)
class EpochOrder:
    """The order of the rows of a table in each epoch.

    Args:
        rows: the number of rows of the table.
        key: a 64-bit key that determines the orders.

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
        rows = np.empty_like(positions)
        slot, position = self._slots(epoch, positions)
        for number in np.unique(slot).tolist():
            mask = slot == number
            rows[mask] = _rows_of_slot(self, epoch, number).take(position[mask])
        return rows

    def block_of(self, epoch: int, slot: int) -> int:
        """The block in a slot of an epoch. The last, short block may be in any slot with equal probability."""
        full_blocks = self.rows // BLOCK
        short_slot = self._short_slot(epoch)
        if slot == short_slot:
            return full_blocks
        return _permuted(slot - (slot > short_slot), full_blocks, key_of(self.key, epoch, "blocks"))

    def _short_slot(self, epoch: int) -> int:
        """The slot of the short block in an epoch."""
        return key_of(self.key, epoch, "short") % (self.rows // BLOCK + 1)

    def _slots(self, epoch: int, positions: Int) -> tuple[Int, Int]:
        """The slot of each position, and the position within the slot, int64 (n,) each."""
        short_rows = self.rows % BLOCK
        short_slot = self._short_slot(epoch)
        after = positions >= short_slot * BLOCK + short_rows
        slot = np.where(after, positions - short_rows, positions) // BLOCK + after
        start = slot * BLOCK - np.where(slot > short_slot, BLOCK - short_rows, 0)
        return slot, positions - start


@lru_cache(maxsize=8)
def _rows_of_slot(order: EpochOrder, epoch: int, slot: int) -> Int:
    """The rows of a slot in their shuffled order."""
    start = order.block_of(epoch, slot) * BLOCK
    size = min(BLOCK, order.rows - start)
    return start + permutation(size, key_of(order.key, epoch, slot)).astype(np.int64)


def _permuted(index: int, size: int, key: int) -> int:
    """Apply a keyed permutation of 0 .. size-1 to an index, by cycle walking."""
    parts = feistel_halves(size)
    position, shift, high, word = np.array(
        [[index], [parts.shift], [parts.high_size], [key]], dtype=np.uint64
    )
    while True:
        position = keyed_permutation(position, shift, high, word)
        if position[0] < size:
            return int(position[0])
