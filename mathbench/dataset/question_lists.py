"""Questions that a user excludes: lists of text, of which the problems are recognized by their canonical form."""

import csv
import io
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from mathbench import formats
from mathbench.dataset import manifest
from mathbench.errors import CheckFailed, InputError, NotQuestions, shown
from mathbench.families import from_spec
from mathbench.formats.words.question_numbers import Profile, profile, rebuilt
from mathbench.reserve import Excluded
from mathbench.rows import open_rows
from mathbench.sampling.enumerated import Enumerated
from mathbench.storage import location
from mathbench.storage.location import StoragePath, storage_path
from mathbench.task import Task

COLUMN = "question"
_NUMBER = re.compile(r"(?:(?<![\w.)]) ?-)?(?<![\w.])\d+(?:\.\d+)?(?!\w)")
_IN_WORDS = re.compile(r"[^\W\d_]{2,} | [^\W\d_]{2,}")
_FORMULA = re.compile(r"(?<![\w])[-(\d][-+*/()%=^?.,\d ]*")
_GROUP = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
EXAMPLE_ROWS = 64  # rows of a split that show how many numbers a problem has

Problem = tuple[int, ...]
QuestionSource = str | Path | Sequence[str]


def requested_task(name: str, options: Mapping[str, Any], relative_to: Path | None = None) -> Task:
    """Make the task that a user requests, whose `exclude` may be a file or a list of questions.

    Args:
        name: the name of the family, with or without a version.
        options: parameters by name.
        relative_to: the folder that the name of a file is relative to; None: the current one.

    Raises:
        InputError: as :func:`mathbench.families.from_spec` and :func:`excluding`.

    >>> task = requested_task("addition", {"digits": 2, "exclude": ["29+12", "3+5"]})
    >>> task.exclude.count, task.name
    (2, 'addition-base10-digits2-exclude266180e4c828')
    """
    source = options.get("exclude") if isinstance(options, Mapping) else None
    if source is None or isinstance(source, Excluded) or _is_digest(source):
        return from_spec(name, options)
    task = from_spec(name, {key: value for key, value in options.items() if key != "exclude"})
    if relative_to is not None and isinstance(source, str) and "://" not in source:
        source = relative_to / Path(source).expanduser()
    return excluding(task, source)


def _is_digest(source: object) -> bool:
    try:
        return isinstance(source, str) and bool(Excluded.parse(source))
    except ValueError:
        return False


def excluding(task: Task, source: QuestionSource) -> Task:
    """The same task without some problems in train and validation.

    Problems are recognized by their canonical form, whatever the order of operands. Questions are in the format of the
    task or in plain text; those of a Parquet file in the folder of a dataset are in the format of that dataset. Other
    text is read by its numbers. Warns of text that is no question of the task.

    Args:
        task: the task.
        source: questions, or a file of them: Parquet, CSV or JSON lines with a column `question`, or text with one
            question per line.

    Raises:
        InputError: for a family that does not support it, a file that cannot be read, or one without any question of
            the task.
    """
    if not isinstance(task, Enumerated):
        raise InputError(
            f"{task.family} does not support exclude: its problems cannot be read from the text of a question."
        )
    found = _read(source, task)
    problems, others = _problems(found, _sizes(task))
    if not problems:
        example = shown(others[0]) if others else "nothing"
        raise InputError(
            f"{found.name} contains no question of {task.family} to exclude. Received: {example}."
        )
    if others:
        warnings.warn(
            f"{found.name}: {len(others):,} of {len(found.questions):,} lines are not questions of {task.family}, "
            f"such as {shown(others[0])}; the others are excluded.",
            NotQuestions,
            stacklevel=2,
        )
    return replace(task, exclude=Excluded.of(problems))


class _Questions(NamedTuple):
    """Questions to exclude.

    Attributes:
        name: the name of their list, for messages.
        questions: their text.
        task: the task whose format they have, and whose problems they are.
    """

    name: str
    questions: list[str]
    task: Enumerated


def _read(source: object, task: Enumerated) -> _Questions:
    if isinstance(source, str | Path) or hasattr(source, "protocol"):
        path = storage_path(source)  # type: ignore[arg-type]
        content = location.read(path)
        if content is None:
            raise InputError(f"{path} is not a file of questions to exclude.")
        return _Questions(str(path), _questions(path, content), _stored_task(path, task))
    questions: list[Any] = list(source) if isinstance(source, Iterable) else [None]
    if not all(isinstance(question, str) for question in questions):
        raise InputError(f"exclude must be a file or a list of questions. Received: {shown(source)}.")
    return _Questions("exclude", questions, task)


def _stored_task(path: StoragePath, task: Enumerated) -> Enumerated:
    """The task of the dataset that a file belongs to, if it has the same problems; else the given task."""
    for folder, file in (
        (path.parent, path.name),
        (path.parent.parent, f"{path.parent.name}/{path.name}"),
    ):
        try:
            configs = manifest.read(folder).configs
        except (CheckFailed, InputError):
            continue
        stored = (config.task for config in configs if file in (shard.file for shard in config.shards()))
        for own in stored:
            if isinstance(own, Enumerated) and own.reserve_family == task.reserve_family:
                return own
    return task


