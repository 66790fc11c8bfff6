"""A submission as a record of Every Eval Ever, schema 0.3.0: an aggregate document, and one document per answered row.

See https://github.com/evaleval/every_eval_ever.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.check import AnsweredSplit, answered_splits
from mathbench.leaderboard.published.origin import (
    Publisher,
    model_id,
    relationship,
    submitter_of,
    what_was_checked,
)
from mathbench.leaderboard.submission import Manifest, canonical_json, read_stored
from mathbench.leaderboard.submission_manifest import PROMPTED, SUPERVISIONS
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.results import SplitScore
from mathbench.version import __version__

SCHEMA_VERSION = "0.3.0"
COLLECTION = "mathbench"
BATCH = 1000  # rows that are Python objects at a time
METRIC = {
    "evaluation_description": "Share of rows whose whole answer is right; a row without an answer counts as wrong.",
    "metric_id": "exact-match",
    "metric_name": "Exact match",
    "metric_kind": "accuracy",
    "metric_unit": "proportion",
    "lower_is_better": False,
    "score_type": "continuous",
    "min_score": 0.0,
    "max_score": 1.0,
}

Document = dict[str, Any]


@dataclass(frozen=True)
class SampleFile:
    """A file of answered rows that has been written.

    Args:
        path: as in the data store, from `data/` on.
        sha256: of its bytes.
        rows: its number of lines.
    """

    path: str
    sha256: str
    rows: int


def record_path(record: SubmissionRecord) -> PurePosixPath:
    """The path of the aggregate document in the data store. A submission has the same path in every export."""
    name = UUID(hex=record.digest[:32], version=4)
    return PurePosixPath("data", COLLECTION, model_id(record), f"{name}.json")


def samples_path(record: SubmissionRecord) -> PurePosixPath:
    """The path of the answered rows in the data store."""
    path = record_path(record)
    return path.with_name(f"{path.stem}_samples.jsonl")


def aggregate(record: SubmissionRecord, publisher: Publisher, samples: SampleFile | None = None) -> Document:
    """The aggregate document of a submission: its scores, the model and where they come from.

    Args:
        record: the submission.
        publisher: who publishes the board.
        samples: its answered rows; None where only the scores are published.
    """
    submitted = _unix_time(record.submitted)
    document = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": _evaluation_id(record),
        "evaluation_timestamp": submitted,
        "retrieved_timestamp": submitted,
        "source_metadata": _source(record, publisher, samples),
        "eval_library": {"name": "mathbench", "version": __version__},
        "model_info": _model(record),
        "evaluation_results": [
            _result(record, split, score) for split, score in record.checked.scores.items()
        ],
    }
    if samples is None:
        return document
    files = {"file_path": samples.path, "hash_algorithm": "sha256", "checksum": samples.sha256}
    detailed = {"format": "jsonl", **files, "total_rows": samples.rows}
    return document | {"detailed_evaluation_results": detailed}


def sample_lines(record: SubmissionRecord, predictions: bytes) -> Iterator[str]:
    """The answered rows of a submission as JSON lines.

    Args:
        record: the submission.
        predictions: its stored predictions.

    Raises:
        InputError: when they cannot be read, or do not give the scores of the board.
    """
    manifest = Manifest(record.manifest)
    for split, part in answered_splits(manifest, read_stored(predictions)):
        scored = record.checked.scores.get(split)
        if scored is None or (len(part.right), int(part.right.sum())) != (
            scored.total.n,
            scored.total.correct,
        ):
            raise InputError(
                f"the predictions of {record.digest[:8]} do not give the scores on the board. "
                "`mathbench leaderboard verify` shows what differs."
            )
        yield from _split_lines(record, split, part)


def _split_lines(record: SubmissionRecord, split: str, part: AnsweredSplit) -> Iterator[str]:
    """The lines of one split."""
    method = f"mathbench, format {Manifest(record.manifest).task.format}"
    common = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": _evaluation_id(record),
        "model_id": model_id(record),
        "evaluation_name": _evaluation_name(record, split),
        "evaluation_result_id": _result_id(record, split),
        "interaction_type": "single_turn",
    }
    columns = {name: part.truth[name] for name in ("row", "stratum", "question", "answer")}
    table = pa.table({**columns, "written": part.written, "read": part.answers, "right": part.right})
    for batch in table.to_batches(BATCH):
        for row in batch.to_pylist():
            yield json.dumps(common | _sample(row, split, method)) + "\n"


def _sample(row: Mapping[str, Any], split: str, method: str) -> Document:
    """What is special to one row."""
    asked = {"raw": row["question"], "reference": [row["answer"]]}
    missing = row["written"] is None
    return {
        "sample_id": f"{split}/{row['row']}",
        # the recipe by which other converters make it, so that rows can be joined
        "sample_hash": hashlib.sha256(canonical_json(asked).encode()).hexdigest(),
        "input": asked,
        "output": {"raw": [] if missing else [row["written"]]},
        "answer_attribution": [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": "" if row["read"] is None else row["read"],
                "extraction_method": method,
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": float(row["right"]), "is_correct": row["right"]},
        "error": "no answer" if missing else None,
        "metadata": {"stratum": row["stratum"]},
    }


def _evaluation_id(record: SubmissionRecord) -> str:
    return f"{COLLECTION}/{model_id(record)}/{record.digest[:16]}"


def _evaluation_name(record: SubmissionRecord, split: str) -> str:
    return f"{COLLECTION}.{record.summary.task['name']}.{split}"


def _result_id(record: SubmissionRecord, split: str) -> str:
    return f"{_evaluation_id(record)}/{split}"


def _unix_time(text: str) -> str:
    """A time in UTC as seconds since 1970.

    >>> _unix_time("2026-01-01T00:00:00Z")
    '1767225600'
    """
    return str(int(datetime.fromisoformat(text).timestamp()))


def _source(record: SubmissionRecord, publisher: Publisher, samples: SampleFile | None) -> Document:
    """Where the scores come from, and what was checked."""
    details = {
        "submission": record.digest,
        "submitter": submitter_of(record),
        "season": record.summary.season,
        "badge": record.badge,
        "checked": what_was_checked(record),
        "attempts": record.attempts,
        "proof": record.proof.claim if record.proof else None,
        "differences": list(record.checked.differences) or None,
    }
    return {
        "source_name": "mathbench leaderboard",
        "source_type": "documentation" if samples is None else "evaluation_run",
        "source_organization_name": publisher.name,
        **({"source_organization_url": publisher.url} if publisher.url else {}),
        "evaluator_relationship": relationship(record),
        "additional_details": _strings(details),
    }


def _model(record: SubmissionRecord) -> Document:
    """The facts about the model; what the manifest does not state is called unknown."""
    summary, manifest = record.summary, record.manifest
    # a language model may be behind a server of anybody
    deployed = summary.runnable and summary.supervision != PROMPTED
    details = {
        "deployment_type": "self_deployed" if deployed else "unknown",
        "model_availability": "unknown",
        "framework": summary.framework,
        "parameters": summary.parameters,
        "recipe": dict(summary.recipe),
        "encoding": dict(summary.encoding) or None,
        "training_seeds": list(summary.seeds),
        "training_data": summary.training_data or None,
        "supervision": SUPERVISIONS[summary.supervision],
        "weights_sha256": manifest.get("model", {}).get("weights_sha256"),
        "versions": manifest.get("versions") or manifest.get("environment") or None,
        "command": manifest["command"],
        "commit": manifest["commit"],
    }
    identity = model_id(record)
    return {
        "name": summary.model,
        "id": identity,
        "developer": identity.partition("/")[0],
        "additional_details": _strings(details),
    }


def _result(record: SubmissionRecord, split: str, score: SplitScore) -> Document:
    """The score of one split, with its interval and the strata."""
    low, high = score.total.interval
    interval = {"lower": low, "upper": high, "confidence_level": 0.95, "method": "wilson"}
    strata = {name: [part.correct, part.n] for name, part in score.strata.items()}
    return {
        "evaluation_result_id": _result_id(record, split),
        "evaluation_name": _evaluation_name(record, split),
        "source_data": {
            "dataset_name": COLLECTION,
            "source_type": "other",
            "additional_details": _rows(record, split, score.total.n),
        },
        "evaluation_timestamp": _unix_time(record.submitted),
        "metric_config": dict(METRIC),
        "score_details": {
            "score": score.total.exact_match,
            "details": _strings({"correct": score.total.correct, "correct_and_rows_by_stratum": strata}),
            "uncertainty": {"confidence_interval": interval, "num_samples": score.total.n},
        },
    }


def _rows(record: SubmissionRecord, split: str, n: int) -> dict[str, str]:
    """What the rows of a split are generated from."""
    task = record.summary.task
    return _strings(
        {
            "task": task["id"],
            "name": task["name"],
            "parameters": dict(task["parameters"]),
            "seed": record.summary.data["seed"],
            "split": split,
            "rows": f"0 to {n - 1}",
            "data_digest": record.summary.data.get("digest"),
        }
    )


def _strings(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as text, since the schema takes no other; those that are None are left out."""
    return {
        key: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        for key, value in values.items()
        if value is not None
    }
