"""Data in memory: the splits of one task as tables, generated or read from a dataset."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from mathbench import formats
from mathbench.dataset import digest
from mathbench.errors import MissingSplit, SpaceExhausted
from mathbench.reserve import SPLITS
from mathbench.rows import open_rows
from mathbench.task import Task

DEFAULT_SIZES = {"train": 100_000, "validation": 2_000, "interpolate": 10_000, "extrapolate": 10_000}


@dataclass(frozen=True)
class Data:
    """The rows of one task.

    Args:
        task: the task that the rows belong to.
        seed: the seed of the rows.
        splits: a table per split: question, answer, task, stratum, row and optional columns, such as label for
            recognition tasks.
    """

    task: Task
    seed: int | str
    splits: Mapping[str, pa.Table]

    @cached_property
    def digest(self) -> str:
        """The content digest over all splits, in the order of their names."""
        return digest.combined([name + digest.of_table(self.splits[name]) for name in sorted(self.splits)])

    def plain(self) -> "Data":
        """The same rows in plain text, with the format of the task undone."""
        formatted = formats.for_task(self.task)
        splits = {split: formatted.undo(table) for split, table in self.splits.items()}
        return Data(self.task.plain, self.seed, splits)

    @classmethod
    def generate(
        cls,
        task: Task,
        sizes: Mapping[str, int] | None = None,
        seed: int | str = 0,
        columns: tuple[str, ...] = (),
    ) -> "Data":
        """Generate rows in memory.

        Args:
            task: the task.
            sizes: rows per split; 0 leaves a split out. Default: `DEFAULT_SIZES`, capped at the rows of each split.
            seed: a 64-bit integer or a string.
            columns: optional columns besides those that the task always has.

        Raises:
            SpaceExhausted: when a split holds fewer rows than requested.

        >>> from mathbench.families import task
        >>> data = Data.generate(task("gcd"), {"train": 3, "interpolate": 2})
        >>> {split: table.num_rows for split, table in data.splits.items()}
        {'train': 3, 'interpolate': 2}
        """
        splits = {}
        for split, count in (sizes or all_sizes(task, {}, seed=seed)).items():
            if count:
                splits[split] = open_rows(task, split, seed, columns).batch(range(count))
        return cls(task, seed, splits)


def all_sizes(
    task: Task,
    given: Mapping[str, int],
    defaults: Mapping[str, int] = DEFAULT_SIZES,
    seed: int | str = 0,
    strict: bool = False,
) -> dict[str, int]:
    """The given sizes, and for other splits the default, capped at the rows that they hold.

    Args:
        task: the task.
        given: rows of some splits.
        defaults: rows of the others.
        seed: a 64-bit integer or a string.
        strict: raise an error where a split has no rows, instead of a warning of the category `MissingSplit`.

    Raises:
        SpaceExhausted: when no split has any rows or, if `strict`, when one of them has none.

    >>> from mathbench.families import task
    >>> all_sizes(task("divisible", k=3, digits=2), {"train": 8}, {"train": 100, "validation": 50})
    {'validation': 6, 'train': 8}
    """
    rest = {split: rows for split, rows in defaults.items() if split not in given}
    capped = capped_sizes(task, rest, seed)
    missing = [split for split, rows in capped.items() if rest[split] and not rows]
    sizes = {**capped, **given}
    if missing:
        message = f"{task.name}: too few problems for {', '.join(missing)}."
        if strict or not any(sizes.values()):
            raise SpaceExhausted(message)
        warnings.warn(message, MissingSplit, stacklevel=2)
    return sizes


def empty_splits(task: Task, sizes: Mapping[str, int], seed: int | str) -> list[str]:
    """The splits without rows for which the task has no problems at all."""
    unused = [split for split in SPLITS if not sizes.get(split)]
    return [split for split in unused if not open_rows(task, split, seed).capacity_up_to(1)]


def capped_sizes(task: Task, sizes: Mapping[str, int], seed: int | str = 0) -> dict[str, int]:
    """Sizes capped at the number of rows that each split of the task holds."""
    return {split: open_rows(task, split, seed).capacity_up_to(count) for split, count in sizes.items()}
