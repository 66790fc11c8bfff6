"""The plan: the stratum of row i of a split, and the number of earlier rows of that stratum.

A plan repeats a block: a fixed number of rows per stratum, by weight, in a random order that differs from block to
block. When a group of strata runs out (:mod:`mathbench.sampling.groups`), the next phase continues without it. So the
stratum of row i is arithmetic and does not depend on the number of rows requested, and the labels of the first n rows
are balanced up to half a block, for every n.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, key_of, mix64
from mathbench.sampling.capacity import Capacity, RemainingCapacity
from mathbench.sampling.groups import Group, groups_of
from mathbench.sampling.permute import permutations
from mathbench.stratum import Stratum

Int = NDArray[np.int64]

BLOCK = 1024  # approximate smallest number of rows in a block: shorter ones would look regular
ORDERS = 64  # random orders of a block, each also rotated at random
FEW_SLOTS = 1 << 16  # slots of a block up to which all its orders are made at once
MAX_ROWS = 1 << 62


@dataclass(frozen=True)
class Phase:
    """Consecutive equal blocks.

    Args:
        start: the first row.
        blocks: the number of blocks.
        counts: rows per stratum in a block, (strata,).
        space_of: the space of each stratum, (strata,).
        used: problems of each space used before this phase, (spaces,).
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
    def by_space(self) -> tuple[Int, Int, Int]:
        """The slots sorted by space, the start of each space among them, and for each slot the start of its space."""
        space = np.asarray(self.space_of)[self.strata]
        starts = np.concatenate([[0], np.cumsum(self.per_space)])
        return np.argsort(space, kind="stable"), starts, starts[space]

    @cached_property
    def strata(self) -> Int:
        """The stratum of each slot of a block."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def ranks(self) -> Int:
        """The rank of each slot of a block among the slots of the same space."""
        order, _, begin = self.by_space
        rank = np.empty(self.size, dtype=np.int64)
        rank[order] = np.arange(self.size)
        return rank - begin

    @cached_property
    def orders(self) -> "Orders":
        """Random orders of a block."""
        return Orders(self.size, [key_of(self.key, i) for i in range(min(ORDERS, self.blocks))])

    @cached_property
    def tables(self) -> tuple[Int, Int, Int]:
        """Per slot of a block its stratum, its rank in the first block, and the increment of the rank per block."""
        space = np.asarray(self.space_of)[self.strata]
        return self.strata, np.asarray(self.used)[space] + self.ranks, self.per_space[space]

    def locate(self, rows: Int) -> tuple[Int, Int]:
        """Convert row numbers of this phase to strata and ranks in their spaces, int64 (n,) each."""
        offset = rows - self.start
        block = offset // self.size
        offset -= block * self.size
        rotation, order = self._permutation_at(block)
        slot = self.orders.take(order, rotation + offset)
        stratum, rank, step = (table.take(slot) for table in self.tables)
        return stratum, rank + step * block

    def run(self, start: int, stop: int) -> "Run":
        """Consecutive rows of this phase, start to stop - 1."""
        first, last = (start - self.start) // self.size, (stop - 1 - self.start) // self.size
        rotations, orders = (columns.tolist() for columns in self._permutation_at(np.arange(first, last + 1)))
        blocks = [self.orders[o][r : r + self.size] for o, r in zip(orders, rotations, strict=True)]
        skipped = start - self.start - first * self.size
        slot = np.concatenate(blocks)[skipped : skipped + stop - start]
        return Run(self, first, last + 1 - first, skipped, slot)

    def _permutation_at(self, block: Int) -> tuple[Int, Int]:
        """The rotation and the index of the order of each block."""
        random_bits = mix64(block.astype(np.uint64) * np.uint64(GOLDEN) + np.uint64(self.key))
        rotation = (random_bits >> np.uint64(32)) % np.uint64(self.size)
        return rotation.astype(np.int64), (random_bits % np.uint64(len(self.orders))).astype(np.int64)


class Orders:
    """Random orders of the slots of a block, each repeated twice so that it can be rotated.

    Args:
        size: the number of slots.
        keys: the 64-bit key of each order.
    """

    def __init__(self, size: int, keys: list[int]):
        self._size, self._keys = size, keys
        self._last: dict[int, Int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, order: int) -> Int:
        """One order, int64 (2 * size,)."""
        if self._size <= FEW_SLOTS:
            return self._table[order]
        if order not in self._last:
            self._last = {order: self._made([order])[0]}
        return self._last[order]

    def take(self, order: Int, position: Int) -> Int:
        """The slots at some positions of some orders, int64 (n,)."""
        if self._size <= FEW_SLOTS:
            return self._table[order, position]
        slots = np.empty_like(position)
        for number in np.unique(order).tolist():
            here = order == number
            slots[here] = self[number][position[here]]
        return slots

    @cached_property
    def _table(self) -> Int:
        return self._made(range(len(self)))

    def _made(self, orders: Sequence[int]) -> Int:
        keys = np.array([self._keys[order] for order in orders], dtype=np.uint64)
        return np.tile(permutations(self._size, keys), 2).view(np.int64)


class Run(NamedTuple):
    """Consecutive rows of a phase by space: all problems of their blocks, one space after the other.

    Drawing the problems of a space in their own order saves a look-up per row; one gather at the end puts them into the
    order of the rows.

    Attributes:
        phase: the phase.
        first: the first block.
        blocks: the number of blocks.
        skipped: rows of the first block before the first row.
        slot: int64 (rows,), the slot of each row.
    """

    phase: Phase
    first: int
    blocks: int
    skipped: int
    slot: Int

    def draws(self) -> Iterator[tuple[int, int, int, Int]]:
        """Yield for each space its index, the first rank, the rank after the last, and the stratum of each problem."""
        order, starts, _ = self.phase.by_space
        strata = self.phase.strata[order]
        for space, (begin, end) in enumerate(pairwise(starts.tolist())):
            if end > begin:
                rank = self.phase.used[space] + self.first * (end - begin)
                count, stratum = self.blocks * (end - begin), strata[begin:end]
                single = stratum[0] == stratum[-1]  # sorted: the only stratum of its space
                of_rank = np.full(count, stratum[0]) if single else np.tile(stratum, self.blocks)
                yield space, rank, rank + count, of_rank

    @property
    def drawn(self) -> int:
        """The number of problems that are drawn."""
        return self.blocks * self.phase.size

    def positions(self) -> Int:
        """The index of each row's problem among all that are drawn, int64 (rows,)."""
        _, _, begin = self.phase.by_space
        _, _, step = self.phase.tables
        size = self.phase.size
        block = np.repeat(np.arange(self.blocks), size)[self.skipped : self.skipped + len(self.slot)]
        block *= step.take(self.slot)
        block += (begin * self.blocks + self.phase.ranks).take(self.slot)
        return block


