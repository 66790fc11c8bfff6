"""Make something that answers questions out of a spec and data: fit it, or load it from a run directory."""

import importlib.util
import json
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from mathbench import formats, metrics
from mathbench.baselines import Baseline, baseline, checkpoint, folder, load
from mathbench.baselines.answerer import makes_sense
from mathbench.baselines.batches import Ahead, Batches
from mathbench.baselines.encoding import Choices, Encoding, Tokens, alphabet_of, fitted
from mathbench.baselines.network import Network, Place, Shape
from mathbench.baselines.online import ahead_of, alphabet_for
from mathbench.baselines.parallel import tell, world
from mathbench.baselines.progress import Meter
from mathbench.baselines.reading import asked, batches_of
from mathbench.baselines.result import Result
from mathbench.baselines.settings import Training
from mathbench.baselines.tracking import Tracker
from mathbench.baselines.training import Job, State, train
from mathbench.data import Data
from mathbench.errors import InputError, did_you_mean
from mathbench.generators import family
from mathbench.task import Task

Predict = Callable[[Any], Any]  # questions to answers, strings (n,), both as the task's format writes them


@dataclass(frozen=True)
class Fitted:
    """What came out of fitting.

    Args:
        predict: maps a column of questions to answers.
        encoding: as plain values; empty where there is none.
        parameters: trained weights.
        device: where it computes.
        timings: seconds and counts of the training.
        best: step and validation exact match of the best weights.
    """

    predict: Predict
    encoding: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    device: str = "cpu"
    timings: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Spec:
    """Everything that decides the weights of a run, apart from the data.

    Args:
        baseline: its table entry.
        framework: ``torch`` or ``keras``; ``none`` for what is not trained.
        recipe: the name of the recipe; empty for what is not trained.
        seed: of the training.
        settings: hyperparameters, for networks.
        choices: of the encoding, for networks.
    """

    baseline: Baseline
    framework: str
    recipe: str
    seed: int | str
    settings: Training | None = None
    choices: Choices | None = None

    @property
    def trained(self) -> bool:
        """Whether it is a network."""
        return self.baseline.kind == "network"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "baseline": self.baseline.name,
            "framework": self.framework,
            "recipe": {"name": self.recipe, **(asdict(self.settings) if self.settings else {})},
            "choices": asdict(self.choices) if self.choices else {},
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Spec":
        """The inverse of `to_json`."""
        entry = baseline(value["baseline"])
        hyper = {key: number for key, number in value["recipe"].items() if key != "name"}
        settings = load(entry.settings)(**hyper) if entry.settings else None
        choices = Choices(**value["choices"]) if entry.settings else None
        return cls(entry, value["framework"], value["recipe"]["name"], value["seed"], settings, choices)


def framework_of(entry: Baseline, wish: str | None) -> str:
    """The framework to use: the one asked for, or the first installed one.

    Raises:
        InputError: for one that the baseline does not have or that is not installed.
    """
    if entry.kind != "network":
        if wish:
            raise InputError(
                f"{entry.name} is not trained, so it has no framework. Received: --framework {wish}."
            )
        return "none"
    if wish and wish not in entry.frameworks:
        raise InputError(f"{entry.name} has no framework '{wish}'. {did_you_mean(wish, entry.frameworks)}")
    for name in [wish] if wish else list(entry.frameworks):
        if importlib.util.find_spec(name):
            return name
    wanted = wish or "torch"
    raise InputError(
        f"{entry.name} needs {wish or ' or '.join(entry.frameworks)}: pip install "
        f"'mathbench-toolkit[{wanted}]'."
    )


def check_applies(entry: Baseline, task: Task) -> None:
    """Check that a baseline makes sense on a task.

    Raises:
        InputError: when it does not.
    """
    if not entry.target or makes_sense(load(entry.target), task):
        return
    raise InputError(
        f"the baseline '{entry.name}' makes no sense on {task.name}: {load(entry.target).applies.__doc__}"
    )


