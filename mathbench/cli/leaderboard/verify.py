"""The command that verifies a board: leaderboard verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    Exits with code 1 if one fails verification. Of a folder of results, the files
    whose figures were computed again and those that are only claimed are listed,
    and what was checked.

    Examples:
      mathbench leaderboard verify

      mathbench leaderboard verify --board team.sqlite --json

      mathbench leaderboard verify --board leaderboard
    """
    from mathbench.leaderboard.store.board import Board
    from mathbench.leaderboard.store.folder import folder_path, is_folder
    from mathbench.leaderboard.verify import verify as verify_board

    if is_folder(board):
        verify_folder(folder_path(board), as_json, listed=not as_json)
        return
    opened = Board(board, create=False)
    count, findings = verify_board(opened)
    _report(opened.name, count, findings, as_json, {})


def verify_folder(folder: Path, as_json: bool, listed: bool = False) -> None:
    """Check a folder of results, and print what was checked.

    Args:
        folder: the folder.
        as_json: print JSON.
        listed: print which files were computed again, and which are claimed.

    Raises:
        CheckFailed: when a file fails verification.
    """
    from mathbench.leaderboard.verify import CHECKED, UNCHECKED
    from mathbench.leaderboard.verify import verify_folder as verify_files

    found = verify_files(folder)
    kinds = {"recomputed": found.recomputed, "claimed": found.claimed}
    for kind, names in kinds.items() if listed else ():
        for name in names:
            out.print(f"{kind}  {name}", markup=False)
    if not as_json:
        print_message(f"checked: {CHECKED}")
        print_message(f"cannot be checked here: {UNCHECKED}")
        print_message(f"{len(found.recomputed)} recomputed, {len(found.claimed)} only claimed")
    more = {**kinds, "checked": CHECKED, "unchecked": UNCHECKED}
    _report(str(folder), found.files, list(found.findings), as_json, more)


def _report(
    board: str, count: int, findings: "list[VerifyFinding]", as_json: bool, more: dict[str, Any]
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
