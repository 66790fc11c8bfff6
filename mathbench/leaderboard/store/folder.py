"""A board as a folder in git: per task a folder, per submission one JSON file, and beside it its wrong answers.

With the wrong answers everything in the file can be computed again. The certificate of a proved submission lies there
too. A file can be written by hand, so that it is never shown with a higher badge than what lies beside it can show.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mathbench.certificates.document import MAX_BYTES
from mathbench.errors import InputError
from mathbench.leaderboard.proof import PROVED
from mathbench.leaderboard.seasons.files import FOLDER as SEASONS
from mathbench.leaderboard.store import packed_record, wrong_answers
from mathbench.leaderboard.store.database import chosen
from mathbench.leaderboard.submission import Manifest
from mathbench.leaderboard.submission_manifest import certificate_entry
from mathbench.leaderboard.submission_record import (
    CLAIMED,
    RESCORED,
    WITHDRAWAL_REASON,
    SubmissionRecord,
    find_by_prefix,
    weakest_badge,
)
from mathbench.scores import strict_json
from mathbench.scores.untrusted import read_limited
from mathbench.storage import atomic
from mathbench.storage.location import local_path

LoadFile = Callable[[str], bytes | None]  # from the digest of a submission to one of its files


def file_name(entry: SubmissionRecord) -> str:
    """A readable file name from task, model and digest; strangers choose the names, so only a-z and 0-9 are kept."""
    words = f"{entry.summary.task['name']} {entry.summary.model} {entry.summary.framework or ''}"
    return f"{_plain(words)}-{entry.digest[:12]}.json"


def task_folder(task: str) -> str:
    """The name of the folder with the results of a task.

    >>> task_folder("divisible-7-base10"), task_folder("../x")
    ('divisible-7-base10', 'x')
    """
    return _plain(task) or "task"


def _plain(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:100].strip("-")


def export(
    records: Iterable[SubmissionRecord],
    folder: Path,
    load_answers: LoadFile = lambda digest: None,
    load_certificate: LoadFile = lambda digest: None,
    on_record: Callable[[], None] = lambda: None,
) -> list[Path]:
    """Write the files of submissions, each into the folder of its task; files of other submissions stay.

    Args:
        records: the submissions.
        folder: the target. Where earlier versions wrote a submission into it directly, its files move.
        load_answers: reads the file of wrong answers of a submission, see `answers_loader`.
        load_certificate: reads the certificate of a proved submission.
        on_record: called after each submission.

    Returns:
        The paths of the JSON files.
    """
    atomic.make_folder(folder)
    paths = []
    for entry in records:
        path = folder / task_folder(entry.summary.task["name"]) / file_name(entry)
        atomic.make_folder(path.parent)
        certificate = load_certificate(entry.digest) if entry.proof else None
        if certificate is not None:
            atomic.write(certificate_path(path), certificate)
        answers = load_answers(entry.digest)
        if answers is not None:
            atomic.write(answers_path(path), answers)
        _write(path, replace(entry, wrong_answers=None if answers is None else _sha256(answers)))
        _remove(folder / path.name)
        paths.append(path)
        on_record()
    return paths


def _remove(path: Path) -> None:
    """Delete the files of a submission, if they are there."""
    for file in (path, answers_path(path), certificate_path(path)):
        file.unlink(missing_ok=True)


def certificate_path(path: Path) -> Path:
    """The path of the certificate of a submission with a file."""
    return path.with_suffix(".safetensors")


def answers_path(path: Path) -> Path:
    """The path of the wrong answers of a submission with a file."""
    return path.with_suffix(".parquet")


def read_certificate(path: Path) -> bytes | None:
    """Read the certificate of a submission with a file; None when it has none.

    Raises:
        InputError: when it is too large.
    """
    return _read_beside(certificate_path(path), MAX_BYTES)


def read_answers(path: Path, stated: SubmissionRecord) -> bytes | None:
    """Read the file of wrong answers of a submission with a file; None unless it is the one that the file names.

    Raises:
        InputError: when it is too large.
    """
    if stated.wrong_answers is None:
        return None
    found = _read_beside(answers_path(path), wrong_answers.MAX_BYTES)
    return found if found is not None and _sha256(found) == stated.wrong_answers else None


def _read_beside(path: Path, maximum: int) -> bytes | None:
    return read_limited(path, maximum) if path.is_file() else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def results_folder(folder: Path) -> Path:
    """The folder `results` of a folder board, or the board itself where it has none."""
    return folder / "results" if (folder / "results").is_dir() else folder


def result_paths(folder: Path) -> list[Path]:
    """The files of a folder board, sorted by name; earlier versions wrote all of them into one folder."""
    inner = results_folder(folder)
    nested = (path for path in inner.glob("*/*.json") if path.parent.name != SEASONS)
    return sorted([*inner.glob("*.json"), *nested], key=lambda path: (path.name, path))


def allowed_paths(folder: Path, entry: SubmissionRecord) -> list[Path]:
    """Where the file of a submission may lie: in the folder of its task, or in that of all results."""
    inner, name = results_folder(folder), file_name(entry)
    return [inner / task_folder(entry.summary.task["name"]) / name, inner / name]


def read_file(path: Path) -> SubmissionRecord:
    """Read a submission as a board shows it: with at most the badge that the files beside it can show.

    Without its wrong answers it is `claimed`. With them it is at most `re-scored`: no file can show that a run was
    repeated. With the certificate that its manifest names it is `proved`.

    Raises:
        InputError: for an invalid file, with its path and the reason.
    """
    stated = read_stated(path)
    try:
        proved, answered = _has_certificate(path, stated), read_answers(path, stated) is not None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if proved:
        return replace(stated, badge=PROVED)
    badge = weakest_badge([stated.badge, RESCORED if answered else CLAIMED])
    return replace(stated, badge=badge, checked=replace(stated.checked, proof=None))


def _has_certificate(path: Path, stated: SubmissionRecord) -> bool:
    """Whether a proof is stated, and the certificate beside the file is the one of manifest and proof."""
    named = certificate_entry(stated.manifest)
    if stated.proof is None or named is None:
        return False
    found = read_certificate(path)
    return found is not None and {named[1], stated.proof.sha256.removeprefix("sha256:")} == {_sha256(found)}


def read_stated(path: Path) -> SubmissionRecord:
    """Read what the file of a submission states, whatever lies beside it.

    Raises:
        InputError: for an invalid file, with its path and the reason.
    """
    try:
        entry = SubmissionRecord.from_json(read_document(path))
        Manifest(entry.manifest)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return entry


def read_document(path: Path) -> Any:
    """Read the JSON of a file, of either version, as a record of version 1. Its schema is not checked.

    Raises:
        InputError: for a file that is too large, no JSON, or of a later version.
    """
    return packed_record.unpack(strict_json.parse(read_limited(path, strict_json.MAX_BYTES), path.name))


def read_folder(folder: Path) -> list[SubmissionRecord]:
    """Read all submissions of a folder, in the order of their submission.

    Raises:
        InputError: for an invalid file, with its path and the reason.
    """
    return sorted(map(read_file, result_paths(folder)), key=lambda entry: entry.order)


def withdraw(folder: Path, requested: str, reason: str) -> str:
    """Mark a submission of a folder board as withdrawn; its files stay.

    Returns:
        Its digest.

    Raises:
        InputError: when it is not there or withdrawn already.
    """
    WITHDRAWAL_REASON(reason, "the reason")
    by_path = {path: read_stated(path) for path in result_paths(folder)}
    entry = find_by_prefix(list(by_path.values()), requested)
    if entry.withdrawn is not None:
        raise InputError(f"{entry.digest[:8]} is already withdrawn: {entry.withdrawn}")
    path = next(path for path, other in by_path.items() if other is entry)
    _write(path, replace(entry, withdrawn=reason))
    return entry.digest


def _write(path: Path, entry: SubmissionRecord) -> None:
    atomic.write(path, packed_record.to_text(packed_record.pack(entry.to_json())))


def is_folder(target: str | Path | None) -> bool:
    """Whether a board is a folder of files, as opposed to a database."""
    path = chosen(target)
    return path is not None and "://" not in str(path) and local_path(path).is_dir()


def folder_path(target: str | Path | None) -> Path:
    """The path of a folder board."""
    return local_path(chosen(target))
