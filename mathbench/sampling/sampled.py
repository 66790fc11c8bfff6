"""Families whose problems are too irregular to count: row i is drawn by hashing i until the problem is accepted.

A candidate is a pure function of (task, seed, split, stratum, number, trial). A fixed hash of the canonical problem
decides its reserve; a candidate is accepted if it lies in the reserve of the split and its text is not too long. So
train, validation and the two test splits never share a problem, whatever the seed or the level.

Train may repeat a problem where there are few: each row has its own candidates, and the first accepted one is its
problem. The other splits never repeat a problem: see :mod:`mathbench.sampling.unique`.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar
from weakref import WeakValueDictionary

import numpy as np

from mathbench.errors import SpaceExhausted
from mathbench.hashing import U64, Int, key_of
from mathbench.parameters import parameter
from mathbench.reserve import Reserve
from mathbench.sampling.capacity import Capacity
from mathbench.sampling.plan import MAX_ROWS, Plan, PlannedSource
from mathbench.sampling.rejection import Accepted, Candidates, NoProblemFound
from mathbench.sampling.shared import SharedDraws, SplitStrata
from mathbench.sampling.unique import UniqueProblems, candidates_for
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
ALL_SPLITS = "all"  # the strata of all splits, one split after the other in the order of `RESERVES`
MAX_REMEMBERED = 1 << 13  # rows of train whose fingerprints are remembered


@dataclass(frozen=True)
class Sampled(Task):
    """A task whose problems are drawn by hash."""

    reserves: ClassVar[Mapping[str, Reserve]] = RESERVES
    longest_question: ClassVar[int] = 160  # characters
    longest_answer: ClassVar[int] = 30

    train_share: float = parameter(
        0.6, "share of all problems that train draws from", low=0.01, high=0.6, kw_only=True, added=True
    )

    @property
    def numeric(self) -> bool:
        return False

    @property
    def draws_all_splits(self) -> bool:
        """Whether `candidates` draws for `ALL_SPLITS` too."""
        return False

    def may_repeat(self, split: str) -> bool:
        """Whether a split may repeat a problem: train may, where problems are few."""
        return split == "train"

    def repeated_rows(self, seed: int | str, rows: int) -> float:
        """The share of the first `rows` rows of train, at least one, that repeat the problem of an earlier row."""
        known = [found for found in _first_fingerprints(self, seed) if len(found) >= rows]
        fingerprints = known[0][:rows] if known else self.source("train", seed).fingerprints(range(rows))
        return 1 - len(np.unique(fingerprints)) / len(fingerprints)

    @abstractmethod
    def candidates(self, split: str, stratum: Int, random_bits: U64) -> Candidates:
        """Draw problems.

        Args:
            split: the split that the strata belong to, or `ALL_SPLITS`.
            stratum: int64 (n,), the index of each problem's stratum.
            random_bits: uint64 (n,), random words. A problem depends on its own word and its stratum alone.
        """

    def source(self, split: str, seed: int | str) -> "SampledSource":
        return SampledSource(self, split, seed)


class SampledSource(PlannedSource):
    """Rows of one split of a sampled task.

    Args:
        task: the task.
        split: the split.
        seed: the seed.
    """

    batch_rows = BATCH_ROWS

    def __init__(self, task: Sampled, split: str, seed: int | str):
        self._task, self._split, self._seed, strata = task, split, seed, task.strata(split)
        self._repeats = task.may_repeat(split)
        capacities = [Capacity(MAX_ROWS if self._repeats else s.holds) for s in strata]
        plan_key = key_of(task.key(split, seed), "plan")
        self.plan = Plan(strata, range(len(strata)), capacities, plan_key)
        self._sampler = _shared_draws(task, split, seed).of(split)
        self._unique = UniqueProblems(self._sampler, len(strata))
        if not self._repeats and self.plan.capacity_up_to(1):
            self._sampler.expect(candidates_for(np.array(self.plan.phases[0].counts)))

    def rendered(self, rows: range | Int) -> Iterator[TextRows]:
        """Render some rows in order, in pieces."""
        for start in range(0, max(len(rows), 1), BATCH_ROWS):
            stratum, rank = self._locate(rows[start : start + BATCH_ROWS])
            if self._repeats:
                accepted = self._first_accepted(stratum, rank)
                if isinstance(rows, range) and rows == range(min(len(rows), MAX_REMEMBERED)):
                    _first_fingerprints(self._task, self._seed)[:] = [accepted.fingerprints]
                yield TextRows(accepted.questions, accepted.answers, stratum)
            else:
                yield TextRows(*self._unique.rendered(stratum, rank), stratum)

    def fingerprints(self, rows: range | Int) -> U64:
        """Hashes of the canonical problems of some rows, uint64 (n,), equal for equal problems."""
        stratum, rank = self._locate(rows)
        if self._repeats:
            return self._first_accepted(stratum, rank).fingerprints
        return self._unique.fingerprints(stratum, rank)

    def _first_accepted(self, stratum: Int, rank: Int) -> Accepted:
        try:
            return self._sampler.first_accepted(stratum, rank)
        except NoProblemFound:
            if self._task.train_share >= RESERVES["train"].share:
                raise
            raise SpaceExhausted(
                f"{self._task.name}: a stratum of {self._split} has no problem within "
                f"train_share={self._task.train_share}. Give a larger share."
            ) from None

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


_open_draws: WeakValueDictionary[tuple[Sampled, str, int | str], SharedDraws] = WeakValueDictionary()


def _shared_draws(task: Sampled, split: str, seed: int | str) -> SharedDraws:
    """The draws that the open sources of a task share under a seed: all of them if it `draws_all_splits`."""
    joint = ALL_SPLITS if task.draws_all_splits else split
    draws = _open_draws.get((task, joint, seed))
    if draws is None:
        splits = {each: _strata(task, each, seed) for each in (RESERVES if joint == ALL_SPLITS else (split,))}
        limits = task.longest_question, task.longest_answer
        draws = _open_draws[task, joint, seed] = SharedDraws(partial(task.candidates, joint), splits, limits)
    return draws


def _strata(task: Sampled, split: str, seed: int | str) -> SplitStrata:
    key, strata = task.key(split, seed), task.strata(split)
    keys = np.array([key_of(key, s.name) for s in strata], dtype=np.uint64)
    return SplitStrata(keys, [ALL if s.apart else task.reserve(split) for s in strata])


@lru_cache(maxsize=256)
def _first_fingerprints(task: Sampled, seed: int | str) -> list[U64]:
    """The fingerprints of the first rows of train, at most one array, as they were last rendered."""
    return []
