"""The exceptions of mathbench and helpers for error messages.

MathbenchError
  InputError        invalid input (exit code 2)
    SpaceExhausted  more rows requested than a split has
  WorkerLost        worker processes were killed repeatedly (exit code 2)
  CheckFailed       a verification or a comparison failed (exit code 1)

MathbenchWarning
  MissingSplit      a task has too few problems for one of its splits
  NotQuestions      a list of questions to exclude contains other text
  GuestWarning      a baseline of a third party does less than it could, or has changed
"""

import difflib
import os
import re
import traceback
from collections.abc import Iterable
from importlib.util import find_spec


class MathbenchError(Exception):
    """Base class of the errors that mathbench raises on purpose. Their text is one line, whatever it quotes."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class InputError(MathbenchError, ValueError):
    """Input that is invalid or asks for something impossible; the message is one line.

    >>> import mathbench
    >>> try:
    ...     mathbench.load("divisibel", k=7)
    ... except mathbench.InputError as error:
    ...     print(str(error).partition(" Allowed")[0])
    unknown task 'divisibel'. Did you mean 'divisible'?
    """


class SpaceExhausted(InputError):
    """More rows were requested than a split has."""


class WorkerLost(MathbenchError):
    """Worker processes were killed repeatedly. Finished work is kept."""


class CheckFailed(MathbenchError):
    """A verification failed: damaged data, a wrong answer, a different digest. The message is one line.

    >>> import mathbench
    >>> folder = getfixture("tmp_path") / "data"
    >>> _ = mathbench.generate("gcd", folder, digits=2, train=20, validation=0, interpolate=5, extrapolate=0)
    >>> next(folder.glob("data/train*")).unlink()
    >>> try:
    ...     mathbench.verify(folder)
    ... except mathbench.CheckFailed as error:
    ...     print(str(error)[-11:])
    is missing.
    """


class MathbenchWarning(UserWarning):
    """Base class of the warnings of mathbench. Their text is one line."""


class MissingSplit(MathbenchWarning):
    """A task has no rows in a split that was not left out on purpose."""


class NotQuestions(MathbenchWarning):
    """A list of questions to exclude contains text that is no question of the task."""


class GuestWarning(MathbenchWarning):
    """A baseline of a third party cannot be loaded again, or its code has changed since its run."""


def require_extra(module: str, extra: str) -> None:
    """Check that an optional package is installed, without importing it.

    Args:
        module: the name under which the package is imported.
        extra: the extra of mathbench that installs it.

    Raises:
        InputError: when it is not installed; names the extra.

    >>> require_extra("no_such_framework", "torch")
    Traceback (most recent call last):
    ...
    mathbench.errors.InputError: no_such_framework is not installed: pip install 'mathbench-toolkit[torch]'.
    """
    if find_spec(module) is None:
        raise InputError(f"{module} is not installed: pip install 'mathbench-toolkit[{extra}]'.")


MAX_LISTED = 30  # up to this many options are listed in full
FEW_LISTED = 5
MAX_TEXT = 120  # characters of a question in a table
MAX_SHOWN = 80  # characters of a received value
MAX_REASON = 300  # characters of the message of an exception of a third party
TRACED = "in user code:"  # how TensorFlow begins the message of an exception in code that it traced


def one_line(text: str) -> str:
    r"""Escape line ends and other characters that do not print.

    >>> one_line("a\nb")
    'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str) -> str:
    """A text of any length and with any number of lines on one line, cut in the middle.

    >>> shortened("57+8"), len(shortened("1" * 1000))
    ('57+8', 120)
    """
    line = one_line(text)
    half = MAX_TEXT // 2
    return line if len(line) <= MAX_TEXT else f"{line[: half - 2]} ... {line[3 - half :]}"


