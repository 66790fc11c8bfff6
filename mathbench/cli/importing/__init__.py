"""The group of commands `import`: data and results of other tools, in the formats of mathbench."""

from types import ModuleType

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.importing import data

importing = CommandGroup(
    help="Import data and results of other tools.",
)
MODULES: tuple[ModuleType, ...] = (data,)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for group in MODULES:
        group.register(importing)
    app.add_typer(importing, name="import")
