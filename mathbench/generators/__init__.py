"""Task families: one file each, entered in one written-out table.

Other packages add theirs under the entry point group ``mathbench.tasks``, as ``name = "module:Class"``. They are
looked for only when a name is not in the table, and when all tasks are listed.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.generators.addition import Addition
from mathbench.generators.divisible import Divisible
from mathbench.generators.division import Division
from mathbench.generators.gcd import Gcd
from mathbench.generators.modular import Modular
from mathbench.generators.multiplication import Multiplication
from mathbench.generators.prime import Prime
from mathbench.generators.statements import CorrectAddition, CorrectMultiplication
from mathbench.generators.subtraction import Subtraction
from mathbench.registry import table
from mathbench.task import Task

GROUP = "mathbench.tasks"
SCHOOL = "deepmind/"  # what the names of school mathematics begin with

_FAMILIES: tuple[type[Task], ...] = (
    Addition,
    Subtraction,
    Multiplication,
    Division,
    Divisible,
    Prime,
    CorrectAddition,
    CorrectMultiplication,
    Modular,
    Gcd,
)
TASKS = table("task families", ((family.family, family) for family in _FAMILIES))


def names() -> list[str]:
    """Names of all task families, those of other packages last and not imported.

    >>> names()[:2]
    ['addition', 'subtraction']
    """
    return [*TASKS, *_school(), *sorted(_others())]


def family(name: str) -> type[Task]:
    """The class of a task family, by its name with or without its version.

    Raises:
        InputError: for an unknown name or version, or a family of another package that cannot be used.

    >>> family("addition-v1").__name__
    'Addition'
    """
    stem, version = re.fullmatch(r"(.*?)(?:-v(\d+))?", name, re.DOTALL).groups()  # type: ignore[union-attr]
    found = (_school() if stem.startswith(SCHOOL) else TASKS).get(stem)
    if found is None:
        others = _others()
        if stem not in others:
            raise InputError(f"unknown task '{name}'. {did_you_mean(stem, [*TASKS, *_school(), *others])}")
        found = _loaded(others[stem])
    if version and version != str(found.version):
        raise InputError(f"unknown version '{name}'. Allowed: {found.family}-v{found.version}.")
    return found


def task(name: str, **parameters: Any) -> Task:
    """Make a task by the name of its family, with or without its version.

    Raises:
        InputError: for an unknown name or a parameter that is not allowed.

    >>> task("multiplication", digits=2).name
    'multiplication-base10-digits2'
    """
    return family(name).of(parameters)


@cache
def _school() -> Mapping[str, type[Task]]:
    """School mathematics, whose 56 modules take a fifth of a second to import."""
    from mathbench.generators import deepmind

    return deepmind.TASKS


def _others() -> dict[str, EntryPoint]:
    """Families of other packages; none takes the name of one of ours."""
    points = entry_points(group=GROUP)
    return {p.name: p for p in points if p.name not in TASKS and not p.name.startswith(SCHOOL)}


def _loaded(point: EntryPoint) -> type[Task]:
    where = f"the task '{point.name}' of the package {point.dist.name if point.dist else point.module}"
    try:
        found = point.load()
    except Exception as error:  # whatever a foreign module raises, the user gets one line that names it
        raise InputError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise InputError(f"{where} is no subclass of mathbench.task.Task. Received: {point.value}.")
    if found.family != point.name:
        raise InputError(f"{where} calls its family '{found.family}'; the two names must be the same.")
    return found
