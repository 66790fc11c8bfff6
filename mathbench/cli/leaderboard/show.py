"""The command leaderboard show: tables, filters, formats, the plot, the macro average, what was withdrawn."""

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

Filters = tuple[str | None, str | None, str | None, str]  # task, framework, split, order


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
            "--badge", help="Badge to include: self-reported, re-scored or reproduced. Default: all."
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
    """Show a board: a table per task and split.

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
        _averages(board, task, framework, split, as_json)
    elif withdrawn:
        _withdrawn(board, task, as_json)
    else:
        _tables(board, (task, framework, split, sort, badge), plot, _format(as_json, as_csv, as_markdown))


def _check_one(**given: bool) -> None:
    """Of some options at most one may be given."""
    if len(chosen := [f"--{name}" for name, requested in given.items() if requested]) > 1:
        raise InputError(f"give one of {' and '.join(chosen)}.")


def _format(as_json: bool, as_csv: bool, as_markdown: bool) -> str:
    return "json" if as_json else "csv" if as_csv else "markdown" if as_markdown else ""


def _tables(board: str | None, filters: tuple[Any, ...], plot: bool, form: str) -> None:
    from mathbench.leaderboard.ranking import render
    from mathbench.leaderboard.ranking.rank import rank_tables as tables_from
    from mathbench.leaderboard.ranking.terminal_plot import rich_plot

    name, kept = _kept_on(board)
    tables = tables_from(kept, *filters)
    if form == "json":
        print_json(render.tables_json(tables, name))
    elif form:
        sys.stdout.write(render.markdown(tables) if form == "markdown" else render.tables_csv(tables))
    elif plot and len({table.task for table in tables}) > 1:
        names = ", ".join(sorted({table.task for table in tables}))
        raise InputError(f"--plot draws one task; choose it with --task NAME: {names}.")
    else:
        for found in tables:
            out.print(rich_plot(found, out.width) if plot else render.rich_table(found, out.width))
        if tables:
            print_message(
                "models that share a rank cannot be told apart; † another score was claimed than the recomputed"
            )
            _say_attempts(board, kept)


def _averages(
    board: str | None, task: str | None, framework: str | None, split: str | None, as_json: bool
) -> None:
    from rich.text import Text

    from mathbench.leaderboard.ranking.macro import macro_averages
    from mathbench.leaderboard.ranking.rank import filter_task
    from mathbench.leaderboard.ranking.render import escape_control

    _, kept = _kept_on(board)
    found = [
        average
        for name in ([split] if split else ["interpolate", "extrapolate"])
        for average in macro_averages(filter_task(kept, task), name)
        if framework in (None, average.framework) or average.kind != "model"
    ]
    if as_json:
        print_json([average.to_json() for average in found])
        return
    columns = ("rank", "macro average", "95 % interval", "tasks")
    shown = table("rank", "model", "framework", "split", *columns[1:], right=columns)
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
        )
        shown.add_row(*(Text(escape_control(cell)) for cell in row))
    out.print(shown)
    print_message(
        "each task counts once; bootstrap over tasks and rows, seed 0; who left tasks out has no rank"
    )


def _named(kind: str, model: str) -> str:
    return f"floor: {model}" if kind == "floor" else model


def _withdrawn(board: str | None, task: str | None, as_json: bool) -> None:
    from rich.text import Text

    from mathbench.leaderboard.ranking.rank import filter_task
    from mathbench.leaderboard.ranking.render import escape_control

    gone = [k for k in filter_task(_kept_on(board)[1], task) if k.withdrawn is not None]
    rows = [
        {
            "submission": k.digest,
            "submitted": k.submitted,
            "model": k.summary.model,
            "task": k.summary.task["name"],
            "reason": k.withdrawn or "",
        }
        for k in gone
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


def _kept_on(board: str | None) -> "tuple[str, list[SubmissionRecord]]":
    from mathbench.leaderboard.store.folder import load_records

    name, kept = load_records(board)
    if not kept:
        print_message("the board is empty; `mathbench submit RUN` puts a run on it")
    return name, kept


def _say_attempts(board: str | None, kept: "list[SubmissionRecord]") -> None:
    """One line on everything that was sent and what became of it."""
    from mathbench.leaderboard.store.board import Board
    from mathbench.leaderboard.store.folder import is_folder

    refused = (
        "" if is_folder(board) else f", {Board(board, create=False).attempts().get('refused', 0)} refused"
    )
    gone = sum(k.withdrawn is not None for k in kept)
    print_message(
        f"submissions: {len(kept)}, sent {sum(k.attempts for k in kept)} times{refused}, {gone} withdrawn"
    )


def tables_of(
    board: str | None, task: str | None, framework: str | None, split: str | None, sort: str
) -> "tuple[str, list[RankTable]]":
    """The name of a board and its tables."""
    from mathbench.leaderboard.ranking.rank import rank_tables

    name, kept = _kept_on(board)
    return name, rank_tables(kept, task, framework, split, sort)