class Plan:
    """Maps rows to (stratum, rank in its space). Phases are computed as far as rows are requested.

    Args:
        strata: the strata of a split.
        space_of: the space of each stratum.
        capacities: the number of problems of each space.
        key: 64-bit key.
        balance: see :func:`mathbench.sampling.groups.groups_of`.
    """

    def __init__(
        self,
        strata: Sequence[Stratum],
        space_of: Sequence[int],
        capacities: Sequence[Capacity],
        key: int,
        balance: bool = True,
    ):
        self.phases: list[Phase] = []
        remaining = RemainingCapacity(capacities)
        groups = partial(groups_of, strata, space_of, remaining, balance)
        self._coming: Iterator[Phase] = _phases(groups, tuple(space_of), remaining, key)

    @property
    def rows(self) -> int:
        """The total number of rows."""
        return self.capacity_up_to(MAX_ROWS)

    def capacity_up_to(self, rows: int) -> int:
        """The smaller of `rows` and the total number of rows."""
        while (end := self._end) < rows and (phase := next(self._coming, None)):
            self.phases.append(phase)
        return min(end, rows)

    @property
    def _end(self) -> int:
        return self.phases[-1].stop if self.phases else 0

    @property
    def block(self) -> int:
        """Rows in the largest block so far, within which every stratum has its share."""
        return max((phase.size for phase in self.phases), default=0)

    def locate(self, rows: Int) -> tuple[Int, Int]:
        """Convert row numbers, int64 (n,), to strata and ranks in their spaces, int64 (n,) each."""
        stratum, rank = np.empty_like(rows), np.empty_like(rows)
        for phase, here in self._parts(rows):
            stratum[here], rank[here] = phase.locate(rows[here])
        return stratum, rank

    def runs(self, start: int, stop: int) -> Iterator[Run]:
        """Yield the rows from start to stop - 1, phase by phase."""
        self.capacity_up_to(stop)
        phase = int(np.searchsorted(self._starts(), start, side="right")) - 1
        while start < stop:
            end = min(stop, self.phases[phase].stop)
            yield self.phases[phase].run(start, end)
            start, phase = end, phase + 1

    def _parts(self, rows: Int) -> Iterator[tuple[Phase, Int | slice]]:
        """Yield the phases that rows lie in, and the indices of these rows."""
        self.capacity_up_to(int(rows.max(initial=-1)) + 1)
        if len(self.phases) == 1:  # the common case, in which the search below would cost as much as the rest
            yield self.phases[0], slice(None)
            return
        number = np.searchsorted(self._starts(), rows, side="right") - 1
        for phase in np.unique(number):
            yield self.phases[phase], np.flatnonzero(number == phase)

    def _starts(self) -> Int:
        return np.array([phase.start for phase in self.phases], dtype=np.int64)


