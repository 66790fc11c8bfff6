"""Checkpoints: everything that a run needs to resume exactly where it stopped, in one file written atomically."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.storage import atomic

Arrays = Mapping[str, NDArray[np.generic]]

CHECKPOINT_FILE = "checkpoint.npz"
START_OVER = "Give --force to start over."  # instead of going on from a damaged file


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically."""
    atomic.write(path, json.dumps(value, indent=2) + "\n")


def save(folder: Path, summary: Mapping[str, Any], groups: Mapping[str, Arrays]) -> None:
    """Write a checkpoint.

    Args:
        folder: the run directory.
        summary: plain values.
        groups: arrays by name, in named groups.
    """
    arrays = {
        f"{group}:{name}": array for group, members in groups.items() for name, array in members.items()
    }
    arrays["facts"] = np.frombuffer(json.dumps(dict(summary)).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    atomic.write(folder / CHECKPOINT_FILE, buffer.getvalue())


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return the plain values of a checkpoint without its arrays, or None when there is none yet.

    Raises:
        InputError: when the file is damaged.
    """
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    with _readable(path), np.load(path, allow_pickle=False) as stored:
        summary: dict[str, Any] = json.loads(bytes(stored["facts"]))
    return summary


@contextmanager
def _readable(path: Path, advice: str = START_OVER) -> Iterator[None]:
    """Make an error of a damaged file one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged ({error}). {advice}") from None


def read(
    folder: Path, advice: str = START_OVER
) -> tuple[dict[str, Any], dict[str, dict[str, NDArray[np.generic]]]] | None:
    """Return the checkpoint of a run, or None when there is none yet.

    Args:
        folder: the run directory.
        advice: what to do when the file is damaged.

    Raises:
        InputError: when the file is damaged.
    """
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    groups: dict[str, dict[str, NDArray[np.generic]]] = {}
    with _readable(path, advice), np.load(path, allow_pickle=False) as stored:
        summary = json.loads(bytes(stored["facts"]))
        for key in stored.files:
            group, colon, name = key.partition(":")
            if colon:
                groups.setdefault(group, {})[name] = stored[key]
    return summary, groups
