"""Reading files of any size and origin in bounded memory: lines of limited length, and gzip of limited expansion."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from mathbench.errors import InputError, os_error_message

MAX_LINE = 1 << 20  # bytes of a line
MAX_EXPANSION = 200  # bytes that a compressed byte may stand for; text rarely exceeds 20
FREE_BYTES = 64 << 20  # decompressed bytes before the expansion is limited
_GZIP_MAGIC = b"\x1f\x8b"


class Inflated(io.RawIOBase):
    """The decompressed bytes of a gzip file, refused when they are far more than the file has.

    Args:
        file: the compressed file.
        name: its name, for errors.
    """

    def __init__(self, file: BinaryIO, name: str):
        self._file, self._name, self._total = file, name, 0
        self._inflated = gzip.GzipFile(fileobj=file)

    def readable(self) -> bool:
        """Whether the file can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes.

        Raises:
            InputError: when the file expands too much.
        """
        data = self._inflated.read(len(buffer))
        buffer[: len(data)] = data
        self._total += len(data)
        if self._total > FREE_BYTES and self._total > MAX_EXPANSION * self._file.tell():
            raise InputError(
                f"{self._name} expands to more than {MAX_EXPANSION} times its size, as no text does. It is not read."
            )
        return len(data)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Convert errors of reading a file, compressed or not, to one line.

    Raises:
        InputError: when the file is missing, cannot be read, is cut off or damaged.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is cut off or damaged: {str(error).rstrip('.')}.") from None
    except FileNotFoundError:
        raise InputError(f"there is no file {path}.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {os_error_message(error)}.") from None


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file, decompressed if its content is gzip.

    Raises:
        InputError: as :func:`readable`, also while the block reads the file.
    """
    with readable(path), path.open("rb") as file:
        compressed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if compressed:
            inflated: Any = Inflated(file, str(path))
            yield io.BufferedReader(inflated, 1 << 18)
        else:
            yield file


def bounded_lines(file: IO[bytes], name: str) -> Iterator[bytes]:
    r"""Yield the lines of a file with their ends.

    Args:
        file: the file.
        name: its name, for errors.

    Raises:
        InputError: for a line of more than `MAX_LINE` bytes, before it is in memory.

    >>> list(bounded_lines(io.BytesIO(b"a\r\nb"), "x"))
    [b'a\r\n', b'b']
    """
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise InputError(f"{name}: line {number:,} has more than {MAX_LINE:,} bytes.")
        yield line