def _phases(
    groups: Callable[[], list[Group]], space_of: tuple[int, ...], remaining: RemainingCapacity, key: int
) -> Iterator[Phase]:
    """Yield phases until all groups are used up; the groups are made when the first phase is requested."""
    number = row = 0
    for counts, blocks in _blocks(groups(), space_of, remaining, key):
        blocks = min(blocks, (MAX_ROWS - row) // sum(counts))
        if not blocks:
            break
        phase = Phase(row, blocks, tuple(counts), space_of, tuple(remaining.used), key_of(key, number))
        remaining.take(_need(counts, space_of, len(remaining.used)), blocks)
        yield phase
        number, row = number + 1, phase.stop


def _blocks(
    alive: list[Group], space_of: tuple[int, ...], remaining: RemainingCapacity, key: int
) -> Iterator[tuple[list[int], int]]:
    """Yield the rows per stratum in a block and the number of blocks, phase by phase."""
    while alive:
        counts, blocks = _block(_round(alive, len(space_of)), space_of, remaining)
        if blocks:
            yield counts, blocks
        elif (reduced := [group.reduced(remaining) for group in alive]) != alive:
            alive = reduced
        else:
            exhausted = [group for group in alive if group.is_exhausted(remaining)]
            alive = [group for group in alive if group not in exhausted]
            counts = _round(alive, len(space_of))
            for group in exhausted:
                for stratum, rows in group.last_round(remaining, key).items():
                    counts[stratum] = rows
            if any(counts):
                yield counts, 1


def _round(groups: Sequence[Group], strata: int) -> list[int]:
    """The rows of each stratum in a round of some groups."""
    weights = [0] * strata
    for member in (member for group in groups for member in group.members):
        weights[member.stratum] = member.weight
    return weights


def _need(weights: Sequence[int], space_of: Sequence[int], spaces: int) -> list[int]:
    need = [0] * spaces
    for weight, space in zip(weights, space_of, strict=True):
        need[space] += weight
    return need


def _block(
    weights: list[int], space_of: tuple[int, ...], remaining: RemainingCapacity
) -> tuple[list[int], int]:
    """The largest block up to about BLOCK rows that every space can fill, and how often it can."""
    rounds = remaining.rounds_left(_need(weights, space_of, len(remaining.used)))
    rounds_per_block = max(1, min(rounds, -(-BLOCK // sum(weights))))
    return [w * rounds_per_block for w in weights], rounds // rounds_per_block


class PlannedSource:
    """Rows that follow a plan."""

    plan: Plan

    def __len__(self) -> int:
        return self.plan.rows

    def capacity_up_to(self, rows: int) -> int:
        """The smaller of `rows` and the total number of rows."""
        return self.plan.capacity_up_to(rows)

    @property
    def block(self) -> int:
        """Rows in a block, within which every stratum has its share."""
        return self.plan.block
