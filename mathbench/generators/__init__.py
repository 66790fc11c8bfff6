"""Task families: one file each, entered in one written-out table."""

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
from mathbench.task import Task


def _by_family(*families: type[Task]) -> dict[str, type[Task]]:
    table: dict[str, type[Task]] = {}
    for family in families:
        if family.family in table:
            raise RuntimeError(f"two task families are called {family.family}")
        table[family.family] = family
    return table


TASKS = _by_family(
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


def task(name: str, **parameters: Any) -> Task:
    """Make a task by the name of its family, with or without its version.

    Raises:
        InputError: for an unknown name or a parameter that is not allowed.

    >>> task("multiplication", digits=2).name
    'multiplication-base10-digits2'
    """
    stem, _, version = name.partition("-v")
    family = TASKS.get(stem)
    if family is None:
        raise InputError(f"unknown task '{name}'. {did_you_mean(stem, TASKS)}")
    if version and version != str(family.version):
        raise InputError(f"unknown version '{name}'. Allowed: {family.family}-v{family.version}.")
    return family.of(parameters)
