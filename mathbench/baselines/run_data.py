"""The rows of a run, regenerated and checked against the digest that the run recorded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbench.baselines.result import Result
from mathbench.dataset import exclusions
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import from_spec


def regenerate_run(folder: Path) -> Data:
    """Regenerate the data of a finished run.

    Raises:
        InputError: when the folder is not a finished run, or this version generates other rows.
    """
    if not folder.is_dir():
        raise InputError("score requires the correct answers: give --data DIR or --task NAME.")
    result = Result.load(folder)
    return regenerate(result.task, result.data, folder)


def regenerate(task: Mapping[str, Any], data: Mapping[str, Any], folder: Path) -> Data:
    """Regenerate all splits of a run and check their digest.

    Args:
        task: id and parameters, as a run records them.
        data: seed, rows per split and content digest, as a run records them.
        folder: the run directory, for the error.

    Raises:
        InputError: when this version generates other rows.
    """
    instance = exclusions.with_list(folder, from_spec(task["id"], task["parameters"]))
    rows = Data.generate(instance, data["sizes"], data["seed"])
    if rows.digest != data["digest"]:
        raise InputError(f"{folder} was run on other rows of {instance.name} than this version generates.")
    return rows
