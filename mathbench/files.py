"""Files that are whole or absent, and folders that one process writes at a time."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mathbench.errors import InputError, reason

if sys.platform != "win32":
    import fcntl


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside a file; what is written there takes the file's place when all went well.

    Raises:
        InputError: when it cannot be written; the file is then as it was before.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
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


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other processes from writing into a folder; the system forgets it when the process ends or is killed.

    Raises:
        InputError: when another process writes into it now.
    """
    if sys.platform == "win32":  # it has no such locks; there the user must not start two writers
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
