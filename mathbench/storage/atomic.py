"""Files that are whole or absent, and folders that one process writes at a time, or several that share the work."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from mathbench.errors import InputError, os_error_message
from mathbench.storage.location import StoragePath, readable_errors

if TYPE_CHECKING:
    from upath import UPath

if sys.platform != "win32":
    import fcntl

LEFTOVER = ".*.tmp"  # what a killed process may leave


@contextmanager
def atomic_write(path: StoragePath, mode: str = "wb") -> Iterator[BinaryIO]:
    """A file to write; it takes its place when all went well, and until then the place is as it was.

    Args:
        path: where it will lie. On a local disk it is written under a temporary name, flushed and renamed; in an
            object store it appears when its upload completes, and an upload that fails is aborted.
        mode: ``"wb"``, or ``"xb"`` to refuse an object that is there already.

    Raises:
        InputError: when it cannot be written.
    """
    with readable_errors(path), _renamed(path) if isinstance(path, Path) else _uploaded(path, mode) as file:
        yield file


@contextmanager
def _renamed(path: Path) -> Iterator[BinaryIO]:
    part = _temporary(path)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        error.filename = None  # the temporary name means nothing to the user
        raise InputError(f"{path} cannot be written: {os_error_message(error)}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


class AlreadyExists(InputError):
    """Another process has just written the file that was to be created."""


class Locked(InputError):
    """Another process is writing into a folder now."""


def create(path: StoragePath, content: str) -> bool:
    """Write a file unless there is one, whole at once; of several processes on any machine, one succeeds.

    Returns:
        Whether it was this one.
    """
    try:
        if isinstance(path, Path):
            _link(path, content)
        else:
            write(path, content, "xb")
    except AlreadyExists:
        return False
    return True


def _link(path: Path, content: str) -> None:
    part = _temporary(path)
    try:
        part.write_text(content)
        os.link(part, path)
    except FileExistsError:
        raise AlreadyExists(f"another process has just written {path}.") from None
    except OSError:  # a file system without hard links, where the last one wins
        write(path, content)
    finally:
        part.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """A hidden name beside a file that no other process on any machine uses."""
    return path.with_name(f".{path.name}.{uuid4().hex}.tmp")


@contextmanager
def _uploaded(path: "UPath", mode: str) -> Iterator[BinaryIO]:
    from fsspec.spec import AbstractBufferedFile

    file = path.fs.open(path.path, mode)
    try:
        yield file
        file.close()
    except BaseException as error:
        if isinstance(file, AbstractBufferedFile):
            file.closed = True  # or the garbage collector would close it, and half of it would appear
            file.discard()
        if isinstance(error, FileExistsError):
            raise AlreadyExists(f"another process has just written {path}.") from None
        raise


class HashingWriter:
    """A file to write that keeps the SHA-256 of what is written, as pyarrow wants a file to look.

    Args:
        file: where the bytes go.

    >>> import io
    >>> sink = HashingWriter(io.BytesIO())
    >>> sink.write(b"abc")
    3
    >>> sink.sha256()[:8]
    'ba7816bf'
    """

    closed = False

    def __init__(self, file: BinaryIO):
        self._file, self._hash, self._written = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Write some bytes."""
        self._hash.update(data)
        self._file.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._written

    def flush(self) -> None:
        """Nothing: whoever opened the file flushes it."""

    def close(self) -> None:
        """Nothing: whoever opened the file closes it."""

    def sha256(self) -> str:
        """Of all bytes so far, as 64 hexadecimal digits."""
        return self._hash.hexdigest()


def write(path: StoragePath, content: bytes | str, mode: str = "wb") -> None:
    """Write a file so that its name never stands for half of it; `mode` as for :func:`atomic_write`."""
    with atomic_write(path, mode) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def make_folder(folder: StoragePath) -> None:
    """Make a folder; an object store has none to be made.

    Raises:
        InputError: when a file has its name.
    """
    try:
        if isinstance(folder, Path):
            folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError(f"{folder} is a file, not a folder.") from None


def remove(path: StoragePath) -> None:
    """Remove a file, if it is there."""
    with readable_errors(path):
        path.unlink(missing_ok=True)


def remove_empty_parents(folder: StoragePath) -> None:
    """Remove the empty folders in a folder; an object store has none."""
    for path in folder.iterdir() if isinstance(folder, Path) else ():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def remove_leftovers(folder: StoragePath) -> None:
    """Remove what killed writers left: temporary files, or parts of uploads that never completed."""
    if isinstance(folder, Path):
        for leftover in folder.rglob(LEFTOVER):
            leftover.unlink(missing_ok=True)
    elif hasattr(folder.fs, "list_multipart_uploads"):
        _abort_uploads(folder)


def _abort_uploads(folder: "UPath") -> None:
    bucket, _, prefix = folder.path.rstrip("/").partition("/")
    if not prefix:  # a whole bucket is not ours alone
        return
    with suppress(OSError):  # not permitted: the parts cost space until the bucket's own rule removes them
        found = folder.fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=f"{prefix}/")
        for upload in found.get("Uploads", []):
            folder.fs.abort_mpu(bucket, upload["Key"], upload["UploadId"])


@contextmanager
def folder_lock(folder: StoragePath, shared: bool = False, patience: float = 0) -> Iterator[None]:
    """Keep other processes from writing into a folder; the system forgets it when the process ends or is killed.

    An object store has no such locks.

    Args:
        folder: the folder.
        shared: keep out only those who want the folder for themselves.
        patience: how many seconds to wait for another process.

    Raises:
        Busy: when another process writes into it now.
    """
    if sys.platform == "win32" or not isinstance(folder, Path):  # there the user must not start two writers
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, patience)
    except BlockingIOError:
        os.close(handle)
        raise Locked(
            f"another process is writing into {folder}. Wait for it or give another --out."
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(handle)


def _lock(handle: int, kind: int, patience: float) -> None:
    """Take a lock, and try again until the patience is at its end."""
    until = monotonic() + patience
    while True:
        try:
            return fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= until:
                raise
            sleep(0.02)
