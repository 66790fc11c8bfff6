"""Predictors that map questions to answers, from a network or an answerer, just fitted or loaded from a run."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import formats
from mathbench.baselines import run_directory
from mathbench.baselines.distributed import broadcast_command, world
from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.baselines.guests import answerers
from mathbench.baselines.guests.faults import title_of
from mathbench.baselines.guests.record import place_of, warn_of_changes
from mathbench.baselines.language_models import make_asker, open_model, stored_asking
from mathbench.baselines.models.group import Members, SeparateMembers
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.result import Result
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.training.data import effective_encoding
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import IMPORTED, from_spec
from mathbench.registry import load
from mathbench.scores.answers import complete_answers
from mathbench.task import Task
from mathbench.tokenizer import as_string_array

Predict = Callable[[Any], Any]  # questions to answers, strings (n,), both in the format of the task


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network and its encoding.

    Args:
        network: the network with its best weights.
        encoding: maps questions to tokens, and tokens to answers.
    """

    network: Network
    encoding: Encoding


@dataclass(frozen=True)
class LoadedRun:
    """A finished run that can answer questions.

    Args:
        predict: maps a column of questions to answers.
        result: its result as plain values.
        task: the task it was fitted on.
        trained: its network, None for other baselines.
    """

    predict: Predict
    result: dict[str, Any]
    task: Task
    trained: TrainedNetwork | None


def load_run(run: Path, device_config: DeviceConfig) -> LoadedRun:
    """Load a finished run.

    Raises:
        InputError: when the directory contains no finished run, or the run did not store what it learnt.
    """
    record, result = run_directory.read_spec(run), Result.load(run)
    try:
        spec = stored_spec(run, record)
        task = from_spec(result.task["id"], result.task["parameters"])
        warn_of_changes(run, spec.baseline.origin)
        if spec.prompting is not None:
            predict = _load_language_model(spec, result, task, run, device_config)
            return LoadedRun(predict, result.to_json(), task, None)
        if not spec.trained:
            return LoadedRun(_load_answerer(spec, task, run), result.to_json(), task, None)
        trained = _load_network(spec, result, run, device_config)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{run} is damaged: {type(error).__name__}: {str(error).rstrip('.')}.") from None
    return LoadedRun(network_predictor(trained.network, trained.encoding), result.to_json(), task, trained)


def stored_spec(run: Path, record: dict[str, Any] | None = None) -> RunSpec:
    """Return the spec of a run directory; the code of a guest is where it was, or as it is named.

    Args:
        run: the run directory.
        record: its spec as plain values, where it has been read already.

    Raises:
        InputError: for a directory without a run, or a guest whose file is missing.
    """
    stored = run_directory.read_spec(run) if record is None else record
    return RunSpec.from_json(stored, place_of(run, str(stored["baseline"])))


def load_predictor(run: Path, device_config: DeviceConfig) -> tuple[Predict, dict[str, Any]]:
    """Load the predictor of a finished run and its result. Raises the errors of `load_run`."""
    loaded = load_run(run, device_config)
    return loaded.predict, loaded.result


def _load_language_model(
    spec: RunSpec, result: Result, task: Task, run: Path, device_config: DeviceConfig
) -> Predict:
    asking, seed = stored_asking(run), result.data["seed"]

    def predict(questions: Any) -> Any:
        with open_model(spec, asking, device_config) as (model, opened):
            if opened.prompting != spec.prompting:
                raise InputError(f"{asking.source} is another model than that of {run}.")
            return make_asker(spec, task, seed, model).predict(questions)

    return predict


def _load_network(spec: RunSpec, result: Result, run: Path, device_config: DeviceConfig) -> TrainedNetwork:
    encoding = Encoding.from_json(result.encoding)
    network = build_network(spec, encoding, device_config)
    network.load(run)
    return TrainedNetwork(network, effective_encoding(spec.hyperparameters, encoding))


def _load_answerer(spec: RunSpec, task: Task, run: Path) -> Predict:
    kind = load(spec.baseline.target)
    if spec.baseline.kind == "other":
        guest = answerers.restore(kind, task, run, run_directory.ANSWERER_FILE)
        return answerer_predictor(spec, task, guest)
    if not (run / run_directory.ANSWERER_FILE).is_file():
        raise InputError(f"{run} is damaged: {run_directory.ANSWERER_FILE} is missing.")
    return answerer_predictor(
        spec, task, kind(task, **json.loads((run / run_directory.ANSWERER_FILE).read_text(encoding="utf-8")))
    )


