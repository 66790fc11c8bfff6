"""A board as a folder in git: one JSON file per submission, without the predictions.

The certificate of a proved submission lies beside its file, under the same name.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from mathbench.certificates.document import MAX_BYTES
from mathbench.errors import InputError
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.database import chosen
from mathbench.leaderboard.submission import Manifest
from mathbench.leaderboard.submission_record import WITHDRAWAL_REASON, SubmissionRecord, find_by_prefix
from mathbench.scores import strict_json
from mathbench.scores.untrusted import read_limited
from mathbench.storage import atomic
from mathbench.storage.location import local_path

LoadCertificate = Callable[[str], bytes | None]  # from the digest of a submission to its certificate
LoadPredictions = Callable[[str], bytes | None]  # from the digest of a submission to its stored predictions


def file_name(entry: SubmissionRecord) -> str:
    """A readable file name from task, model and digest; strangers choose the names, so only a-z and 0-9 are kept."""
    words = f"{entry.summary.task['name']} {entry.summary.model} {entry.summary.framework or ''}"
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:100].strip("-")
    return f"{plain}-{entry.digest[:12]}.json"


def export(
    records: Iterable[SubmissionRecord], folder: Path, load_certificate: LoadCertificate = lambda digest: None
) -> list[Path]:
    """Write one file per submission, and its certificate; other files of the folder stay.

    Args:
        records: the submissions.
        folder: the target.
        load_certificate: reads the certificate of a proved submission.

    Returns:
        The paths of the submissions.
    """
    atomic.make_folder(folder)
    paths = []
    for entry in records:
        path = folder / file_name(entry)
        certificate = load_certificate(entry.digest) if entry.proof else None
        if certificate is not None:
            atomic.write(certificate_path(path), certificate)
        _write(path, entry)
        paths.append(path)
    return paths


def certificate_path(path: Path) -> Path:
    """The path of the certificate of a submission with a file."""
    return path.with_suffix(".safetensors")


def read_certificate(path: Path) -> bytes | None:
    """Read the certificate of a submission with a file; None when it has none.

    Raises:
        InputError: when it is too large.
    """
    found = certificate_path(path)
    return read_limited(found, MAX_BYTES) if found.is_file() else None


def certificate_loader(target: str | Path | None) -> LoadCertificate:
    """A function that reads the certificates of any board."""
    if not is_folder(target):
        return Board(target, create=False).certificate
    paths = {read_file(path).digest: path for path in result_paths(folder_path(target))}
    return lambda digest: read_certificate(paths[digest])


def result_paths(folder: Path) -> list[Path]:
    """The files of a folder board, sorted by name."""
    inner = folder / "results" if (folder / "results").is_dir() else folder
    return sorted(inner.glob("*.json"))


def read_file(path: Path) -> SubmissionRecord:
    """Read the file of one submission.

    Raises:
        InputError: for an invalid file, with its path and the reason.
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
    """Read all submissions of a folder, in the order of their submission.

    Raises:
        InputError: for an invalid file, with its path and the reason.
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
        raise InputError(f"{entry.digest[:8]} is already withdrawn: {entry.withdrawn}")
    path = next(path for path, other in by_path.items() if other is entry)
    _write(path, replace(entry, withdrawn=reason))
    return entry.digest


def _write(path: Path, entry: SubmissionRecord) -> None:
    atomic.write(path, json.dumps(entry.to_json(), indent=1, sort_keys=True, allow_nan=False) + "\n")


def is_folder(target: str | Path | None) -> bool:
    """Whether a board is a folder of files, as opposed to a database."""
    path = chosen(target)
    return path is not None and "://" not in str(path) and local_path(path).is_dir()


def folder_path(target: str | Path | None) -> Path:
    """The path of a folder board."""
    return local_path(chosen(target))


def load_records(target: str | Path | None) -> tuple[str, list[SubmissionRecord]]:
    """The name and the submissions of any board: a folder, a file or a database URL."""
    if is_folder(target):
        return str(folder_path(target)), read_folder(folder_path(target))
    board = Board(target, create=False)
    return board.name, board.records()


def stream_records(target: str | Path | None) -> tuple[int, Iterator[SubmissionRecord], LoadPredictions]:
    """The submissions of any board, of which a bounded number is in memory at a time.

    Returns:
        Their number, the submissions, and a function that reads the predictions of one; None where a board has none.
    """
    if is_folder(target):
        paths = result_paths(folder_path(target))
        return len(paths), map(read_file, paths), lambda digest: None
    board = Board(target, create=False)
    digests = board.digests()
    return len(digests), board.stream(digests), board.predictions_bytes
