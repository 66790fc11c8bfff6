"""The command that puts a run on a board: submit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.leaderboard.options import BoardOption, NameOption, TokenFile
from mathbench.cli.options import Json
from mathbench.cli.output import ProgressBar, out, print_json, print_message, table

if TYPE_CHECKING:
    from mathbench.leaderboard.submission_record import Receipt
    from mathbench.leaderboard.submit import SeasonSubmission


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
    """Submit a run, or answers to all tasks of a season, to a board.

    Its predictions are scored again. Claimed scores are stored, but not used.
    A submission.json with a season and without a task is split into one
    submission per task; none is stored unless all pass the check. If sending
    is interrupted, submit the same again.

    Examples:
      mathbench submit runs/lstm-seq2seq

      mathbench submit runs/lstm-seq2seq --dry-run --json

      mathbench submit runs/lstm-seq2seq --board team.sqlite

      mathbench submit runs/lstm-seq2seq --name ada-lstm

      mathbench submit runs/lstm-seq2seq --board https://board.example.org --token-file ada.token

      mathbench submit mine/submission.json
    """
    from mathbench.leaderboard import submit as submitting

    if (whole := submitting.open_season_submission(run, board, name)) is not None:
        _submit_season(whole, board, token_file, dry_run, as_json)
        return
    receipt = (
        submitting.dry_run(run, name) if dry_run else submitting.submit_run(run, board, token_file, name)
    )
    if as_json:
        print_json(receipt.to_json())
    else:
        _print_receipt(receipt)
    _print_outcome(receipt)


def _submit_season(
    sent: "SeasonSubmission", board: str | None, token_file: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Submit answers to the tasks of a season, and print one line per task."""
    from mathbench.leaderboard import submit as submitting

    steps = len(sent.submissions) * (1 if dry_run else 2)
    with ProgressBar("tasks, checked and sent", steps) as bar:
        if dry_run:
            receipts = submitting.dry_run_season(sent, bar)
        else:
            receipts = submitting.submit_season(sent, board, token_file, bar)
    if as_json:
        print_json([receipt.to_json() for receipt in receipts])
    else:
        _print_season(receipts)
    if missing := sent.unanswered:
        names = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
        print_message(f"no answers to {len(missing)} of {len(sent.season.tasks)} tasks: {names}")
    _print_season_outcome(receipts)


def _print_season(receipts: "list[Receipt]") -> None:
    """Print the recomputed scores of each task and split."""
    from rich.text import Text

    columns = ("right", "of", "exact match", "95 % interval")
    shown = table("task", "split", *columns, right=columns, title=receipts[0].model)
    for receipt in receipts:
        for split, score in receipt.scores.items():
            count, interval = score.total, "{:.2%} to {:.2%}".format(*score.total.interval)
            row = [
                receipt.task,
                split,
                f"{count.correct:,}",
                f"{count.n:,}",
                f"{count.exact_match:.2%}",
                interval,
            ]
            shown.add_row(*map(Text, row))
    out.print(shown)


def _print_season_outcome(receipts: "list[Receipt]") -> None:
    """Print how many submissions are new on the board."""
    if not receipts[0].board:
        print_message(f"dry run: nothing was kept of {len(receipts)} submissions")
        return
    new = sum(receipt.new for receipt in receipts)
    there = f", {len(receipts) - new} were there already" if new < len(receipts) else ""
    print_message(f"kept {new} submissions on {receipts[0].board}{there}")


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
