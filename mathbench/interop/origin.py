"""The rows that an exported task asks, as the tools of others keep them in their logs."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mathbench.dataset.manifest import Config
from mathbench.errors import InputError, shown
from mathbench.families import from_spec
from mathbench.hashing import check_seed
from mathbench.parameters import check_integer
from mathbench.rows import check_split
from mathbench.task import Task

KEY = "mathbench"  # of the metadata of an exported task


@dataclass(frozen=True)
class Origin:
    """One split of a configuration.

    Args:
        config: the name of the configuration.
        split: the name of the split.
        task: the id of the task, with its version.
        parameters: of the task.
        seed: of the rows.
        rows: the number of rows of the split.
    """

    config: str
    split: str
    task: str
    parameters: Mapping[str, Any]
    seed: int | str
    rows: int

    @classmethod
    def of(cls, config: Config, split: str) -> "Origin":
        """The origin of the rows of a split of a dataset."""
        task = config.task
        return cls(config.name, split, task.id, task.parameters, config.seed, config.sizes[split])

    @classmethod
    def from_json(cls, value: object, where: str) -> "Origin":
        """Make an origin from the result of :meth:`to_json`.

        Args:
            value: any value, of a log.
            where: the place of the value, for the error message.

        Raises:
            InputError: for anything else, or an unknown task, split or parameter.
        """
        if not isinstance(value, dict) or set(value) != set(cls.__dataclass_fields__):
            raise InputError(
                f"{where} does not name its rows. Only tasks of `mathbench export` can be imported. "
                f"Received: {shown(value)}."
            )
        origin = cls(**value)
        if not isinstance(origin.config, str) or not isinstance(origin.parameters, dict):
            raise InputError(
                f"{where}: config must be a name and parameters an object. Received: {shown(value)}."
            )
        check_split(origin.split)
        check_seed(origin.seed)
        check_integer(f"{where}: rows", origin.rows, 1)
        return origin

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)

    @property
    def made(self) -> Task:
        """The task.

        Raises:
            InputError: when it is unknown, or one of its parameters.
        """
        return from_spec(self.task, self.parameters)


def identifier(name: str) -> str:
    """A name as it may stand in Python.

    >>> identifier("addition-base10"), identifier("7+1")
    ('addition_base10', '_7_1')
    """
    cleaned = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{cleaned}" if cleaned[:1].isdigit() else cleaned


def identifiers(names: list[str]) -> dict[str, str]:
    """Names as they may stand in Python, all different.

    >>> identifiers(["a-b", "a+b"])
    {'a-b': 'a_b', 'a+b': 'a_b_2'}
    """
    found: dict[str, str] = {}
    for name in names:
        count, made = 1, identifier(name)
        while made in found.values():
            count += 1
            made = f"{identifier(name)}_{count}"
        found[name] = made
    return found