def nearest(word: object, options: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Return the option nearest to a word; None where none is near, or the word is not text.

    Args:
        word: the word.
        options: the options.
        cutoff: how near it must be, from 0 to 1.

    >>> nearest("tarin", ["train", "validation"]), nearest("k", ["train", "validation"])
    ('train', None)
    """
    close = (
        difflib.get_close_matches(word, sorted(options), n=1, cutoff=cutoff) if isinstance(word, str) else []
    )
    return close[0] if close else None


def did_you_mean(word: object, options: Iterable[str]) -> str:
    """Return a hint that names the option nearest to a word, and the allowed options. Only text has a nearest one.

    >>> did_you_mean("aditon", ["addition", "gcd"])
    "Did you mean 'addition'? Allowed: addition, gcd."
    >>> did_you_mean("xyz", ["addition", "gcd"])
    'Allowed: addition, gcd.'
    >>> did_you_mean("xyz", [])
    'There are none.'
    >>> did_you_mean("abd", [a + b + c for a in "abc" for b in "abc" for c in "abcd"])
    "Did you mean 'abd'? Allowed: abd, cbd, cad, cab, bcd and 31 more."
    """
    names, word = sorted(options), word if isinstance(word, str) else ""
    if not names:
        return "There are none."
    close = nearest(word, names)
    hint = f"Did you mean '{close}'? " if close else ""
    if len(names) <= MAX_LISTED:
        return f"{hint}Allowed: {', '.join(names)}."
    near = difflib.get_close_matches(word, names, n=FEW_LISTED, cutoff=0)
    return f"{hint}Allowed: {', '.join(near)} and {len(names) - FEW_LISTED} more."


def shown(value: object) -> str:
    r"""Represent a received value in an error message: on one line, and cut off when it is long.

    >>> shown("a\nb"), len(shown([1] * 100)), shown(10**5000)
    ("'a\\nb'", 80, 'an object of type int')
    """
    try:
        text = " ".join(repr(value).split("\n"))
    except Exception:  # the value may be of any class, and Python writes no integer of more than 4,300 digits
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def os_error_message(error: OSError) -> str:
    """Describe an operating system error and its file in one phrase. pyarrow has the error number in its text only.

    >>> os_error_message(OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"))
    'No space left on device'
    """
    in_text = re.search(r"\[errno (\d+)\]", str(error))
    number = error.errno or (int(in_text[1]) if in_text else 0)
    message = os.strerror(number) if number else str(error)
    return f"{message}: {error.filename}" if error.filename else message


def raised_in(error: BaseException, file: str) -> str:
    """Describe an exception of third-party code: the line of its file, and what was raised there.

    Args:
        error: the exception.
        file: the file of the code, or an empty text. Where the exception passed through it, its innermost line is
            named, otherwise the innermost one of the files beside it.

    >>> raised_in(ValueError("no weights"), "")
    'ValueError: no weights'
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{os.path.basename(error.filename)}, line {error.lineno}: {error.msg}"
    if str(error).startswith(TRACED):
        return _traced_reason(str(error), file)
    place = _innermost_line(error, os.path.realpath(file)) if file else ""
    return place + exception_text(error)


def _traced_reason(text: str, file: str) -> str:
    r"""Return place and reason of an exception that TensorFlow quotes with its traceback.

    >>> _traced_reason('in user code:\n  File "a/mine.py", line 3, in call  *\n  OSError: no', "a/mine.py")
    'mine.py, line 3: OSError: no'
    """
    lines = re.findall(rf'File "{re.escape(file)}", line (\d+)', text) if file else []
    place = f"{os.path.basename(file)}, line {lines[-1]}: " if lines else ""
    return place + text.strip().splitlines()[-1].strip()[:MAX_REASON].rstrip(".")


def exception_text(error: BaseException) -> str:
    """Return the type and the message of an exception in one phrase; of one of mathbench the message alone.

    >>> exception_text(KeyError("hidden")), exception_text(InputError("no such file."))
    ("KeyError: 'hidden'", 'no such file')
    """
    try:
        words = " ".join(str(error).split())
    except Exception:  # an exception of a third party may fail to describe itself
        words = ""
    words = words if len(words) <= MAX_REASON else f"{words[: MAX_REASON - 3]}..."
    kind = "" if isinstance(error, MathbenchError) else type(error).__name__
    return ": ".join(part for part in (kind, words.rstrip(".")) if part)


def _innermost_line(error: BaseException, file: str) -> str:
    """Return ``"mine.py, line 3: "`` for the innermost line of a file that an exception passed; empty for none."""
    frames = traceback.extract_tb(error.__traceback__)
    paths = [os.path.realpath(frame.filename) for frame in frames]
    beside = os.path.dirname(file) + os.sep
    for wanted in (file.__eq__, lambda path: path.startswith(beside)):
        for frame, path in zip(reversed(frames), reversed(paths), strict=True):
            if wanted(path):
                return f"{os.path.basename(path)}, line {frame.lineno}: "
    return ""
