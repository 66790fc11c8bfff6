"""Rows of a dataset: of one configuration, or of all parts of a mixture as the mixture itself."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset.card import ALL, is_mixture
from mathbench.dataset.data import Data
from mathbench.dataset.manifest import Config
from mathbench.dataset.read import Dataset, open_dataset
from mathbench.errors import InputError
from mathbench.families import SCHOOL, SCHOOL_ALL, earlier, task
from mathbench.numbers import text
from mathbench.stratum import SEPARATOR
from mathbench.task import Task


def open_data(folder: str, config: str | None) -> Data:
    """Return the rows of one configuration of a dataset, or of all modules of school mathematics together."""
    dataset = open_dataset(folder)
    if config == ALL and is_mixture(dataset.manifest.configs):
        return mixed(_mixture(dataset), dataset)
    return dataset.data(config)


def _mixture(dataset: Dataset) -> Task:
    """Return the mixture whose modules a dataset has, in their versions and at their difficulty.

    Where it has others, return the current mixture.
    """
    tasks = [config.task.plain for config in dataset.configs.values()]
    own = tasks[0].parameters if tasks[0].family.startswith(SCHOOL) else {}
    current = task(SCHOOL_ALL, **own)
    mixtures = [task(id, **own) for id in earlier(SCHOOL_ALL, current.version)]
    return next((mixture for mixture in mixtures if list(mixture.parts.values()) == tasks), current)


def mixed(mixture: Task, dataset: Dataset) -> Data:
    """Return the rows of a dataset of all modules as the rows of the mixture.

    Args:
        mixture: the mixture of all modules.
        dataset: a dataset of the suite `deepmind`.

    Raises:
        InputError: when a module is missing, or the modules differ in seed, difficulty, splits or share of train.
    """
    configs = list(dataset.configs.values())
    modules = [part.id for part in mixture.parts.values()]
    if [config.task.id for config in configs] != modules:
        raise InputError(
            f"{dataset.folder} does not contain the {len(modules)} modules of school mathematics in order, which alone "
            "are one task. Generate them: mathbench generate --suite deepmind. "
            f"Or choose a configuration: {', '.join(dataset.configs)}."
        )
    first = configs[0]
    for config in configs:
        if _common(config) != _common(first):
            raise InputError(f"{first.name} and {config.name} differ in seed, splits or train_share.")
    mixture = replace(mixture, train_share=first.task.train_share)
    for config, part in zip(configs, mixture.parts.values(), strict=True):
        if config.task.plain != part:
            raise InputError(f"{config.name} differs in difficulty from {part.name}.")
    splits = {
        split: _in_turn(mixture, [dataset.table(config, split) for config in configs])
        for split in first.spec()["sizes"]
    }
    return Data(mixture, first.seed, splits)


def _common(config: Config) -> tuple[object, ...]:
    """The options that the modules of a mixture have in common."""
    return config.seed, list(config.spec()["sizes"]), config.task.train_share


def _in_turn(mixture: Task, tables: list[pa.Table]) -> pa.Table:
    """One row of each table in turn, in the order of `Rows`, until the shortest table ends."""
    rounds, count = min(table.num_rows for table in tables), len(tables)
    row = np.arange(rounds * count)
    rows = pa.concat_tables(
        _prefix_strata(table.slice(0, rounds), name)
        for name, table in zip(mixture.parts, tables, strict=True)
    ).take(text.int_array(row % count * rounds + row // count))
    return _replace(rows, task=text.from_list([mixture.name] * len(row)), row=text.int_array(row))


def _prefix_strata(table: pa.Table, name: str) -> pa.Table:
    strata = pc.binary_join_element_wise(name, table["stratum"].cast(pa.string()), SEPARATOR)
    return _replace(table, stratum=strata)


def _replace(table: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, column in columns.items():
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, column.cast(field.type))
    return table
