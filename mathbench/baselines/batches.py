"""The rows that a step sees, as tokens: a pure function of the step, however they come about.

From memory or from a stream, in stages, sorted by length, or made ahead: each is a function of the step, made of
another one. So a run resumes anywhere, and what runs in the background changes no bit.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.feed import Feed
from mathbench.characters import BLANK
from mathbench.hashing import key_of
from mathbench.permute import shuffled

Batch = tuple[Tokens, Tokens]  # questions (B, T) and labels (B, positions), int64


class Batches(Protocol):
    """What a training reads."""

    def batch(self, step: int) -> Batch:
        """The questions (B, T) and labels (B, positions) of a step, from 0."""


@dataclass(frozen=True, eq=False)
class InMemory:
    """Batches of rows that are there as tokens.

    Args:
        questions: int64 (n, T).
        labels: int64 (n, positions).
        feed: which rows a step sees.
    """

    questions: Tokens
    labels: Tokens
    feed: Feed

    def batch(self, step: int) -> Batch:
        """Some of the rows."""
        rows = self.feed.indices(step)
        return self.questions[rows], self.labels[rows]


@dataclass(frozen=True)
class InStages:
    """One thing after the other, each from its own step 0.

    Args:
        begins: the first step of each stage, ascending from 0.
        stages: what is read in each.
    """

    begins: tuple[int, ...]
    stages: tuple[Batches, ...]

    def batch(self, step: int) -> Batch:
        """What the stage of this step shows."""
        number = int(np.searchsorted(self.begins, step, side="right")) - 1
        return self.stages[number].batch(step - self.begins[number])


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

    def __init__(self, batches: Batches, together: int, seed: int | str, blank_first: bool):
        self._batches, self._together, self._seed, self._first = batches, together, seed, blank_first
        self._group, self._kept = -1, list[Batch]()

    def batch(self, step: int) -> Batch:
        """One of the batches of its group."""
        group, place = divmod(step, self._together)
        if group != self._group:
            self._group, self._kept = group, self._sorted(group)
        return self._kept[place]

    def _sorted(self, group: int) -> list[Batch]:
        parts = [self._batches.batch(group * self._together + i) for i in range(self._together)]
        sizes = [len(labels) for _, labels in parts]
        questions = joined([questions for questions, _ in parts], self._first)
        labels = np.concatenate([labels for _, labels in parts])
        by_length = np.argsort((questions != BLANK).sum(axis=1), kind="stable")
        cut = np.split(by_length, np.cumsum(sizes)[:-1])
        order = shuffled(len(cut), key_of("buckets", self._seed, group))
        return [(self._narrow(questions[cut[i]]), labels[cut[i]]) for i in order.tolist()]

    def _narrow(self, questions: Tokens) -> Tokens:
        longest = max(int((questions != BLANK).sum(axis=1).max(initial=1)), 1)
        return np.ascontiguousarray(questions[:, -longest:] if self._first else questions[:, :longest])


class Ahead:
    """Makes the batches of the next steps in a thread while a step is computed.

    Args:
        batches: what is read.
        steps: how many steps ahead.
        end: the step after the last one.
    """

    def __init__(self, batches: Batches, steps: int, end: int):
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


def joined(parts: Sequence[Tokens], blank_first: bool) -> Tokens:
    """Token matrices (B, T) under each other, the narrower ones filled up with blanks.

    >>> joined([np.array([[1]]), np.array([[2, 3]])], blank_first=True).tolist()
    [[0, 1], [2, 3]]
    """
    width = max(part.shape[1] for part in parts)
    rooms = [width - part.shape[1] for part in parts]
    sides = [(room, 0) if blank_first else (0, room) for room in rooms]
    return np.concatenate([np.pad(part, ((0, 0), side)) for part, side in zip(parts, sides, strict=True)])
