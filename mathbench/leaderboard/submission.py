"""Submissions to a board: a manifest (result.json or submission.json) and its predictions, read and checked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.certificates.document import MAX_BYTES
from mathbench.errors import InputError
from mathbench.families import from_spec
from mathbench.hashing import check_seed
from mathbench.leaderboard.names import check_name
from mathbench.leaderboard.submission_manifest import (
    ManifestSummary,
    certificate_entry,
    check_manifest,
    predictions_entry,
    summarise_manifest,
)
from mathbench.scores import strict_json
from mathbench.scores.predictions import COLUMNS, COLUMNS_WITH_TASK
from mathbench.scores.schema_types import refuse
from mathbench.scores.untrusted import MAX_FILE, compress_predictions, read_limited, read_untrusted
from mathbench.storage.location import local_path
from mathbench.task import Task

MANIFESTS = ("submission.json", "result.json", "manifest.json")


@dataclass(frozen=True)
class Manifest:
    """A valid manifest. Its task, seed and sizes determine the rows, so that the truth can be regenerated.

    Args:
        document: the JSON object.

    Raises:
        InputError: for anything that the schema does not allow, an unknown task or a wrong parameter.
    """

    document: Mapping[str, Any]

    def __post_init__(self) -> None:
        _object(self.document, "the manifest")
        check_manifest(self.document)
        check_seed(self.summary.data["seed"])
        if self.task.name != (named := self.summary.task["name"]):
            raise InputError(
                f"the manifest: the parameters are those of the task '{self.task.name}'. Received: {named!r}."
            )

    def __getstate__(self) -> dict[str, Any]:
        """The document alone: a process that receives a manifest makes the task itself, also of a foreign class."""
        return {"document": self.document}

    @cached_property
    def task(self) -> Task:
        """The task whose rows were answered."""
        # not task(id, **parameters): a parameter called "name" would collide with the argument
        spec = self.summary.task
        return from_spec(spec["id"], spec["parameters"])

    @cached_property
    def summary(self) -> ManifestSummary:
        """The summary that both kinds of manifests have."""
        return summarise_manifest(self.document)

    @property
    def seed(self) -> int | str:
        """The seed of the data."""
        return check_seed(self.summary.data["seed"])

    @property
    def sizes(self) -> dict[str, int]:
        """Rows per split."""
        return dict(self.summary.data["sizes"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document, independent of the order of its keys."""
        return hashlib.sha256(canonical_json(self.document).encode()).hexdigest()


@dataclass(frozen=True)
class Submission:
    """A manifest and its predictions.

    Args:
        manifest: the manifest.
        predictions: split (string), row (int64), prediction (string), ordered by split, then by row.
        certificate: the bytes of the certificate that the manifest names; None where it names none.
    """

    manifest: Manifest
    predictions: pa.Table
    certificate: bytes | None = None

    @cached_property
    def predictions_digest(self) -> str:
        """SHA-256 over the content of the predictions, independent of their file format."""
        return content_digest(self.predictions, ("split", "row", "prediction"))

    @cached_property
    def digest(self) -> str:
        """Identifies the submission: SHA-256 over the digests of manifest and predictions."""
        return hashlib.sha256((self.manifest.digest + self.predictions_digest).encode()).hexdigest()

    def predictions_bytes(self) -> bytes:
        """The predictions as a compressed Parquet file."""
        return compress_predictions(self.predictions)

    @classmethod
    def from_stored(
        cls, document: Mapping[str, Any], predictions: bytes, certificate: bytes | None = None
    ) -> "Submission":
        """The submission with a stored manifest, stored predictions and a stored certificate.

        Raises:
            InputError: when they cannot be read.
        """
        manifest = Manifest(document)
        check_certificate_digest(manifest, certificate)
        return cls(manifest, read_stored(predictions), certificate)


def read_stored(predictions: bytes) -> pa.Table:
    """Read stored predictions.

    Raises:
        InputError: when they cannot be read.
    """
    return sort_predictions(read_untrusted(predictions, "the kept predictions", COLUMNS))


def content_digest(table: pa.Table, columns: tuple[str, ...]) -> str:
    """SHA-256 over the values of some columns of text and integers, independent of their file format."""
    state = hashlib.sha256()
    for name in columns:
        for part in _bytes(table[name].combine_chunks()):
            state.update(part)
    return state.hexdigest()


