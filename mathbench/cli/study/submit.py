"""The command that puts the runs of a study on a board: study submit."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mathbench.cli.leaderboard.options import BoardOption, TokenFile
from mathbench.cli.options import Json
from mathbench.cli.output import ProgressBar, print_json, print_message
from mathbench.cli.study.options import LearnerPatterns, StudyFolder, TaskPatterns

if TYPE_CHECKING:
    from mathbench.studies.submit import Entry


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("submit")(submit)


def submit(
    folder: StudyFolder,
    board: BoardOption = None,
    task: TaskPatterns = None,
    learner: LearnerPatterns = None,
    token_file: TokenFile = None,
    json: Json = False,
) -> None:
    """Put the finished runs of a study on a board.

    A model has the name of its learner; its training seeds are runs of one
    model. Settings or rows that a search found have `-searched` behind the name.
    What is on the board already is not stored again. Shortcuts are left out:
    boards compute them.

    Examples:
      mathbench study submit runs/study-number-theory --board board.sqlite

      mathbench study submit runs/study-number-theory --task 'multiples-*' --board https://board.example.org
    """
    from mathbench.studies.plan import StudyPlan
    from mathbench.studies.run_study import read_study
    from mathbench.studies.submit import entries

    plan = StudyPlan(
        read_study(folder), folder, tasks=tuple(task or ("*",)), learners=tuple(learner or ("*",))
    )
    rows = _submit(entries(plan), board, token_file)
    if json:
        print_json(rows)
    new = sum(row["new"] for row in rows)
    print_message(f"{len(rows):,} runs submitted, {new:,} of them new on the board")


def _submit(found: "list[Entry]", board: str | None, token_file: Path | None) -> "list[dict[str, Any]]":
    from mathbench.studies.submit import submit_entry

    rows = []
    with ProgressBar("submitting", len(found)) as progress:
        for entry in found:
            receipt = submit_entry(entry, board, token_file)
            rows.append(
                {
                    "run": str(entry.run),
                    "model": entry.model,
                    "submission": receipt.digest,
                    "new": receipt.new,
                }
            )
            progress(1)
    return rows
