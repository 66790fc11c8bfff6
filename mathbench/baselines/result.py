"""result.json: the scores of a run and how they came about. Old files must stay readable."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mathbench.baselines.checkpoint import write_json
from mathbench.errors import InputError, did_you_mean

RESULT_FILE = "result.json"
SCHEMA_VERSION = 1
OPTIONAL = (
    *("supervision", "long", "certificate", "asked", "history", "reached", "extended"),
    *("weights", "tournament", "generations", "budget"),
)

Scores = dict[
    str, dict[str, Any]
]  # per split `SplitScore.to_json()`, for floors and the ceiling `Score.to_json()`


@dataclass(frozen=True)
class Result:
    """One finished run.

    Args:
        baseline: name of the baseline.
        framework: ``torch``, ``keras`` or ``none``.
        recipe: name and all hyperparameters.
        encoding: the encoding with its name, empty where there is none.
        task: id, name and parameters.
        data: seed, sizes (rows per split) and content digest.
        seed: seed of the training.
        command: the command line.
        commit: revision of the code, empty when unknown.
        dirty: whether the code differed from that revision.
        versions: versions of Python, mathbench and the libraries.
        hardware: platform, cpu, cores, device, threads.
        parameters: number of trained weights.
        timings: fit_wall_s, fit_cpu_s, predict_s, started, steps, epochs, examples.
        best: step and validation exact match of the weights that were scored.
        scores: per split.
        floors: per floor and split.
        ceiling: of the exact solver, per split.
        predictions_sha256: SHA-256 of the predictions file.
        supervision: what the training labels give away, see `RunSpec.supervision`; empty where nothing is trained.
        long: scores of problems of single lengths beyond the splits, by number of digits.
        certificate: the claim that is proved, the SHA-256 of the file, and whether the weights are as trained; empty
            where nothing is proved.
        asked: of a language model, what stands beside its scores: per split the answers of equal value, those not
            read and why replies ended; tokens and price; facts of the model.
        history: entries of validations with step, loss, rate, validation, cpu_s and wall_s, evenly thinned out.
        reached: step, cpu_s and wall_s of the first validations that reached the shares 0.9, 0.99 and 0.999.
        extended: the phases of a run that extends others, see `mathbench.baselines.phases`.
        weights: of a network with parts that are fixed by hand, the number of ``trained`` weights and the list
            ``fixed_by_hand``.
        tournament: of networks that were trained side by side, the number of candidates, the winner, its seed, the
            losses at each round, the best validation exact match of each, and how many reached 99 %.
        generations: of a network that labelled longer problems itself, what each generation labelled, see
            `mathbench.baselines.training.self_improvement.Generation`.
        budget: of a training with a limit of time, ``wall_s`` and ``cpu_s`` as far as they are limited.
    """

    baseline: str
    framework: str
    recipe: dict[str, Any]
    encoding: dict[str, Any]
    task: dict[str, Any]
    data: dict[str, Any]
    seed: int | str
    command: str
    commit: str
    dirty: bool
    versions: dict[str, str]
    hardware: dict[str, Any]
    parameters: int
    timings: dict[str, Any]
    best: dict[str, Any]
    scores: Scores
    floors: dict[str, Scores]
    ceiling: Scores
    predictions_sha256: str
    supervision: str = ""
    long: Scores = field(default_factory=dict)
    certificate: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    reached: dict[str, dict[str, float]] = field(default_factory=dict)
    extended: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, Any] = field(default_factory=dict)
    tournament: dict[str, Any] = field(default_factory=dict)
    generations: list[dict[str, Any]] = field(default_factory=list)
    budget: dict[str, float] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def id(self) -> str:
        """A hash of all other fields."""
        content = json.dumps(self._plain(), sort_keys=True)
        return "sha256:" + hashlib.sha256(content.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return plain values, schema version and id first."""
        rest = self._plain()
        return {"schema_version": rest.pop("schema_version"), "id": self.id, **rest}

    def _plain(self) -> dict[str, Any]:
        """Return all fields, of the optional ones those with a value: results of earlier versions have none."""
        fields = dataclasses.asdict(self)
        return {key: value for key, value in fields.items() if value or key not in OPTIONAL}

    def save(self, folder: Path) -> None:
        """Write ``result.json``, the last file of a run, into its directory."""
        write_json(folder / RESULT_FILE, self.to_json())

    @classmethod
    def load(cls, folder: Path) -> "Result":
        """Read the result of a run.

        Raises:
            InputError: when the file is missing, damaged or of another schema.
        """
        path = folder / RESULT_FILE
        if not path.is_file():
            what = "contains no finished run" if folder.is_dir() else "is not a run directory"
            raise InputError(f"{folder} {what} ({RESULT_FILE} is missing).")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}.") from None
        if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
            raise InputError(f"{path} is not a result of schema version {SCHEMA_VERSION}.")
        return cls._from_content({key: value for key, value in content.items() if key != "id"}, path)

    @classmethod
    def _from_content(cls, content: dict[str, Any], path: Path) -> "Result":
        known = {f.name for f in dataclasses.fields(cls)}
        for key in content:
            if key not in known:
                raise InputError(f"{path}: unknown key '{key}'. {did_you_mean(key, known)}")
        for key in sorted(known - content.keys() - {"schema_version", *OPTIONAL}):
            raise InputError(f"{path}: the key '{key}' is missing.")
        return cls(**content)
