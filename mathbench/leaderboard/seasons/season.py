"""A season: the tasks that a board ranks, each with its rows and its weight, and the rules."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.families import from_spec
from mathbench.hashing import check_seed
from mathbench.leaderboard.submission import canonical_json
from mathbench.task import Task

SEASON_SPLITS = ("interpolate", "extrapolate")
CORE = "core-1"  # the season of a board whose host chose no other


@dataclass(frozen=True)
class SeasonTask:
    """One task of a season.

    Args:
        name: its name in the season.
        group: the tasks that are averaged apart beside the whole season, such as recognition.
        id: the versioned name of its family.
        parameters: the parameters that are not at their default.
        seed: of the rows.
        rows: per split; the first rows of that split.
        weight: in averages over tasks.
    """

    name: str
    group: str
    id: str
    parameters: Mapping[str, Any]
    seed: int | str
    rows: Mapping[str, int]
    weight: float = 1.0

    @cached_property
    def task(self) -> Task:
        """The task."""
        return from_spec(self.id, self.parameters)

    @cached_property
    def key(self) -> str:
        """Identifies the task and its seed, in whatever format a model reads it."""
        return rows_key(self.id, self.task.parameters, self.seed)

    def to_json(self) -> dict[str, Any]:
        """As plain values, which determine the rows."""
        names = ("name", "group", "id", "seed", "weight")
        own = {name: getattr(self, name) for name in names}
        return {**own, "parameters": self.task.parameters, "rows": dict(self.rows)}


@dataclass(frozen=True)
class Sealed:
    """The seal of a season whose seed is secret until its round is revealed.

    Args:
        commitment: SHA-256 over salt and seed.
        seed: the seed, once it is revealed.
        salt: the salt, once it is revealed.
    """

    commitment: str
    seed: str | None = None
    salt: str | None = None


@dataclass(frozen=True)
class Season:
    """A season. Once it is published it never changes; what is added later is another season.

    Args:
        name: such as core-1.
        title: for people.
        description: one or two sentences.
        tasks: the tasks.
        training: which training data count as internal, in words.
        external_data: whether models that were trained on other data may enter; they are marked.
        opens: submissions before are not ranked; None for no limit.
        closes: submissions after are not ranked; None for no limit.
        sealed: its seal; None for a season whose seeds are public.
    """

    name: str
    title: str
    description: str
    tasks: tuple[SeasonTask, ...]
    training: str
    external_data: bool = True
    opens: datetime | None = None
    closes: datetime | None = None
    sealed: Sealed | None = field(default=None)

    @property
    def independent(self) -> bool:
        """Whether every entry answers rows of its own, as in a sealed season."""
        return self.sealed is not None

    def task(self, name: str) -> SeasonTask:
        """A task by its name in the season.

        Raises:
            InputError: when there is none.
        """
        found = {task.name: task for task in self.tasks}
        if name not in found:
            raise InputError(f"the season {self.name} has no task '{name}'. {did_you_mean(name, found)}")
        return found[name]

    @cached_property
    def by_key(self) -> dict[str, SeasonTask]:
        """The tasks by their `SeasonTask.key`."""
        return {task.key: task for task in self.tasks}

    @cached_property
    def by_rows_key(self) -> dict[str, SeasonTask]:
        """The tasks of a sealed season, each once, by their `rows_key` with a seed of 0: every entry has its own."""
        return {rows_key(task.id, task.task.parameters, 0): task for task in self.tasks}

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of its tasks in their order."""
        return tuple(dict.fromkeys(task.group for task in self.tasks))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that determines what is ranked."""
        content = {
            "name": self.name,
            "tasks": [task.to_json() for task in self.tasks],
            "external_data": self.external_data,
            "opens": self.opens.isoformat() if self.opens else None,
            "closes": self.closes.isoformat() if self.closes else None,
            "commitment": self.sealed.commitment if self.sealed else None,
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def rows_key(id: str, parameters: Mapping[str, Any], seed: int | str) -> str:
    """Identifies the rows of a task, in whatever format a model reads them.

    >>> rows_key("gcd-v1", {"digits": 4, "format": "reversed"}, "0") == rows_key("gcd-v1", {"digits": 4}, 0)
    True
    """
    plain = {name: value for name, value in parameters.items() if name != "format"}
    return canonical_json({"id": id, "parameters": plain, "seed": check_seed(seed)})
