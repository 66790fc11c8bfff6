"""The group of commands `study`. `mathbench study FILE` is short for `mathbench study run FILE`."""

from typing import Any

import typer

from mathbench.cli.command import CommandGroup, Group
from mathbench.cli.study import pack, report, run, submit


class StudyGroup(Group):
    """A group whose first word may be the file of a study instead of a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse a command line; put `run` in front of one that names no command."""
        names_command = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if names_command or not args else ["run", *args])


study = CommandGroup(
    cls=StudyGroup,
    help="Train many networks on many tasks with several seeds, and report what they learned.",
)
for group in (run, report, submit, pack):
    group.register(study)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(study, name="study")
