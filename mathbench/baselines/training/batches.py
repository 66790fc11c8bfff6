"""The rows that a step sees, as tokens: a pure function of the step, however they come about.

From memory or from a stream, in stages, sorted by length, or made ahead: each is a function of the step, made of
another one. So a run resumes anywhere, and what runs in the background changes no bit.

Which training rows a step sees: a pure function of seed and step, so that a run can resume anywhere.
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


@dataclass(frozen=True, eq=False)
class RowSampler:
    """Batches of row indices.

    Args:
        rows: how many training rows there are.
        batch: rows per step.
        seed: decides the order.
        members: for drawing by strata, the row indices of each stratum; empty for whole epochs.
        bounds: for drawing by strata, uint64 upper bounds that cut 2^64 by weight.
    """

    rows: int
    batch: int
    seed: int | str
    members: tuple[Int, ...] = ()
    bounds: NDArray[np.uint64] | None = None

    def indices(self, step: int) -> Int:
        """The rows of one step, int64 (batch,).

        >>> feed = RowSampler(rows=5, batch=2, seed=0)
        >>> sorted(int(i) for step in range(5) for i in feed.indices(step))
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
        """
        at = np.arange(step * self.batch, (step + 1) * self.batch)
        if self.members:
            return self._by_strata(at)
        epochs, positions = at // self.rows, at % self.rows
        found = [
            _order(self.rows, self.seed, int(epoch))[positions[epochs == epoch]]
            for epoch in np.unique(epochs)
        ]
        return np.concatenate(found)

    def _by_strata(self, at: Int) -> Int:
        """A stratum by weight, then one of its rows, with repetition: small strata are seen often enough."""
        key = np.uint64(key_of("draw", self.seed))
        words = mix64(at.astype(np.uint64) * np.uint64(GOLDEN) + key)
        stratum = np.searchsorted(self.bounds if self.bounds is not None else words[:0], words, side="right")
        random_bits, out = mix64(words ^ key), np.empty(len(at), dtype=np.int64)
        for number in np.unique(stratum):
            here, rows = stratum == number, self.members[number]
            out[here] = rows[to_range(random_bits[here], np.full(1, len(rows), np.uint64)).astype(np.int64)]
        return out


def make_row_sampler(task: Task, train: pa.Table, batch: int, sampling: str, seed: int | str) -> RowSampler:
    """The feed that a recipe asks for.

    Args:
        task: for the weights of its strata.
        train: the training rows, with their strata.
        batch: rows per step.
        sampling: ``rows`` for epochs in a new order each, ``strata`` for drawing strata by their weight.
        seed: decides the order.
    """
    if sampling == "rows":
        return RowSampler(train.num_rows, batch, seed)
    encoded = train.column("stratum").cast(pa.string()).combine_chunks().dictionary_encode()
    codes, names = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()
    weights = {stratum.name: stratum.weight for stratum in task.inner()}
    # the plan has used small strata up in the first rows of train; the weights are those it began with
    share = np.cumsum([weights.get(name, 1) for name in names], dtype=np.float64)
    bounds = (share[:-1] / share[-1] * 2.0**64).astype(np.uint64)
    return RowSampler(
        train.num_rows, batch, seed, tuple(np.flatnonzero(codes == i) for i in range(len(names))), bounds
    )


@lru_cache(maxsize=2)
def _order(rows: int, seed: int | str, epoch: int) -> Int:
    return permutation(rows, key_of("order", seed, epoch)).astype(np.int64)


Batch = tuple[Tokens, Tokens]  # questions (B, T) and labels (B, positions), int64


class BatchSource(Protocol):
    """What a training reads."""

    def batch(self, step: int) -> Batch:
        """The questions (B, T) and labels (B, positions) of a step, from 0."""


@dataclass(frozen=True, eq=False)
class InMemory:
    """Batches of rows that are there as tokens.

    Args:
        questions: int64 (n, T).
        labels: int64 (n, positions).
        sampler: which rows a step sees.
    """

    questions: Tokens
    labels: Tokens
    sampler: RowSampler

    def batch(self, step: int) -> Batch:
        """Some of the rows."""
        rows = self.sampler.indices(step)
        return self.questions[rows], self.labels[rows]


@dataclass(frozen=True)
class StagedBatches:
    """One thing after the other, each from its own step 0.

    Args:
        stage_starts: the first step of each stage, ascending from 0.
        stages: what is read in each.
    """

    stage_starts: tuple[int, ...]
    stages: tuple[BatchSource, ...]

    def batch(self, step: int) -> Batch:
        """What the stage of this step shows."""
        number = int(np.searchsorted(self.stage_starts, step, side="right")) - 1
        return self.stages[number].batch(step - self.stage_starts[number])


class Bucketed:
    """The rows of several batches sorted by length and cut anew, so that rows of one batch are about equally long.

    The blank columns of a batch are cut off: on questions of 10 to 160 characters this saves most of the work.
    The batches of a group come in an order that follows from the seed.

    Args:
        batches: what is sorted.
        together: batches sorted together.
        seed: decides the order in a group.
        blank_first: whether questions have their blanks in front.
    """

    def __init__(self, batches: BatchSource, group_size: int, seed: int | str, left_padded: bool):
        self._batches, self._together, self._seed, self._first = batches, group_size, seed, left_padded
        self._group, self._pending = -1, list[Batch]()

    def batch(self, step: int) -> Batch:
        """One of the batches of its group."""
        group, device_config = divmod(step, self._together)
        if group != self._group:
            self._group, self._pending = group, self._sorted(group)
        return self._pending[device_config]

    def _sorted(self, group: int) -> list[Batch]:
        parts = [self._batches.batch(group * self._together + i) for i in range(self._together)]
        sizes = [len(labels) for _, labels in parts]
        questions = stack_padded([questions for questions, _ in parts], self._first)
        labels = np.concatenate([labels for _, labels in parts])
        by_length = np.argsort((questions != PAD).sum(axis=1), kind="stable")
        cut = np.split(by_length, np.cumsum(sizes)[:-1])
        order = permutation(len(cut), key_of("buckets", self._seed, group))
        return [(self._narrow(questions[cut[i]]), labels[cut[i]]) for i in order.tolist()]

    def _narrow(self, questions: Tokens) -> Tokens:
        longest = max(int((questions != PAD).sum(axis=1).max(initial=1)), 1)
        return np.ascontiguousarray(questions[:, -longest:] if self._first else questions[:, :longest])


class Prefetcher:
    """Makes the batches of the next steps in a thread while a step is computed.

    Args:
        batches: what is read.
        steps: how many steps ahead.
        end: the step after the last one.
    """

    def __init__(self, batches: BatchSource, steps: int, end: int):
        self._batches, self._steps, self._end = batches, steps, end
        self._coming: dict[int, Future[Batch]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def batch(self, step: int) -> Batch:
        """What is read at this step, which is ready as a rule."""
        for later in range(step, min(step + self._steps + 1, self._end)):
            if later not in self._coming:
                self._coming[later] = self._thread.submit(self._batches.batch, later)
        return self._coming.pop(step).result()

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "batches")  # one: batches are made in their order


def stack_padded(parts: Sequence[Tokens], left_padded: bool) -> Tokens:
    """Token matrices (B, T) under each other, the narrower ones filled up with blanks.

    >>> stack_padded([np.array([[1]]), np.array([[2, 3]])], left_padded=True).tolist()
    [[0, 1], [2, 3]]
    """
    width = max(part.shape[1] for part in parts)
    rooms = [width - part.shape[1] for part in parts]
    sides = [(room, 0) if left_padded else (0, room) for room in rooms]
    return np.concatenate([np.pad(part, ((0, 0), side)) for part, side in zip(parts, sides, strict=True)])
