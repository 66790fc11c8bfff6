"""Rows of one split of a task, with random access and independent of the platform."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Self
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import formats
from mathbench.errors import InputError, SpaceExhausted, did_you_mean, shown
from mathbench.formats.words import messages
from mathbench.hashing import Int, check_seed
from mathbench.numbers import text
from mathbench.reserve import RESERVE_OF_SPLIT
from mathbench.stratum import Stratum
from mathbench.task import RowSource, Task, TextRows, row_numbers

COLUMNS = ("question", "answer", "task", "stratum", "row")
ID = "id"
# columns that not every file has, in the order of a file
OPTIONAL_COLUMNS = {"label": pa.int64(), formats.MESSAGES: messages.TYPE, ID: pa.string()}


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


def own_columns(task: Task) -> tuple[str, ...]:
    """The optional columns that the rows of a task always have."""
    return (*["label"] * task.recognition, *formats.for_task(task).adds)


def extra_columns(task: Task, columns: object) -> tuple[str, ...]:
    """Return the optional columns that a task does not have anyway, each once and in the order of a file.

    Raises:
        InputError: for an unknown column.
    """
    if isinstance(columns, str) or not isinstance(columns, Sequence):
        raise InputError(f"columns must be a list of names. Received: {shown(columns)}.")
    chosen = list(columns)
    for name in chosen:
        if not isinstance(name, str) or name not in OPTIONAL_COLUMNS:
            raise InputError(f"unknown column {shown(name)}. {did_you_mean(name, OPTIONAL_COLUMNS)}")
    return tuple(name for name in OPTIONAL_COLUMNS if name in chosen and name not in own_columns(task))


def column_names(task: Task, columns: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of all columns of a task's rows, in order.

    Args:
        task: the task.
        columns: optional columns besides those that the task always has.
    """
    chosen = (*own_columns(task), *columns)
    return (*COLUMNS, *(name for name in OPTIONAL_COLUMNS if name in chosen))


def row_ids(task: Task, split: str, seed: int | str, numbers: Int) -> pa.StringArray:
    """The names of rows: unique over all tasks, versions, seeds, splits and rows.

    The seed is percent-encoded, with its hyphens, so that no other part of a name can be taken for a part of it.

    Args:
        task, split, seed: as for `Rows`.
        numbers: row numbers, int64 (n,).

    >>> from mathbench.families import task
    >>> row_ids(task("gcd"), "train", "a-b", np.array([17]))[0].as_py()
    'gcd-base10-v1-seeda%2Db-train-17'
    """
    encoded = quote(str(seed), safe="").replace("-", "%2D")
    prefix = f"{task.unique_name}-v{task.version}-seed{encoded}-{split}-"
    return pc.binary_join_element_wise(prefix, text.int_array(numbers).cast(pa.string()), "")


class Rows:
    """One split of a task under a seed. A row is a function of task, seed, split and row number alone.

    Args:
        task: the task.
        split: ``"train"``, ``"validation"``, ``"interpolate"`` or ``"extrapolate"``.
        seed: a 64-bit integer or a string.
        columns: optional columns besides those that the task always has. ``label`` is null for a task whose answers
            are not labels; ``id`` is the name of the row, see :func:`row_ids`.

    Raises:
        InputError: for an unknown split or column, or a bad seed.

    >>> from mathbench.families import task
    >>> rows = Rows(task("addition", digits=2), "train")
    >>> first, second = rows.batch(range(3)), rows.batch(range(1, 5))
    >>> first.slice(1).equals(second.slice(0, 2))
    True
    """

    def __init__(self, task: Task, split: str = "train", seed: int | str = 0, columns: Sequence[str] = ()):
        self.task: Task = check_task(task)
        self.split: str = check_split(split)
        self.seed: int | str = check_seed(seed)
        self.strata: Sequence[Stratum] = task.strata(split)
        self.columns: tuple[str, ...] = extra_columns(task, columns)
        self._name = text.from_list([task.name])
        self._names = text.from_list([s.name for s in self.strata])
        self.source: RowSource = task.source(split, self.seed)

    def __reduce__(self) -> Any:
        # plans have generators, which cannot be pickled
        return type(self), (self.task, self.split, self.seed, self.columns)

    def with_columns(self, columns: Sequence[str]) -> Self:
        """The same rows with other optional columns; the plan is shared.

        >>> from mathbench.families import task
        >>> Rows(task("gcd")).with_columns(["id"]).batch([17])["id"][0].as_py()
        'gcd-base10-v1-seed0-train-17'
        """
        rows = object.__new__(type(self))
        rows.__dict__.update(self.__dict__)
        rows.columns = extra_columns(self.task, columns)
        return rows

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
        return self._complete(formats.for_task(self.task).rows(table, self.seed, self.split), requested)

    def _complete(self, table: pa.Table, numbers: Int) -> pa.Table:
        """Add the optional columns that were asked for, and bring all columns into their order."""
        for name in self.columns:
            kind = OPTIONAL_COLUMNS[name]
            column = (
                row_ids(self.task, self.split, self.seed, numbers)
                if name == ID
                else pa.nulls(len(numbers), kind)
            )
            table = table.append_column(name, column)
        return table.select(column_names(self.task, self.columns))

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
def open_rows(task: Task, split: str, seed: int | str, columns: tuple[str, ...] = ()) -> Rows:
    """Return a cached `Rows`; those with optional columns share its plan.

    Args:
        task, split, seed: as for `Rows`.
        columns: optional columns besides those that the task always has.
    """
    if columns:
        return open_rows(task, split, seed).with_columns(columns)
    return Rows(task, split, seed)
