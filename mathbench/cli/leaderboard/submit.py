"""The command that puts a run on a board: submit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.leaderboard.options import BoardOption, NameOption, TokenFile
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message

if TYPE_CHECKING:
    from mathbench.leaderboard.submission_record import Receipt


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(submit)


def submit(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="Run directory, directory with submission.json, or that file."),
    ],
    board: BoardOption = None,
    name: NameOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and score, but store nothing.")] = False,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Submit a run to a board.

    Its predictions are scored again. Claimed scores are stored, but not used.

    Examples:
      mathbench submit runs/lstm-seq2seq

      mathbench submit runs/lstm-seq2seq --dry-run --json

      mathbench submit runs/lstm-seq2seq --board team.sqlite

      mathbench submit runs/lstm-seq2seq --name ada-lstm

      mathbench submit runs/lstm-seq2seq --board https://board.example.org --token-file ada.token

      mathbench submit mine/submission.json
    """
    from mathbench.leaderboard import submit as submitting

    receipt = (
        submitting.dry_run(run, name) if dry_run else submitting.submit_run(run, board, token_file, name)
    )
    if as_json:
        print_json(receipt.to_json())
    else:
        _print_receipt(receipt)
    _print_outcome(receipt)


def _print_receipt(receipt: "Receipt") -> None:
    """Print the recomputed scores of each split and stratum."""
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=Text(f"{receipt.model} on {receipt.task}"), title_justify="left")
    for column in ("split", "stratum", "right", "of", "exact match", "95 % interval"):
        table.add_column(column, justify="left" if column in ("split", "stratum") else "right")
    for split, score in receipt.scores.items():
        for name, count in {"": score.total, **score.strata}.items():
            share, stops = f"{count.exact_match:.2%}", "{:.2%} to {:.2%}".format(*count.interval)
            row = ["" if name else split, name or "all", f"{count.correct:,}", f"{count.n:,}", share, stops]
            table.add_row(*map(Text, row), style="dim" if name else "bold")
    out.print(table)


def _print_outcome(receipt: "Receipt") -> None:
    """Print claims that differ from the recomputed scores, what is proved, and whether the run was stored."""
    if receipt.proof:
        print_message(f"proved: {receipt.proof.claim}")
    for difference in receipt.differences:
        print_message(difference, "the claimed score does not agree: ", "bold yellow")
    if not receipt.board:
        sent = receipt.sent
        certificate = f", a certificate of {sent['certificate_bytes']:,} bytes" if receipt.proof else ""
        print_message(
            f"would be sent: the manifest{certificate} and {sent['predictions']:,} predictions in {sent['bytes']:,} "
            f"bytes (sha256 of what they say: {sent['predictions_digest'][:12]}...), as {receipt.digest[:8]}"
        )
        print_message("dry run: nothing was kept")
    elif receipt.new:
        print_message(f"kept as {receipt.digest[:8]} ({receipt.badge}) on {receipt.board}")
    else:
        print_message(
            f"already there as {receipt.digest[:8]} on {receipt.board}; attempt {receipt.attempts} is noted"
        )
