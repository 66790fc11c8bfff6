"""The command that answers the rows of a season with a run: evaluate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.leaderboard.options import BoardOption, NameOption, TokenFile
from mathbench.cli.options import Device, DryRun, Json, RunArgument, Threads
from mathbench.cli.output import err, out, print_json, print_message, table

if TYPE_CHECKING:
    from mathbench.leaderboard.seasons.season import Season, SeasonTask
    from mathbench.leaderboard.submission_record import Receipt


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    run: RunArgument,
    season: Annotated[
        str, typer.Option("--season", metavar="NAME|FILE", help="Season of the board, or its TOML file.")
    ] = "core-1",
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            help="Task of the season to answer; may be repeated. Default: the run's own; of a language model all.",
        ),
    ] = None,
    board: BoardOption = None,
    name: NameOption = None,
    submit: Annotated[bool, typer.Option(help="Submit the answers to the board.")] = True,
    token_file: TokenFile = None,
    device: Device = "auto",
    threads: Threads = 1,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Answer the rows of a season with a finished run, and submit the answers.

    Rows that the run has answered already are not asked again. The answers are
    stored in RUN/seasons, and the run itself stays as it is.

    Examples:
      mathbench evaluate runs/lstm-seq2seq --season core-1

      mathbench evaluate runs/mine --season core-1 --task sums-to-100-digits --board team.sqlite

      mathbench evaluate runs/mine --season winter.toml --no-submit --json
    """
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.cli.running import handle_interrupt
    from mathbench.leaderboard.seasons import evaluate as answering
    from mathbench.leaderboard.submit import submit_run

    found = _season(season, board)
    tasks = answering.season_tasks(run, found, task or ())
    if dry_run:
        _print_plan(found, tasks, json)
        return
    if submit:
        _check_name(run, name)
        _check_board(found, board)
    rows: list[dict[str, Any]] = []
    with handle_interrupt(run):
        for done in answering.evaluate(run, found, tasks, DeviceConfig(device, threads), err):
            receipt = submit_run(done.folder, board, token_file, name) if submit else None
            print_message(f"{done.task.name}: {done.predicted:,} questions answered, in {done.folder}")
            rows += _rows(done.task, done.folder, done.predicted, receipt)
    if json:
        print_json({"season": found.name, "splits": rows})
    else:
        _print(rows)


def _season(name: str, board: str | None) -> "Season":
    """The season with a name on a board, or in a file."""
    from mathbench.leaderboard import client
    from mathbench.leaderboard.seasons.files import available, load_season
    from mathbench.leaderboard.store.any_board import choose_season, load_seasons

    known = name.endswith(".toml") or name in available()
    if known or client.server_url(board) or not _exists(board):
        return load_season(name)
    return choose_season(load_seasons(board), name)[0]


def _check_name(run: Path, name: str | None) -> None:
    """Check that a submission of a run may have its name, before anything is answered.

    Raises:
        InputError: for other characters, or a name of a floor or of the exact solver.
    """
    from mathbench.baselines.result import Result
    from mathbench.leaderboard.names import check_name, plain_name

    check_name(plain_name(Result.load(run).baseline) if name is None else name)


def _check_board(season: "Season", board: str | None) -> None:
    """Check that a board has a season, before anything is answered; a server checks it itself.

    Raises:
        InputError: when it has none of this name, or another one.
    """
    from mathbench.errors import InputError
    from mathbench.leaderboard import client
    from mathbench.leaderboard.seasons.files import available, check_new_season
    from mathbench.leaderboard.store.any_board import load_seasons
    from mathbench.leaderboard.store.database import chosen, default_path

    if client.server_url(board) or (season.name in available() and not _exists(board)):
        return
    known = {name: other for name, (other, _) in load_seasons(board).items()} if _exists(board) else {}
    if season.name not in known:
        where = chosen(board) or default_path()
        raise InputError(
            f"the board {where} has no season '{season.name}'. Add it: `mathbench leaderboard season add FILE`, or "
            "give --no-submit."
        )
    check_new_season(season, known.values())


def _exists(board: str | None) -> bool:
    """Whether a local board exists; of a database URL this is assumed."""
    from mathbench.leaderboard.store.database import chosen, default_path

    path = chosen(board) or default_path()
    return "://" in str(path) or Path(path).exists()


def _print_plan(season: "Season", tasks: "list[SeasonTask]", json: bool) -> None:
    """Print what would be answered."""
    plan = [{"task": task.name, "rows": dict(task.rows), "seed": task.seed} for task in tasks]
    if json:
        print_json({"season": season.name, "tasks": plan})
        return
    shown = table("task", "split", "rows", right=("rows",))
    for task in tasks:
        for split, n in task.rows.items():
            shown.add_row(task.name, split, f"{n:,}")
    out.print(shown)
    print_message("dry run: nothing was asked")


def _rows(
    task: "SeasonTask", folder: Path, predicted: int, receipt: "Receipt | None"
) -> list[dict[str, Any]]:
    """One row per split, for JSON and the table: the score on the rows of the season."""
    from mathbench.leaderboard.check import check_submission
    from mathbench.leaderboard.submission import open_submission

    right = check_submission(open_submission(folder)).right
    return [
        {
            "task": task.name,
            "split": split,
            "n": n,
            "correct": int(right[split][:n].sum()),
            "predicted": predicted,
            "folder": str(folder),
            "submission": receipt.digest if receipt else None,
            "board": receipt.board if receipt else None,
        }
        for split, n in task.rows.items()
    ]


def _print(rows: list[dict[str, Any]]) -> None:
    shown = table("task", "split", "exact match", "right", "of", right=("exact match", "right", "of"))
    for row in rows:
        share = f"{row['correct'] / row['n']:.2%}"
        shown.add_row(row["task"], row["split"], share, f"{row['correct']:,}", f"{row['n']:,}")
    out.print(shown)
