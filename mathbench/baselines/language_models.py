"""Language models in runs: opened, their settings completed, asked, and opened again from a run directory."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console

from mathbench.baselines.checkpoint import write_json
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.prompted.asking import Asker, ask_splits, predictions_of
from mathbench.baselines.prompted.journal import Journal
from mathbench.baselines.prompted.model import LanguageModel, ModelRequest
from mathbench.baselines.prompted.settings import AskingOptions
from mathbench.baselines.prompted.words import resolve
from mathbench.baselines.spec import RunSpec
from mathbench.dataset.data import Data
from mathbench.errors import InputError, shown
from mathbench.registry import load
from mathbench.task import Task

MODEL_FILE = "model.json"  # where the model of a run is found again
REVISION_SHOWN = 12  # digits of a digest in a name


@dataclass(frozen=True)
class Replies:
    """The outcome of asking a language model.

    Args:
        predictions: split, row, prediction and task.
        asked: what stands beside the scores, as plain values.
        timings: seconds.
    """

    predictions: pa.Table
    asked: dict[str, Any]
    timings: dict[str, Any]


@contextmanager
def open_model(
    spec: RunSpec, asking: AskingOptions, device_config: DeviceConfig
) -> Iterator[tuple[LanguageModel, RunSpec]]:
    """Open the model of a spec, and close it at the end.

    Yields:
        The model, and the spec with the revision of the model.

    Raises:
        InputError: when it is not there, or an extra is not installed.
    """
    prompting = spec.prompting_settings
    request = ModelRequest(asking.source, prompting, asking, spec.seed, device_config)
    model: LanguageModel = load(spec.baseline.target).open(request)
    try:
        revision = model.facts.revision or prompting.revision
        shown = revision.removeprefix("sha256:")[:REVISION_SHOWN]
        yield model, replace(spec, recipe=shown, prompting=replace(prompting, revision=revision))
    finally:
        model.close()


def complete_settings(spec: RunSpec, data: Data, model: LanguageModel) -> RunSpec:
    """Return the spec with the settings that depend on the model and the data."""
    return replace(spec, prompting=resolve(spec.prompting_settings, data, model.has_template))


def ask_model(asker: Asker, data: Data, model: LanguageModel, folder: Path, asking: AskingOptions) -> Replies:
    """Ask a model all rows of the test splits that it has not replied to.

    Raises:
        InputError: when the replies in the run directory are those of a model with another template or tokenizer.
    """
    _check_same_model(folder / MODEL_FILE, model)
    # found again from any folder
    source = os.path.abspath(asking.source) if os.path.isdir(asking.source) else asking.source
    write_json(folder / MODEL_FILE, {**asdict(asking), "source": source, "facts": asdict(model.facts)})
    start, cpu = time.perf_counter(), time.process_time()
    asked = ask_splits(asker, data)
    timings = {"predict_s": time.perf_counter() - start, "predict_cpu_s": time.process_time() - cpu}
    beside = {
        "splits": {split: found.to_json() for split, found in asked.items()},
        "model": asdict(model.facts),
    }
    return Replies(predictions_of(asked, data), beside, timings)


def _check_same_model(path: Path, model: LanguageModel) -> None:
    """Compare what is known of a model in words, such as the digest of its template, with what a run has stored."""
    if not path.is_file():
        return
    stored = json.loads(path.read_text(encoding="utf-8"))["facts"]["details"]
    for name, value in model.facts.details.items():
        if isinstance(value, str) and stored.get(name, value) != value:
            raise InputError(
                f"{path.parent} has replies of a model with another {name}: {shown(stored[name])}. "
                f"Received: {shown(value)}. Give --force to start over."
            )


def stored_asking(run: Path) -> AskingOptions:
    """Read where the model of a run is found, and how requests are sent.

    Raises:
        InputError: when the run directory does not say so.
    """
    path = run / MODEL_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return AskingOptions(**{key: value for key, value in found.items() if key != "facts"})
    except (OSError, ValueError, TypeError, AttributeError):
        raise InputError(f"{path} is missing or damaged, so that the model cannot be found.") from None


def make_asker(
    spec: RunSpec,
    task: Task,
    seed: int | str,
    model: LanguageModel,
    journal: Journal | None = None,
    console: Console | None = None,
) -> Asker:
    """Return what asks a model questions of a task in the way of a spec; without a journal replies are not kept."""
    kept = Journal(None) if journal is None else journal
    return Asker(model, spec.prompting_settings, task, seed, kept, console)
