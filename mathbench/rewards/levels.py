"""Levels of difficulty: tasks in order, or groups of the strata of one task."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mathbench.dataset.question_lists import requested_task
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.rewards.rows import TASK_SPEC, task_spec
from mathbench.rows import check_task
from mathbench.stratum import operand_lengths
from mathbench.streaming.open import open_stream
from mathbench.streaming.stream import Stream
from mathbench.task import Task

MAX_SEARCH = 1 << 20  # rows without one of the level's strata after which it counts as empty


@dataclass(frozen=True)
class Level:
    """One level of difficulty: the rows of train of a task, or those of some of its strata.

    Args:
        task: the task.
        strata: names of strata of train; empty: all of them.

    Raises:
        InputError: for something else than a task, or an unknown stratum.

    >>> from mathbench.families import task
    >>> Level(task("addition"), ("digits=3+3",)).name
    'addition-base10: digits=3+3'
    """

    task: Task
    strata: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [stratum.name for stratum in check_task(self.task).strata("train")]
        for name in self.strata:
            if name not in names:
                raise InputError(f"unknown stratum {shown(name)}. {did_you_mean(name, names)}")

    @property
    def name(self) -> str:
        """The name of the task, with those of the strata."""
        return f"{self.task.name}: {' '.join(self.strata)}" if self.strata else self.task.name

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that determines the rows, as JSON values."""
        return {"task": self.task.id, "parameters": self.task.parameters, "strata": list(self.strata)}


class LevelReader(Iterator[dict[str, Any]]):
    """The rows of a level in the order of the stream of train, endlessly. Passes after the first are shuffled.

    Args:
        level: the level.
        seed: the seed of the rows.
        position: items of the stream to skip.

    Attributes:
        position: the number of items of the stream that were skipped or read so far.
    """

    def __init__(self, level: Level, seed: int | str, position: int = 0):
        self.level, self.position = level, position
        self._stream: Stream = open_stream(level.task, "train", seed, None, None, {}, epochs=None)
        self._strata, self._spec = frozenset(level.strata), task_spec(level.task)
        self._rows = self._stream.read(dict, done=position)

    def __next__(self) -> dict[str, Any]:
        for _ in range(MAX_SEARCH):
            row = next(self._rows)
            self.position += 1
            if not self._strata or row["stratum"] in self._strata:
                return {**row, TASK_SPEC: self._spec}
        raise InputError(f"train has no rows of {self.level.name}.")

    def at(self, position: int) -> dict[str, Any]:
        """The row that was read last when `position` items had been read."""
        return {**self._stream[position - 1], TASK_SPEC: self._spec}


def task_levels(name: str, **parameters: Any) -> list[Level]:
    """Tasks of one family as levels, in which some parameters grow.

    Args:
        name: the name of the family.
        parameters: a list or range has one value for each level; any other value is that of every level.

    Raises:
        InputError: for no lists, lists of different lengths, or parameters that are not allowed.

    >>> levels = task_levels("addition", digits=range(1, 4), shortest=range(1, 4), format="reversed")
    >>> [level.name for level in levels][1]
    'addition-base10-digits2-shortest2-reversed'
    """
    lists = {key: list(value) for key, value in parameters.items() if isinstance(value, list | tuple | range)}
    counts = {len(values) for values in lists.values()}
    if len(counts) != 1 or 0 in counts:
        received = ", ".join(f"{key} of {len(values)}" for key, values in lists.items())
        single = ", ".join(f"{key}={shown(value)}" for key, value in parameters.items()) or "no parameter"
        raise InputError(
            "levels need a list of values, one for each level, such as digits=range(1, 9), or lists of one length. "
            f"Received: {received or f'{single}, and no list'}."
        )
    return [
        Level(requested_task(name, parameters | {key: values[i] for key, values in lists.items()}))
        for i in range(counts.pop())
    ]


def stratum_levels(
    name: str, difficulty: Callable[[str], Any] | None = None, **parameters: Any
) -> list[Level]:
    """The strata of one task as levels, grouped and ordered by difficulty.

    Args:
        name: the name of the family.
        difficulty: maps the name of a stratum to a value that orders the levels; None: digits of the longest operand.
        parameters: parameters of the task.

    Raises:
        InputError: when there is no difficulty by default, because strata have no lengths.

    >>> [level.strata for level in stratum_levels("addition", digits=2)]
    [('digits=1+1',), ('digits=2+1', 'digits=2+2')]
    """
    task = requested_task(name, parameters)
    groups: dict[Any, list[str]] = {}
    for stratum in task.strata("train"):
        groups.setdefault((difficulty or _longest)(stratum.name), []).append(stratum.name)
    return [Level(task, tuple(groups[value])) for value in sorted(groups)]


def _longest(name: str) -> int:
    lengths = operand_lengths(name)
    if not lengths:
        raise InputError(f"stratum {shown(name)} has no length: give difficulty, a function of its name.")
    return max(lengths)


def check_levels(levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return levels as a tuple; a task stands for the level of all its rows.

    Raises:
        InputError: for no levels, or something else than levels.
    """
    if not isinstance(levels, Sequence) or not levels:
        raise InputError(f"levels must be a list of at least one level. Received: {shown(levels)}.")
    return tuple(level if isinstance(level, Level) else Level(level) for level in levels)
