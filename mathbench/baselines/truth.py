"""Read predictions, and make the truth that they are scored against."""

from pathlib import Path

import pyarrow as pa

from mathbench.baselines.folder import PREDICTIONS
from mathbench.baselines.result import Result
from mathbench.data import Data
from mathbench.errors import InputError
from mathbench.generators import TASKS, task

TYPES = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string()}


def read_predictions(path: Path) -> pa.Table:
    """Read predictions from Parquet, JSON lines or a run directory.

    Raises:
        InputError: when the file is missing, unreadable, or lacks a column.
    """
    file = path / PREDICTIONS if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"there is no predictions file {file}.")
    table = _read(file)
    for name, kind in TYPES.items():
        if name not in table.column_names:
            raise InputError(f"{file}: the column '{name}' is missing. Needed: {', '.join(TYPES)}.")
        try:
            table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
        except pa.ArrowInvalid as error:
            raise InputError(f"{file}: column {name} must be {kind}: {error}.") from None
        if name != "prediction" and table[name].null_count:
            raise InputError(f"{file}: column {name} has {table[name].null_count:,} empty entries.")
    return table


def truth_of_run(folder: Path) -> Data:
    """Regenerate the data of a run from what its result says.

    Raises:
        InputError: when the folder is no finished run, or the regenerated data differ from what it was run
            on.
    """
    if not folder.is_dir():
        raise InputError("score needs the truth: give --data DIR or --task NAME.")
    result = Result.load(folder)
    family = result.task["id"]
    # not task(family, **parameters): a parameter could have the name of an argument
    made = (
        type(task(family)).of(result.task["parameters"])
        if family.partition("-v")[0] in TASKS
        else task(family)
    )
    data = Data.generate(made, result.data["sizes"], result.data["seed"])
    if data.digest != result.data["digest"]:
        raise InputError(f"{folder} was run on other rows of {made.name} than this version makes.")
    return data


def _read(file: Path) -> pa.Table:
    import pyarrow.json as lines
    import pyarrow.parquet as pq

    try:
        if file.suffix in (".jsonl", ".json"):
            return lines.read_json(file)
        return pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{file} is damaged or not Parquet: {str(error).splitlines()[0]}") from None