def _questions(path: StoragePath, content: bytes) -> list[str]:
    """The questions of a file, which its name says how to read."""
    read = _READERS.get(path.suffix.lower(), _text_lines)
    try:
        found = read(content)
    except (ValueError, csv.Error, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as {path.suffix or 'text'}: {reason:.200}.") from None
    except (KeyError, TypeError):
        raise InputError(f"{path} needs a column '{COLUMN}' of text.") from None
    return [text for question in found if (text := _checked(question, path).strip())]


def _checked(question: object, path: StoragePath) -> str:
    if question is not None and not isinstance(question, str):
        raise InputError(f"{path} needs a column '{COLUMN}' of text. Received: {shown(question)}.")
    return question or ""


def _text_lines(content: bytes) -> list[str]:
    return content.decode("utf-8-sig").splitlines()


def _json_lines(content: bytes) -> list[Any]:
    """The questions of JSON lines, or of one list of objects."""
    lines = [line for line in _text_lines(content) if line.strip()]
    is_list = bool(lines) and lines[0].lstrip().startswith("[")
    objects = json.loads("".join(lines)) if is_list else map(json.loads, lines)
    return [found[COLUMN] for found in objects]


def _csv_column(content: bytes) -> list[Any]:
    return [row[COLUMN] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))]


def _parquet_column(content: bytes) -> list[Any]:
    found: list[Any] = pq.read_table(pa.BufferReader(content), columns=[COLUMN])[COLUMN].to_pylist()
    return found


_READERS = {
    ".parquet": _parquet_column,
    ".csv": _csv_column,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
}


def _sizes(task: Enumerated) -> range:
    """How many numbers the canonical form of a problem has."""
    plain, sizes = task.plain, set()
    for split in ("train", "extrapolate"):
        rows = open_rows(plain, split, 0)
        first = rows.batch(range(rows.capacity_up_to(EXAMPLE_ROWS)))
        sizes |= {len(task.operands_of(question)) for question in first["question"].to_pylist()}
    return range(min(sizes, default=0), max(sizes, default=0) + 1)


def _problems(found: _Questions, sizes: range) -> tuple[list[Problem], list[str]]:
    """The problems of some questions, and the text that is no question.

    Text that is neither plain nor in the format of the task is read by its numbers.
    """
    column = pa.array(found.questions, pa.string())
    undone = formats.for_task(found.task).undo_questions(column).to_pylist()
    task, problems, others = found.task.plain, [], []
    for question, plain in zip(found.questions, undone, strict=True):
        read = (_problem(task, text) for text in _readings(task, plain or question))
        problem = next((one for one in read if one is not None and len(one) in sizes), None)
        if problem is None:
            others.append(question)
        else:
            problems.append(problem)
    return problems, others


def _readings(task: Enumerated, question: str) -> Iterator[str]:
    """What a question may mean as plain text, the likeliest first: itself, its formula, or its numbers in order."""
    yield question
    if formula := _formula(question):
        yield formula
    # digits above nine cannot be told from words
    numbers_are_clear = task.number_base <= 10 and (task.numeric or "places" in task.parameters)
    if numbers_are_clear and _IN_WORDS.search(question):
        known, words = profile(task), re.findall(_NUMBER, _GROUP.sub("", question))
        named = [name for name in ("k", "modulus", "base") if name != "base" or name in question.lower()]
        given = {str(task.parameters[name]) for name in named if name in task.parameters}
        for numbers in (words, _without(words, given)):
            if text := _rebuilt(known, numbers):
                yield text


def _formula(question: str) -> str:
    """The formula with all numbers of a text, such as `3*(4-7)+2` in `Compute 3*(4-7)+2.`; empty if there is none."""
    found = max((formula.strip(" .,=?") for formula in _FORMULA.findall(question)), key=len, default="")
    return found if re.findall(r"\d+", found) == re.findall(r"\d+", question) else ""


def _without(words: list[str], given: set[str]) -> list[str]:
    """Numbers without one of each parameter, the last, such as the divisor that a question in words names."""
    left, unused = [], set(given)
    for word in reversed(words):
        if word in unused:
            unused.remove(word)
        else:
            left.append(word)
    return left[::-1]


def _rebuilt(known: Profile, words: list[str]) -> str | None:
    """The plain question with some numbers; None where there is none, or it has other numbers in fixed places."""
    skeleton, fixed = known.skeletons.get(len(words)), known.constants.get(len(words), {})
    if not skeleton or any(words[i] != number for i, number in fixed.items()):
        return None
    return rebuilt(skeleton, [pa.array([word]) for word in words])[0].as_py()


def _problem(task: Enumerated, question: str) -> Problem | None:
    """The canonical form of a question, with or without spaces and `=?` at its end; None for other text."""
    for text in (question, "".join(question.rstrip("=? ").split())):
        try:
            return task.operands_of(text)
        except Exception:  # a line of a foreign file can be any text, and a plug-in task any code
            continue
    return None
