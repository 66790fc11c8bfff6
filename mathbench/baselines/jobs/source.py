"""Where the rows of a run come from: a small value, from which every process makes the same rows.

A process keeps the rows of the last sources that it opened, so that runs on the same rows share them, and what is
computed from them.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from mathbench.dataset.data import DEFAULT_SIZES, Data, all_sizes
from mathbench.dataset.mixed import open_data
from mathbench.task import Task

KEPT = 2  # sources whose rows a process keeps in memory


@dataclass(frozen=True)
class GeneratedRows:
    """Rows that are generated in memory. Make one with `of`, which fills in default sizes.

    Args:
        task: the task.
        sizes: rows per split.
        seed: seed of the rows.
    """

    task: Task
    sizes: tuple[tuple[str, int], ...]
    seed: int | str = 0

    @classmethod
    def of(cls, task: Task, sizes: Mapping[str, int] | None = None, seed: int | str = 0) -> "GeneratedRows":
        """Return the source of some rows.

        Args:
            task: the task.
            sizes: rows of some splits; the others have `mathbench.dataset.data.DEFAULT_SIZES`, capped at the rows that
                they hold.
            seed: a 64-bit integer or a string.

        Raises:
            SpaceExhausted: when no split has any rows.

        >>> from mathbench.families import task
        >>> GeneratedRows.of(task("divisible", k=3, digits=2), {"train": 8, "validation": 2}).sizes
        (('interpolate', 6), ('extrapolate', 712), ('train', 8), ('validation', 2))
        """
        counts = all_sizes(task, dict(sizes or {}), DEFAULT_SIZES, seed)
        return cls(task, tuple((split, rows) for split, rows in counts.items() if rows), seed)

    @property
    def title(self) -> str:
        """The name of the task, with the seed of the rows unless it is 0."""
        return self.task.name + (f" (seed {self.seed})" if self.seed else "")

    def read(self) -> Data:
        """Generate the rows."""
        return Data.generate(self.task, dict(self.sizes), self.seed)


@dataclass(frozen=True)
class StoredRows:
    """Rows of a dataset.

    Args:
        folder: its folder or URL, which every machine must see.
        config: the name of one of its configurations; None where it has only one.
    """

    folder: str
    config: str | None = None

    @property
    def title(self) -> str:
        """The folder, and the configuration where one is named."""
        return self.folder + (f", {self.config}" if self.config else "")

    def read(self) -> Data:
        """Read the rows.

        Raises:
            InputError: when there is no such dataset or configuration.
        """
        return open_data(self.folder, self.config)


RowSource = GeneratedRows | StoredRows

_rows: OrderedDict[RowSource, Data] = OrderedDict()
_lock = threading.Lock()


def open_rows_of(source: RowSource) -> Data:
    """Return the rows of a source, from memory if this process has just used them.

    Raises:
        InputError: when they cannot be read.
    """
    data = rows_in_memory(source)
    return keep_rows(source, source.read()) if data is None else data


def rows_in_memory(source: RowSource) -> Data | None:
    """Return the rows of a source if this process has them."""
    with _lock:
        if source in _rows:
            _rows.move_to_end(source)
        return _rows.get(source)


def keep_rows(source: RowSource, data: Data) -> Data:
    """Keep the rows of a source in memory, in place of those that were not used for longest; return them."""
    with _lock:
        _rows[source] = data
        _rows.move_to_end(source)
        while len(_rows) > KEPT:
            _rows.popitem(last=False)
    return data
