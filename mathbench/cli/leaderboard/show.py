"""The command that shows a board: leaderboard show."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.leaderboard.options import (
    BoardOption,
    FrameworkOption,
    SortOption,
    SplitOption,
    TaskOption,
)
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.leaderboard.ranking.tables import RankTable
    from mathbench.leaderboard.submission_record import SubmissionRecord

# task, framework, split, order
Filters = tuple[str | None, str | None, str | None, str]


def register(leaderboard: typer.Typer) -> None:
    """Add the command."""
    leaderboard.command()(show)


def show(
    board: BoardOption = None,
    task: TaskOption = None,
    framework: FrameworkOption = None,
    badge: Annotated[
        str | None,
        typer.Option(
            "--badge", help="Badge to include: claimed, re-scored, reproduced or proved. Default: all."
        ),
    ] = None,
    split: SplitOption = None,
    sort: SortOption = "score",
    macro: Annotated[
        bool, typer.Option("--macro", help="Print one average per model over all tasks.")
    ] = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw bars with intervals, for one task.")] = False,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="List withdrawn submissions and the reasons.")
    ] = False,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown on stdout.")] = False,
) -> None:
    """Show a board: a table per task, split and supervision.

    Each table has the models, the floors and the exact solver.

    Examples:
      mathbench leaderboard show

      mathbench leaderboard show --task addition --split extrapolate --plot

      mathbench leaderboard show --framework torch --badge reproduced --json

      mathbench leaderboard show --macro
    """
    _check_one(macro=macro, plot=plot, withdrawn=withdrawn)
    _check_one(json=as_json, csv=as_csv, markdown=as_markdown, plot=plot)
    if (macro or withdrawn) and (as_csv or as_markdown):
        raise InputError("--macro and --withdrawn are shown as a table or with --json.")
    if macro:
        _show_averages(board, task, framework, split, as_json)
    elif withdrawn:
        _show_withdrawn(board, task, as_json)
    else:
        _show_tables(
            board, (task, framework, split, sort, badge), plot, _format(as_json, as_csv, as_markdown)
        )


def _check_one(**given: bool) -> None:
    """Check that at most one of some options is given."""
    if len(names := [f"--{name}" for name, is_given in given.items() if is_given]) > 1:
        raise InputError(f"give one of {' and '.join(names)}.")


def _format(as_json: bool, as_csv: bool, as_markdown: bool) -> str:
    return "json" if as_json else "csv" if as_csv else "markdown" if as_markdown else ""


def _show_tables(board: str | None, filters: tuple[Any, ...], plot: bool, form: str) -> None:
    from mathbench.leaderboard.ranking import render
    from mathbench.leaderboard.ranking.rank import rank_tables as tables_from
    from mathbench.leaderboard.ranking.terminal_plot import rich_plot

    name, records = _load(board)
    tables = tables_from(records, *filters)
    _say_if_empty(records)
    if form == "json":
        print_json(render.tables_json(tables, name))
    elif form:
        sys.stdout.write(render.markdown(tables) if form == "markdown" else render.tables_csv(tables))
    elif plot and len({table.task for table in tables}) > 1:
        names = ", ".join(sorted({table.task for table in tables}))
        raise InputError(f"--plot draws one task; choose it with --task NAME: {names}.")
    else:
        for found in tables:
            draw = rich_plot if plot else render.rich_table
            out.print(draw(found, out.width, tables))
        if tables:
            print_message(
                "models that share a rank do not differ significantly; "
                "† the submitter states another score than the one that is shown"
            )
            _print_proofs(tables)
            print_unverified(board)
            _print_attempts(board, records)


def print_unverified(board: str | None) -> None:
    """Print that the files of a folder were read and not verified."""
    from mathbench.leaderboard.store.folder import folder_path, is_folder

    if is_folder(board):
        path = folder_path(board)
        print_message(f"files are not verified here; `mathbench leaderboard verify --board {path}` does it")


def _print_proofs(tables: "list[RankTable]") -> None:
    """Print what the proved models are proved right about."""
    from mathbench.leaderboard.ranking.render import display_name, escape_control

    proofs = {(display_name(line), line.proof): None for t in tables for line in t.lines if line.proof}
    for model, claim in proofs:
        print_message(escape_control(f"{model}, proved: {claim}"))


def _show_averages(
    board: str | None, task: str | None, framework: str | None, split: str | None, as_json: bool
) -> None:
    from rich.text import Text

    from mathbench.leaderboard.ranking.macro import macro_averages
    from mathbench.leaderboard.ranking.rank import filter_task
    from mathbench.leaderboard.ranking.render import escape_control
    from mathbench.leaderboard.submission_manifest import SUPERVISIONS

    _, records = _load(board)
    found = [
        average
        for name in ([split] if split else ["interpolate", "extrapolate"])
        for average in macro_averages(filter_task(records, task), name)
        if framework in (None, average.framework) or average.kind != "model"
    ]
    _say_if_empty(records)
    if as_json:
        print_json([average.to_json() for average in found])
        return
    columns = ("rank", "macro average", "95 % interval", "tasks")
    stated = any(average.supervision is not None for average in found)
    more = ("supervision",) if stated else ()
    shown = table("rank", "model", "framework", "split", *columns[1:], *more, right=columns)
    for a in found:
        tasks, stops = f"{a.tasks} of {a.of}", f"{a.low:.2%} to {a.high:.2%}"
        row = (
            str(a.rank or ""),
            _named(a.kind, a.model),
            a.framework or "",
            a.split,
            f"{a.mean:.2%}",
            stops,
            tasks,
            *((SUPERVISIONS[a.supervision],) if stated else ()),
        )
        shown.add_row(*(Text(escape_control(cell)) for cell in row))
    out.print(shown)
    print_message(
        "each task counts once; bootstrap over tasks and rows, seed 0; models that left out tasks have no rank"
    )


def _named(kind: str, model: str) -> str:
    return f"floor: {model}" if kind == "floor" else model


def _show_withdrawn(board: str | None, task: str | None, as_json: bool) -> None:
    from rich.text import Text

    from mathbench.leaderboard.ranking.rank import filter_task
    from mathbench.leaderboard.ranking.render import escape_control

    _, records = _load(board)
    withdrawn = [r for r in filter_task(records, task) if r.withdrawn is not None]
    _say_if_empty(records)
    rows = [
        {
            "submission": r.digest,
            "submitted": r.submitted,
            "model": r.summary.model,
            "task": r.summary.task["name"],
            "reason": r.withdrawn or "",
        }
        for r in withdrawn
    ]
    if as_json:
        print_json(rows)
        return
    shown = table("submission", "submitted", "model", "task", "reason")
    for row in rows:
        shown.add_row(
            *(Text(escape_control(cell[:8] if key == "submission" else cell)) for key, cell in row.items())
        )
    out.print(shown)


def _load(board: str | None) -> "tuple[str, list[SubmissionRecord]]":
    """Return the name of a board and its submissions."""
    from mathbench.leaderboard.store.any_board import load_records

    return load_records(board)


def _say_if_empty(records: "list[SubmissionRecord]") -> None:
    """Say so when a board has no submissions, after everything else of the command line has been checked."""
    if not records:
        print_message("the board is empty; `mathbench submit RUN` puts a run on it")


def _print_attempts(board: str | None, records: "list[SubmissionRecord]") -> None:
    """Print one line with the numbers of submissions, attempts, refusals and withdrawals."""
    from mathbench.leaderboard.store.board import Board
    from mathbench.leaderboard.store.folder import is_folder

    refused = (
        "" if is_folder(board) else f", {Board(board, create=False).attempts().get('refused', 0)} refused"
    )
    withdrawn = sum(r.withdrawn is not None for r in records)
    print_message(
        f"submissions: {len(records)}, sent {sum(r.attempts for r in records)} times{refused}, {withdrawn} withdrawn"
    )


def ranked_tables(
    board: str | None, task: str | None, framework: str | None, split: str | None, sort: str
) -> "tuple[str, list[RankTable]]":
    """Return the name of a board and its tables."""
    from mathbench.leaderboard.ranking.rank import rank_tables

    name, records = _load(board)
    tables = rank_tables(records, task, framework, split, sort)
    _say_if_empty(records)
    return name, tables
