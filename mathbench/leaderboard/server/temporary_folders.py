"""The temporary files of a server: in one folder, which the next server removes if this one is killed.

A running server holds a lock on its folder, which the system takes back when the process ends, however it ends.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "mathbench-server-"


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for the temporary files of this server, which is removed at the end.

    Folders that killed servers of the same user left behind are removed first.
    """
    remove_stale(Path(tempfile.gettempdir()))
    folder, handle = _make_locked()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def remove_stale(parent: Path) -> None:
    """Remove the folders in which no server works any more; whatever is in doubt stays."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is gone already, in use, not ours, or no folder
            handle = _open(folder)
            try:
                _lock(handle)
                if os.fstat(handle).st_uid == os.geteuid():
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)


def _make_locked() -> tuple[Path, int]:
    """A new folder, and the handle that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        if (handle := _lock_new(folder)) is not None:
            return folder, handle


def _lock_new(folder: Path) -> int | None:
    """Lock a new folder; None when a server that starts just now took it for stale, before it had its lock."""
    try:
        handle = _open(folder)
    except FileNotFoundError:
        return None
    try:
        _lock(handle)
        if os.path.samestat(os.fstat(handle), os.stat(folder)):
            return handle
    except (FileNotFoundError, BlockingIOError):
        pass
    except OSError:  # a file system without locks: there nothing is ever found stale
        return handle
    os.close(handle)
    return None


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _lock(handle: int) -> None:
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
