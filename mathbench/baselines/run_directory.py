"""The run directory: holds one run of one spec, which counts as finished once its result is written."""

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


class OtherRun(InputError):
    """A directory holds a run of another spec, or one whose spec cannot be read."""


def is_finished(folder: Path, spec: dict[str, Any], resume: bool = False, force: bool = False) -> bool:
    """Check whether a directory can hold a run, and return whether it holds the finished run already.

    The directory is not changed.

    Args:
        folder: the run directory, which may be missing.
        spec: everything that determines the weights and the predictions.
        resume: whether an unfinished run may be resumed.
        force: whether an existing run may be deleted.

    Raises:
        InputError: for a directory with another run, an unfinished run without `resume`, or foreign files.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, not a run directory. Give another --out.")
    if not folder.exists() or not any(folder.iterdir()) or (force and (folder / SPEC_FILE).is_file()):
        return False
    _check_same_run(folder, spec)
    if (folder / result.RESULT_FILE).is_file():
        return True
    if not resume:
        raise InputError(
            f"{folder} contains an unfinished run. Give --resume to continue or --force to start over."
        )
    return False


@contextmanager
def lock_run(folder: Path, spec: dict[str, Any], force: bool = False) -> Iterator[None]:
    """Prepare a run directory after `is_finished`, and lock it while the context is open.

    Raises:
        InputError: when the directory cannot be written, or another process holds the lock.
    """
    atomic.make_folder(folder)
    with atomic.folder_lock(folder):
        if force and (folder / SPEC_FILE).is_file():
            _clear(folder)
        for part in folder.glob(".*.tmp"):
            part.unlink()
        if not (folder / SPEC_FILE).is_file():
            checkpoint.write_json(folder / SPEC_FILE, spec)
        yield


def clear_run(folder: Path) -> None:
    """Delete a run, if the folder holds one. Nothing is deleted while another process writes into it.

    Raises:
        InputError: when another process holds the lock.
    """
    if (folder / SPEC_FILE).is_file():
        with atomic.folder_lock(folder):
            _clear(folder)


def _clear(folder: Path) -> None:
    """Delete a run. The spec goes last, so that an interrupted deletion is still recognised as a run."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name == SPEC_FILE):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def read_spec(folder: Path) -> dict[str, Any]:
    """Return the spec of a run directory.

    Raises:
        InputError: when the folder is not a run directory.
    """
    path = folder / SPEC_FILE
    if not path.is_file():
        raise InputError(f"{folder} is not a run directory ({SPEC_FILE} is missing).")
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise OtherRun(f"{path} is damaged. Give --force to start over.") from None
    if not isinstance(spec, dict):
        raise OtherRun(f"{path} is damaged. Give --force to start over.")
    return spec


def _check_same_run(folder: Path, spec: dict[str, Any]) -> None:
    if not (folder / SPEC_FILE).is_file():
        raise InputError(f"{folder} is not empty and not a run directory. Give another --out.")
    stored, requested = read_spec(folder), json.loads(json.dumps(spec))
    differ = [key for key in sorted({*stored, *requested}) if stored.get(key) != requested.get(key)]
    if differ:
        raise OtherRun(
            f"{folder} contains another run (different {', '.join(differ)}). Give another --out or --force."
        )