def fit_answerer(spec: Spec, data: Data, run: Path) -> Fitted:
    """Fit what needs no training steps, and keep what it learnt in the run directory."""
    check_applies(spec.baseline, data.task)
    seen = data if spec.baseline.kind == "other" else data.plain()  # shortcuts read and write plain text
    start = (time.perf_counter(), time.process_time())
    made = load(spec.baseline.target).fit(seen.task, seen.splits["train"], seen.splits["validation"])
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    if hasattr(made, "state"):
        checkpoint.write_json(run / folder.FITTED, made.state())
    if hasattr(made, "save"):
        made.save(run)
    rows = data.splits["train"].num_rows
    timings = {"fit_wall_s": wall, "fit_cpu_s": cpu, "steps": 0, "epochs": 0, "examples": rows}
    return Fitted(
        _answering(spec, data.task, made), parameters=int(getattr(made, "parameters", 0)), timings=timings
    )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A network and what it is to read, before the first step.

    Args:
        network: untrained.
        encoding: what makes tokens of text.
        batches: the rows that each step sees.
    """

    network: Network
    encoding: Encoding
    batches: Batches


@dataclass(frozen=True)
class Watched:
    """How a training is followed and ended early.

    Args:
        console: where progress is shown; None for silence.
        trackers: who is told of every validation.
        budget: seconds of wall time.
        last: the step to stop at before all are done; 0: none.
    """

    console: Console | None = None
    trackers: tuple[Tracker, ...] = ()
    budget: float = math.inf
    last: int = 0


def prepare(spec: Spec, data: Data, place: Place) -> Prepared:
    """Build the network, encode the training rows; what cannot work shows here, before anything is written.

    Raises:
        InputError: for an encoding that does not suit the data, or a device that is not there.
    """
    encoding, settings = encoding_of(spec, data), _settings(spec)
    batches, network = batches_of(settings, data, encoding, spec.seed), build(spec, encoding, place)
    network.state()  # makes the optimiser: the first of a process takes seconds, which are no training
    return Prepared(network, encoding, batches)


def fit_network(spec: Spec, data: Data, ready: Prepared, run: Path, watched: Watched) -> Fitted:
    """Train a network, from its last checkpoint if it has one, and keep its best weights."""
    network, settings = ready.network, _settings(spec)
    encoding, validation = asked(settings, ready.encoding), data.splits["validation"]
    groups, written = encoding.grouped(validation["question"]), formats.of(data.task)
    answers = written.undo_answers(validation["answer"])

    def validate() -> float:
        given = written.undo_answers(_answers(network, encoding, groups))
        return float(metrics.exact_match(given, answers).mean())

    with Meter(watched.console, settings, watched.trackers, watched.budget) as meter, ExitStack() as held:
        batches = ready.batches
        if settings.source == "stream":
            batches = held.enter_context(Ahead(batches, ahead_of(settings.batch), settings.steps))
        job = Job(network, batches, settings, spec.seed, validate, run, meter, watched.budget, watched.last)
        state = train(job)
    network.save(run)
    return Fitted(
        _decoding(network, encoding),
        ready.encoding.to_json(),
        network.parameters,
        network.device,
        _timings(state, settings, data),
        {"step": state.best_step, "validation": state.best},
    )


def _timings(state: State, settings: Training, data: Data) -> dict[str, Any]:
    """Seconds and counts; no epochs of an endless stream."""
    examples = state.step * settings.batch
    return {
        "fit_wall_s": state.wall,
        "fit_cpu_s": state.cpu,
        "steps": state.step,
        "epochs": 0 if settings.source == "stream" else examples / data.splits["train"].num_rows,
        "examples": examples,
    }


@dataclass(frozen=True)
class Trained:
    """A trained network, ready to be asked.

    Args:
        network: with its best weights.
        encoding: makes tokens of questions, and answers of tokens.
    """

    network: Network
    encoding: Encoding


@dataclass(frozen=True)
class Finished:
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
    trained: Trained | None


def reopened(run: Path, place: Place) -> Finished:
    """Read a finished run.

    Raises:
        InputError: when the directory holds no finished run, or the run cannot be asked again.
    """
    said, result = folder.spec_of(run), Result.load(run)
    try:
        spec, task = Spec.from_json(said), family(result.task["id"]).of(result.task["parameters"])
        if not spec.trained:
            return Finished(_answerer(spec, task, run), result.to_json(), task, None)
        trained = _network(spec, result, run, place)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{run} is damaged: {type(error).__name__}: {str(error).rstrip('.')}.") from None
    return Finished(_decoding(trained.network, trained.encoding), result.to_json(), task, trained)


def loaded(run: Path, place: Place) -> tuple[Predict, dict[str, Any]]:
    """What a finished run answers with, and its result; errors as for `reopened`."""
    finished = reopened(run, place)
    return finished.predict, finished.result


def _network(spec: Spec, result: Result, run: Path, place: Place) -> Trained:
    encoding = Encoding.from_json(result.encoding)
    network = build(spec, encoding, place)
    network.load(run)
    return Trained(network, asked(_settings(spec), encoding))


def _answerer(spec: Spec, task: Task, run: Path) -> Predict:
    kind = load(spec.baseline.target)
    if hasattr(kind, "load"):
        return _answering(spec, task, kind.load(task, run))
    if not (run / folder.FITTED).is_file():
        raise InputError(
            f"{spec.baseline.name} keeps nothing to be asked again: it has neither state nor load."
        )
    return _answering(spec, task, kind(task, **json.loads((run / folder.FITTED).read_text())))


def encoding_of(spec: Spec, data: Data) -> Encoding:
    """The encoding that a spec makes of training rows; its alphabet covers the questions of all splits."""
    if spec.choices is None:
        raise InputError(f"{spec.baseline.name} has no encoding.")
    train_rows = data.splits["train"]
    columns = [table["question"] for table in data.splits.values()] + [train_rows["answer"]]
    alphabet = alphabet_of(data.task, columns)
    if _settings(spec).source == "stream":
        alphabet = alphabet_for(data.task, alphabet)
    return fitted(
        spec.choices, alphabet, train_rows["question"], train_rows["answer"], spec.baseline.classify
    )


def build(spec: Spec, encoding: Encoding, place: Place) -> Network:
    """The untrained network of a spec, in all processes that learn together.

    Raises:
        InputError: where several processes cannot.
    """
    if world() > 1 and spec.framework != "torch":
        raise InputError(f"several processes learn together in PyTorch only. Received: {spec.framework}.")
    tell("build", spec, encoding, place)
    target = spec.baseline.frameworks[spec.framework]
    network: Network = load(target)(Shape.of(encoding), _settings(spec), spec.seed, place)
    return network


def _settings(spec: Spec) -> Training:
    if spec.settings is None:
        raise InputError(f"{spec.baseline.name} has no hyperparameters.")
    return spec.settings


def _decoding(network: Network, encoding: Encoding) -> Predict:
    return lambda questions: _answers(network, encoding, encoding.grouped(questions))


def _answers(network: Network, encoding: Encoding, groups: list[tuple[Tokens, Tokens]]) -> pa.StringArray:
    """The network's answers to questions in groups of one width, in the order of the questions."""
    rows = np.concatenate([rows for rows, _ in groups])
    answers = encoding.decoded(np.concatenate([network.predict(tokens) for _, tokens in groups]))
    return answers.take(pa.array(np.argsort(rows)))


def _answering(spec: Spec, task: Task, made: Any) -> Predict:
    """What an answerer answers with; a shortcut, which knows plain text only, through the format of the task."""
    written, answer = formats.of(task), _texts(made.predict)
    if spec.baseline.kind == "other" or not written.formats:
        return answer

    def through(questions: Any) -> pa.ChunkedArray:
        plain = written.undo_questions(questions)
        return written.answers(plain, answer(plain))

    return through


def _texts(predict: Callable[[list[str]], list[str]]) -> Predict:
    def answer(questions: Any) -> pa.StringArray:
        asked = pc.cast(questions, pa.string()).to_pylist()
        given = predict(asked)
        if len(given) != len(asked):
            raise InputError(
                f"a baseline must answer every question. Received: {len(given)} of {len(asked)} answers."
            )
        return pa.array(given, pa.string())

    return answer
