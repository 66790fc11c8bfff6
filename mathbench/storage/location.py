"""Storage paths: a path on the local disk, or the URL of an object store such as ``s3://bucket/folder``."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, Union

from mathbench.errors import CheckFailed, InputError, MathbenchError, shown

if TYPE_CHECKING:
    from upath import UPath

# A local path is always a Path; UPath is used for all others.
StoragePath: TypeAlias = Union[Path, "UPath"]

MAX_NAME, MAX_PATH = 255, 4095  # characters of a file's name, and of a path, on common systems
EXTRAS = {"s3": "s3", "s3a": "s3"}  # protocol -> the extra of mathbench that installs its library


def local_path(location: object) -> Path:
    """Convert text or a path object to a local path. A leading ``~`` is the home folder.

    Raises:
        InputError: for anything else, no text, characters that no path can have, and a user who has no home folder.

    >>> local_path("~/data") == Path.home() / "data"
    True
    """
    text = _path_text(location)
    expanded = os.path.expanduser(text)
    if text.startswith("~") and expanded == text:
        raise InputError(
            f"{shown(text)} names no user's home folder. A file of that name is given as {shown('./' + text)}."
        )
    return Path(expanded)


def beside(folder: Path, ending: str) -> Path:
    """Return the path beside a folder that has its name and an ending.

    Args:
        folder: the folder; ``.`` and ``..`` have the name of the folder that they stand for.
        ending: what follows the name.

    >>> beside(Path("runs/mine"), "-again").as_posix()
    'runs/mine-again'
    >>> beside(Path("."), "-again") == beside(Path.cwd(), "-again")
    True
    """
    named = folder.resolve() if folder.name in ("", "..") else folder
    return named.with_name(named.name + ending)


def _path_text(location: object) -> str:
    """Return the text of a path or URL."""
    text = os.fspath(location) if isinstance(location, os.PathLike) else location
    if not isinstance(text, str) or not text:
        raise InputError(f"a file or folder must be given as text or as a path. Received: {shown(location)}.")
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
        raise InputError(
            f"the name of a file or folder must be valid UTF-8 without NUL. Received: {shown(text)}."
        )
    if max(map(len, re.split(r"[/\\]", text))) > MAX_NAME or len(text) > MAX_PATH:
        raise InputError(f"the name of a file or folder is too long. Received: {shown(text)}.")
    return text


def storage_path(location: "str | StoragePath") -> StoragePath:
    """Convert text to a local path, or to a path of any URL that fsspec supports.

    Raises:
        InputError: for a protocol that is unknown or whose library is not installed, and as :func:`local_path`.

    >>> storage_path("data/sums").parts
    ('data', 'sums')
    >>> storage_path("file:///data/sums") == Path("/data/sums")
    True
    >>> str(storage_path("memory://data") / "manifest.json")
    'memory://data/manifest.json'
    """
    text = str(location) if hasattr(location, "protocol") else _path_text(location)
    first = location.parts[0] if isinstance(location, Path) and location.parts else ""
    if len(first) > 2 and first.endswith(":"):
        raise InputError(f"a URL must be text, not a Path. Received: {location!r}.")
    if "://" not in text:
        return local_path(text)
    from upath import UPath

    with _loading(text):
        path = UPath(location)
        local = path.protocol in ("file", "local")
        path.fs  # noqa: B018 - this loads the library of the protocol
    if not path.path.strip("/"):
        raise InputError(f"{text} does not name a folder. Allowed: a URL such as s3://bucket/folder.")
    return Path(path.path) if local else path


@contextmanager
def _loading(text: str) -> Iterator[None]:
    """Convert the errors of an unknown protocol or a missing library to an `InputError`."""
    try:
        yield
    except ImportError as error:
        extra = EXTRAS.get(text.partition("://")[0])
        hint = f"pip install 'mathbench-toolkit[{extra}]'" if extra else str(error)
        raise InputError(f"{text} needs a library that is not installed: {hint}") from None
    except ValueError as error:
        raise InputError(
            f"{text}: {error}. Allowed: a local path, or a URL such as s3://bucket/folder."
        ) from None


@contextmanager
def readable_errors(path: StoragePath) -> Iterator[None]:
    """Convert errors of a disk or an object store to one line: no such bucket, no permission, no connection.

    Raises:
        InputError: for errors of the system, or of a store and its client library; other errors pass unchanged.
    """
    try:
        yield
    except MathbenchError:
        raise
    except Exception as error:
        foreign = not isinstance(path, Path) and type(error).__module__ != "builtins"
        if not (isinstance(error, OSError) or foreign):
            raise
        message = str(getattr(error, "strerror", None) or error) or type(error).__name__
        raise InputError(f"{path}: {message.rstrip('.')}.") from None


def read(path: StoragePath) -> bytes | None:
    """Read a small file; None when there is none.

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
    """The names of files and folders directly in a folder; None when there is no such folder.

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
    # Consoles of object stores mark an empty folder by an object that has the folder's own name.
    names = [name.rstrip("/") for name in found]
    return [name.rpartition("/")[2] for name in names if name != folder.path.rstrip("/")] or None


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
    """Provide a file for random access, and the SHA-256 of its bytes; an object of a store is downloaded once.

    Raises:
        CheckFailed: when it is missing.
    """
    if isinstance(path, Path):
        with _check_exists(path), path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        yield path, sha256
        return
    with TemporaryFile() as copy:
        with readable_errors(path), _check_exists(path), path.open("rb") as source:
            shutil.copyfileobj(source, copy, 1 << 22)
        copy.seek(0)
        yield copy, hashlib.file_digest(copy, "sha256").hexdigest()


@contextmanager
def _check_exists(path: StoragePath) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise CheckFailed(f"{path} is missing.") from None


def _check_bucket(path: StoragePath, error: FileNotFoundError) -> None:
    """Raise the error of a missing bucket, and ignore that of a missing file.

    The message for a missing file contains its path, the one for a missing bucket does not.
    """
    if not isinstance(path, Path) and path.path.strip("/") not in str(error):
        raise error
