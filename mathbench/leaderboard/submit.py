"""Submitting a run to a board."""

import os
from dataclasses import replace
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard import names
from mathbench.leaderboard.check import CheckResult, check_submission
from mathbench.leaderboard.submission import Submission, open_submission
from mathbench.leaderboard.submission_record import RESCORED, Receipt, current_badge
from mathbench.storage.location import local_path


def submit_run(
    path: str | Path, board: str | Path | None = None, token_file: Path | None = None, name: str | None = None
) -> Receipt:
    """Recompute the scores of a run and store it on a board.

    Args:
        path: a run directory, a directory with submission.json, or that file.
        board: a path, database URL or the http(s) URL of a server; by default MATHBENCH_BOARD or the
            user's own board.
        token_file: holds the token for a server; by default MATHBENCH_TOKEN is the token.
        name: of the model of a run on the board, instead of that of its baseline.

    Raises:
        InputError: when the run is refused; the board records the attempt.
    """
    from mathbench.leaderboard import client
    from mathbench.leaderboard.store.board import Board
    from mathbench.leaderboard.store.database import DatabaseUnreachable

    path = _checked_path(path)
    if url := client.server_url(board):
        secret = client.read_token(token_file)
        dry_run(path, name)  # a submission that the server would refuse is not sent
        return client.send_submission(path, url, secret, name)
    opened = Board(board)
    try:
        submission = open_submission(path, name)
        checked = check_submission(submission)
        stored = opened.keep(submission, checked, source=path.name)
    except DatabaseUnreachable:
        raise
    except InputError as error:
        opened.refuse(str(error))
        raise
    return make_receipt(submission, checked, opened.name, stored.new, stored.attempts)


def dry_run(path: str | Path, name: str | None = None) -> Receipt:
    """Check and score a submission without storing it; `name` as for `submit_run`."""
    path = _checked_path(path)
    submission = open_submission(path, name)
    names.check_name(submission.manifest.summary.model)
    found = make_receipt(submission, check_submission(submission), board="", new=False, attempts=0)
    sent = {
        "predictions": submission.predictions.num_rows,
        "bytes": len(submission.predictions_bytes()),
        "predictions_digest": submission.predictions_digest,
        "certificate_bytes": len(submission.certificate or b""),
        "manifest": dict(submission.manifest.document),
    }
    return replace(found, sent=sent)


def _checked_path(path: str | Path) -> Path:
    """Refuse a mistyped path before any board is opened, so that it does not count as an attempt."""
    found = local_path(path)
    if not os.path.exists(found):
        raise InputError(f"there is no run directory or submission.json '{path}'.")
    return found


def make_receipt(
    submission: Submission, checked: CheckResult, board: str, new: bool, attempts: int
) -> Receipt:
    """Make the receipt of a checked submission."""
    return Receipt(
        digest=submission.digest,
        board=board,
        new=new,
        attempts=attempts,
        badge=current_badge(RESCORED, checked.proof),
        model=submission.manifest.summary.model,
        task=submission.manifest.task.name,
        scores=checked.scores,
        differences=checked.differences,
        proof=checked.proof,
    )
