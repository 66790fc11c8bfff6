"""Manifests of submissions: of a run (result.json) or of a model from anywhere (submission.json)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mathbench.errors import InputError
from mathbench.leaderboard import names
from mathbench.scores.schema import COUNTS, DATA, DIGEST, RESULT, SEED, SHA256, SUPERVISION, TASK
from mathbench.scores.schema_types import (
    OBJECT,
    Boolean,
    Choice,
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Schema,
    Text,
    Unchecked,
    nullable,
)

PREDICTIONS_FILE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]*\.(parquet|jsonl|jsonl\.gz)"
CERTIFICATE_FILE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors"


@dataclass(frozen=True)
class ModelRecord(Record):
    """A record of a model whose weights are known by a revision, by their SHA-256, or by both."""

    def __call__(self, value: Any, where: str) -> None:
        super().__call__(value, where)
        if value["revision"] is None and value["weights_sha256"] is None:
            raise InputError(f"{where} must have a revision or a weights_sha256. Received: neither.")

    def json_schema(self) -> dict[str, Any]:
        neither = {name: {"type": "null"} for name in ("revision", "weights_sha256")}
        return super().json_schema() | {"not": {"required": list(neither), "properties": neither}}


_MODEL = ModelRecord(
    {
        "name": Text(),
        "revision": nullable(Text()),
        "weights_sha256": nullable(SHA256),
        "framework": nullable(Text(50)),
        "parameters": nullable(Integer()),
    }
)
_TRAINING = Record(
    {
        "seeds": ListOf(SEED, 1_000),
        "data_digest": nullable(Text()),
        "budget": nullable(Text()),
        "external_data": Boolean(),
    }
)
# submission.json of schema version 1, which says nothing about supervision
SUBMISSION_1 = Record(
    {
        "schema_version": Integer(1, 1),
        "model": _MODEL,
        "training": _TRAINING,
        "task": TASK,
        "data": DATA,
        "environment": OBJECT,
        "command": nullable(Text(10_000, empty=True)),
        "commit": nullable(Text(100, empty=True)),
        "predictions": Record({"file": Text(100, PREDICTIONS_FILE_PATTERN), "sha256": SHA256}),
    },
    {"scores": MapOf(COUNTS)},
)
# version 2, which names no season
SUBMISSION_2 = Record(
    {**SUBMISSION_1.fields, "schema_version": Integer(2, 2), "supervision": nullable(Choice(SUPERVISION))},
    {
        **SUBMISSION_1.optional,
        "certificate": nullable(Record({"file": Text(100, CERTIFICATE_FILE_PATTERN), "sha256": SHA256})),
        # how a language model was asked: its words, examples, extraction, decoding
        "prompting": OBJECT,
    },
)
SEASON_NAME = Text(40, "[a-z0-9][a-z0-9-]*")
# of a sealed round: the number-th of `entries` entries of its submitter, of which `answered` have answers
ROUND_ENTRY = Record(
    {
        "name": Text(100),
        "entry": Text(10, "e[1-9][0-9]*"),
        "receipt": DIGEST,
        "number": Integer(1),
        "entries": Integer(1),
        "answered": Integer(),
    }
)
LINKS = MapOf(Text(300, r"https://[^\s\"'<>]+"), ("code", "paper", "weights"))
SUBMISSION = Record(
    {
        **SUBMISSION_2.fields,
        "schema_version": Integer(3, 3),
        "season": nullable(SEASON_NAME),
        "model": ModelRecord({**_MODEL.fields, "name": Text(100, names.PATTERN)}, {"links": LINKS}),
        "training": Record(_TRAINING.fields, {"cpu_seconds": nullable(Number(0, 1e12))}),
    },
    {**SUBMISSION_2.optional, "round": ROUND_ENTRY},
)
SUBMISSIONS = {1: SUBMISSION_1, 2: SUBMISSION_2, 3: SUBMISSION}


UNTRAINED, PROMPTED = "untrained", "prompted"
# groups of models in the order of tables, with their titles; only models of one group are ranked among each other
SUPERVISIONS = {
    "examples": "from examples",
    "dense": "dense labels",
    "aligned": "aligned input",
    "aligned+dense": "aligned input, dense labels",
    "examples+self": "from examples and own labels",
    "dense+self": "dense labels and own labels",
    "aligned+self": "aligned input, own labels",
    "aligned+dense+self": "aligned input, dense labels and own labels",
    PROMPTED: PROMPTED,
    UNTRAINED: UNTRAINED,
    None: "supervision not stated",
}
Supervision = str | None


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
        supervision: what its training gives away, one of `SUPERVISIONS`; None where the manifest does not state it.
        season: the season that it names; None for none.
        external_data: whether it was trained on other data than rows of the task.
        revision: a label of its revision for people; empty where none is stated.
        cpu_seconds: of its training; None where it is not stated.
        links: addresses of code, paper and weights.
        weights: SHA-256 of the weights, 64 hexadecimal digits; None where it is not stated.
        round_entry: of a submission from a sealed round, `ROUND_ENTRY`; empty for others.
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
    supervision: Supervision
    season: str | None
    external_data: bool
    revision: str
    cpu_seconds: float | None
    links: Mapping[str, str]
    weights: str | None = None
    round_entry: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def revision_key(self) -> str:
        """Identifies the revision of the model: its settings and its training, but not its name and training seed."""
        own = {key: value for key, value in self.identity.items() if key not in ("name", "baseline")}
        return json.dumps([own, self.training_data], sort_keys=True)


def check_manifest(document: Mapping[str, Any]) -> None:
    """Check a manifest against the schema of its kind.

    Raises:
        InputError: for anything that the schema does not allow.
    """
    if "model" not in document:
        RESULT(document, "result.json")
        return
    Integer(1, max(SUBMISSIONS))(document.get("schema_version"), "submission.json.schema_version")
    SUBMISSIONS[document["schema_version"]](document, "submission.json")


class ManifestSchema(Schema):
    """A manifest of either kind. Errors inside it name its file instead of `where`."""

    def __call__(self, value: Any, where: str) -> None:
        MapOf(Unchecked())(value, where)
        check_manifest(value)

    def json_schema(self) -> dict[str, Any]:
        return OneOf((RESULT, *reversed(SUBMISSIONS.values()))).json_schema()


MANIFEST = ManifestSchema()


def summarise_manifest(document: Mapping[str, Any]) -> ManifestSummary:
    """Summarise a manifest that has been checked."""
    return _of_submission(document) if "model" in document else _of_run(document)


def predictions_entry(document: Mapping[str, Any]) -> tuple[str, str]:
    """The name of the predictions file and its SHA-256."""
    sha256 = document.get("evaluation", document).get("predictions_sha256")
    entry = document.get("predictions") or {"file": "predictions.parquet", "sha256": sha256}
    return entry["file"], entry["sha256"].removeprefix("sha256:")


def certificate_entry(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """The name of the certificate and its SHA-256; None for a manifest without one."""
    entry = document.get("certificate")
    if entry is None:
        return None
    return entry.get("file", "certificate.safetensors"), entry["sha256"].removeprefix("sha256:")


def _of_run(result: Mapping[str, Any]) -> ManifestSummary:
    evaluated = result.get("evaluation", result)
    return ManifestSummary(
        model=result.get("name") or names.plain_name(result["baseline"]),
        framework=result["framework"],
        parameters=result["parameters"],
        recipe=result["recipe"] | _budget(result),
        encoding=result["encoding"],
        identity={name: result[name] for name in ("baseline", "framework", "recipe", "encoding")}
        | _training_identity(result),
        seeds=(result["seed"],),
        training_data=_training_data(result),
        task=evaluated["task"],
        data=evaluated["data"],
        scores=evaluated["scores"],
        floors=result["floors"],
        runnable=True,
        supervision=result.get("supervision"),
        season=result.get("evaluation", {}).get("season"),
        external_data=result.get("supervision") == PROMPTED,
        revision=_run_revision(result),
        cpu_seconds=_cpu_seconds(result["timings"]),
        links={},
    )


def _budget(result: Mapping[str, Any]) -> dict[str, str]:
    """The limits of time of a training, by name, as settings for people."""
    names = {"wall_s": "budget", "cpu_s": "CPU budget"}
    return {names[key]: f"{seconds:g} s" for key, seconds in result.get("budget", {}).items()}


def _run_revision(result: Mapping[str, Any]) -> str:
    """The name of the recipe of a run."""
    name = result["recipe"].get("name")
    return name if isinstance(name, str) else ""


def _cpu_seconds(timings: Mapping[str, Any]) -> float | None:
    found = timings.get("fit_cpu_s")
    return float(found) if isinstance(found, int | float) and 0 <= found < float("inf") else None


def _training_data(result: Mapping[str, Any]) -> str:
    """What a run was trained on; of a language model, what is known of that."""
    if result.get("supervision") == PROMPTED:
        return f"external data: {result['recipe'].get('trained_on', 'not known')}"
    return f"train={result['data']['sizes'].get('train', 0)} seed={result['data']['seed']}"


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
        encoding=_encoding_of_prompted(submission.get("prompting", {})),
        identity={name: model[name] for name in identity}
        | {"training": {name: value for name, value in training.items() if name != "seeds"}}
        | _training_identity(submission),
        seeds=tuple(training["seeds"]) or ("not said",),
        training_data=" ".join(word for word in words if word),
        task=submission["task"],
        data=submission["data"],
        scores=submission.get("scores", {}),
        floors={},
        runnable=False,
        supervision=_supervision(submission),
        season=submission.get("season"),
        external_data=training["external_data"],
        revision=model["revision"] or "",
        cpu_seconds=training.get("cpu_seconds"),
        links=model.get("links", {}),
        weights=None if model["weights_sha256"] is None else model["weights_sha256"].removeprefix("sha256:"),
        round_entry=submission.get("round", {}),
    )


def _supervision(submission: Mapping[str, Any]) -> Supervision:
    """The supervision of a submission.json; a round does not record how a model was trained."""
    if submission["schema_version"] == 1 or "round" in submission:
        return None
    return submission["supervision"] or UNTRAINED


def _encoding_of_prompted(prompting: Mapping[str, Any]) -> dict[str, str]:
    """The words and the extraction of a language model, by which its entries are told apart; empty for others."""
    stated = [prompting[name] for name in ("words", "extract") if isinstance(prompting.get(name), str)]
    return {"name": ", ".join(stated)} if stated else {}


def _training_identity(document: Mapping[str, Any]) -> dict[str, Any]:
    """What distinguishes models beside their settings: supervision, prompting, certificate, and earlier settings."""
    certified = {"certified": True} if document.get("certificate") is not None else {}
    # an extended run whose phases have the same settings is that of its settings from the start
    if any("settings" in phase for phase in document.get("extended", ())):
        certified["extended"] = document["extended"]
    stated = {name: document[name] for name in ("supervision", "prompting", "budget") if name in document}
    return stated | certified
