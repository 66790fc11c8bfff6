"""Where datasets lie: a folder of a local disk, or the URL of an object store such as ``s3://bucket/folder``."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, Union

from mathbench.errors import CheckFailed, InputError, MathbenchError

if TYPE_CHECKING:
    from upath import UPath

StoragePath: TypeAlias = Union[
    Path, "UPath"
]  # UPath stands for what lies elsewhere; a local path is always a Path

EXTRAS = {"s3": "s3", "s3a": "s3"}  # our extra that brings the library a protocol needs


def storage_path(where: "str | StoragePath") -> StoragePath:
    """Where some text points: a local path, or any URL that fsspec knows.

    Raises:
        InputError: for a protocol that is unknown or whose library is missing.

    >>> storage_path("data/sums").parts
    ('data', 'sums')
    >>> storage_path("file:///data/sums") == Path("/data/sums")
    True
    >>> str(storage_path("memory://data") / "manifest.json")
    'memory://data/manifest.json'
    """
    text = str(where)
    if isinstance(where, Path) and where.parts[:1] and len(where.parts[0]) > 2 and where.parts[0][-1] == ":":
        raise InputError(f"a URL is given as text, not as a Path. Received: {where!r}.")
    if "://" not in text:
        return Path(text)
    from upath import UPath

    with _loading(text):
        made = UPath(where)
        local = made.protocol in ("file", "local")
        made.fs  # noqa: B018 - here its library is loaded
    if not made.path.strip("/"):
        raise InputError(f"{text} names no folder. Allowed: a URL such as s3://bucket/folder.")
    return Path(made.path) if local else made


@contextmanager
def _loading(text: str) -> Iterator[None]:
    """Say what to install when the library of a protocol is missing, and when there is none."""
    try:
        yield
    except ImportError as error:
        extra = EXTRAS.get(text.partition("://")[0])
        how = f"pip install 'mathbench-toolkit[{extra}]'" if extra else str(error)
        raise InputError(f"{text} needs a library that is not installed: {how}") from None
    except ValueError as error:
        raise InputError(
            f"{text}: {error}. Allowed: a local path, or a URL such as s3://bucket/folder."
        ) from None


@contextmanager
def readable_errors(path: StoragePath) -> Iterator[None]:
    """Say in one line what a store refuses: no such bucket, no permission, no connection, no credentials.

    Raises:
        InputError: for what the store, or the library that speaks to it, raises; errors of Python itself pass.
    """
    try:
        yield
    except MathbenchError:
        raise
    except Exception as error:
        if isinstance(path, Path) or not (isinstance(error, OSError) or type(error).__module__ != "builtins"):
            raise
        words = str(getattr(error, "strerror", None) or error) or type(error).__name__
        raise InputError(f"{path}: {words.rstrip('.')}.") from None


def read(path: StoragePath) -> bytes | None:
    """The bytes of a small file; None when there is none.

    Raises:
        InputError: when the store, or the bucket, cannot be read.
    """
    with readable_errors(path):
        try:
            return path.read_bytes() if isinstance(path, Path) else bytes(path.fs.cat_file(path.path))
        except FileNotFoundError as error:
            _check_bucket(path, error)
            return None
        except (IsADirectoryError, NotADirectoryError):
            return None


def children(folder: StoragePath) -> list[str] | None:
    """Names of what lies in a folder, one level deep; None when there is no such folder.

    Raises:
        InputError: when it is a file, or the store cannot be read.
    """
    with readable_errors(folder):
        try:
            if isinstance(folder, Path):
                return [path.name for path in folder.iterdir()]
            folder.fs.invalidate_cache()
            found = folder.fs.ls(folder.path, detail=False)
        except FileNotFoundError as error:
            _check_bucket(folder, error)
            return None
        except NotADirectoryError:
            raise InputError(f"{folder} is a file, not a folder.") from None
    # the console of a store marks an empty folder by an object that has the folder's own name
    inside = [name for name in found if name.rstrip("/") != folder.path.rstrip("/")]
    return [name.rstrip("/").rpartition("/")[2] for name in inside] or None


def files(folder: StoragePath) -> list[str]:
    """All files in a folder, at any depth, as paths relative to it."""
    if isinstance(folder, Path):
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    with readable_errors(folder):
        folder.fs.invalidate_cache()
        found = sorted(folder.fs.find(folder.path))
    root = folder.path.rstrip("/") + "/"
    return [name.removeprefix(root) for name in found if name.startswith(root)]


@contextmanager
def local_copy(path: StoragePath) -> Iterator[tuple[Path | BinaryIO, str]]:
    """A file to be read in any order, and the SHA-256 of its bytes; an object of a store is read once.

    Raises:
        CheckFailed: when it is missing.
    """
    if isinstance(path, Path):
        with _present(path), path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        yield path, sha256
        return
    with TemporaryFile() as copy:
        with readable_errors(path), _present(path), path.open("rb") as source:
            shutil.copyfileobj(source, copy, 1 << 22)
        copy.seek(0)
        yield copy, hashlib.file_digest(copy, "sha256").hexdigest()


@contextmanager
def _present(path: StoragePath) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise CheckFailed(f"{path} is missing.") from None


def _check_bucket(path: StoragePath, error: FileNotFoundError) -> None:
    """Nothing there is an answer, no bucket is an error: of that the store speaks in words, not naming the path."""
    if not isinstance(path, Path) and path.path.strip("/") not in str(error):
        raise error
