"""A board as a folder in git: one small JSON file per submission, without the predictions."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import Manifest
from mathbench.leaderboard.submission_record import WITHDRAWAL_REASON, SubmissionRecord, find_by_prefix
from mathbench.scores import strict_json
from mathbench.scores.untrusted import read_limited
from mathbench.storage import atomic


def file_name(entry: SubmissionRecord) -> str:
    """A readable name that says what is inside; strangers choose the words, so only plain ones are kept."""
    words = f"{entry.summary.task['name']} {entry.summary.model} {entry.summary.framework or ''}"
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:100].strip("-")
    return f"{plain}-{entry.digest[:12]}.json"


def export(records: Iterable[SubmissionRecord], folder: Path) -> list[Path]:
    """Write one file per submission; files of other people's submissions stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for entry in records:
        path = folder / file_name(entry)
        _write(path, entry)
        paths.append(path)
    return paths


def result_paths(folder: Path) -> list[Path]:
    """The files of a folder board, by name."""
    inner = folder / "results" if (folder / "results").is_dir() else folder
    return sorted(inner.glob("*.json"))


def read_file(path: Path) -> SubmissionRecord:
    """One submission.

    Raises:
        InputError: names the file that is not a result, and why.
    """
    try:
        entry = SubmissionRecord.from_json(
            strict_json.parse(read_limited(path, strict_json.MAX_BYTES), path.name)
        )
        Manifest(entry.manifest)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return entry


def read_folder(folder: Path) -> list[SubmissionRecord]:
    """All submissions of a folder, in the order in which they came.

    Raises:
        InputError: names the file that is not a result, and why.
    """
    return sorted(map(read_file, result_paths(folder)), key=lambda entry: (entry.submitted, entry.digest))


def withdraw(folder: Path, requested: str, reason: str) -> str:
    """Mark a submission of a folder board as withdrawn; its file stays.

    Returns:
        Its digest.

    Raises:
        InputError: when it is not there or withdrawn already.
    """
    WITHDRAWAL_REASON(reason, "the reason")
    by_path = {path: read_file(path) for path in result_paths(folder)}
    entry = find_by_prefix(list(by_path.values()), requested)
    if entry.withdrawn is not None:
        raise InputError(f"{entry.digest[:8]} is withdrawn already: {entry.withdrawn}")
    path = next(path for path, other in by_path.items() if other is entry)
    _write(path, replace(entry, withdrawn=reason))
    return entry.digest


def _write(path: Path, entry: SubmissionRecord) -> None:
    atomic.write(path, json.dumps(entry.to_json(), indent=1, sort_keys=True, allow_nan=False) + "\n")


def is_folder(target: str | Path | None) -> bool:
    """Whether a board is a folder of files, and not a database."""
    named = target or os.environ.get("MATHBENCH_BOARD")
    return bool(named) and "://" not in str(named) and Path(str(named)).is_dir()


def folder_path(target: str | Path | None) -> Path:
    """The folder of a folder board."""
    return Path(str(target or os.environ.get("MATHBENCH_BOARD")))


def load_records(target: str | Path | None) -> tuple[str, list[SubmissionRecord]]:
    """The name and the submissions of any board: a folder, a file or a database URL."""
    if is_folder(target):
        return str(folder_path(target)), read_folder(folder_path(target))
    board = Board(target, create=False)
    return board.name, board.records()
