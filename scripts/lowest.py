"""Print the lowest versions that pyproject.toml allows, as constraints for pip: `python scripts/lowest.py [EXTRA...]`.

Of the base install and some extras, for the machine at hand.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PROJECT_FILE = Path(__file__).parents[1] / "pyproject.toml"


def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads(PROJECT_FILE.read_text())["project"]
    return table


def requirements(extras: Iterable[str], environment: dict[str, str] | None = None) -> Iterator[Requirement]:
    """Yield the requirements of the base install and of extras that apply, with the extras that extras name.

    Args:
        extras: names of extras.
        environment: values of the variables of markers; by default those of this machine.
    """
    table = project()
    yield from _applying(table, table["dependencies"], environment)
    for extra in extras:
        yield from _applying(table, table["optional-dependencies"][extra], environment)


def _applying(
    table: dict[str, Any], texts: Iterable[str], environment: dict[str, str] | None
) -> Iterator[Requirement]:
    for requirement in map(Requirement, texts):
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        if requirement.name != table["name"]:
            yield requirement
            continue
        for extra in requirement.extras:
            yield from _applying(table, table["optional-dependencies"][extra], environment)


def lowest(requirement: Requirement) -> str:
    """The lowest version that a requirement allows, as it is declared.

    >>> lowest(Requirement("psycopg[binary]>=3.2.1"))
    '3.2.1'
    """
    bounds = [s.version for s in requirement.specifier if s.operator in (">=", "==")]
    if len(bounds) != 1:
        raise SystemExit(f"{requirement}: it needs one lower bound.")
    return bounds[0]


if __name__ == "__main__":
    print(*sorted({f"{r.name}=={lowest(r)}" for r in requirements(sys.argv[1:])}), sep="\n")
