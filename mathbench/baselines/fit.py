"""Make something that answers questions out of a spec and data: fit it, or load it from a run directory."""

import importlib.util
import json
import math
import time
from collections.abc import Callable
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
from mathbench.baselines.encoding import Choices, Encoding, Tokens, alphabet_of, fitted, prefix_labels
from mathbench.baselines.feed import feed_of
from mathbench.baselines.network import Network, Place, Shape
from mathbench.baselines.progress import Meter
from mathbench.baselines.result import Result
from mathbench.baselines.scalars import Scalars
from mathbench.baselines.settings import Training
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
    """A network and the training rows as tokens, before the first step.

    Args:
        network: untrained.
        encoding: what makes tokens of text.
        questions: int64 (n, T).
        labels: int64 (n, positions).
    """

    network: Network
    encoding: Encoding
    questions: Tokens
    labels: Tokens


def prepare(spec: Spec, data: Data, place: Place) -> Prepared:
    """Build the network, encode the training rows; what cannot work shows here, before anything is written.

    Raises:
        InputError: for an encoding that does not suit the data, or a device that is not there.
    """
    encoding, rows = encoding_of(spec, data), data.splits["train"]
    questions, labels = encoding.questions(rows["question"]), encoding.answers(rows["answer"])
    if encoding.classes and encoding.choices.labels == "prefix":
        labels = prefix_labels(encoding, questions, data.task)
    return Prepared(build(spec, encoding, place), encoding, questions, labels)


def fit_network(
    spec: Spec,
    data: Data,
    ready: Prepared,
    run: Path,
    console: Console | None = None,
    budget: float = math.inf,
) -> Fitted:
    """Train a network, from its last checkpoint if it has one, and keep its best weights."""
    network, encoding, settings = ready.network, ready.encoding, _settings(spec)
    rows, validation = data.splits["train"], data.splits["validation"]
    groups, written = encoding.grouped(validation["question"]), formats.of(data.task)
    answers = written.undo_answers(validation["answer"])

    def validate() -> float:
        given = written.undo_answers(_answers(network, encoding, groups))
        return float(metrics.exact_match(given, answers).mean())

    feed = feed_of(data.task, rows, settings.batch, settings.sampling, spec.seed)
    with Meter(console, settings, Scalars(run), budget) as meter:
        state = train(
            Job(network, ready.questions, ready.labels, feed, settings, validate, run, meter, budget)
        )
    network.save(run)
    return Fitted(
        _decoding(network, encoding),
        encoding.to_json(),
        network.parameters,
        network.device,
        _timings(state, settings.batch, rows.num_rows),
        {"step": state.best_step, "validation": state.best},
    )


def _timings(state: State, batch: int, rows: int) -> dict[str, Any]:
    examples = state.step * batch
    return {
        "fit_wall_s": state.wall,
        "fit_cpu_s": state.cpu,
        "steps": state.step,
        "epochs": examples / rows,
        "examples": examples,
    }


def loaded(run: Path, place: Place) -> tuple[Predict, dict[str, Any]]:
    """What a finished run answers with, and its spec.

    Raises:
        InputError: when the directory holds no finished run, or the run cannot be asked again.
    """
    said, result = folder.spec_of(run), Result.load(run)
    try:
        spec = Spec.from_json(said)
        answer = _network(spec, result, run, place) if spec.trained else _answerer(spec, result, run)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{run} is damaged: {type(error).__name__}: {str(error).rstrip('.')}.") from None
    return answer, result.to_json()


def _network(spec: Spec, result: Result, run: Path, place: Place) -> Predict:
    encoding = Encoding.from_json(result.encoding)
    network = build(spec, encoding, place)
    network.load(run)
    return _decoding(network, encoding)


def _answerer(spec: Spec, result: Result, run: Path) -> Predict:
    task = family(result.task["id"]).of(result.task["parameters"])
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
    return fitted(
        spec.choices, alphabet, train_rows["question"], train_rows["answer"], spec.baseline.classify
    )


def build(spec: Spec, encoding: Encoding, place: Place) -> Network:
    """The untrained network of a spec."""
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
