"""The command submit, and the group of commands `leaderboard`."""

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.leaderboard import (
    backup,
    compare,
    publish,
    questions,
    rounds_host,
    seasons,
    serve,
    show,
    submit,
    verify,
)

leaderboard = CommandGroup(
    help="Show, compare and verify submissions; run sealed rounds.",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    submit.register(app)
    for group in (show, seasons, questions, publish, verify, compare, rounds_host, serve, backup):
        group.register(leaderboard)
    app.add_typer(leaderboard, name="leaderboard")
