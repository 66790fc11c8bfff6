"""Commands of the leaderboard: submit, and leaderboard show, export, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli import serve
from mathbench.cli.output import emit, out, say
from mathbench.errors import CheckFailed, InputError, did_you_mean

if TYPE_CHECKING:
    from mathbench.leaderboard.ranking import Table
    from mathbench.leaderboard.submit import Receipt

BoardOption = Annotated[
    str | None,
    typer.Option(
        "--board",
        metavar="PATH|URL",
        help="Which board: an SQLite file, a database URL, a folder of results; for submit also a server.",
    ),
]
TaskOption = Annotated[str | None, typer.Option("--task", help="Only this task: its name, id or family.")]
FrameworkOption = Annotated[str | None, typer.Option("--framework", help="Only models of this framework.")]
SplitOption = Annotated[str | None, typer.Option("--split", help="Only this split, such as interpolate.")]
SortOption = Annotated[str, typer.Option("--sort", help="Order: score, model, parameters or time.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]

FORMATS = ("markdown", "csv", "json")

leaderboard = typer.Typer(
    no_args_is_help=True, help="The board: show, export and verify.", rich_markup_mode="rich"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(submit)
    leaderboard.command()(show)
    leaderboard.command()(export)
    leaderboard.command()(verify)
    serve.register(leaderboard)
    app.add_typer(leaderboard, name="leaderboard")


def submit(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory: result.json, predictions.parquet.")
    ],
    board: BoardOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and score, but keep nothing.")] = False,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="Holds the token for a server, instead of MATHBENCH_TOKEN."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Put a run on the board: its predictions are scored again, its claims only kept.

    [bold]Examples[/]

    mathbench submit runs/lstm-seq2seq

    mathbench submit runs/lstm-seq2seq --dry-run --json

    mathbench submit runs/lstm-seq2seq --board team.sqlite

    mathbench submit runs/lstm-seq2seq --board https://board.example.org --token-file ada.token
    """
    from mathbench.leaderboard import submit as submitting

    receipt = submitting.dry_run(run) if dry_run else submitting.submit_run(run, board, token_file)
    if as_json:
        emit(receipt.to_json())
    else:
        _print_receipt(receipt)
    _say_receipt(receipt)


def _print_receipt(receipt: "Receipt") -> None:
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=Text(f"{receipt.model} on {receipt.task}"), title_justify="left")
    for column in ("split", "stratum", "right", "of", "exact match", "95 % interval"):
        table.add_column(column, justify="left" if column in ("split", "stratum") else "right")
    for split, score in receipt.scores.items():
        for name, count in {"": score.total, **score.strata}.items():
            share, ends = f"{count.exact_match:.2%}", "{:.2%} to {:.2%}".format(*count.interval)
            row = ["" if name else split, name or "all", f"{count.correct:,}", f"{count.n:,}", share, ends]
            table.add_row(*map(Text, row), style="dim" if name else "bold")
    out.print(table)


def _say_receipt(receipt: "Receipt") -> None:
    for difference in receipt.differences:
        say(difference, "the claim does not hold: ", "bold yellow")
    where = receipt.board
    if not receipt.board:
        say("dry run: nothing was kept")
    elif receipt.new:
        say(f"kept as {receipt.digest[:8]} ({receipt.badge}) on {where}")
    else:
        say(f"already there as {receipt.digest[:8]} on {where}; attempt {receipt.attempts} is noted")


def show(
    board: BoardOption = None,
    task: TaskOption = None,
    framework: FrameworkOption = None,
    split: SplitOption = None,
    sort: SortOption = "score",
    as_json: JsonOption = False,
) -> None:
    """Show the board: a table per task and split, with floors and the exact solver beside the models.

    [bold]Examples[/]

    mathbench leaderboard show

    mathbench leaderboard show --task addition --split extrapolate

    mathbench leaderboard show --framework torch --json
    """
    from mathbench.leaderboard import render

    name, tables = _tables(board, task, framework, split, sort)
    if as_json:
        emit(render.record(tables, name))
        return
    for table in tables:
        out.print(render.rich_table(table, out.width))
    if not tables:
        return
    say("models that share a rank cannot be told apart; † another score was claimed than the recomputed one")


def export(
    format: Annotated[str, typer.Option("--format", help="markdown, csv or json.")] = "markdown",
    out: Annotated[
        Path | None, typer.Option("--out", help="A file; for json a folder, one file each.")
    ] = None,
    board: BoardOption = None,
    task: TaskOption = None,
    framework: FrameworkOption = None,
    split: SplitOption = None,
    sort: SortOption = "score",
) -> None:
    """Write the board as Markdown, CSV or JSON; without --out to stdout.

    [bold]Examples[/]

    mathbench leaderboard export --format csv > board.csv

    mathbench leaderboard export --format json --out leaderboard/results

    mathbench leaderboard export --board leaderboard --format markdown --out leaderboard/README.md
    """
    import sys

    from mathbench.leaderboard import render

    if format not in FORMATS:
        raise InputError(f"unknown format '{format}'. {did_you_mean(format, FORMATS)}")
    if format == "json" and out is not None:
        if task or framework or split:
            raise InputError(
                "--out with --format json writes whole submissions; the filters do not apply to it."
            )
        _export_files(board, out)
        return
    name, tables = _tables(board, task, framework, split, sort)
    if format == "json":
        emit(render.record(tables, name))
        return
    text = render.markdown(tables) if format == "markdown" else render.comma_separated(tables)
    if out is None:
        sys.stdout.write(text)
    else:
        _write(out, text, marked=format == "markdown")


def _export_files(board: str | None, folder: Path) -> None:
    from mathbench.leaderboard.folder import export, kept_on

    paths = export(kept_on(board)[1], folder)
    say(f"{len(paths)} submissions in {folder}")


def _write(path: Path, text: str, marked: bool) -> None:
    """Write a table to a file; into an existing Markdown file only between its marks."""
    from mathbench import files
    from mathbench.leaderboard.render import MARKS, between_marks

    if marked and path.exists():
        page = between_marks(path.read_text(encoding="utf-8"), text)
        if page is None:
            raise InputError(f"'{path}' has no lines '{MARKS[0]}' and '{MARKS[1]}' to write between.")
        text = page
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, text)
    say(f"wrote {path}")


def verify(board: BoardOption = None, as_json: JsonOption = False) -> None:
    """Score every kept submission again; exit code 1 when one does not hold.

    [bold]Examples[/]

    mathbench leaderboard verify

    mathbench leaderboard verify --board team.sqlite --json
    """
    from mathbench.leaderboard.store import Board
    from mathbench.leaderboard.verify import verify as verify_board

    opened = Board(board, create=False)
    count, findings = verify_board(opened)
    if as_json:
        emit(
            {"board": opened.name, "submissions": count, "findings": [vars(finding) for finding in findings]}
        )
    else:
        for finding in findings:
            out.print(
                f"{finding.digest[:8]}  {finding.model}  {finding.task}: {finding.problem}", markup=False
            )
    if findings:
        raise CheckFailed(f"{len(findings)} of {count} submissions on {opened.name} do not hold.")
    say(f"all {count} submissions on {opened.name} hold")


def _tables(
    board: str | None, task: str | None, framework: str | None, split: str | None, sort: str
) -> tuple[str, list["Table"]]:
    from mathbench.leaderboard.folder import kept_on
    from mathbench.leaderboard.ranking import tables

    name, kept = kept_on(board)
    if not kept:
        say("the board is empty; `mathbench submit RUN` puts a run on it")
    return name, tables(kept, task, framework, split, sort)
