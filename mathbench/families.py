"""Task families by name: where the class of each one is, and how a task is made from its name.

The families of mathbench are named here as ``"module:Class"`` and imported when they are used. Other packages add
theirs under the entry point group ``mathbench.tasks``, in the same form; these are looked up only when a name is not in
the table, and when all tasks are listed.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.registry import load, unique_table
from mathbench.task import Task

GROUP = "mathbench.tasks"
SCHOOL = "deepmind/"  # what the names of school mathematics begin with
SCHOOL_TABLE = "mathbench.generators.deepmind:TASKS"
FAMILIES = unique_table(
    "task families",
    (
        ("addition", "mathbench.generators.addition:Addition"),
        ("subtraction", "mathbench.generators.subtraction:Subtraction"),
        ("multiplication", "mathbench.generators.multiplication:Multiplication"),
        ("division", "mathbench.generators.division:Division"),
        ("divisible", "mathbench.generators.divisible:Divisible"),
        ("prime", "mathbench.generators.prime:Prime"),
        ("correct-addition", "mathbench.generators.statements:CorrectAddition"),
        ("correct-multiplication", "mathbench.generators.statements:CorrectMultiplication"),
        ("modular", "mathbench.generators.modular:Modular"),
        ("gcd", "mathbench.generators.gcd:Gcd"),
    ),
)


@cache
def tasks() -> Mapping[str, type[Task]]:
    """The classes of the families of mathbench by name, without school mathematics."""
    return {name: load(target) for name, target in FAMILIES.items()}


def names() -> list[str]:
    """Names of all task families, those of other packages last and not imported.

    >>> names()[:2]
    ['addition', 'subtraction']
    """
    return [*FAMILIES, *_school(), *sorted(_others())]


def family(name: str) -> type[Task]:
    """The class of a task family, by its name with or without its version.

    Raises:
        InputError: for an unknown name or version, or a family of another package that cannot be used.

    >>> family("addition-v1").__name__
    'Addition'
    """
    stem, version = re.fullmatch(r"(.*?)(?:-v(\d+))?", name, re.DOTALL).groups()  # type: ignore[union-attr]
    found = (_school() if stem.startswith(SCHOOL) else FAMILIES).get(stem)
    if isinstance(found, str):
        found = load(found)
    if found is None:
        others = _others()
        if stem not in others:
            raise InputError(f"unknown task '{name}'. {did_you_mean(stem, [*FAMILIES, *_school(), *others])}")
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
    found: Mapping[str, type[Task]] = load(SCHOOL_TABLE)
    return found


def _others() -> dict[str, EntryPoint]:
    """Families of other packages; none takes the name of one of ours."""
    points = entry_points(group=GROUP)
    return {p.name: p for p in points if p.name not in FAMILIES and not p.name.startswith(SCHOOL)}


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
