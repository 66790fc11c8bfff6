"""The plan: which stratum row i of a split shows, and how many rows of that stratum came before it.

A plan repeats a block: a fixed number of rows per stratum, by weight, in a random order that changes from block
to block. When a group of strata is used up, the next phase goes on without it. So the answer for row i is
arithmetic, does not depend on how many rows anybody asks for, and every prefix of the rows is balanced.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, key_of, mix
from mathbench.permute import shuffled
from mathbench.stratum import Stratum

Int = NDArray[np.int64]

BLOCK = 1024  # rows that a block should have at least: shorter ones would look regular
ORDERS = 64  # different random orders of a block, each also rotated at random
MOST_ROWS = 1 << 62


@dataclass(frozen=True)
class Phase:
    """Consecutive equal blocks.

    Args:
        start: the first row.
        blocks: how many blocks.
        counts: rows per stratum in a block, (strata,).
        space_of: the space of each stratum, (strata,).
        used: problems of each space used up before this phase, (spaces,).
        key: 64-bit key of the orders.
    """

    start: int
    blocks: int
    counts: tuple[int, ...]
    space_of: tuple[int, ...]
    used: tuple[int, ...]
    key: int

    @property
    def size(self) -> int:
        """Rows in a block."""
        return sum(self.counts)

    @property
    def stop(self) -> int:
        """The row after the last one."""
        return self.start + self.blocks * self.size

    @cached_property
    def per_space(self) -> Int:
        """Problems of each space in a block."""
        return np.bincount(self.space_of, weights=self.counts, minlength=len(self.used)).astype(np.int64)

    @cached_property
    def slots(self) -> tuple[Int, Int]:
        """For each slot of a block its stratum and its rank among the slots of the same space."""
        stratum = np.repeat(np.arange(len(self.counts)), self.counts)
        space = np.asarray(self.space_of)[stratum]
        order = np.argsort(space, kind="stable")
        rank = np.empty(self.size, dtype=np.int64)
        begins = np.concatenate([[0], np.cumsum(np.bincount(space))])
        rank[order] = np.arange(self.size) - begins[space[order]]
        return stratum, rank

    @cached_property
    def orders(self) -> Int:
        """Random orders of a block, (orders, size)."""
        many = min(ORDERS, self.blocks)
        return np.stack([shuffled(self.size, key_of(self.key, i)) for i in range(many)]).astype(np.int64)

    @cached_property
    def tables(self) -> tuple[Int, Int, Int]:
        """Per slot of a block its stratum, its rank in the first block, and what each further block adds to it."""
        stratum, rank = self.slots
        space = np.asarray(self.space_of)[stratum]
        return stratum, np.asarray(self.used)[space] + rank, self.per_space[space]

    def place(self, rows: Int) -> tuple[Int, Int]:
        """Row numbers of this phase to strata and ranks in their spaces, int64 (n,) each."""
        offset = rows - self.start
        block = offset // self.size
        offset -= block * self.size
        first, last = (int(block.min()), int(block.max())) if len(block) else (0, 0)
        if last - first < len(rows):  # rows close together: the luck of a block is worked out once
            luck = self._luck(np.arange(first, last + 1))
            turn, order = (table.take(block - first) for table in luck)
        else:
            turn, order = self._luck(block)
        turn += offset
        turn -= self.size * (turn >= self.size)
        turn += order
        slot = self._flat_orders.take(turn)
        stratum, rank, step = (table.take(slot) for table in self.tables)
        step *= block
        step += rank
        return stratum, step

    def _luck(self, block: Int) -> tuple[Int, Int]:
        """By how much the order of each block is turned, and where it begins among the orders laid end to end."""
        luck = mix(block.astype(np.uint64) * np.uint64(GOLDEN) + np.uint64(self.key))
        turn = ((luck >> np.uint64(32)) % np.uint64(self.size)).astype(np.int64)
        return turn, (luck % np.uint64(len(self.orders))).astype(np.int64) * self.size

    @cached_property
    def _flat_orders(self) -> Int:
        return self.orders.ravel()


class Plan:
    """Maps rows to (stratum, rank in its space).

    Args:
        strata: the strata of a split.
        space_of: the space of each stratum.
        capacity: problems that each space hands out.
        key: 64-bit key.
    """

    def __init__(self, strata: Sequence[Stratum], space_of: Sequence[int], capacity: Sequence[int], key: int):
        self.phases = _phases(strata, tuple(space_of), list(capacity), key)
        self.rows = self.phases[-1].stop if self.phases else 0
        self._starts = np.array([phase.start for phase in self.phases], dtype=np.int64)

    def place(self, rows: Int) -> tuple[Int, Int]:
        """Row numbers, int64 (n,), to strata and ranks in their spaces, int64 (n,) each."""
        stratum, rank = np.empty_like(rows), np.empty_like(rows)
        for phase, here in self._parts(rows):
            stratum[here], rank[here] = phase.place(rows[here])
        return stratum, rank

    def _parts(self, rows: Int) -> Iterator[tuple[Phase, slice | Int]]:
        """The phases that rows lie in, and which rows; slices where rows are in order."""
        if len(rows) and (rows[1:] >= rows[:-1]).all():
            first, last = np.searchsorted(self._starts, rows[[0, -1]], side="right") - 1
            ends = [*np.searchsorted(rows, self._starts[first + 1 : last + 1]).tolist(), len(rows)]
            for phase, (start, stop) in enumerate(pairwise([0, *ends]), first):
                yield self.phases[phase], slice(start, stop)
            return
        number = np.searchsorted(self._starts, rows, side="right") - 1
        for phase in np.unique(number):
            yield self.phases[phase], np.flatnonzero(number == phase)


def _phases(strata: Sequence[Stratum], space_of: tuple[int, ...], left: list[int], key: int) -> list[Phase]:
    """Phase after phase until everything is used up; `left` is what each space still holds."""
    phases: list[Phase] = []
    full, row = list(left), 0
    alive = {s.group_name for s in strata}
    while alive:
        weights = [s.weight if s.group_name in alive else 0 for s in strata]
        counts, blocks = _block(weights, space_of, left)
        if not blocks:
            short = {strata[i].group_name for i in _short(weights, space_of, left)}
            counts, blocks = _remainder(strata, weights, space_of, left, short), 1
            alive -= short
        blocks = min(blocks, (MOST_ROWS - row) // max(sum(counts), 1))
        if not blocks:
            break
        if any(counts):
            used = tuple(f - n for f, n in zip(full, left, strict=True))
            phases.append(Phase(row, blocks, tuple(counts), space_of, used, key_of(key, len(phases))))
            row = phases[-1].stop
        for i, count in enumerate(counts):
            left[space_of[i]] -= blocks * count
    return phases


def _need(weights: Sequence[int], space_of: Sequence[int], spaces: int) -> list[int]:
    need = [0] * spaces
    for weight, space in zip(weights, space_of, strict=True):
        need[space] += weight
    return need


def _block(weights: list[int], space_of: tuple[int, ...], left: list[int]) -> tuple[list[int], int]:
    """The largest block up to about BLOCK rows that every space can fill, and how often it can."""
    turns = min(n // w for n, w in zip(left, _need(weights, space_of, len(left)), strict=True) if w)
    turns_per_block = max(1, min(turns, -(-BLOCK // sum(weights))))
    return [w * turns_per_block for w in weights], turns // turns_per_block


def _short(weights: list[int], space_of: tuple[int, ...], left: list[int]) -> list[int]:
    need = _need(weights, space_of, len(left))
    return [i for i, w in enumerate(weights) if w and left[space_of[i]] < need[space_of[i]]]


def _remainder(
    strata: Sequence[Stratum], weights: list[int], space_of: tuple[int, ...], left: list[int], short: set[str]
) -> list[int]:
    """One last turn: strata alone in their group give what they have left, a balanced group that is short nothing."""
    sizes: dict[str, int] = {}
    for s, w in zip(strata, weights, strict=True):
        sizes[s.group_name] = sizes.get(s.group_name, 0) + bool(w)
    counts = list(weights)
    for i, s in enumerate(strata):
        if s.group_name in short:
            counts[i] = min(weights[i], left[space_of[i]]) if sizes[s.group_name] == 1 else 0
    return counts
