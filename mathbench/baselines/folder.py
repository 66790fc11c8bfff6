"""The run directory: one spec, one run; never mixed with another, never believed before it is finished."""

import json
import shutil
from pathlib import Path
from typing import Any

from mathbench.baselines import checkpoint, result
from mathbench.errors import InputError

SPEC = "run.json"
PREDICTIONS = "predictions.parquet"
FITTED = "fitted.json"


def finished(folder: Path, spec: dict[str, Any], resume: bool = False, force: bool = False) -> bool:
    """Look whether a directory may hold a run, and whether it holds it already; changes nothing.

    Args:
        folder: the run directory; it may be missing.
        spec: everything that decides the weights and the predictions.
        resume: go on with an unfinished run.
        force: what is there may be thrown away.

    Raises:
        InputError: when it holds another run, an unfinished one without `resume`, or foreign files.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, not a run directory. Give another --out.")
    if not folder.exists() or not any(folder.iterdir()) or (force and (folder / SPEC).is_file()):
        return False
    _same(folder, spec)
    if (folder / result.FILE).is_file():
        return True
    if not resume:
        raise InputError(
            f"{folder} holds an unfinished run. Give --resume to go on or --force to start anew."
        )
    return False


def claim(folder: Path, spec: dict[str, Any], force: bool = False) -> None:
    """Make a directory that `finished` has let pass ready for a run.

    Raises:
        InputError: when it cannot be written.
    """
    try:
        if force and (folder / SPEC).is_file():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(".*.part"):
            part.unlink()
        if not (folder / SPEC).is_file():
            checkpoint.write_json(folder / SPEC, spec)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.") from None


def spec_of(folder: Path) -> dict[str, Any]:
    """The spec of a run directory.

    Raises:
        InputError: when it is no run directory.
    """
    path = folder / SPEC
    if not path.is_file():
        raise InputError(f"{folder} is no run directory ({SPEC} is missing).")
    try:
        spec = json.loads(path.read_text())
    except ValueError:
        raise InputError(f"{path} is damaged. Give --force to start the run anew.") from None
    if not isinstance(spec, dict):
        raise InputError(f"{path} is damaged. Give --force to start the run anew.")
    return spec


def _same(folder: Path, spec: dict[str, Any]) -> None:
    if not (folder / SPEC).is_file():
        raise InputError(f"{folder} is not empty and no run directory. Give another --out.")
    found = spec_of(folder)
    mine = json.loads(json.dumps(spec))
    differ = [key for key in sorted({*found, *mine}) if found.get(key) != mine.get(key)]
    if differ:
        raise InputError(
            f"{folder} holds another run (different {', '.join(differ)}). Give another --out or --force."
        )
