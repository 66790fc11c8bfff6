"""Standard output and standard error that work on every terminal, in every encoding, and into every pipe."""

import codecs
import io
import os
import sys
from typing import TextIO

ERRORS = "mathbench.ascii"  # the error handler of the two streams
_ASCII = {
    "✓": "+",
    "✗": "x",
    "•": "*",
    "†": "*",
    "…": "...",
    "→": "->",
    "±": "+/-",
    "½": "1/2",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{MIDDLE DOT}": ".",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\xa0": " ",
    # heights of a line of blocks, which "#" alone would make equal
    **dict(zip("▁▂▃▄▅▆▇█", "_.-=+*#@", strict=True)),
}
_HORIZONTAL, _VERTICAL = "─━┄┅┈┉╌╍═╴╶╸╺╼╾", "│┃┆┇┊┋╎╏║╵╷╹╻╽╿"


def to_ascii(text: str) -> str:
    r"""Replace characters that an output cannot show by ASCII.

    >>> to_ascii("✓ 1+1 → 2 ┃━┓ ▁▄█ é")
    '+ 1+1 -> 2 |-+ _=@ \\xe9'
    """
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character in _ASCII:
        return _ASCII[character]
    if "─" <= character <= "╿":
        return "-" if character in _HORIZONTAL else "|" if character in _VERTICAL else "+"
    if "▀" <= character <= "▟":
        return "#"
    # braille, of which spinners are made
    if "\u2800" <= character <= "\u28ff":
        return "*"
    return character if character.isascii() else character.encode("unicode_escape").decode()


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace the characters that cannot be encoded, called by Python."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return to_ascii(error.object[error.start : error.end]), error.end


codecs.register_error(ERRORS, _replace)


def prepare() -> None:
    """Make the standard streams ready, once at the start of the command."""
    for number in range(3):
        _open_if_closed(number)
    sys.stdout, sys.stderr = (_prepared(stream) for stream in (sys.stdout, sys.stderr))


def finish() -> None:
    """Write what is buffered, and drop what cannot be written. Python would try again at its end, and report that."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_if_closed(number: int) -> None:
    """Open the null device in place of a closed stream, so that no file takes its number."""
    try:
        os.fstat(number)
    except OSError:
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _prepared(stream: TextIO | None) -> TextIO:
    """Return a stream that replaces characters, or, of a pipe, one that also ignores that its reader has left."""
    if stream is None:
        return open(os.devnull, "w")
    if _is_own(stream) and not stream.isatty():
        stream.flush()
        raw = _Pipe(stream.fileno(), "wb", closefd=False)
        by_line = isinstance(stream, io.TextIOWrapper) and stream.line_buffering
        return io.TextIOWrapper(
            io.BufferedWriter(raw), stream.encoding, errors=ERRORS, line_buffering=by_line
        )
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=ERRORS)
    return stream


def _is_own(stream: TextIO) -> bool:
    """Whether a stream is that of the process, and not one that took its place, as in a notebook."""
    return stream is sys.__stdout__ or stream is sys.__stderr__


class _Pipe(io.FileIO):
    """A file that drops what is written to a pipe without a reader, as after ``| head -1``.

    The command goes on, so that what it writes elsewhere and its exit code do not depend on who reads its output.
    """

    def write(self, data: object) -> int:
        """Write bytes."""
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            return memoryview(data).nbytes  # type: ignore[arg-type]
