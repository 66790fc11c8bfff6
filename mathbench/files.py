"""Files that are whole or absent, and folders that one process writes at a time, or several that share the work."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from mathbench.errors import InputError, reason

if sys.platform != "win32":
    import fcntl


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside a file; what is written there takes the file's place when all went well.

    Raises:
        InputError: when it cannot be written; the file is then as it was before.
    """
    part = _temporary(path)
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        error.filename = None  # the temporary name means nothing to the user
        raise InputError(f"{path} cannot be written: {reason(error)}.") from None
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name and rename it, so that its name never stands for half of it."""
    with replacing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def create(path: Path, content: str) -> bool:
    """Write a file unless there is one, whole at once; of several processes on any machine, one succeeds.

    Returns:
        Whether it was this one.
    """
    part = _temporary(path)
    try:
        part.write_text(content)
        os.link(part, path)
        return True
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links, where the last one wins
        write(path, content)
        return True
    finally:
        part.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """A hidden name beside a file that no other process on any machine uses."""
    return path.with_name(f".{path.name}.{uuid4().hex}.tmp")


@contextmanager
def only_writer(folder: Path, shared: bool = False) -> Iterator[None]:
    """Keep other processes from writing into a folder; the system forgets it when the process ends or is killed.

    Args:
        folder: the folder.
        shared: keep out only those who want the folder for themselves.

    Raises:
        InputError: when another process writes into it now.
    """
    if sys.platform == "win32":  # it has no such locks; there the user must not start two writers
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(
            f"another process is writing into {folder}. Wait for it or give another --out."
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(handle)
