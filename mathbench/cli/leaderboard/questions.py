"""The command that writes the questions of a season: leaderboard questions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.leaderboard.options import BoardOption
from mathbench.cli.output import ProgressBar, print_message

if TYPE_CHECKING:
    from mathbench.leaderboard.seasons.season import Season


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(questions)


def questions(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="File to write: .parquet, .jsonl or .jsonl.gz.")
    ],
    season: Annotated[
        str | None, typer.Argument(metavar="SEASON", help="Name of a season, or FILE.toml. Default: core-1.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", metavar="NAME", help="Only the task of this name in the season.")
    ] = None,
    board: BoardOption = None,
) -> None:
    """Write the questions of a season to a file.

    The columns are split, row, question and task. A model that answers them
    is submitted with all tasks in one file, see docs/leaderboard.md.

    Examples:
      mathbench leaderboard questions --out questions.parquet

      mathbench leaderboard questions core-1 --task sums --out sums.jsonl.gz
    """
    from mathbench.leaderboard.seasons import questions as files
    from mathbench.storage import atomic

    form, chosen = files.form_of(out.name), _season(season, board)
    tasks = chosen.tasks if task is None else (chosen.task(task),)
    total = sum(sum(one.rows.values()) for one in tasks)
    with ProgressBar("questions", total) as bar, atomic.atomic_write(out) as sink:
        found = files.write_questions(chosen, sink, form, task, bar)
    print_message(f"wrote {found:,} questions of {len(tasks)} tasks of {chosen.name} to {out}")


def _season(name: str | None, board: str | None) -> "Season":
    """The season of a name: of a board, if one is given, else one that comes with mathbench or a file."""
    from mathbench.leaderboard.seasons.files import load_season
    from mathbench.leaderboard.seasons.season import CORE
    from mathbench.leaderboard.store.any_board import choose_season, load_seasons

    return load_season(name or CORE) if board is None else choose_season(load_seasons(board), name)[0]
