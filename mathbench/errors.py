"""What can go wrong, as one tree.

MathbenchError
  InputError        what the user asked for cannot be done (exit code 2)
    SpaceExhausted  more rows were asked for than a split holds
  WorkerLost        processes that did the work were killed again and again (exit code 2)
  CheckFailed       a verification or a comparison did not hold (exit code 1)
"""

import difflib
import os
import re
from collections.abc import Iterable


class MathbenchError(Exception):
    """Base of every error that mathbench raises on purpose."""


class InputError(MathbenchError, ValueError):
    """What the user asked for cannot be done; the message is one clear line."""


class SpaceExhausted(InputError):
    """More rows were asked for than a split holds."""


class WorkerLost(MathbenchError):
    """Processes that did the work were killed again and again; what they had finished is kept."""


class CheckFailed(MathbenchError):
    """A verification did not hold: damaged data, a wrong answer, another digest."""


MAX_LISTED = 30  # so many options are listed in full
FEW_LISTED = 5


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A hint that names the nearest option, or all of them when none is near.

    >>> did_you_mean("aditon", ["addition", "gcd"])
    "Did you mean 'addition'? Allowed: addition, gcd."
    >>> did_you_mean("xyz", ["addition", "gcd"])
    'Allowed: addition, gcd.'
    >>> did_you_mean("abd", [a + b + c for a in "abc" for b in "abc" for c in "abcd"])
    "Did you mean 'abd'? Allowed: abd, cbd, cad, cab, bcd and 31 more."
    """
    names = sorted(options)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    if len(names) <= MAX_LISTED:
        return f"{hint}Allowed: {', '.join(names)}."
    near = difflib.get_close_matches(word, names, n=FEW_LISTED, cutoff=0)
    return f"{hint}Allowed: {', '.join(near)} and {len(names) - FEW_LISTED} more."


def os_error_message(error: OSError) -> str:
    """What the operating system refused and where, as one phrase; pyarrow hides the number in its words.

    >>> os_error_message(OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"))
    'No space left on device'
    """
    hidden = re.search(r"\[errno (\d+)\]", str(error))
    number = error.errno or (int(hidden[1]) if hidden else 0)
    words = os.strerror(number) if number else str(error)
    return f"{words}: {error.filename}" if error.filename else words