def canonical_json(document: Mapping[str, Any]) -> str:
    r"""JSON with sorted keys and no spaces: the same text for the same content.

    >>> canonical_json({"b": 1, "a": "é"})
    '{"a":"\\u00e9","b":1}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def open_submission(path: str | Path, name: str | None = None) -> Submission:
    """Read a submission from a run directory, a directory with a submission.json, or that file.

    Args:
        path: the directory or the file.
        name: of the model of a run on the board, instead of that of its baseline.

    Raises:
        InputError: one line with the reason.
    """
    file = manifest_path(local_path(path))
    manifest = Manifest(read_manifest(file, name))
    files = submission_files(file, manifest.document)
    for name in (path.name for path in files.values() if not path.is_file()):
        raise InputError(f"'{file.parent}' is incomplete: it must contain {file.name} and {name}.")
    certificate = read_limited(files["certificate"], MAX_BYTES) if "certificate" in files else None
    return build_submission(manifest, read_limited(files["predictions"], MAX_FILE), certificate)


def read_manifest(file: Path, name: str | None = None) -> dict[str, Any]:
    """Read the JSON object of a manifest, without checking it, and give the model of a run a name.

    Raises:
        InputError: for no JSON object, or a name for a submission.json, which has its own.
    """
    document = _object(strict_json.parse(read_limited(file, strict_json.MAX_BYTES), file.name), file.name)
    if name is None:
        return document
    if "model" in document:
        raise InputError(f"--name is for runs; {file.name} names its model itself, in model.name.")
    check_name(name)
    return {**document, "name": name}


def submission_files(manifest: Path, document: Mapping[str, Any]) -> dict[str, Path]:
    """The files of a submission by their part in it: manifest, predictions and, where there is one, certificate."""
    entries = {"predictions": predictions_entry(document), "certificate": certificate_entry(document)}
    named = {part: manifest.with_name(entry[0]) for part, entry in entries.items() if entry is not None}
    return {"manifest": manifest, **named}


def build_submission(manifest: Manifest, data: bytes, certificate: bytes | None = None) -> Submission:
    """Join a manifest with the bytes of the files that it names.

    Args:
        manifest: the manifest.
        data: the predictions.
        certificate: the certificate; None where the manifest names none.

    Raises:
        InputError: one line with the reason.
    """
    name, expected = predictions_entry(manifest.document)
    check_digest(name, data, expected)
    check_certificate_digest(manifest, certificate)
    shapes = (COLUMNS_WITH_TASK,) if manifest.summary.runnable else (COLUMNS_WITH_TASK, COLUMNS)
    table = read_untrusted(data, name, *shapes)
    if "task" in table.column_names:
        _only_task(table, name, manifest.task.name)
    return Submission(manifest, sort_predictions(table), certificate)


def check_certificate_digest(manifest: Manifest, certificate: bytes | None) -> None:
    """Check that a certificate is the one that the manifest names.

    Raises:
        InputError: for another one, or one too many or too few.
    """
    entry = certificate_entry(manifest.document)
    if (entry is None) != (certificate is None):
        stated = "no certificate" if entry is None else f"the certificate {entry[0]}"
        sent = "none" if certificate is None else f"one of {len(certificate):,} bytes"
        raise InputError(f"the manifest names {stated}. Received: {sent}.")
    if entry is not None and certificate is not None:
        check_digest(entry[0], certificate, entry[1])


def check_digest(name: str, data: bytes, expected: str) -> None:
    """Check that a file is the one that a manifest names.

    Raises:
        InputError: for another SHA-256.
    """
    if expected != (found := hashlib.sha256(data).hexdigest()):
        raise InputError(
            f"{name} does not match the manifest: "
            f"its SHA-256 is {found[:12]}..., in the manifest it is {expected[:12]}..."
        )


def manifest_path(path: Path) -> Path:
    """The path of the manifest: the file itself, or the one in a directory."""
    found = [path / name for name in MANIFESTS if (path / name).is_file()] if path.is_dir() else [path]
    if not found:
        raise InputError(
            f"'{path}' is not a finished run: it must contain result.json and predictions.parquet, "
            "or submission.json and the file that it names."
        )
    if not found[0].is_file():
        raise InputError(f"there is no run directory or submission.json '{path}'.")
    return found[0]


def _object(document: Any, name: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        refuse(name, "an object", document)
    return document


def _only_task(table: pa.Table, file: str, name: str) -> None:
    foreign = table.filter(pc.not_equal(table["task"], name))
    if foreign.num_rows:
        first = ", ".join(map(ascii, foreign["task"].slice(0, 3).to_pylist()))
        raise InputError(
            f"{file} has {foreign.num_rows:,} rows of tasks other than {name}; the first: {first}."
        )


def sort_predictions(table: pa.Table) -> pa.Table:
    """Sort predictions by split, then by row; drop other columns."""
    table = table.select(["split", "row", "prediction"])
    return table.take(pc.sort_indices(table, [("split", "ascending"), ("row", "ascending")])).combine_chunks()


def _bytes(column: pa.Array) -> list[bytes | memoryview]:
    """The content of a column as bytes: its length, the lengths of its texts, then the concatenated texts."""
    head = len(column).to_bytes(8, "little")
    if pa.types.is_integer(column.type):
        return [head, column.to_numpy().astype("<i8").tobytes()]
    lengths = pc.binary_length(column).to_numpy(zero_copy_only=False).astype("<i4")
    if not lengths.any():
        return [head, lengths.tobytes()]
    stops = slice(column.offset, column.offset + len(column) + 1)
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[stops]
    return [head, lengths.tobytes(), memoryview(column.buffers()[2])[offsets[0] : offsets[-1]]]
