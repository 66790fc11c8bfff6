"""Copies of files of a dataset."""

import shutil
from pathlib import Path

from mathbench.storage.location import StoragePath, readable_errors


def copy_file(source: StoragePath, target: Path) -> None:
    """Copy a file from a disk or an object store."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with readable_errors(source), source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, 1 << 22)
