"""The command that shows a board: leaderboard show."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.leaderboard.options import (
    BoardOption,
    FrameworkOption,
    SeasonOption,
    SortOption,
    SplitOption,
    TaskOption,
)
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.leaderboard.ranking.rank import TableFilters
    from mathbench.leaderboard.ranking.ranked_board import RankedBoard
    from mathbench.leaderboard.ranking.tables import RankTable
    from mathbench.leaderboard.submission_record import SubmissionRecord


MAX_LINES = 100  # of a table on a terminal


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
    season: SeasonOption = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Show open submissions, which have no rank in the season.")
    ] = False,
    macro: Annotated[
        bool, typer.Option("--macro", help="Print one average per model over all tasks of the season.")
    ] = False,
    group: Annotated[
        str | None, typer.Option("--group", help="With --macro: group of tasks to average over.")
    ] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help="Leave out models that were trained on external data.")
    ] = False,
    revised: Annotated[
        bool, typer.Option("--revised", help="Leave out models that state no revision.")
    ] = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw bars with intervals, for one task.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Print all lines of a table, not only the first 100.")
    ] = False,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="List withdrawn submissions and the reasons.")
    ] = False,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown on stdout.")] = False,
) -> None:
    """Show a season of a board: a table per task, split and supervision.

    Each table has the models, the floors and the exact solver. Ranks are those
    among all models of the season, also where filters leave some out.

    Examples:
      mathbench leaderboard show

      mathbench leaderboard show --task sums --split extrapolate --plot

      mathbench leaderboard show --framework torch --badge reproduced --json

      mathbench leaderboard show --macro --group lengths

      mathbench leaderboard show --open
    """
    from mathbench.leaderboard.ranking.rank import TableFilters
    from mathbench.leaderboard.store.bulk import without_collection

    _check_one(macro=macro, plot=plot, withdrawn=withdrawn, open=open_only)
    _check_one(json=as_json, csv=as_csv, markdown=as_markdown, plot=plot)
    if (macro or withdrawn) and (as_csv or as_markdown):
        raise InputError("--macro and --withdrawn are shown as a table or with --json.")
    if group is not None and not macro:
        raise InputError("--group goes with --macro.")
    filters = TableFilters(task, framework, split, sort, badge, internal, revised)
    # the board stays until the command ends
    with without_collection():
        if macro:
            _show_averages(board, season, filters, group, as_json, None if every else MAX_LINES)
        elif withdrawn:
            _show_withdrawn(board, task, as_json)
        else:
            form, maximum = _format(as_json, as_csv, as_markdown), None if every else MAX_LINES
            _show_tables(board, season, filters, open_only, plot, form, maximum)


def _check_one(**given: bool) -> None:
    """Check that at most one of some options is given."""
    if len(names := [f"--{name}" for name, is_given in given.items() if is_given]) > 1:
        raise InputError(f"give one of {' and '.join(names)}.")


def _format(as_json: bool, as_csv: bool, as_markdown: bool) -> str:
    return "json" if as_json else "csv" if as_csv else "markdown" if as_markdown else ""


def _show_tables(
    target: str | None,
    season: str | None,
    filters: "TableFilters",
    open_only: bool,
    plot: bool,
    form: str,
    maximum: int | None,
) -> None:
    from mathbench.leaderboard.ranking import render
    from mathbench.leaderboard.ranking.rank import open_tables
    from mathbench.leaderboard.ranking.terminal_plot import rich_plot
    from mathbench.leaderboard.store.any_board import load_ranked

    name, board = load_ranked(target, season)
    tables = open_tables(board.open, filters) if open_only else answered_tables(board, filters)
    _say_if_empty(board.records)
    if form == "json":
        print_json(render.tables_json(tables, name))
    elif form:
        sys.stdout.write(render.markdown(tables) if form == "markdown" else render.tables_csv(tables))
    elif plot and len({table.task for table in tables}) > 1:
        names = ", ".join(sorted({render.short_title(table) for table in tables}))
        raise InputError(f"--plot draws one task; choose it with --task NAME: {names}.")
    else:
        for found in tables:
            draw = rich_plot if plot else render.rich_table
            out.print(draw(replace(found, lines=found.lines[:maximum]), out.width, tables))
            _print_rest(len(found.lines), maximum)
        if open_only and board.records and not tables:
            print_message("no submission is open: `mathbench leaderboard show` shows those of the season")
        _print_legend(target, board, tables, open_only)


def _print_rest(count: int, maximum: int | None) -> None:
    """Print how many lines of a table were left out."""
    if maximum is not None and count > maximum:
        print_message(
            f"{count - maximum:,} more lines: --all prints them, and so do --json, --csv and --markdown"
        )


def answered_tables(board: "RankedBoard", filters: "TableFilters") -> "list[RankTable]":
    """The tables of a season that have models; of a task that was asked for, also those without."""
    from mathbench.leaderboard.ranking.rank import season_tables

    tables = season_tables(board, filters)
    return [t for t in tables if filters.task or any(line.kind == "model" for line in t.lines)]


def all_tables(board: "RankedBoard", filters: "TableFilters") -> "list[RankTable]":
    """The tables of a season that have models, and those of open submissions.

    Raises:
        InputError: for a filter that matches nothing in either.
    """
    from mathbench.leaderboard.ranking.rank import open_tables

    try:
        ranked = answered_tables(board, filters)
    except InputError:
        # a filter may match open submissions only
        return open_tables(board.open, filters)
    try:
        return [*ranked, *open_tables(board.open, filters)]
    except InputError:
        return ranked


def _print_legend(
    target: str | None, board: "RankedBoard", tables: "list[RankTable]", open_only: bool
) -> None:
    """Print what the tables mean, and what else is on the board."""
    if tables and not open_only:
        print_message(
            "models that share a rank do not differ significantly; without a rank: incomplete or only claimed; "
            "† the submitter states another score than the one that is shown"
        )
    if any(table.independent for table in tables):
        print_message(
            "the season is sealed: every model answered rows of its own, so that tests are unpaired; a score is over "
            "all its entries in the round, and those without answers have all of them wrong"
        )
    if tables:
        _print_proofs(tables)
    if board.records:
        _print_attempts(target, board.records)
    print_unverified(target)
    if board.open and not open_only:
        print_message(
            f"{len(board.open)} open submissions are not about the rows of {board.season.name} and have no rank: "
            "mathbench leaderboard show --open"
        )


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
    target: str | None,
    season: str | None,
    filters: "TableFilters",
    group: str | None,
    as_json: bool,
    maximum: int | None,
) -> None:
    from rich.text import Text

    from mathbench.leaderboard.ranking.macro import WHOLE, macro_averages
    from mathbench.leaderboard.ranking.render import escape_control
    from mathbench.leaderboard.store.any_board import load_ranked
    from mathbench.leaderboard.submission_manifest import SUPERVISIONS

    if filters.task is not None:
        raise InputError("--macro averages over tasks; choose some with --group NAME.")
    _, board = load_ranked(target, season)
    found = [
        average
        for name in ([filters.split] if filters.split else ["interpolate", "extrapolate"])
        for average in macro_averages(board, name, group or WHOLE)
        if average.kind != "model" or filters.framework in (None, average.framework)
    ]
    _say_if_empty(board.records)
    if as_json:
        print_json([average.to_json() for average in found])
        return
    columns = ("rank", "mean", "95 % interval", "better than", "tasks")
    shown = table(
        "rank",
        "model",
        "submitter",
        "revision",
        "framework",
        "split",
        *columns[1:],
        "supervision",
        right=columns,
    )
    for a in found[:maximum]:
        row = (
            str(a.rank or ""),
            _named(a.kind, a.model),
            (a.submitter or "host") if a.kind == "model" else "",
            a.revision,
            a.framework or "",
            a.split,
            f"{a.mean:.2%}",
            f"{a.low:.2%} to {a.high:.2%}",
            str(a.wins) if a.rank else "",
            f"{a.tasks} of {a.of}",
            SUPERVISIONS[a.supervision],
        )
        shown.add_row(*(Text(escape_control(cell)) for cell in row))
    out.print(shown)
    _print_rest(len(found), maximum)
    pairs = "differences, unpaired in a sealed season," if board.season.independent else "paired differences"
    print_message(
        f"weighted mean over tasks; ranks from {pairs} over rows and tasks, shared where they do not "
        "differ; models that did not answer all tasks have no rank"
    )


def _named(kind: str, model: str) -> str:
    return f"floor: {model}" if kind == "floor" else model


def _show_withdrawn(board: str | None, task: str | None, as_json: bool) -> None:
    from rich.text import Text

    from mathbench.leaderboard.ranking.rank import filter_task
    from mathbench.leaderboard.ranking.render import escape_control
    from mathbench.leaderboard.store.any_board import load_records

    _, records = load_records(board)
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


def _say_if_empty(records: "Sequence[SubmissionRecord]") -> None:
    """Say so when a board has no submissions, after everything else of the command line has been checked."""
    if not records:
        print_message("the board is empty; `mathbench submit RUN` puts a run on it")


def _print_attempts(board: str | None, records: "Sequence[SubmissionRecord]") -> None:
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