def build_network(spec: RunSpec, encoding: Encoding, device_config: DeviceConfig) -> Network:
    """Build the untrained network of a spec, in all processes of a distributed training.

    Raises:
        InputError: for several processes in a framework other than PyTorch.
    """
    if world() > 1 and spec.framework != "torch":
        raise InputError(
            f"training in several processes requires the framework torch. Received: {spec.framework}."
        )
    broadcast_command("build", spec, encoding, device_config)
    target = spec.baseline.frameworks[spec.framework]
    network: Network = load(target)(NetworkShape.of(encoding), spec.hyperparameters, spec.seed, device_config)
    return network


def predictor_for(loaded: LoadedRun, run: Path, rows: Data) -> Predict:
    """Return the predictor of a run for some rows.

    Args:
        loaded: the run.
        run: its directory, for the error.
        rows: of the family and in the format that the run was fitted on, or one of both is imported data. Questions
            with characters that the run has never seen get null.

    Raises:
        InputError: for rows of another family or in another format.
    """
    task = loaded.task
    if rows.task.family != task.family and IMPORTED not in (rows.task.family, task.family):
        raise InputError(f"{run} was fitted on {task.family}. Received: {rows.task.name}.")
    if rows.task.format != task.format:
        raise InputError(f"{run} was fitted on text written as {task.format}. Received: {rows.task.format}.")
    return skip_unknown_characters(loaded.predict, loaded.result["encoding"])


def build_members(
    spec: RunSpec, seeds: Sequence[int | str], encoding: Encoding, device_config: DeviceConfig
) -> Members:
    """Build untrained networks of a spec with different first weights, which train side by side.

    Raises:
        InputError: in a training of several processes.
    """
    if world() > 1:
        raise InputError(
            f"several networks train side by side in one process only. Received: {world()} processes."
        )
    if spec.framework in spec.baseline.members:
        make = load(spec.baseline.members[spec.framework])
        members: Members = make(NetworkShape.of(encoding), spec.hyperparameters, seeds, device_config)
        return members
    return SeparateMembers(
        [build_network(replace(spec, seed=seed), encoding, device_config) for seed in seeds]
    )


def skip_unknown_characters(predict: Predict, encoding: Mapping[str, Any]) -> Predict:
    """Return a predictor that gives null for questions with characters outside the alphabet of a run's encoding.

    Args:
        predict: the predictor of the run.
        encoding: the encoding as the result of the run has it; without an alphabet all questions are answered.
    """
    if "alphabet" not in encoding:
        return predict

    def predict_known(questions: Any) -> pa.Array:
        rest = pc.utf8_trim(as_string_array(questions), encoding["alphabet"])
        known = np.flatnonzero(np.asarray(pc.equal(rest, "")))
        answers = np.full(len(questions), None, dtype=object)
        if len(known):
            answers[known] = predict(as_string_array(questions).take(pa.array(known))).to_pylist()
        return pa.array(answers, pa.string())

    return predict_known


def network_predictor(network: Network, encoding: Encoding) -> Predict:
    """Return the predictor of a network."""
    return lambda questions: predict_groups(network, encoding, encoding.group_by_width(questions))


def predict_groups(
    network: Network, encoding: Encoding, groups: list[tuple[Tokens, Tokens]]
) -> pa.StringArray:
    """Return the answers to questions in groups of equal width, in the order of the questions."""
    rows = np.concatenate([rows for rows, _ in groups])
    answers = pa.concat_arrays([encoding.decoded(network.predict(tokens)) for _, tokens in groups])
    return answers.take(pa.array(np.argsort(rows)))


def answerer_predictor(spec: RunSpec, task: Task, answerer: Any) -> Predict:
    """Return the predictor of an answerer. Built-in ones know plain text only, so it converts the task's format."""
    if spec.baseline.kind == "other":
        return _on_columns(partial(answerers.predict, answerer), f"{title_of(type(answerer))}: ")
    formatted, predict = formats.for_task(task), _on_columns(answerer.predict)
    if not formatted.formats:
        return predict

    def predict_formatted(questions: Any) -> pa.ChunkedArray:
        plain = formatted.undo_questions(questions)
        return formatted.answers(plain, predict(plain), questions)

    return predict_formatted


def _on_columns(predict: Callable[[list[str]], Sequence[Any]], label: str = "") -> Predict:
    """Make a function of lists one of columns, whose errors begin with a label."""

    def predict_column(questions: Any) -> pa.StringArray:
        texts = pc.cast(questions, pa.string()).to_pylist()
        answers = predict(texts)
        return complete_answers(answers, lambda i: f"{label}the answer to {texts[i]!r}")

    return predict_column
