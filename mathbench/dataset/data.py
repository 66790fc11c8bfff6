"""Data in memory: the splits of one task as tables, generated or read from a dataset."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from mathbench import formats
from mathbench.dataset import digest
from mathbench.rows import open_rows
from mathbench.task import Task

DEFAULT_SIZES = {"train": 100_000, "validation": 2_000, "interpolate": 10_000, "extrapolate": 10_000}


@dataclass(frozen=True)
class Data:
    """The rows of one task.

    Args:
        task: the task that the rows belong to.
        seed: the seed of the rows.
        splits: a table per split: question, answer, task, stratum, row and, for recognition tasks, label.
    """

    task: Task
    seed: int | str
    splits: Mapping[str, pa.Table]

    @property
    def digest(self) -> str:
        """The content digest over all splits, in the order of their names."""
        return digest.combined([name + digest.of_table(self.splits[name]) for name in sorted(self.splits)])

    def plain(self) -> "Data":
        """The same rows in plain text, with the format of the task undone."""
        formatted = formats.for_task(self.task)
        splits = {split: formatted.undo(table) for split, table in self.splits.items()}
        return Data(self.task.plain, self.seed, splits)

    @classmethod
    def generate(cls, task: Task, sizes: Mapping[str, int] | None = None, seed: int | str = 0) -> "Data":
        """Generate rows in memory.

        Args:
            task: the task.
            sizes: rows per split; 0 leaves a split out. Default: `DEFAULT_SIZES`, capped at the rows of each split.
            seed: a 64-bit integer or a string.

        Raises:
            SpaceExhausted: when a split holds fewer rows than requested.

        >>> from mathbench.families import task
        >>> data = Data.generate(task("gcd"), {"train": 3, "interpolate": 2})
        >>> {split: table.num_rows for split, table in data.splits.items()}
        {'train': 3, 'interpolate': 2}
        """
        splits = {}
        for split, count in (sizes or capped_sizes(task, DEFAULT_SIZES, seed)).items():
            if count:
                splits[split] = open_rows(task, split, seed).batch(range(count))
        return cls(task, seed, splits)


def capped_sizes(task: Task, sizes: Mapping[str, int], seed: int | str = 0) -> dict[str, int]:
    """Sizes capped at the number of rows that each split of the task holds."""
    return {split: open_rows(task, split, seed).capacity_up_to(count) for split, count in sizes.items()}
