"""Submitting a run to a board."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import sleep

from mathbench.errors import InputError
from mathbench.leaderboard import names
from mathbench.leaderboard.check import CheckResult, check_submission
from mathbench.leaderboard.seasons import expand
from mathbench.leaderboard.seasons.files import available, load_season
from mathbench.leaderboard.seasons.season import Season
from mathbench.leaderboard.submission import Submission, open_submission
from mathbench.leaderboard.submission_record import RESCORED, Receipt, current_badge
from mathbench.storage.location import local_path


def submit(
    path: str | Path,
    board: str | Path | None = None,
    token_file: Path | None = None,
    name: str | None = None,
    store: bool = True,
) -> list[Receipt]:
    """Submit a run or answers to a season, or only check and score them; see `mathbench.submit`."""
    whole = open_season_submission(path, board, name)
    if whole is None:
        return [submit_run(path, board, token_file, name) if store else dry_run(path, name)]
    return submit_season(whole, board, token_file) if store else dry_run_season(whole)


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


@dataclass(frozen=True)
class SeasonSubmission:
    """Answers to the tasks of a season, as one submission per task.

    Args:
        season: the season.
        submissions: in the order of the season.
        source: the file of the manifest.
    """

    season: Season
    submissions: tuple[Submission, ...]
    source: Path

    @property
    def unanswered(self) -> list[str]:
        """The names of the tasks of the season that it does not answer."""
        return expand.tasks_without_answers(self.submissions, self.season)


def open_season_submission(
    path: str | Path, board: str | Path | None = None, name: str | None = None
) -> SeasonSubmission | None:
    """Read answers to a whole season; None for a run, and for a submission to one task.

    Args:
        path: a directory with submission.json, or that file.
        board: where the season is looked for if it does not come with mathbench; a path or a database URL.
        name: for runs only.

    Raises:
        InputError: where the path does not exist, or the submission is not valid or has a name besides its own.
    """
    found = expand.read_season_manifest(_checked_path(path))
    if found is None:
        return None
    file, document = found
    if name is not None:
        raise InputError(f"--name is for runs; {file.name} names its model itself, in model.name.")
    season = _season(document["season"], board)
    return SeasonSubmission(season, tuple(expand.expand_file(file, document, season)), file)


def _season(name: str, board: str | Path | None) -> Season:
    """The season of a name: one that comes with mathbench, which no other season can be called, or one of a board."""
    from mathbench.leaderboard import client
    from mathbench.leaderboard.store.any_board import choose_season, load_seasons

    if name in available() or client.server_url(board):
        return load_season(name)
    return choose_season(load_seasons(board), name)[0]


def submit_season(
    sent: SeasonSubmission,
    board: str | Path | None = None,
    token_file: Path | None = None,
    on_task: Callable[[int], None] = lambda done: None,
    wait: Callable[[float], None] = sleep,
) -> list[Receipt]:
    """Submit answers to the tasks of a season, one submission per task. None is stored before all have been checked.

    If it is interrupted, send the same again: what the board has already counts as repeated.

    Args:
        sent: the answers.
        board, token_file: as for `submit_run`.
        on_task: called with 1 after each check and after each submission.
        wait: called with the seconds after which a server that has had too many requests takes more.

    Raises:
        InputError: when one of them is refused, with the name of its task.
    """
    from mathbench.leaderboard import client
    from mathbench.leaderboard.store.board import Board

    url = client.server_url(board)
    secret = client.read_token(token_file) if url else ""
    opened = None if url else Board(board)
    try:
        checked = _check_all(sent, on_task)
    except InputError as error:
        if opened is not None:
            opened.refuse(str(error))
        raise
    receipts = []
    for submission, result in zip(sent.submissions, checked, strict=True):
        if opened is None:
            found = client.send_files(expand.submission_parts(submission), str(url), secret, wait)
        else:
            stored = opened.keep(submission, result, source=sent.source.name)
            found = make_receipt(submission, result, opened.name, stored.new, stored.attempts)
        receipts.append(found)
        on_task(1)
    return receipts


def dry_run_season(
    sent: SeasonSubmission, on_task: Callable[[int], None] = lambda done: None
) -> list[Receipt]:
    """Check and score answers to the tasks of a season without storing them."""
    results = zip(sent.submissions, _check_all(sent, on_task), strict=True)
    return [
        make_receipt(submission, result, board="", new=False, attempts=0) for submission, result in results
    ]


def _check_all(sent: SeasonSubmission, on_task: Callable[[int], None]) -> list[CheckResult]:
    names.check_name(sent.submissions[0].manifest.summary.model)
    found = []
    for submission in sent.submissions:
        try:
            found.append(check_submission(submission))
        except InputError as error:
            raise InputError(f"{submission.manifest.task.name}: {error}") from None
        on_task(1)
    return found


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
