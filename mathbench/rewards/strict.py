"""The strict reward: 1.0 for the right answer, exactly, and 0.0 for any other text."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, overload

from mathbench.errors import InputError, shown
from mathbench.rewards.rows import TASK_SPEC, read_task
from mathbench.scores.answers import is_unicode
from mathbench.scores.extraction import WHOLE
from mathbench.scores.grading import Grader

Row = Mapping[str, Any]


@overload
def reward(answer: str | None, row: Row, *, extract: str = WHOLE) -> float: ...
@overload
def reward(answer: Sequence[str | None], row: Sequence[Row], *, extract: str = WHOLE) -> list[float]: ...
def reward(
    answer: str | Sequence[str | None] | None, row: Row | Sequence[Row], *, extract: str = WHOLE
) -> float | list[float]:
    """The reward of one answer or of many: 1.0 where it is right as `mathbench.grade` judges it, otherwise 0.0.

    There is no partial credit, and no text of an answer raises an error: what cannot be read is wrong.

    Args:
        answer: what a model wrote, None where it wrote nothing; or a list of these.
        row: the row that was asked, a mapping with ``answer`` and where present ``question`` and ``task_spec``; or a
            list of rows, one for each answer. Without ``task_spec`` the answer is plain text.
        extract: the name of the extraction, see `docs/grading.md`.

    Raises:
        InputError: for anything but text, lists of different lengths, rows without an answer, an unknown extraction.

    >>> row = {"question": "8-58", "answer": "-50"}
    >>> reward(" -50", row), reward("50", row), reward("8-58", row), reward("It is -50.", row)
    (1.0, 0.0, 0.0, 0.0)
    >>> reward(["It is -50.", "50, I think"], [row, row], extract="last-number")
    [1.0, 0.0]
    """
    if isinstance(row, Mapping):
        if answer is not None and not isinstance(answer, str):
            raise InputError(f"one row takes one answer, a text or None. Received: {shown(answer)}.")
        return _rewards([answer], [row], extract)[0]
    if isinstance(answer, str) or not isinstance(answer, Sequence) or not isinstance(row, Sequence):
        raise InputError(f"answers and rows must be lists. Received: {shown(answer)} and {shown(row)}.")
    return _rewards(answer, row, extract)


def _rewards(answers: Sequence[str | None], rows: Sequence[Row], extract: str) -> list[float]:
    """The rewards of some answers, graded together per task."""
    if len(answers) != len(rows):
        raise InputError(f"there must be one row for each answer. Received: {len(answers)} and {len(rows)}.")
    grouped: dict[tuple[str | None, bool], list[int]] = {}
    for number, row in enumerate(rows):
        grouped.setdefault(_kind(row), []).append(number)
    rewards = [0.0] * len(rows)
    for (spec, asked), numbers in grouped.items():
        grades = _grader(spec, extract).grade(
            [_readable(answers[n]) for n in numbers],
            [rows[n]["answer"] for n in numbers],
            [rows[n]["question"] for n in numbers] if asked else None,
        )
        for number, right in zip(numbers, grades.right.tolist(), strict=True):
            rewards[number] = float(right)
    return rewards


def _kind(row: object) -> tuple[str | None, bool]:
    """The task of a row as text, and whether the row has its question."""
    if not isinstance(row, Mapping) or not isinstance(row.get("answer"), str):
        raise InputError(f"a row must have an answer, which is text. Received: {shown(row)}.")
    spec = row.get(TASK_SPEC)
    if spec is not None and not isinstance(spec, str):
        raise InputError(f"task_spec must be the text of rewards.task_spec(task). Received: {shown(spec)}.")
    return spec, row.get("question") is not None


def _readable(answer: str | None) -> str | None:
    """An answer, or None where it has half characters, which no right answer has and Arrow does not store."""
    return answer if is_unicode(answer) else None


@lru_cache(maxsize=256)
def _grader(spec: str | None, extract: str) -> Grader:
    return Grader(None if spec is None else read_task(spec), extract)
