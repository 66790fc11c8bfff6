"""Families whose problems can be counted: row i is problem number pi(i), and no problem occurs twice.

To add such a family, subclass `Enumerated` as a frozen dataclass in a file of its own under `mathbench/generators/`,
write the methods below as pure functions on arrays, write `oracle` and `operands_of` as plain Python that shares no
code with them (verification compares the two), and enter the class in `mathbench.families.FAMILIES`. An example and
all steps are in docs/add-a-task.md.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.hashing import U64, Int, key_of, mix64
from mathbench.numbers import text
from mathbench.sampling.domain import Domain
from mathbench.sampling.plan import Plan, PlannedSource, Run
from mathbench.sampling.sampler import Sampler
from mathbench.stratum import Spaces
from mathbench.task import LABELS, Task, TextRows, row_numbers

SLICE = 1 << 14  # rows converted to text at a time: temporaries stay in the cache
MIN_RUN = 256  # consecutive rows per stratum from which problems are drawn space by space, not row by row
MAX_NUMBERS = 1 << 23  # operands and limbs in memory at a time: 64 MiB
WIDE = 16  # numbers per problem from which fewer rows are converted to text at a time


@dataclass
class Problems:
    """Problems as columns, from which questions and answers are made.

    Attributes:
        operands: int64 (m, n), in the order of the question; long ones as limbs, see
            :func:`mathbench.numbers.arithmetic.split`.
        stratum: int64 (n,), the index of each problem's stratum in the task's list.
        kinds: int64 (strata,), the kinds of the strata.
        claimed: int64 (n,), or limbs (L, n), the results that statements claim; None for other tasks.
        fingerprints: uint64 (n,), of problems that are not posed yet.
    """

    operands: Int
    stratum: Int
    kinds: Int
    claimed: Int | None = None
    fingerprints: U64 | None = None

    @property
    def kind(self) -> Int:
        """The kind of each problem's stratum, int64 (n,)."""
        return self.kinds.take(self.stratum)

    def take(self, index: Int) -> "Problems":
        """The problems at some indices."""
        operands = np.empty((len(self.operands), len(index)), dtype=np.int64)
        for operand, taken in zip(self.operands, operands, strict=True):
            operand.take(index, out=taken, mode="clip")  # the default mode would copy once more
        claimed = None if self.claimed is None else self.claimed.take(index, axis=-1)
        fingerprints = None if self.fingerprints is None else self.fingerprints.take(index)
        return Problems(operands, self.stratum.take(index), self.kinds, claimed, fingerprints)

    @classmethod
    def concatenated(cls, parts: Sequence["Problems"]) -> "Problems":
        """Concatenate problems of one task, at least one part."""
        claimed = [part.claimed for part in parts if part.claimed is not None]
        fingerprints = [part.fingerprints for part in parts if part.fingerprints is not None]
        return cls(
            np.concatenate([part.operands for part in parts], axis=1),
            np.concatenate([part.stratum for part in parts]),
            parts[0].kinds,
            np.concatenate(claimed, axis=-1) if claimed else None,
            np.concatenate(fingerprints) if fingerprints else None,
        )


@dataclass(frozen=True)
class Enumerated(Task):
    """A task whose problems are counted."""

    # whether labels stay balanced where strata run out; not in the first version of some families
    balances_rest: ClassVar[bool] = True
    # whether each problem has a window of its own where testing one is slow
    one_per_window: ClassVar[bool] = True
    can_exclude: ClassVar[bool] = True
    # the largest number of points of a space that have the same canonical form; 0: no limit
    points_per_problem: ClassVar[int] = 1

    @property
    def expensive_to_count(self) -> bool:
        """Whether `valid` is slower than a fingerprint, so that it is called only for points in the reserve."""
        return False

    @abstractmethod
    def draw(self, coordinates: U64, low: Int) -> Int:
        """Convert points of a space, uint64 (c, n), with the `low` of its strata, int64 (p, 1), to operands (m, n)."""

    def canonical(self, operands: Int) -> Int:
        """Convert operands to the form that decides the reserve, the same for all symmetric problems."""
        return operands

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        """Which points are the one point of their problem, bool (n,); None: all."""
        return None

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        """Choose what the canonical form leaves open, such as the order of operands, by one random word per problem."""
        return problems

    @abstractmethod
    def solve(self, problems: Problems) -> Int:
        """The true results, int64 (n,), or (r, n), or limbs; 0 and 1 for labels."""

    @abstractmethod
    def questions(self, problems: Problems) -> pa.StringArray:
        """The questions as text."""

    def answers(self, results: Int) -> pa.StringArray:
        """The answers as text; by default labels."""
        return text.choose_text(results, LABELS)

    @abstractmethod
    def operands_of(self, question: str) -> tuple[int, ...]:
        """The canonical operands of one question, from its text alone, in plain Python."""

    def source(self, split: str, seed: int | str) -> "EnumeratedSource":
        return EnumeratedSource(self, split, self.key(split, seed))


