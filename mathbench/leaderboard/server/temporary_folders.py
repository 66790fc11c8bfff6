"""The folder for a server's temporary files; if the server is killed, the next one removes it.

A running server holds a lock on its folder. The system releases it when the process ends for any reason.
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
    """Make a folder for the temporary files of this server, and remove it at the end.

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
    """Remove folders that no running server uses; a folder that cannot be checked stays."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # already removed, in use, of another user, or not a folder
            handle = _open(folder)
            try:
                _lock(handle)
                if os.fstat(handle).st_uid == os.geteuid():
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)


def _make_locked() -> tuple[Path, int]:
    """Make a new folder; return it with the handle that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        if (handle := _lock_new(folder)) is not None:
            return folder, handle


def _lock_new(folder: Path) -> int | None:
    """Lock a new folder; return None when a starting server removed it as stale before it was locked."""
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
    except OSError:  # a file system without locks, where nothing is ever found stale
        return handle
    os.close(handle)
    return None


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _lock(handle: int) -> None:
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
