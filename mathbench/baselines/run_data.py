"""Make the truth that predictions are scored against."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbench.baselines.result import Result
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import family


def regenerate_run(folder: Path) -> Data:
    """Regenerate the data of a run from what its result says.

    Raises:
        InputError: when the folder is no finished run, or the regenerated data differ from what it was run
            on.
    """
    if not folder.is_dir():
        raise InputError("score needs the truth: give --data DIR or --task NAME.")
    result = Result.load(folder)
    return regenerate(result.task, result.data, folder)


def regenerate(task: Mapping[str, Any], data: Mapping[str, Any], folder: Path) -> Data:
    """Make the data that a run directory names.

    Args:
        task: id and parameters.
        data: seed, rows per split and content digest.
        folder: the run directory, for the error.

    Raises:
        InputError: when this version makes other rows.
    """
    # not task(id, **parameters): a parameter could have the name of an argument
    made = family(task["id"]).of(task["parameters"])
    rows = Data.generate(made, data["sizes"], data["seed"])
    if rows.digest != data["digest"]:
        raise InputError(f"{folder} was run on other rows of {made.name} than this version makes.")
    return rows
