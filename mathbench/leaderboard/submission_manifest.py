"""Manifests of submissions: of a run (result.json) or of a model from anywhere (submission.json)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mathbench.errors import InputError
from mathbench.reserve import SPLITS
from mathbench.scores.schema import COUNTS, RESULT, SEED, SHA256, TASK
from mathbench.scores.schema_types import (
    OBJECT,
    Boolean,
    Integer,
    ListOf,
    MapOf,
    OneOf,
    Record,
    Schema,
    Text,
    Unchecked,
    nullable,
)

PREDICTIONS_FILE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]*\.(parquet|jsonl|jsonl\.gz)"

SUBMISSION = Record(
    {
        "schema_version": Integer(1, 1),
        "model": Record(
            {
                "name": Text(),
                "revision": nullable(Text()),
                "weights_sha256": nullable(SHA256),
                "framework": nullable(Text(50)),
                "parameters": nullable(Integer()),
            }
        ),
        "training": Record(
            {
                "seeds": ListOf(SEED, 1_000),
                "data_digest": nullable(Text()),
                "budget": nullable(Text()),
                "external_data": Boolean(),
            }
        ),
        "task": TASK,
        "data": Record({"seed": SEED, "sizes": MapOf(Integer(), SPLITS)}),
        "environment": OBJECT,
        "command": nullable(Text(10_000, empty=True)),
        "commit": nullable(Text(100, empty=True)),
        "predictions": Record({"file": Text(100, PREDICTIONS_FILE_PATTERN), "sha256": SHA256}),
    },
    {"scores": MapOf(COUNTS)},
)


@dataclass(frozen=True)
class ManifestSummary:
    """The part of a manifest that a board ranks and shows; both kinds of manifests have it.

    Args:
        model: its name.
        framework: such as torch; None where there is none.
        parameters: the number of trained parameters.
        recipe: the training settings, or the model's revision.
        encoding: the settings of its input and output encoding.
        identity: what submissions share that differ in the training seed only.
        seeds: of its training.
        training_data: a description for people.
        task: id, name and parameters.
        data: seed and rows per split.
        scores: the claimed scores, per split.
        floors: the reported scores of floors, per floor and split.
        runnable: whether mathbench can train it again.
    """

    model: str
    framework: str | None
    parameters: int | None
    recipe: Mapping[str, Any]
    encoding: Mapping[str, Any]
    identity: Mapping[str, Any]
    seeds: tuple[int | str, ...]
    training_data: str
    task: Mapping[str, Any]
    data: Mapping[str, Any]
    scores: Mapping[str, Any]
    floors: Mapping[str, Any]
    runnable: bool


def check_manifest(document: Mapping[str, Any]) -> None:
    """Check a manifest against the schema of its kind.

    Raises:
        InputError: for anything that the schema does not allow, or a model without revision and weights.
    """
    if "certificate" in document:
        raise InputError("boards do not take certified runs yet. Submit the run that was certified.")
    if "model" not in document:
        RESULT(document, "result.json")
        return
    SUBMISSION(document, "submission.json")
    if document["model"]["revision"] is None and document["model"]["weights_sha256"] is None:
        raise InputError(
            "submission.json: model must have a revision or a weights_sha256. Received: neither."
        )


class ManifestSchema(Schema):
    """A manifest of either kind. Errors inside it name its file instead of `where`."""

    def __call__(self, value: Any, where: str) -> None:
        MapOf(Unchecked())(value, where)
        check_manifest(value)

    def json_schema(self) -> dict[str, Any]:
        return OneOf((RESULT, SUBMISSION)).json_schema()


MANIFEST = ManifestSchema()


def summarise_manifest(document: Mapping[str, Any]) -> ManifestSummary:
    """Summarise a manifest that has been checked."""
    return _of_submission(document) if "model" in document else _of_run(document)


def predictions_entry(document: Mapping[str, Any]) -> tuple[str, str]:
    """The name of the predictions file and its SHA-256."""
    sha256 = document.get("predictions_sha256")
    entry = document.get("predictions") or {"file": "predictions.parquet", "sha256": sha256}
    return entry["file"], entry["sha256"].removeprefix("sha256:")


def _of_run(result: Mapping[str, Any]) -> ManifestSummary:
    return ManifestSummary(
        model=result["baseline"],
        framework=result["framework"],
        parameters=result["parameters"],
        recipe=result["recipe"],
        encoding=result["encoding"],
        identity={name: result[name] for name in ("baseline", "framework", "recipe", "encoding")},
        seeds=(result["seed"],),
        training_data=f"train={result['data']['sizes'].get('train', 0)} seed={result['data']['seed']}",
        task=result["task"],
        data=result["data"],
        scores=result["scores"],
        floors=result["floors"],
        runnable=True,
    )


def _of_submission(submission: Mapping[str, Any]) -> ManifestSummary:
    model, training = submission["model"], submission["training"]
    # not weights_sha256: every seed makes other weights
    identity = ("name", "revision", "framework", "parameters")
    words = [training["data_digest"] or "", "external data" if training["external_data"] else ""]
    return ManifestSummary(
        model=model["name"],
        framework=model["framework"],
        parameters=model["parameters"],
        recipe={"name": model["revision"] or model["weights_sha256"].removeprefix("sha256:")[:8]},
        encoding={},
        identity={name: model[name] for name in identity}
        | {"training": {name: value for name, value in training.items() if name != "seeds"}},
        seeds=tuple(training["seeds"]) or ("not said",),
        training_data=" ".join(word for word in words if word),
        task=submission["task"],
        data=submission["data"],
        scores=submission.get("scores", {}),
        floors={},
        runnable=False,
    )
