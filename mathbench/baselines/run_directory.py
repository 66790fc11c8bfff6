"""The run directory: one spec, one run; never mixed with another, never believed before it is finished."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mathbench.baselines import checkpoint, result
from mathbench.errors import InputError
from mathbench.storage import atomic

SPEC_FILE = "run.json"
ANSWERER_FILE = "fitted.json"


def is_finished(folder: Path, spec: dict[str, Any], resume: bool = False, force: bool = False) -> bool:
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
    if not folder.exists() or not any(folder.iterdir()) or (force and (folder / SPEC_FILE).is_file()):
        return False
    _same(folder, spec)
    if (folder / result.RESULT_FILE).is_file():
        return True
    if not resume:
        raise InputError(
            f"{folder} holds an unfinished run. Give --resume to go on or --force to start anew."
        )
    return False


@contextmanager
def lock_run(folder: Path, spec: dict[str, Any], force: bool = False) -> Iterator[None]:
    """Hold a directory that `is_finished` has let pass while a run is made in it.

    Raises:
        InputError: when it cannot be written, or another process runs in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.") from None
    with atomic.folder_lock(folder):
        if force and (folder / SPEC_FILE).is_file():
            _emptied(folder)
        for part in folder.glob(".*.tmp"):
            part.unlink()
        if not (folder / SPEC_FILE).is_file():
            checkpoint.write_json(folder / SPEC_FILE, spec)
        yield


def _emptied(folder: Path) -> None:
    """Throw a run away; what says that it was one goes last."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name == SPEC_FILE):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def read_spec(folder: Path) -> dict[str, Any]:
    """The spec of a run directory.

    Raises:
        InputError: when it is no run directory.
    """
    path = folder / SPEC_FILE
    if not path.is_file():
        raise InputError(f"{folder} is no run directory ({SPEC_FILE} is missing).")
    try:
        spec = json.loads(path.read_text())
    except ValueError:
        raise InputError(f"{path} is damaged. Give --force to start the run anew.") from None
    if not isinstance(spec, dict):
        raise InputError(f"{path} is damaged. Give --force to start the run anew.")
    return spec


def _same(folder: Path, spec: dict[str, Any]) -> None:
    if not (folder / SPEC_FILE).is_file():
        raise InputError(f"{folder} is not empty and no run directory. Give another --out.")
    found = read_spec(folder)
    mine = json.loads(json.dumps(spec))
    differ = [key for key in sorted({*found, *mine}) if found.get(key) != mine.get(key)]
    if differ:
        raise InputError(
            f"{folder} holds another run (different {', '.join(differ)}). Give another --out or --force."
        )
