"""What commands and pages read from a board of any kind: a folder of files, an SQLite file or a database URL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.leaderboard.ranking.ranked_board import LoadRights, RankedBoard, Rights, RowCache
from mathbench.leaderboard.seasons.files import FOLDER, check_new_season
from mathbench.leaderboard.seasons.references import (
    References,
    builtin_seasons,
    references_path,
    references_text,
    seasons_in,
)
from mathbench.leaderboard.seasons.season import CORE, Season
from mathbench.leaderboard.store import wrong_answers
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import (
    LoadFile,
    folder_path,
    is_folder,
    read_answers,
    read_certificate,
    read_file,
    read_folder,
    read_stated,
    result_paths,
)
from mathbench.leaderboard.store.rebuilding import read_right, rebuild
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.storage import atomic

LoadPredictions = Callable[
    [str], bytes
]  # from the digest of a submission to its predictions, as a Parquet file


def load_records(target: str | Path | None) -> tuple[str, list[SubmissionRecord]]:
    """The name and the submissions of a board."""
    if is_folder(target):
        return str(folder_path(target)), read_folder(folder_path(target))
    board = Board(target, create=False)
    return board.name, board.records()


def stream_records(target: str | Path | None) -> tuple[int, Iterator[SubmissionRecord]]:
    """The number of submissions of a board, and the submissions, of which a bounded number is in memory at a time."""
    if is_folder(target):
        paths = result_paths(folder_path(target))
        return len(paths), map(read_file, paths)
    board = Board(target, create=False)
    digests = board.digests()
    return len(digests), board.stream(digests)


def load_seasons(target: str | Path | None) -> dict[str, tuple[Season, References]]:
    """The seasons of a board by name, with their references.

    Raises:
        InputError: for an invalid season in a folder.
    """
    if not is_folder(target):
        found = Board(target, create=False).seasons_with_references()
    else:
        own = list(seasons_in(folder_path(target)))
        for season, _ in own:
            check_new_season(season, (known for known, _ in builtin_seasons()))
        found = [*builtin_seasons(), *own]
    return {season.name: (season, references) for season, references in found}


def choose_season(
    seasons: Mapping[str, tuple[Season, References]], requested: str | None
) -> tuple[Season, References]:
    """The requested season, or the default one.

    Raises:
        InputError: when there is none of this name.
    """
    name = requested or CORE
    if name not in seasons:
        raise InputError(f"the board has no season '{name}'. {did_you_mean(name, seasons)}")
    return seasons[name]


def check_season_is_new(target: str | Path | None, season: Season) -> None:
    """Check that a season may be added to a board.

    Raises:
        InputError: when the board has another season of its name.
    """
    if not is_folder(target):
        Board(target)  # created where there is none
    check_new_season(season, (other for other, _ in load_seasons(target).values()))


def add_season(target: str | Path | None, text: str, season: Season, references: Mapping[str, Any]) -> str:
    """Add a season to a board.

    Args:
        target: the board.
        text: the TOML file of the season.
        season: the season in it.
        references: from `compute_references`.

    Returns:
        The name of the board.
    """
    if not is_folder(target):
        board = Board(target)
        board.add_season(text, season, references)
        return board.name
    path = folder_path(target) / FOLDER / f"{season.name}.toml"
    atomic.make_folder(path.parent)
    # the season itself comes last, so that it is never there without its references
    atomic.write(references_path(path), references_text(references))
    atomic.write(path, text)
    return str(folder_path(target))


def load_ranked(target: str | Path | None, season: str | None = None) -> tuple[str, RankedBoard]:
    """The name of a board, and the board as a season ranks it.

    Args:
        target: the board.
        season: the name of the season; None for the default one.

    Raises:
        InputError: when the board has no such season.
    """
    name, records = load_records(target)
    return name, load_boards(target, records, season)[0]


def load_boards(
    target: str | Path | None, records: Sequence[SubmissionRecord], season: str | None = None
) -> list[RankedBoard]:
    """A board in each of its seasons, the requested one first. They share what is read of rows.

    Args:
        target: the board.
        records: its submissions.
        season: the name of the first season; None for the default one.

    Raises:
        InputError: when the board has no such season.
    """
    rows = RowCache(rights_loader(target))
    return [RankedBoard(records, *found, rows) for found in in_order(load_seasons(target), season)]


def in_order(
    seasons: Mapping[str, tuple[Season, References]], requested: str | None
) -> list[tuple[Season, References]]:
    """The requested season or the default one, then the others.

    Raises:
        InputError: when there is none of this name.
    """
    first = choose_season(seasons, requested)
    return [first, *(found for found in seasons.values() if found is not first)]


def rights_loader(target: str | Path | None) -> LoadRights:
    """A function that reads which rows of submissions are right; those that are only claimed are absent."""
    if not is_folder(target):
        return Board(target, create=False).rights
    paths = _paths(folder_path(target))

    def load(digests: Sequence[str]) -> Rights:
        found = ((digest, read_right(paths[digest])) for digest in digests)
        return {digest: right for digest, right in found if right is not None}

    return load


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
