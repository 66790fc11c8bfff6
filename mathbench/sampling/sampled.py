"""Families whose problems are too irregular to count: row i is drawn by hashing i until the problem is accepted.

A candidate is a pure function of (task, seed, split, stratum, number, trial). A fixed hash of the canonical problem
decides its reserve; a candidate is accepted if it lies in the reserve of the split and its text is not too long. So
train, validation and the two test splits never share a problem, whatever the seed or the level.

Train may repeat a problem where there are few: each row has its own candidates, and the first accepted one is its
problem. The other splits never repeat a problem: see :mod:`mathbench.sampling.unique`.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from mathbench.errors import SpaceExhausted
from mathbench.hashing import U64, Int, key_of
from mathbench.reserve import Reserve
from mathbench.sampling.capacity import Capacity
from mathbench.sampling.plan import MAX_ROWS, Plan, PlannedSource
from mathbench.sampling.rejection import Candidates, RejectionSampler
from mathbench.sampling.unique import UniqueProblems
from mathbench.task import Task, TextRows, row_numbers

BATCH_ROWS = 1 << 17  # rows made at a time
# Each split has its own reserve, because strata of two splits may overlap. The test splits have larger reserves than in
# enumerated families: a problem is drawn until it lies in the reserve, on average 1 / share times.
RESERVES = {
    "train": Reserve("train", 0.0, 0.6),
    "validation": Reserve("validation", 0.6, 0.7),
    "interpolate": Reserve("interpolate", 0.7, 0.85),
    "extrapolate": Reserve("extrapolate", 0.85, 1.0),
}
ALL = Reserve("all", 0.0, 1.0)


@dataclass(frozen=True)
class Sampled(Task):
    """A task whose problems are drawn by hash."""

    numeric: ClassVar[bool] = False
    longest_question: ClassVar[int] = 160  # characters
    longest_answer: ClassVar[int] = 30

    def may_repeat(self, split: str) -> bool:
        """Whether a split may repeat a problem: train may, where problems are few."""
        return split == "train"

    def repeated_rows(self, seed: int | str, rows: int) -> float:
        """The share of the first `rows` rows of train, at least one, that repeat the problem of an earlier row."""
        fingerprints = self.source("train", seed).fingerprints(range(rows))
        return 1 - len(np.unique(fingerprints)) / len(fingerprints)

    @abstractmethod
    def candidates(self, split: str, stratum: Int, random_bits: U64) -> Candidates:
        """Draw problems.

        Args:
            split: the split that the strata belong to.
            stratum: int64 (n,), the index of each problem's stratum.
            random_bits: uint64 (n,), random words. A problem depends on its own word and its stratum alone.
        """

    def source(self, split: str, seed: int | str) -> "SampledSource":
        return SampledSource(self, split, self.key(split, seed))


class SampledSource(PlannedSource):
    """Rows of one split of a sampled task.

    Args:
        task: the task.
        split: the split.
        key: 64-bit key of the order.
    """

    batch_rows = BATCH_ROWS

    def __init__(self, task: Sampled, split: str, key: int):
        self._task, self._split, strata = task, split, task.strata(split)
        reserves = [ALL if s.apart else RESERVES[split] for s in strata]
        self._sampler = RejectionSampler(
            partial(task.candidates, split),
            np.array([key_of(key, s.name) for s in strata], dtype=np.uint64),
            reserves,
            (task.longest_question, task.longest_answer),
        )
        self._repeats = task.may_repeat(split)
        self._unique = UniqueProblems(self._sampler, [r.share for r in reserves])
        capacities = [Capacity(MAX_ROWS if self._repeats else s.holds) for s in strata]
        self.plan = Plan(strata, range(len(strata)), capacities, key_of(key, "plan"))

    def rendered(self, rows: range | Int) -> Iterator[TextRows]:
        """Render some rows in order, in pieces."""
        for start in range(0, max(len(rows), 1), BATCH_ROWS):
            stratum, rank = self._locate(rows[start : start + BATCH_ROWS])
            if self._repeats:
                accepted = self._sampler.first_accepted(stratum, rank)
                yield TextRows(accepted.questions, accepted.answers, stratum)
            else:
                yield TextRows(*self._unique.rendered(stratum, rank), stratum)

    def fingerprints(self, rows: range | Int) -> U64:
        """Hashes of the canonical problems of some rows, uint64 (n,), equal for equal problems."""
        stratum, rank = self._locate(rows)
        if self._repeats:
            return self._sampler.first_accepted(stratum, rank).fingerprints
        return self._unique.fingerprints(stratum, rank)

    def _locate(self, rows: range | Int) -> tuple[Int, Int]:
        """Stratum and rank of some rows, int64 (n,) each. In test splits these problems are checked to exist."""
        stratum, rank = self.plan.locate(row_numbers(rows))
        if not self._repeats:
            for s in np.unique(stratum).tolist():
                self._require(s, int(rank[stratum == s].max()) + 1)
        return stratum, rank

    def _require(self, stratum: int, needed: int) -> None:
        if (count := self._unique.count(stratum, needed)) < needed:
            name = self._task.strata(self._split)[stratum].name
            raise SpaceExhausted(
                f"{self._task.name}: {self._split} cannot have many more than {count:,} rows of {name}."
            )
