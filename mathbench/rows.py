"""Rows: the endless table of one split of a task, readable anywhere, the same everywhere."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import formats
from mathbench.domain import Domain
from mathbench.errors import InputError, SpaceExhausted, did_you_mean
from mathbench.hashing import check_seed, key_of, mix
from mathbench.plan import Plan, Run
from mathbench.reserve import OF_SPLIT
from mathbench.sampler import Sampler
from mathbench.stratum import Spaces, Stratum
from mathbench.task import Problems, Task

Int = NDArray[np.int64]

COLUMNS = ("question", "answer", "task", "stratum", "row")
SLICE = 1 << 14  # rows written as text at a time: temporaries stay in the cache
RUN = 256  # so many consecutive rows per stratum are drawn in the order of their spaces; fewer are looked up one by one
NUMBERS = 1 << 23  # operands and limbs held at a time: 64 MiB
WIDE = 16  # numbers per problem from which fewer rows are written as text at a time


class Rows:
    """One split of a task under a seed. A row depends on nothing but (task, seed, split, row number).

    Args:
        task: the task.
        split: ``"train"``, ``"validation"``, ``"interpolate"`` or ``"extrapolate"``.
        seed: a 64-bit integer or a string.

    Raises:
        InputError: for an unknown split or a seed that is neither.

    >>> from mathbench.generators import task
    >>> rows = Rows(task("addition", digits=2), "train")
    >>> few, more = rows.batch(range(3)), rows.batch(range(1, 5))
    >>> few.slice(1).equals(more.slice(0, 2))
    True
    """

    def __init__(self, task: Task, split: str = "train", seed: int | str = 0):
        if split not in OF_SPLIT:
            raise InputError(f"unknown split '{split}'. {did_you_mean(split, OF_SPLIT)}")
        self.task, self.split, self.seed = task, split, check_seed(seed)
        self.strata: Sequence[Stratum] = _strata(task, split)
        self._name = pa.array([task.name], pa.string())
        self._names = pa.array([s.name for s in self.strata], pa.string())
        self._kinds = np.array([s.kind for s in self.strata], dtype=np.int64)
        domain = _domain(task.plain, split)
        key = key_of(task.id, self.seed, split)
        self._luck = np.uint64(key_of(key, "pose"))
        self._sampler = Sampler(domain, key)
        self._space_of = domain.spaces.of_stratum
        self.plan = Plan(self.strata, self._space_of.tolist(), self._sampler.held(), key_of(key, "plan"))

    def __len__(self) -> int:
        """How many rows the split holds. To count them all takes longer than to ask for some: see :meth:`upto`."""
        return self.plan.rows

    def upto(self, rows: int) -> int:
        """So many rows, or as many as the split holds where these are fewer."""
        return self.plan.upto(rows)

    def require(self, rows: int) -> None:
        """Check that the split holds so many rows.

        Raises:
            SpaceExhausted: says how many there are.
        """
        if rows > self.upto(rows):
            raise SpaceExhausted(
                f"{self.task.name}: {self.split} holds {len(self):,} different rows. Received: {rows:,}."
            )

    def problems(self, rows: range | Int) -> Problems:
        """The problems of some rows, a range or int64 (n,), as columns."""
        return Problems.joined(list(self._pieces(rows)))

    def _pieces(self, rows: range | Int) -> Iterator[Problems]:
        """The problems of some rows in order, in pieces, at least one."""
        for start in range(0, max(len(rows), 1), self.at_once):
            for drawn, places in self._found(rows[start : start + self.at_once]):
                for i in range(0, max(len(places), 1), self._slice):
                    yield self._posed(drawn.take(places[i : i + self._slice]))

    @property
    def at_once(self) -> int:
        """How many rows to make at a time: fewer where numbers are long, so that memory is the same."""
        return max(NUMBERS // self._sampler.width, 1)

    @property
    def _slice(self) -> int:
        """How many rows to write as text at a time."""
        return max(SLICE * WIDE // max(self._sampler.width, WIDE), 1)

    def _found(self, rows: range | Int) -> Iterator[tuple[Problems, Int]]:
        """Problems in any order, and where among them those of the rows stand."""
        if isinstance(rows, range) and rows.step == 1 and len(rows) >= RUN * len(self._space_of):
            runs = list(self.plan.runs(rows.start, rows.stop))
            ends = np.cumsum([run.drawn for run in runs])
            places = [run.places() + (end - run.drawn) for run, end in zip(runs, ends, strict=True)]
            yield Problems.joined([part for run in runs for part in self._drawn(run)]), np.concatenate(places)
        else:
            stratum, rank = self.plan.place(_numbers(rows))
            operands, prints = self._sampler.draw(self._space_of[stratum], rank)
            yield Problems(operands, stratum, self._kinds, prints=prints), np.arange(len(rows))

    def _drawn(self, run: Run) -> Iterator[Problems]:
        """All problems of a run's blocks, a space after the other."""
        for space, first, last, stratum in run.draws():
            start = 0
            for operands, prints in self._sampler.draw_run(space, first, last):
                shown = stratum[start : start + len(prints)]
                yield Problems(operands, shown, self._kinds, prints=prints)
                start += len(prints)

    def _posed(self, problems: Problems) -> Problems:
        """Problems with what is left to chance decided by their fingerprints; others are posed already."""
        if problems.prints is None:
            return problems
        return self.task.pose(problems, mix(problems.prints ^ self._luck))

    def batch(self, rows: range | Sequence[int] | Int) -> pa.Table:
        """Some rows as a table, in the order asked for.

        Args:
            rows: row numbers, from 0; any order.

        Raises:
            SpaceExhausted: when the split does not hold one of them.
        """
        if isinstance(rows, range):
            self.require(max(rows[0], rows[-1]) + 1 if rows else 0)  # before an array of that size is made
        numbers = _numbers(rows)
        self.require(int(numbers.max(initial=-1)) + 1)
        if numbers.min(initial=0) < 0:
            raise InputError(f"row numbers start at 0. Received: {int(numbers.min())}.")
        parts = [self._columns(part) for part in self._pieces(rows if isinstance(rows, range) else numbers)]
        columns = {name: pa.chunked_array([part[name] for part in parts]) for name in parts[0]}
        table = pa.table({**columns, "row": pa.array(numbers)})
        return formats.of(self.task).rows(table.select([*COLUMNS, *columns.keys() - set(COLUMNS)]))

    def _columns(self, problems: Problems) -> dict[str, pa.Array]:
        """Questions, answers and what stands beside them."""
        results = self.task.solve(problems)
        columns = {
            "question": self.task.questions(problems),
            "answer": self.task.answers(results),
            "task": pa.DictionaryArray.from_arrays(np.zeros(len(problems.stratum), np.int32), self._name),
            "stratum": pa.DictionaryArray.from_arrays(problems.stratum.astype(np.int32), self._names),
        }
        if self.task.recognition:
            columns["label"] = pa.array(results)
        return columns


def _strata(task: Task, split: str) -> list[Stratum]:
    return task.outer() if split == "extrapolate" else task.inner()


@lru_cache(maxsize=64)
def _domain(task: Task, split: str) -> Domain:
    """What a split draws from; remembered, because counting small spaces takes a while and no seed changes it."""
    reserve = OF_SPLIT[split].first(task.train_part) if split == "train" else OF_SPLIT[split]
    return Domain(task, Spaces(_strata(task, split)), reserve)


@lru_cache(maxsize=32)
def open_rows(task: Task, split: str, seed: int | str) -> Rows:
    """The same as `Rows`, remembered."""
    return Rows(task, split, seed)


def _numbers(rows: range | Sequence[int] | Int) -> Int:
    if isinstance(rows, range):
        return np.arange(rows.start, rows.stop, rows.step, dtype=np.int64)
    return np.asarray(rows, dtype=np.int64)
