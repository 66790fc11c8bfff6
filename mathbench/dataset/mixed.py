"""A dataset that holds every part of a mixture, read as the mixture: a row of each part in turn."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset.data import Data
from mathbench.dataset.write import Dataset
from mathbench.errors import InputError
from mathbench.numbers import text
from mathbench.stratum import BETWEEN
from mathbench.task import Task


def mixed(mixture: Task, dataset: Dataset) -> Data:
    """The rows of a dataset that holds every module, as those of the mixture.

    Args:
        mixture: the mixture of all modules.
        dataset: a dataset of the suite `deepmind`.

    Raises:
        InputError: when a module is missing, or the modules differ in seed or in splits.
    """
    configs = list(dataset.configs.values())
    wanted = [part.id for part in mixture.parts.values()]
    if [config.task.id for config in configs] != wanted:
        raise InputError(
            f"{dataset.folder} does not hold the {len(wanted)} modules of school mathematics in order. "
            "Make them: mathbench generate --suite deepmind."
        )
    first = configs[0]
    for config in configs:
        if (config.seed, list(config.spec()["sizes"])) != (first.seed, list(first.spec()["sizes"])):
            raise InputError(f"{first.name} and {config.name} differ in seed or splits.")
    splits = {
        split: _in_turn(mixture, [dataset.table(config, split) for config in configs])
        for split in first.spec()["sizes"]
    }
    return Data(mixture, first.seed, splits)


def _in_turn(mixture: Task, tables: list[pa.Table]) -> pa.Table:
    """A row of each table in turn, as `Rows` would give them, until one has no more."""
    each, count = min(table.num_rows for table in tables), len(tables)
    row = np.arange(each * count)
    rows = pa.concat_tables(
        _with_part(table.slice(0, each), name) for name, table in zip(mixture.parts, tables, strict=True)
    ).take(text.int_array(row % count * each + row // count))
    return _set(rows, task=text.from_list([mixture.name] * len(row)), row=text.int_array(row))


def _with_part(table: pa.Table, name: str) -> pa.Table:
    strata = pc.binary_join_element_wise(name, table["stratum"].cast(pa.string()), BETWEEN)
    return _set(table, stratum=strata)


def _set(table: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, column in columns.items():
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, column.cast(field.type))
    return table
