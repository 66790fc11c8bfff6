"""Folders that are written whole or not at all."""

import glob
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from mathbench.errors import InputError, os_error_message
from mathbench.storage.atomic import Locked, folder_lock, new_folder

EXPORT_FILE = "mathbench-export.json"
IMPORT_FILE = "mathbench-import.json"


def check_target(folder: Path, force: bool, mark: str = EXPORT_FILE) -> None:
    """Check that a folder can be written: that it is missing or empty, or was written before and may be replaced.

    Args:
        folder: the folder.
        force: whether what was written before may be replaced.
        mark: the file that a folder has which was written before.

    Raises:
        InputError: for a file, a folder with other content, or one that was written before without `force`.
    """
    if "://" in str(folder) or (len(folder.parts) > 1 and re.fullmatch(r"\w{2,}:", folder.parts[0])):
        raise InputError(f"a folder on this disk must be given. Received: {folder}.")
    if folder.is_file() or (folder.is_symlink() and not folder.exists()):
        raise InputError(f"{folder} is not a folder. Give another one.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / mark).is_file():
        raise InputError(f"{folder} is not empty and was not written by this command. Give another folder.")
    if not force:
        raise InputError(f"{folder} was written before. Give another folder or --force.")


@contextmanager
def whole_folder(
    folder: Path, about: Mapping[str, Any], force: bool = False, mark: str = EXPORT_FILE
) -> Iterator[Path]:
    """Write a folder under a temporary name beside its place; it gets its name when the block succeeds.

    Args:
        folder: its place.
        about: what it holds, as JSON values; written to the file `mark`.
        force, mark: as for :func:`check_target`.

    Yields:
        The folder to write to, which is empty.

    Raises:
        InputError: as :func:`check_target`, and when it cannot be written.
    """
    check_target(folder, force, mark)
    folder = folder.absolute()
    with new_folder(folder.parent):
        _remove_leftovers(folder)
        temporary = folder.with_name(f".{folder.name}.{uuid4().hex}.tmp")
        try:
            temporary.mkdir()
            with folder_lock(temporary):
                yield temporary
                (temporary / mark).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
                # another process may have been faster
                check_target(folder, force, mark)
                _replace(temporary, folder)
        except OSError as error:
            # the temporary name means nothing to the user
            error.filename = None
            raise InputError(f"{folder} cannot be written: {os_error_message(error)}.") from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _replace(temporary: Path, folder: Path) -> None:
    """Move a folder to its place; one that was there before goes last, and stays if the move fails."""
    old = folder.with_name(f".{folder.name}.{uuid4().hex}.tmp")
    if folder.exists():
        os.rename(folder, old)
    try:
        os.rename(temporary, folder)
    except OSError:
        with suppress(OSError):
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left; a folder that is still being written is locked."""
    for left in folder.parent.glob(f".{glob.escape(folder.name)}.{'[0-9a-f]' * 32}.tmp"):
        with suppress(Locked, OSError), folder_lock(left):
            shutil.rmtree(left, ignore_errors=True)
