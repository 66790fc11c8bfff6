"""Atomic writes of files, and locks of folders for one process or for several that share the work."""

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

LEFTOVER = ".*.tmp"  # temporary files that a killed process may leave


@contextmanager
def atomic_write(path: StoragePath, mode: str = "wb") -> Iterator[BinaryIO]:
    """Open a file for writing that replaces the target atomically on success and leaves it unchanged on failure.

    Args:
        path: the target. On a local disk the file is written under a temporary name, flushed and renamed; in an
            object store it appears when its upload completes, and an upload that fails is aborted.
        mode: ``"wb"``, or ``"xb"`` to refuse an object that exists already.

    Raises:
        InputError: when it cannot be written.
    """
    with readable_errors(path), _renamed(path) if isinstance(path, Path) else _uploaded(path, mode) as file:
        yield file


@contextmanager
def _renamed(path: Path) -> Iterator[BinaryIO]:
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        error.filename = None  # the temporary name means nothing to the user
        raise InputError(f"{path} cannot be written: {os_error_message(error)}.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


class AlreadyExists(InputError):
    """Another process has just created the file."""


class Locked(InputError):
    """Another process holds the lock of a folder."""


def create(path: StoragePath, content: str) -> bool:
    """Create a file atomically unless it exists; of several processes on any machine, one succeeds.

    Returns:
        Whether this process created it.
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
    temporary = _temporary(path)
    try:
        temporary.write_text(content, encoding="utf-8")
        os.link(temporary, path)
    except FileExistsError:
        raise AlreadyExists(f"another process has just written {path}.") from None
    except OSError:  # a file system without hard links, where the last process wins
        write(path, content)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """A hidden name in the same folder that is unique to this call."""
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
            file.closed = True  # otherwise the garbage collector would close it and complete a partial upload
            file.discard()
        if isinstance(error, FileExistsError):
            raise AlreadyExists(f"another process has just written {path}.") from None
        raise


class HashingWriter:
    """A writable file that computes the SHA-256 of its bytes, with the methods that pyarrow requires.

    Args:
        file: the file that receives the bytes.

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
        """Write bytes and hash them."""
        self._hash.update(data)
        self._file.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """The number of bytes written so far."""
        return self._written

    def flush(self) -> None:
        """Do nothing: the owner of the file flushes it."""

    def close(self) -> None:
        """Do nothing: the owner of the file closes it."""

    def sha256(self) -> str:
        """SHA-256 of all bytes so far, as 64 hexadecimal digits."""
        return self._hash.hexdigest()


def write(path: StoragePath, content: bytes | str, mode: str = "wb") -> None:
    """Write a file atomically; `mode` as for :func:`atomic_write`."""
    with atomic_write(path, mode) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def make_folder(folder: StoragePath) -> None:
    """Make a folder and its parents on a local disk; object stores need none.

    Raises:
        InputError: when that is not possible. No parents are left behind then.
    """
    if isinstance(folder, Path):
        with new_folder(folder):
            pass


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder and its parents. If the block fails, those that were made here and are empty are removed.

    Raises:
        InputError: when one cannot be made.
    """
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        _make(folder)
        yield
    except BaseException:
        with suppress(OSError):
            for path in missing:
                if os.path.isdir(path):
                    path.rmdir()
        raise


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError(f"{folder} is a file, not a folder.") from None
    except OSError as error:
        error.filename = None
        raise InputError(f"{folder} cannot be made: {os_error_message(error)}.") from None


def remove(path: StoragePath) -> None:
    """Remove a file if it exists."""
    with readable_errors(path):
        path.unlink(missing_ok=True)


def remove_empty_parents(folder: StoragePath) -> None:
    """Remove the empty folders directly in a folder of a local disk; object stores have none."""
    for path in folder.iterdir() if isinstance(folder, Path) else ():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def remove_leftovers(folder: StoragePath) -> None:
    """Remove temporary files, or parts of unfinished uploads, that killed processes left."""
    if isinstance(folder, Path):
        for leftover in folder.rglob(LEFTOVER):
            leftover.unlink(missing_ok=True)
    elif hasattr(folder.fs, "list_multipart_uploads"):
        _abort_uploads(folder)


def _abort_uploads(folder: "UPath") -> None:
    bucket, _, prefix = folder.path.rstrip("/").partition("/")
    if not prefix:  # a whole bucket may be shared with others
        return
    with suppress(OSError):  # without permission the parts stay until a rule of the bucket removes them
        listing = folder.fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=f"{prefix}/")
        for upload in listing.get("Uploads", []):
            folder.fs.abort_mpu(bucket, upload["Key"], upload["UploadId"])


@contextmanager
def folder_lock(folder: StoragePath, shared: bool = False, timeout: float = 0) -> Iterator[None]:
    """Lock a folder for writing; the system releases the lock when the process exits or is killed.

    Windows, object stores and some file systems have no such locks; users must then not start two writers.

    Args:
        folder: the folder.
        shared: take a shared lock, which excludes exclusive locks only.
        timeout: seconds to wait for another process.

    Raises:
        Locked: when another process holds the lock.
    """
    if sys.platform == "win32" or not isinstance(folder, Path):
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, timeout)
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


def _lock(handle: int, kind: int, timeout: float) -> None:
    """Take a lock, retrying until the timeout."""
    deadline = monotonic() + timeout
    while True:
        try:
            return fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= deadline:
                raise
            sleep(0.02)
