"""What commands and pages read from a board of any kind: a folder of files, an SQLite file or a database URL."""

from collections.abc import Callable
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.store import wrong_answers
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import (
    LoadFile,
    folder_path,
    is_folder,
    read_answers,
    read_certificate,
    read_folder,
    read_stated,
    result_paths,
)
from mathbench.leaderboard.store.rebuilding import rebuild
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submission_record import SubmissionRecord

LoadPredictions = Callable[
    [str], bytes
]  # from the digest of a submission to its predictions, as a Parquet file


def load_records(target: str | Path | None) -> tuple[str, list[SubmissionRecord]]:
    """The name and the submissions of a board."""
    if is_folder(target):
        return str(folder_path(target)), read_folder(folder_path(target))
    board = Board(target, create=False)
    return board.name, board.records()


def certificate_loader(target: str | Path | None) -> LoadFile:
    """A function that reads the certificates of a board."""
    if not is_folder(target):
        return Board(target, create=False).certificate
    paths = _paths(folder_path(target))
    return lambda digest: read_certificate(paths[digest])


def predictions_loader(target: str | Path | None) -> LoadPredictions:
    """A function that reads the predictions of a board; those of a folder are made again.

    It raises InputError for a submission of a folder that is only claimed, or whose answers are other ones.
    """
    if not is_folder(target):
        return Board(target, create=False).predictions_bytes
    paths = _paths(folder_path(target))

    def load(digest: str) -> bytes:
        path = paths[digest]
        found = rebuild(path, read_stated(path))
        if found is None:
            raise InputError(f"{digest[:8]} is claimed: {path.name} has no wrong answers beside it.")
        return found.predictions_bytes()

    return load


def answers_loader(target: str | Path | None) -> LoadFile:
    """A function that reads the files of wrong answers of a board; for a database it makes them.

    None for a submission of a database that this version of mathbench cannot score again.
    """
    if is_folder(target):
        paths = _paths(folder_path(target))
        return lambda digest: read_answers(paths[digest], read_stated(paths[digest]))
    board = Board(target, create=False)

    def make(digest: str) -> bytes | None:
        record = board.one(digest)
        if record is None:
            return None
        try:
            submission = Submission.from_stored(
                record.manifest, board.predictions_bytes(digest), board.certificate(digest)
            )
            return wrong_answers.from_submission(submission, record.checked.scores).to_bytes()
        except InputError:
            return None

    return make


def _paths(folder: Path) -> dict[str, Path]:
    return {read_stated(path).digest: path for path in result_paths(folder)}
