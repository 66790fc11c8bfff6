"""Commands of the leaderboard as a whole: submit, and leaderboard export, build, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli import compare, round, serve, show
from mathbench.cli.board_options import (
    BoardOption,
    FrameworkOption,
    JsonOption,
    SortOption,
    SplitOption,
    TaskOption,
)
from mathbench.cli.output import emit, out, say
from mathbench.errors import CheckFailed, InputError, did_you_mean

if TYPE_CHECKING:
    from mathbench.leaderboard.submit import Receipt
    from mathbench.leaderboard.verify import Finding

FORMATS = ("markdown", "csv", "json")

leaderboard = typer.Typer(
    no_args_is_help=True, help="The board: show, compare, verify, sealed rounds.", rich_markup_mode="rich"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(submit)
    show.register(leaderboard)
    for command in (export, build, verify):
        leaderboard.command()(command)
    compare.register(leaderboard)
    round.register(leaderboard)
    serve.register(leaderboard)
    app.add_typer(leaderboard, name="leaderboard")


def submit(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run directory, a directory with submission.json, or that file."
        ),
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

    mathbench submit mine/submission.json
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
        sent = receipt.sent
        say(
            f"would be sent: the manifest and {sent['predictions']:,} predictions in {sent['bytes']:,} bytes "
            f"(sha256 of what they say: {sent['predictions_digest'][:12]}...), as {receipt.digest[:8]}"
        )
        say("dry run: nothing was kept")
    elif receipt.new:
        say(f"kept as {receipt.digest[:8]} ({receipt.badge}) on {where}")
    else:
        say(f"already there as {receipt.digest[:8]} on {where}; attempt {receipt.attempts} is noted")


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
    name, tables = show.tables_of(board, task, framework, split, sort)
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


def build(
    folder: Annotated[Path, typer.Argument(help="A folder of results, with README.md.")],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 when the table is another.")
    ] = False,
) -> None:
    """Check every file of a folder of results and write its table into README.md.

    [bold]Examples[/]

    mathbench leaderboard build leaderboard

    mathbench leaderboard build leaderboard --check
    """
    from mathbench.leaderboard import render
    from mathbench.leaderboard.folder import read
    from mathbench.leaderboard.ranking import tables

    if not folder.is_dir():
        raise InputError(f"there is no folder '{folder}'.")
    _verify_folder(folder, as_json=False)
    page, text = folder / "README.md", render.markdown(tables(read(folder)))
    if not check:
        _write(page, text, marked=True)
        return
    found = page.read_text(encoding="utf-8") if page.is_file() else ""
    if render.between_marks(found, text) != found:
        raise CheckFailed(
            f"{page} does not show these results. `mathbench leaderboard build {folder}` mends it."
        )


def verify(board: BoardOption = None, as_json: JsonOption = False) -> None:
    """Score every kept submission again; exit code 1 when one does not hold.

    A folder of results holds no predictions: what can be checked without them is checked, and what cannot be
    is said.

    [bold]Examples[/]

    mathbench leaderboard verify

    mathbench leaderboard verify --board team.sqlite --json

    mathbench leaderboard verify --board leaderboard
    """
    from mathbench.leaderboard.folder import folder_of, is_folder
    from mathbench.leaderboard.store import Board
    from mathbench.leaderboard.verify import verify as verify_board

    if is_folder(board):
        _verify_folder(folder_of(board), as_json)
        return
    opened = Board(board, create=False)
    count, findings = verify_board(opened)
    _report(opened.name, count, findings, as_json, {})


def _verify_folder(folder: Path, as_json: bool) -> None:
    from mathbench.leaderboard.filed import CHECKED, UNCHECKED, verify_folder

    count, findings = verify_folder(folder)
    if not as_json:
        say(f"checked: {CHECKED}")
        say(f"cannot be checked here: {UNCHECKED}")
    _report(str(folder), count, findings, as_json, {"checked": CHECKED, "unchecked": UNCHECKED})


def _report(board: str, count: int, findings: "list[Finding]", as_json: bool, more: dict[str, str]) -> None:
    if as_json:
        shown = [vars(finding) for finding in findings]
        emit({"board": board, "submissions": count, "findings": shown, **more})
    for finding in () if as_json else findings:
        name = finding.digest if finding.digest.endswith(".json") else finding.digest[:8]
        out.print(f"{name}  {finding.model}  {finding.task}: {finding.problem}", markup=False)
    if bad := len({finding.digest for finding in findings}):
        raise CheckFailed(f"{bad} of {count} submissions on {board} do not hold.")
    say(f"all {count} submissions on {board} hold")
