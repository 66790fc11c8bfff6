r"""Extractions: the part of a text that counts as its answer, for models that talk.

Each has a name and a version, which results state: ``last-number-v1``. All take time in proportion to the text and
never raise for any text. They only cut: what they return stands in the text as it is.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from mathbench.errors import InputError, did_you_mean, shown
from mathbench.numbers.text import DIGITS
from mathbench.registry import unique_table

WHOLE = "whole"
TAIL = 1 << 12  # characters at the end of a text in which numbers are looked for first
_BOX, _MARK, _OPEN, _CLOSE = "\\boxed{", "answer:", "<answer>", "</answer>"
_AROUND = " \t\r\n*$`"  # what texts put around an answer


def whole(text: str, base: int) -> str | None:
    r"""The whole text without white space around it.

    >>> whole(" -80\n", 10)
    '-80'
    """
    return text.strip()


def last_number(text: str, base: int) -> str | None:
    """The last number with its sign, as an integer, decimal, fraction, or several joined by commas without spaces.

    >>> last_number("It is 57+8, so the answer is 65.", 10), last_number("from 8 to -7,1!", 10), last_number("no", 10)
    ('65', '-7,1', None)
    """
    pattern, found = _number(base), None
    for match in pattern.finditer(text, _tail_start(text)):
        found = match
    if found is None and len(text) > TAIL:
        for match in pattern.finditer(text):
            found = match
    return None if found is None else found[0]


def _tail_start(text: str) -> int:
    """The start of the end of a text, which does not cut a number."""
    start = max(len(text) - TAIL, 0)
    blank = re.compile(r"\s").search(text, start) if start else None
    return blank.end() if blank else (0 if start else start)


@cache
def _number(base: int) -> re.Pattern[str]:
    digits = f"[{DIGITS[:base]}{DIGITS[10:base].upper()}]+"
    return re.compile(rf"(?:(?<![\w)])[-\u2212])?(?<![\w.,/]){digits}(?:[.,/]{digits})*(?!\w)", re.ASCII)


def boxed(text: str, base: int) -> str | None:
    r"""The content of the last `\boxed{...}`.

    >>> boxed("so \\boxed{\\frac{1}{2}}, done", 10), boxed("\\boxed{1", 10)
    ('\\frac{1}{2}', None)
    """
    start = text.rfind(_BOX)
    if start < 0:
        return None
    depth, start = 1, start + len(_BOX)
    for brace in re.compile("[{}]").finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return text[start : brace.start()].strip()
    return None


def after_answer(text: str, base: int) -> str | None:
    r"""The rest of the line after the last `Answer:` in any case, without marks of emphasis and a last full stop.

    >>> after_answer("First ...\n**Answer:** 65.\nBye", 10)
    '65'
    """
    start = text.lower().rfind(_MARK)
    if start < 0 or len(text.lower()) != len(text):
        return None
    line = text[start + len(_MARK) :].strip(_AROUND).partition("\n")[0].strip(_AROUND)
    return line.removesuffix(".").strip(_AROUND) or None


def tags(text: str, base: int) -> str | None:
    """The content of the last `<answer>...</answer>`.

    >>> tags("<answer>64</answer> no: <answer> 65 </answer>", 10)
    '65'
    """
    stop = text.rfind(_CLOSE)
    start = text.rfind(_OPEN, 0, max(stop, 0))
    return text[start + len(_OPEN) : stop].strip() if start >= 0 else None


class Extraction(NamedTuple):
    """A named and versioned way to read answers.

    Attributes:
        name: the name.
        version: raised whenever any text is read in another way.
        read: maps a text and the base of its numbers to the answer; None where there is none.
    """

    name: str
    version: int
    read: Callable[[str, int], str | None]

    @property
    def id(self) -> str:
        """The name with the version."""
        return f"{self.name}-v{self.version}"


EXTRACTIONS = unique_table(
    "extractions",
    (
        (name, Extraction(name, 1, read))
        for name, read in (
            (WHOLE, whole),
            ("last-number", last_number),
            ("boxed", boxed),
            ("after-answer", after_answer),
            ("tags", tags),
        )
    ),
)


def extraction(name: str) -> Extraction:
    """Return an extraction by its name, with or without a version.

    Raises:
        InputError: for an unknown name or version.

    >>> extraction("boxed-v1").name
    'boxed'
    """
    if isinstance(name, str):
        for found in EXTRACTIONS.values():
            if name in (found.name, found.id):
                return found
    raise InputError(f"unknown extraction {shown(name)}. {did_you_mean(name, EXTRACTIONS)}")
