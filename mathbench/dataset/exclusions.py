"""Lists of excluded problems in the folder of a dataset: one file per list, named after its digest."""

from collections.abc import Iterable
from dataclasses import replace

from mathbench.errors import CheckFailed
from mathbench.reserve import Excluded
from mathbench.storage import atomic, location
from mathbench.storage.location import StoragePath
from mathbench.task import Task

FILE_PATTERN = f"excluded-{'[0-9a-f]' * 12}.jsonl"


def file_name(excluded: Excluded) -> str:
    """The name of the file of a list.

    >>> file_name(Excluded.of([(29, 12)]))
    'excluded-e0c76405f789.jsonl'
    """
    return f"excluded-{excluded.short}.jsonl"


def write(folder: StoragePath, tasks: Iterable[Task]) -> None:
    """Write the lists of excluded problems of some tasks, unless they are there."""
    for excluded in dict.fromkeys(task.exclude for task in tasks if task.exclude):
        path = folder / file_name(excluded)
        if excluded.content is not None and location.read(path) != excluded.content:
            atomic.write(path, excluded.content)


def read(folder: StoragePath, excluded: Excluded) -> Excluded:
    """Read the list with a digest.

    Raises:
        CheckFailed: when it is missing or changed.
    """
    path = folder / file_name(excluded)
    content = location.read(path)
    if content is None:
        raise CheckFailed(f"{path} is missing.")
    try:
        return Excluded(excluded.digest, content)
    except ValueError:
        raise CheckFailed(
            f"{path} does not have the digest that the manifest states, {excluded.short}..."
        ) from None


def with_list(folder: StoragePath, task: Task) -> Task:
    """A task of a dataset with the list of its excluded problems; without it where it is missing or changed."""
    if not task.exclude:
        return task
    try:
        return replace(task, exclude=read(folder, task.exclude))
    except CheckFailed:
        return task
