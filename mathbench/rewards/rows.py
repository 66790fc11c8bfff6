"""Rows that carry what judges their answers: the question, the answer, and the task as text."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mathbench.errors import InputError, shown
from mathbench.families import from_spec
from mathbench.streaming import Stream
from mathbench.streaming.source import TaskSource
from mathbench.task import Task

TASK_SPEC = "task_spec"  # the column with the task as text


def task_spec(task: Task) -> str:
    """The id and the parameters of a task as JSON text, one column of type string for rows of any tasks.

    >>> from mathbench.families import task
    >>> spec = task_spec(task("gcd", digits=2))
    >>> read_task(spec) == task("gcd", digits=2)
    True
    """
    return json.dumps({"task": task.id, "parameters": task.parameters}, sort_keys=True)


@lru_cache(maxsize=256)
def read_task(spec: str) -> Task:
    """The task of a specification made by :func:`task_spec`.

    Raises:
        InputError: for any other text.
    """
    try:
        found = json.loads(spec)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("task"), str):
        raise InputError(f"task_spec must be the text of rewards.task_spec(task). Received: {shown(spec)}.")
    return from_spec(found["task"], found.get("parameters", {}))


def stream_task(stream: Stream) -> Task:
    """The task of a stream.

    Raises:
        InputError: for a mixture, whose rows belong to several tasks.
    """
    if not isinstance(stream, Stream) or not isinstance(stream.source, TaskSource):
        raise InputError(f"rows with a reward need a stream of one task. Received: {shown(stream)}.")
    return stream.source.task


def judged_rows(stream: Stream) -> Iterator[dict[str, Any]]:
    """The rows of a stream of one task, each with its column ``task_spec``.

    Args:
        stream: a stream of single rows, `mathbench.stream(task, ...)` without ``batch_size``.

    Raises:
        InputError: for a mixture, or a stream of batches.

    >>> import mathbench
    >>> row = next(judged_rows(mathbench.stream("addition", digits=2)))
    >>> sorted(row)
    ['answer', 'question', 'row', 'stratum', 'task', 'task_spec']
    """
    spec = task_spec(stream_task(stream))
    if stream.batch_size is not None:
        raise InputError(f"rows are read one by one. Received: batch_size={stream.batch_size}.")
    return ({**row, TASK_SPEC: spec} for row in stream)
