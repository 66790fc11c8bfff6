"""The command that copies a board: leaderboard backup."""

from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.leaderboard.options import DatabaseOption
from mathbench.cli.options import Json
from mathbench.cli.output import print_json, print_message


def register(leaderboard: typer.Typer) -> None:
    """Add the command."""
    leaderboard.command()(backup)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="SQLite file of the copy.")],
    board: DatabaseOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier copy.")] = False,
    as_json: Json = False,
) -> None:
    """Copy a board to one SQLite file, also while it is served.

    The copy is the board at one moment, and a board itself: --board FILE. A plain
    copy of the file of a served board lacks what is in its log.

    Examples:
      mathbench leaderboard backup monday.sqlite --board team.sqlite

      mathbench leaderboard backup copy.sqlite --board postgresql+psycopg://board@db/board
    """
    from mathbench.leaderboard.store.backup import back_up

    count = back_up(board, file, force)
    if as_json:
        print_json({"file": str(file), "submissions": count})
    else:
        print_message(f"{count:,} submissions in {file}")
