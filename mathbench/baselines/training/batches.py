"""The training batches, a pure function of seed and step.

A batch source returns the tokens of a step from memory or a stream. Others wrap one: they put sources into stages, sort
rows by length, or prefetch. Since all of them depend on the step alone, a run can resume anywhere, and prefetching does
not change results.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.hashing import GOLDEN, key_of, mix64, to_range
from mathbench.sampling.permute import permutation
from mathbench.task import Task
from mathbench.tokenizer import PAD

Int = NDArray[np.int64]
Batch = tuple[Tokens, Tokens]  # questions (B, T) and labels (B, positions), int64


class BatchSource(Protocol):
    """The batches of a training."""

    def batch(self, step: int) -> Batch:
        """Return the questions (B, T) and labels (B, positions) of a step, from 0."""


@dataclass(frozen=True, eq=False)
class RowSampler:
    """The row indices of each step.

    Args:
        rows: number of training rows.
        batch: rows per step.
        seed: seed of the order.
        members: to sample by strata, the row indices of each stratum; empty for complete epochs.
        bounds: to sample by strata, uint64 upper bounds that divide 2^64 by weight.
    """

    rows: int
    batch: int
    seed: int | str
    members: tuple[Int, ...] = ()
    bounds: NDArray[np.uint64] | None = None

    def indices(self, step: int) -> Int:
        """Return the row indices of one step, int64 (batch,).

        >>> sampler = RowSampler(rows=5, batch=2, seed=0)
        >>> sorted(int(i) for step in range(5) for i in sampler.indices(step))
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
        """
        at = np.arange(step * self.batch, (step + 1) * self.batch)
        if self.members:
            return self._by_strata(at)
        epochs, positions = at // self.rows, at % self.rows
        parts = [
            _order(self.rows, self.seed, int(epoch))[positions[epochs == epoch]]
            for epoch in np.unique(epochs)
        ]
        return np.concatenate(parts)

    def _by_strata(self, at: Int) -> Int:
        """Sample a stratum by weight, then one of its rows with replacement, so that small strata are not rare."""
        key = np.uint64(key_of("draw", self.seed))
        words = mix64(at.astype(np.uint64) * np.uint64(GOLDEN) + key)
        stratum = np.searchsorted(self.bounds if self.bounds is not None else words[:0], words, side="right")
        random_bits, out = mix64(words ^ key), np.empty(len(at), dtype=np.int64)
        for number in np.unique(stratum):
            here, rows = stratum == number, self.members[number]
            out[here] = rows[to_range(random_bits[here], np.full(1, len(rows), np.uint64)).astype(np.int64)]
        return out


def make_row_sampler(task: Task, train: pa.Table, batch: int, sampling: str, seed: int | str) -> RowSampler:
    """Return the row sampler for the settings of a recipe.

    Args:
        task: provides the weights of its strata.
        train: the training rows, with their strata.
        batch: rows per step.
        sampling: ``rows`` for epochs in a new order each, ``strata`` to sample strata by weight.
        seed: seed of the order.
    """
    if sampling == "rows":
        return RowSampler(train.num_rows, batch, seed)
    encoded = train.column("stratum").cast(pa.string()).combine_chunks().dictionary_encode()
    codes, names = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()
    weights = {stratum.name: stratum.weight for stratum in task.inner()}
    # small strata are exhausted in the first rows of train, so these weights are those at the start of the plan
    share = np.cumsum([weights.get(name, 1) for name in names], dtype=np.float64)
    bounds = (share[:-1] / share[-1] * 2.0**64).astype(np.uint64)
    return RowSampler(
        train.num_rows, batch, seed, tuple(np.flatnonzero(codes == i) for i in range(len(names))), bounds
    )


@lru_cache(maxsize=2)
def _order(rows: int, seed: int | str, epoch: int) -> Int:
    return permutation(rows, key_of("order", seed, epoch)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class InMemory:
    """Batches from encoded rows in memory.

    Args:
        questions: int64 (n, T).
        labels: int64 (n, positions).
        sampler: selects the rows of a step.
    """

    questions: Tokens
    labels: Tokens
    sampler: RowSampler

    def batch(self, step: int) -> Batch:
        """Return the rows of a step."""
        rows = self.sampler.indices(step)
        return self.questions[rows], self.labels[rows]


@dataclass(frozen=True)
class StagedBatches:
    """Batch sources used one after the other, each from its own step 0.

    Args:
        stage_starts: the first step of each stage, ascending from 0.
        stages: the batch source of each stage.
    """

    stage_starts: tuple[int, ...]
    stages: tuple[BatchSource, ...]

    def batch(self, step: int) -> Batch:
        """Return the batch of a step from the source of its stage."""
        number = int(np.searchsorted(self.stage_starts, step, side="right")) - 1
        return self.stages[number].batch(step - self.stage_starts[number])


class Bucketed:
    """Batches of rows of similar length: the rows of several batches are sorted by length and divided again.

    Columns of padding are cut off, which saves most of the work on questions of 10 to 160 characters. The batches of a
    group come in random order.

    Args:
        batches: the source.
        group_size: batches sorted together.
        seed: seed of the order in a group.
        left_padded: whether the padding of questions comes first.
    """

    def __init__(self, batches: BatchSource, group_size: int, seed: int | str, left_padded: bool):
        self._batches, self._group_size = batches, group_size
        self._seed, self._left_padded = seed, left_padded
        self._group, self._pending = -1, list[Batch]()

    def batch(self, step: int) -> Batch:
        """Return the batch of a step from its sorted group."""
        group, index = divmod(step, self._group_size)
        if group != self._group:
            self._group, self._pending = group, self._sorted_group(group)
        return self._pending[index]

    def _sorted_group(self, group: int) -> list[Batch]:
        parts = [self._batches.batch(group * self._group_size + i) for i in range(self._group_size)]
        sizes = [len(labels) for _, labels in parts]
        questions = stack_padded([questions for questions, _ in parts], self._left_padded)
        labels = np.concatenate([labels for _, labels in parts])
        by_length = np.argsort((questions != PAD).sum(axis=1), kind="stable")
        cut = np.split(by_length, np.cumsum(sizes)[:-1])
        order = permutation(len(cut), key_of("buckets", self._seed, group))
        return [(self._trim(questions[cut[i]]), labels[cut[i]]) for i in order.tolist()]

    def _trim(self, questions: Tokens) -> Tokens:
        longest = max(int((questions != PAD).sum(axis=1).max(initial=1)), 1)
        return np.ascontiguousarray(questions[:, -longest:] if self._left_padded else questions[:, :longest])


class Prefetcher:
    """Prefetches the batches of the next steps in a thread.

    Args:
        batches: the source.
        steps: number of steps to prefetch.
        end: the step after the last one.
    """

    def __init__(self, batches: BatchSource, steps: int, end: int):
        self._batches, self._steps, self._end = batches, steps, end
        self._futures: dict[int, Future[Batch]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def batch(self, step: int) -> Batch:
        """Return the batch of a step, which is usually ready, and start on the next ones."""
        for later in range(step, min(step + self._steps + 1, self._end)):
            if later not in self._futures:
                self._futures[later] = self._thread.submit(self._batches.batch, later)
        return self._futures.pop(step).result()

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "batches")  # a single thread, so that batches are made in order


def stack_padded(parts: Sequence[Tokens], left_padded: bool) -> Tokens:
    """Stack token matrices (B, T), padding the narrower ones.

    >>> stack_padded([np.array([[1]]), np.array([[2, 3]])], left_padded=True).tolist()
    [[0, 1], [2, 3]]
    """
    width = max(part.shape[1] for part in parts)
    missing = [width - part.shape[1] for part in parts]
    sides = [(count, 0) if left_padded else (0, count) for count in missing]
    return np.concatenate([np.pad(part, ((0, 0), side)) for part, side in zip(parts, sides, strict=True)])
