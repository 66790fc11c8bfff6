"""The command that verifies a board: leaderboard verify."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mathbench.cli.leaderboard.options import BoardOption
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message
from mathbench.errors import CheckFailed

if TYPE_CHECKING:
    from mathbench.leaderboard.verify import VerifyFinding


def register(leaderboard: typer.Typer) -> None:
    """Add the command."""
    leaderboard.command()(verify)


def verify(board: BoardOption = None, as_json: Json = False) -> None:
    """Score every stored submission again.

    Exits with code 1 if one fails verification. A folder of results holds no
    predictions; what can and what cannot be checked without them is printed.

    Examples:
      mathbench leaderboard verify

      mathbench leaderboard verify --board team.sqlite --json

      mathbench leaderboard verify --board leaderboard
    """
    from mathbench.leaderboard.store.board import Board
    from mathbench.leaderboard.store.folder import folder_path, is_folder
    from mathbench.leaderboard.verify import verify as verify_board

    if is_folder(board):
        verify_folder(folder_path(board), as_json)
        return
    opened = Board(board, create=False)
    count, findings = verify_board(opened)
    _report(opened.name, count, findings, as_json, {})


def verify_folder(folder: Path, as_json: bool) -> None:
    """Check a folder of results, and print what can be checked there.

    Raises:
        CheckFailed: when a file fails verification.
    """
    from mathbench.leaderboard.verify import CHECKED, UNCHECKED
    from mathbench.leaderboard.verify import verify_folder as verify_files

    count, findings = verify_files(folder)
    if not as_json:
        print_message(f"checked: {CHECKED}")
        print_message(f"cannot be checked here: {UNCHECKED}")
    _report(str(folder), count, findings, as_json, {"checked": CHECKED, "unchecked": UNCHECKED})


def _report(
    board: str, count: int, findings: "list[VerifyFinding]", as_json: bool, more: dict[str, str]
) -> None:
    """Print the findings, as JSON with `more` keys.

    Raises:
        CheckFailed: when there are any.
    """
    if as_json:
        shown = [vars(finding) for finding in findings]
        print_json({"board": board, "submissions": count, "findings": shown, **more})
    for finding in () if as_json else findings:
        name = finding.digest if finding.digest.endswith(".json") else finding.digest[:8]
        out.print(f"{name}  {finding.model}  {finding.task}: {finding.problem}", markup=False)
    if bad := len({finding.digest for finding in findings}):
        raise CheckFailed(f"{bad} of {count} submissions on {board} fail verification.")
    print_message(f"all {count} submissions on {board} pass verification")
