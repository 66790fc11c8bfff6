"""Registries: written-out tables in which no name stands twice."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def table(what: str, entries: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Make a table of entries by name; a dict literal would swallow a repeated name.

    Raises:
        RuntimeError: when two entries have one name.

    >>> table("colours", [("red", 1), ("blue", 2)])
    {'red': 1, 'blue': 2}
    """
    made: dict[str, T] = {}
    for name, entry in entries:
        if name in made:
            raise RuntimeError(f"two {what} are called {name}")
        made[name] = entry
    return made
