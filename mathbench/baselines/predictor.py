"""From a question to an answer: networks and answerers, freshly built or read from a run directory."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import formats
from mathbench.baselines import run_directory
from mathbench.baselines.distributed import broadcast_command, world
from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.result import Result
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.training.data import effective_encoding
from mathbench.errors import InputError
from mathbench.families import family
from mathbench.registry import load
from mathbench.task import Task

Predict = Callable[[Any], Any]  # questions to answers, strings (n,), both as the task's format writes them


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network, ready to be asked.

    Args:
        network: with its best weights.
        encoding: makes tokens of questions, and answers of tokens.
    """

    network: Network
    encoding: Encoding


@dataclass(frozen=True)
class LoadedRun:
    """A finished run, ready to be asked.

    Args:
        predict: maps a column of questions to answers.
        result: what the run claims.
        task: what it was fitted on.
        trained: its network; None for what is no network.
    """

    predict: Predict
    result: dict[str, Any]
    task: Task
    trained: TrainedNetwork | None


def load_run(run: Path, device_config: DeviceConfig) -> LoadedRun:
    """Read a finished run.

    Raises:
        InputError: when the directory holds no finished run, or the run cannot be asked again.
    """
    said, result = run_directory.read_spec(run), Result.load(run)
    try:
        spec, task = RunSpec.from_json(said), family(result.task["id"]).of(result.task["parameters"])
        if not spec.trained:
            return LoadedRun(_answerer(spec, task, run), result.to_json(), task, None)
        trained = _network(spec, result, run, device_config)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{run} is damaged: {type(error).__name__}: {str(error).rstrip('.')}.") from None
    return LoadedRun(network_predictor(trained.network, trained.encoding), result.to_json(), task, trained)


def load_predictor(run: Path, device_config: DeviceConfig) -> tuple[Predict, dict[str, Any]]:
    """What a finished run answers with, and its result; errors as for `load_run`."""
    finished = load_run(run, device_config)
    return finished.predict, finished.result


def _network(spec: RunSpec, result: Result, run: Path, device_config: DeviceConfig) -> TrainedNetwork:
    encoding = Encoding.from_json(result.encoding)
    network = build_network(spec, encoding, device_config)
    network.load(run)
    return TrainedNetwork(network, effective_encoding(spec.hyperparameters, encoding))


def _answerer(spec: RunSpec, task: Task, run: Path) -> Predict:
    kind = load(spec.baseline.target)
    if hasattr(kind, "load"):
        return answerer_predictor(spec, task, kind.load(task, run))
    if not (run / run_directory.ANSWERER_FILE).is_file():
        raise InputError(
            f"{spec.baseline.name} keeps nothing to be asked again: it has neither state nor load."
        )
    return answerer_predictor(
        spec, task, kind(task, **json.loads((run / run_directory.ANSWERER_FILE).read_text()))
    )


def build_network(spec: RunSpec, encoding: Encoding, device_config: DeviceConfig) -> Network:
    """The untrained network of a spec, in all processes that learn together.

    Raises:
        InputError: where several processes cannot.
    """
    if world() > 1 and spec.framework != "torch":
        raise InputError(f"several processes learn together in PyTorch only. Received: {spec.framework}.")
    broadcast_command("build", spec, encoding, device_config)
    target = spec.baseline.frameworks[spec.framework]
    network: Network = load(target)(NetworkShape.of(encoding), spec.hyperparameters, spec.seed, device_config)
    return network


def network_predictor(network: Network, encoding: Encoding) -> Predict:
    """Answer a column of questions with a network."""
    return lambda questions: predict_groups(network, encoding, encoding.group_by_width(questions))


def predict_groups(
    network: Network, encoding: Encoding, groups: list[tuple[Tokens, Tokens]]
) -> pa.StringArray:
    """The network's answers to questions in groups of one width, in the order of the questions."""
    rows = np.concatenate([rows for rows, _ in groups])
    answers = encoding.decoded(np.concatenate([network.predict(tokens) for _, tokens in groups]))
    return answers.take(pa.array(np.argsort(rows)))


def answerer_predictor(spec: RunSpec, task: Task, made: Any) -> Predict:
    """What an answerer answers with; a shortcut, which knows plain text only, through the format of the task."""
    written, answer = formats.for_task(task), _texts(made.predict)
    if spec.baseline.kind == "other" or not written.formats:
        return answer

    def through(questions: Any) -> pa.ChunkedArray:
        plain = written.undo_questions(questions)
        return written.answers(plain, answer(plain))

    return through


def _texts(predict: Callable[[list[str]], list[str]]) -> Predict:
    def answer(questions: Any) -> pa.StringArray:
        requested = pc.cast(questions, pa.string()).to_pylist()
        given = predict(requested)
        if len(given) != len(requested):
            raise InputError(
                f"a baseline must answer every question. Received: {len(given)} of {len(requested)} answers."
            )
        return pa.array(given, pa.string())

    return answer
