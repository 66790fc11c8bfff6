"""Rows of one split of a task, with random access and independent of the platform."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from mathbench import formats
from mathbench.errors import InputError, SpaceExhausted, did_you_mean, shown
from mathbench.hashing import Int, check_seed
from mathbench.numbers import text
from mathbench.reserve import RESERVE_OF_SPLIT
from mathbench.task import Task, TextRows, row_numbers

COLUMNS = ("question", "answer", "task", "stratum", "row")


def check_task(task: object) -> Task:
    """Return a task.

    Raises:
        InputError: for anything else, such as the name of one.
    """
    if not isinstance(task, Task):
        raise InputError(f"a task must be made by `families.task`. Received: {shown(task)}.")
    return task


def check_split(split: object) -> str:
    """Return the name of a split.

    Raises:
        InputError: for anything else, with the nearest name.
    """
    if not isinstance(split, str) or split not in RESERVE_OF_SPLIT:
        raise InputError(f"unknown split {shown(split)}. {did_you_mean(split, RESERVE_OF_SPLIT)}")
    return split


class Rows:
    """One split of a task under a seed. A row is a function of task, seed, split and row number alone.

    Args:
        task: the task.
        split: ``"train"``, ``"validation"``, ``"interpolate"`` or ``"extrapolate"``.
        seed: a 64-bit integer or a string.

    Raises:
        InputError: for an unknown split or a bad seed.

    >>> from mathbench.families import task
    >>> rows = Rows(task("addition", digits=2), "train")
    >>> first, second = rows.batch(range(3)), rows.batch(range(1, 5))
    >>> first.slice(1).equals(second.slice(0, 2))
    True
    """

    def __init__(self, task: Task, split: str = "train", seed: int | str = 0):
        self.task, self.split, self.seed = check_task(task), check_split(split), check_seed(seed)
        self.strata = task.strata(split)
        self._name = text.from_list([task.name])
        self._names = text.from_list([s.name for s in self.strata])
        self.source = task.source(split, self.seed)

    def __reduce__(self) -> Any:
        # plans have generators, which cannot be pickled
        return type(self), (self.task, self.split, self.seed)

    def __len__(self) -> int:
        """The number of rows in the split. An exact count may be expensive; see :meth:`capacity_up_to`."""
        return len(self.source)

    def capacity_up_to(self, rows: int) -> int:
        """The smaller of `rows` and the number of rows in the split."""
        return self.source.capacity_up_to(rows)

    def require(self, rows: int) -> None:
        """Check that the split has at least `rows` rows.

        Raises:
            SpaceExhausted: with the number of rows there are.
        """
        if rows > self.capacity_up_to(rows):
            raise SpaceExhausted(
                f"{self.task.name}: {self.split} holds {len(self):,} different rows. Received: {rows:,}."
            )

    def batch(self, rows: range | Sequence[int] | Int) -> pa.Table:
        """Return rows as a table, in the order of the row numbers.

        Args:
            rows: row numbers, from 0, in any order.

        Raises:
            SpaceExhausted: when the split does not have one of them.
        """
        if isinstance(rows, range):
            # before an array of that size is allocated
            self.require(max(rows[0], rows[-1]) + 1 if rows else 0)
        requested = row_numbers(rows)
        self.require(int(requested.max(initial=-1)) + 1)
        if requested.min(initial=0) < 0:
            raise InputError(f"row numbers start at 0. Received: {int(requested.min())}.")
        parts = self.source.rendered(rows if isinstance(rows, range) else requested)
        chunks = [self._columns(part) for part in parts]
        columns = {name: pa.chunked_array([chunk[name] for chunk in chunks]) for name in chunks[0]}
        table = pa.table({**columns, "row": text.int_array(requested)})
        plain = table.select([*COLUMNS, *columns.keys() - set(COLUMNS)])
        return formats.for_task(self.task).rows(plain, self.seed, self.split)

    def _columns(self, part: TextRows) -> dict[str, pa.Array]:
        """The columns of some rows, all but the row numbers."""
        name_index = text.int_array(np.zeros(len(part.stratum), np.int32))
        stratum = text.int_array(part.stratum.astype(np.int32))
        columns = {
            "question": part.questions,
            "answer": part.answers,
            "task": pa.DictionaryArray.from_arrays(name_index, self._name),
            "stratum": pa.DictionaryArray.from_arrays(stratum, self._names),
        }
        return columns if part.labels is None else {**columns, "label": text.int_array(part.labels)}


@lru_cache(maxsize=32)
def open_rows(task: Task, split: str, seed: int | str) -> Rows:
    """Return a cached `Rows`."""
    return Rows(task, split, seed)
