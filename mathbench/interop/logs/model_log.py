"""What the logs of all harnesses have in common."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from mathbench.errors import InputError, shown
from mathbench.interop.origin import Origin
from mathbench.scores.untrusted import MAX_ROWS

MAX_HEADER = 64 << 20  # bytes of the JSON that describes an evaluation
MAX_SAMPLE = 32 << 20  # bytes of one sample
MAX_LOG = 8 << 30  # bytes of all samples, unpacked


@dataclass(frozen=True)
class Sample:
    """One answer in a log.

    Args:
        row: the number of its row.
        question, answer: of the row, as the log has them.
        text: what the model wrote; None where it failed.
        epoch: the repetition that it belongs to, from 1.
    """

    row: int
    question: str
    answer: str
    text: str | None
    epoch: int = 1


@dataclass(frozen=True)
class SplitLog:
    """The answers to one split.

    Args:
        origin: the rows that the task asks.
        samples: the answers.
        limited: whether the log states that the first rows only were asked.
    """

    origin: Origin
    samples: list[Sample]
    limited: bool


@dataclass(frozen=True)
class ModelLog:
    """The log of one model.

    Args:
        model: its name.
        revision: its revision, if the log states one.
        tool: name and version of the harness.
        asked: how the model was asked, as JSON values; part of what distinguishes entries of a board.
        environment: versions and times, as JSON values.
        splits: the answers by split.
    """

    model: str
    revision: str | None
    tool: str
    asked: Mapping[str, Any]
    environment: Mapping[str, Any]
    splits: list[SplitLog] = field(default_factory=list)


def parse_json(data: bytes, name: str) -> Any:
    """Parse JSON of a log.

    Raises:
        InputError: when it is none, or nested too deeply.

    >>> parse_json(b'{"a": ', "log.json")
    Traceback (most recent call last):
    ...
    mathbench.errors.InputError: log.json is damaged: Expecting value: line 1 column 7 (char 6).
    """
    try:
        return json.loads(data)
    except RecursionError:
        raise InputError(f"{name} is damaged: it is nested too deeply.") from None
    except ValueError as error:
        raise InputError(f"{name} is damaged: {error}.") from None


def read_lines(file: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read JSON lines with their numbers, each of at most `MAX_SAMPLE` bytes.

    Raises:
        InputError: for a longer line, or one that is no object.
    """
    number = 0
    while line := file.readline(MAX_SAMPLE + 1):
        number += 1
        if len(line) > MAX_SAMPLE:
            raise InputError(f"{name}: line {number} has more than {MAX_SAMPLE:,} bytes.")
        if line.strip():
            yield number, as_object(parse_json(line, f"{name}: line {number}"), f"{name}: line {number}")


def as_object(value: Any, where: str) -> dict[str, Any]:
    """A value that must be an object.

    Raises:
        InputError: for anything else.
    """
    if not isinstance(value, dict):
        raise InputError(f"{where} must be an object. Received: {shown(value)}.")
    return value


def make_sample(
    row: object, question: object, answer: object, text: object, where: str, epoch: object = 1
) -> Sample:
    """Make a sample of values of a log.

    Raises:
        InputError: for values of other types.

    >>> make_sample(0, "1+1", "2", "3", "line 1")
    Sample(row=0, question='1+1', answer='2', text='3', epoch=1)
    """
    for name, value, kind in (
        ("row", row, int),
        ("question", question, str),
        ("answer", answer, str),
        ("epoch", epoch, int),
        ("text of the model", text, str | None),
    ):
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(
                f"{where}: the {name} is missing. Only tasks of `mathbench export` can be imported. "
                f"Received: {shown(value)}."
            )
    return Sample(
        cast(int, row), cast(str, question), cast(str, answer), cast(str | None, text), cast(int, epoch)
    )


def check_count(samples: list[Sample], where: str) -> None:
    """Check that there are not more samples than one submission may have.

    Raises:
        InputError: when there are.
    """
    if len(samples) > MAX_ROWS:
        raise InputError(f"{where} has more than {MAX_ROWS:,} samples.")


def find_log(path: Path, pattern: str, what: str) -> Path:
    """The log itself, or the only one in a folder.

    Args:
        path: a file or a folder.
        pattern: the names of logs in a folder.
        what: a log in words, for the error message.

    Raises:
        InputError: when there is none, or several.
    """
    if path.is_file():
        return path
    if not path.exists():
        raise InputError(f"there is no log '{path}'.")
    found = sorted(path.rglob(pattern))
    if len(found) != 1:
        several = f"{len(found)} of them; name one, such as {found[-1]}" if found else "none"
        raise InputError(f"{path} must contain {what}. Received: {several}.")
    return found[0]
