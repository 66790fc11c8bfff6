"""Opening streams: from the arguments of `mathbench.stream` to a stream."""

from collections.abc import Mapping, Sequence
from typing import Any

from mathbench.dataset.question_lists import requested_task
from mathbench.errors import InputError, shown
from mathbench.parameters import check_flag
from mathbench.rows import ID
from mathbench.streaming.base import positive
from mathbench.streaming.mixture import Mixture
from mathbench.streaming.source import Source, TaskSource
from mathbench.streaming.stream import Stream
from mathbench.task import Task

Streamed = str | Task | Stream


def open_stream(
    task: Streamed | Sequence[Streamed],
    split: str,
    seed: int | str,
    rows: int | None,
    weights: Sequence[float] | None,
    parameters: Mapping[str, Any],
    ids: bool = False,
    **options: Any,
) -> Stream:
    """Open a stream of one task or of a mixture; see `mathbench.stream` for the arguments.

    Args:
        ids: add a column with the name of each row.
        options: the keyword arguments of `Stream`.
    """
    rows, columns = positive("rows", rows), (ID,) if check_flag("ids", ids) else ()
    if isinstance(task, str | Task):
        if weights is not None:
            raise InputError(f"weights require a list of tasks. Received: one task and weights={weights!r}.")
        return Stream(_source(task, split, seed, rows, columns, parameters), **options)
    if not isinstance(task, Sequence):
        raise InputError(f"a stream requires a task or a list of tasks. Received: {shown(task)}.")
    if parameters:
        raise InputError(
            "parameters require a single task: in a list, give tasks made by mathbench.families.task(name, ...). "
            f"Received: {', '.join(parameters)}."
        )
    sources = [_source(entry, split, seed, None, columns, {}) for entry in task]
    return Stream(Mixture(sources, weights, seed, rows), **options)


def _source(
    task: object,
    split: str,
    seed: int | str,
    rows: int | None,
    columns: tuple[str, ...],
    parameters: Mapping[str, Any],
) -> Source:
    if isinstance(task, Stream):
        return task.source
    if isinstance(task, str):
        return TaskSource(requested_task(task, parameters), split, seed, rows, columns)
    if not isinstance(task, Task):
        raise InputError(f"a task must be a name, a Task or a stream. Received: {shown(task)}.")
    if parameters:
        raise InputError(f"a Task already has its parameters. Received also: {', '.join(parameters)}.")
    return TaskSource(task, split, seed, rows, columns)