class EnumeratedSource(PlannedSource):
    """Rows of one split of an enumerated task.

    Args:
        task: the task.
        split: the split.
        key: 64-bit key of the order.
    """

    def __init__(self, task: Enumerated, split: str, key: int):
        self._task = task
        self._kinds = np.array([s.kind for s in task.strata(split)], dtype=np.int64)
        domain = _domain(task.plain, split)
        self._random_key = np.uint64(key_of(key, "pose"))
        self._sampler = Sampler(domain, key)
        self._spaces = domain.spaces.of_stratum
        self.plan = Plan(
            task.strata(split),
            self._spaces.tolist(),
            self._sampler.capacities(),
            key_of(key, "plan"),
            task.balances_rest,
        )

    def rendered(self, rows: range | Int) -> Iterator[TextRows]:
        """Render some rows in order, in pieces."""
        for problems in self._pieces(rows):
            yield self._render(problems)

    def problems(self, rows: range | Int) -> Problems:
        """The problems of some rows, a range or int64 (n,), as columns."""
        return Problems.concatenated(list(self._pieces(rows)))

    def _pieces(self, rows: range | Int) -> Iterator[Problems]:
        """The problems of some rows in order, in pieces, at least one."""
        for start in range(0, max(len(rows), 1), self.batch_rows):
            for drawn, positions in self._draw(rows[start : start + self.batch_rows]):
                for i in range(0, max(len(positions), 1), self._slice):
                    yield self._pose(drawn.take(positions[i : i + self._slice]))

    @property
    def batch_rows(self) -> int:
        """Rows to make at a time: fewer where numbers are long, so that memory is the same."""
        return max(MAX_NUMBERS // self._sampler.words_per_problem, 1)

    @property
    def _slice(self) -> int:
        """Rows to convert to text at a time."""
        return max(SLICE * WIDE // max(self._sampler.words_per_problem, WIDE), 1)

    def _draw(self, rows: range | Int) -> Iterator[tuple[Problems, Int]]:
        """Yield problems in any order, and the indices of the rows' problems among them."""
        if isinstance(rows, range) and rows.step == 1 and len(rows) >= MIN_RUN * len(self._spaces):
            runs = list(self.plan.runs(rows.start, rows.stop))
            stops = np.cumsum([run.drawn for run in runs])
            positions = [run.positions() + (end - run.drawn) for run, end in zip(runs, stops, strict=True)]
            parts = [part for run in runs for part in self._draw_run(run)]
            yield Problems.concatenated(parts), np.concatenate(positions)
        else:
            stratum, rank = self.plan.locate(row_numbers(rows))
            operands, fingerprints = self._sampler.sample(self._spaces[stratum], rank)
            yield Problems(operands, stratum, self._kinds, fingerprints=fingerprints), np.arange(len(rows))

    def _draw_run(self, run: Run) -> Iterator[Problems]:
        """Yield all problems of the blocks of a run, one space after the other."""
        for space, first, last, stratum in run.draws():
            start = 0
            for operands, fingerprints in self._sampler.sample_range(space, first, last):
                here = stratum[start : start + len(fingerprints)]
                yield Problems(operands, here, self._kinds, fingerprints=fingerprints)
                start += len(fingerprints)

    def _pose(self, problems: Problems) -> Problems:
        """Pose problems by random bits from their fingerprints, which all that were drawn have."""
        fingerprints = cast(U64, problems.fingerprints)
        return self._task.pose(problems, mix64(fingerprints ^ self._random_key))

    def _render(self, problems: Problems) -> TextRows:
        results = self._task.solve(problems)
        questions, answers = self._task.questions(problems), self._task.answers(results)
        return TextRows(questions, answers, problems.stratum, results if self._task.recognition else None)


@lru_cache(maxsize=64)
def _domain(task: "Enumerated", split: str) -> Domain:
    """The domain of a split, cached because counting small spaces is slow and independent of the seed."""
    return Domain(task, Spaces(task.strata(split)), task.reserve(split))
