"""The answers of entries: files from entrants, and files in the folder of a round."""

import hashlib
from pathlib import Path

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import log, sealed
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.scores import untrusted
from mathbench.scores.predictions import COLUMNS_WITH_TASK

FOLDER = "answers"


def answers_path(folder: Path, name: str) -> Path:
    """The path of an entry's answers in the folder of a round."""
    return folder / FOLDER / f"{name}.parquet"


def checked_bytes(round_: Round, path: Path, name: str | None = None) -> bytes:
    """Check a file of answers; return it as the Parquet file that a round stores.

    Args:
        round_: the round with the questions.
        path: Parquet or JSON lines with split, row, prediction, task.
        name: overrides the name of the file, whose suffix determines the format.

    Raises:
        InputError: when it cannot be read or answers other questions.
    """
    table = read_file(path, name)
    sealed.check_answers(round_, table)
    return untrusted.compress_predictions(table)


def read_file(path: Path, name: str | None = None) -> pa.Table:
    """Read a file of answers without comparing it with the questions.

    Raises:
        InputError: when it cannot be read.
    """
    if not path.is_file():
        raise InputError(f"there is no file '{path}'.")
    data = untrusted.read_limited(path, untrusted.MAX_FILE)
    return untrusted.read_untrusted(data, name or path.name, COLUMNS_WITH_TASK)


def checked_bytes_in(folder: Path, path: Path) -> bytes:
    """As `checked_bytes`, for the round in a folder and a file whose format is detected from its content."""
    with path.open("rb") as file:
        name = name_by_content(file.read(4))
    return checked_bytes(Round(log.read(folder)), path, name)


def read(folder: Path, entry: Entry) -> pa.Table | None:
    """Read the answers of an entry; None when it has not answered.

    Raises:
        InputError: when the file is missing, is not the one in the log, or cannot be read.
    """
    if entry.answer is None:
        return None
    path = answers_path(folder, entry.name)
    if not path.is_file():
        raise InputError(f"{entry.name}: the answers are missing.")
    data = untrusted.read_limited(path, untrusted.MAX_FILE)
    if hashlib.sha256(data).hexdigest() != entry.answer["answers_sha256"]:
        raise InputError(f"{entry.name}: the answers differ from the submitted ones.")
    return untrusted.read_untrusted(data, path.name, COLUMNS_WITH_TASK)


def name_by_content(data: bytes) -> str:
    """A name for a file of answers whose suffix fits its content.

    >>> name_by_content(b"PAR1"), name_by_content(b"{"), name_by_content(bytes([31, 139]))
    ('answers.parquet', 'answers.jsonl', 'answers.jsonl.gz')
    """
    if data.startswith(b"PAR1"):
        return "answers.parquet"
    return "answers.jsonl.gz" if data.startswith(b"\x1f\x8b") else "answers.jsonl"
