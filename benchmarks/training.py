"""What training costs: a step beside a plain loop of the same model, and CPU seconds to 99 % of three-digit sums.

    python benchmarks/training.py [--steps N] [--json FILE]

The first table compares examples per CPU second of one thread: mathbench's steps (rows by number, tokens, one-hot,
loss, clip, Adam) with a loop as one writes it by hand, on arrays made beforehand: `model.fit` in Keras, a dozen
lines in PyTorch. The model is that of the Keras example `addition_rnn`, 205,324 parameters, batches of 128. Both take
turns in one process; the median of several rounds counts.

The second table runs default recipes until 99 % of validation is right, as `mathbench run-baseline` does, and shows
the CPU seconds of the training with its validations.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.generate import as_text, machine
from mathbench.baselines.models.interface import DeviceConfig, one_hot
from mathbench.baselines.recipe import apply_overrides, read_recipe
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.baselines.trainer import TrainingSetup, prepare
from mathbench.dataset.data import Data
from mathbench.families import task

RECIPE = "addition-rnn"
ROUNDS, WARM = 5, 20  # steps before the clock runs: libraries load and compile at the first ones
GOAL = 0.99
TO_GOAL = (("mlp", "torch"), ("mlp", "keras"), ("lstm-seq2seq", "torch"), ("lstm-seq2seq", "keras"))
Loop = Callable[[int], None]


def main() -> None:
    """Measure and print."""
    options = parsed()
    if options.part:
        print(json.dumps(speed(options.part, options.steps)))
        return
    speeds = [part(name, options.steps) for name in ("torch", "keras")]
    Console(width=120).print(table("Examples per CPU second, one thread", speeds))
    goals = [to_goal(name, framework) for name, framework in TO_GOAL]
    Console(width=120).print(table(f"CPU seconds to {GOAL:.0%} of three-digit sums", goals))
    if options.json:
        figures = {"machine": machine(), "speed": speeds, "to_goal": goals}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200, help="steps per round")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--part", choices=("torch", "keras"), help=argparse.SUPPRESS)
    return parser.parse_args()


def part(framework: str, steps: int) -> dict[str, Any]:
    """The speed in one framework, in a process of its own."""
    command = [sys.executable, __file__, "--part", framework, "--steps", str(steps)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def speed(framework: str, steps: int) -> dict[str, Any]:
    """Examples per CPU second of mathbench's steps and of a plain loop, in turn."""
    ready, batch, rate = prepared(framework)
    loops = [ours(ready, rate), (plain_torch if framework == "torch" else plain_keras)(ready, batch, rate)]
    for loop in loops:
        loop(WARM)
    rounds = [[timed(loop, steps) for loop in loops] for _ in range(ROUNDS)]
    mine, theirs = (batch * steps / statistics.median(times) for times in zip(*rounds, strict=True))
    return {"framework": framework, "mathbench": mine, "plain loop": theirs, "times": mine / theirs}


def prepared(framework: str) -> tuple[TrainingSetup, int, float]:
    """The network of the recipe and its rows; rows per batch and learning rate."""
    entry, recipe = baseline("lstm-seq2seq"), read_recipe(RECIPE)
    settings, choices = apply_overrides(recipe, entry, framework, {})
    named = dict(recipe.task)
    data = Data.generate(task(named.pop("name"), **named), {"train": 45_000, "validation": 100})
    spec = RunSpec(entry, framework, RECIPE, 0, settings, choices)
    return prepare(spec, data, DeviceConfig("cpu", 1)), settings.batch, settings.rate


def timed(loop: Loop, steps: int) -> float:
    """CPU seconds of some steps."""
    start = process_time()
    loop(steps)
    return process_time() - start


def ours(ready: TrainingSetup, rate: float) -> Loop:
    """Steps as the runner takes them."""

    def loop(steps: int) -> None:
        for step in range(steps):
            ready.network.step(*ready.batches.batch(step), rate, step)

    return loop


def arrays(ready: TrainingSetup, batch: int) -> tuple[Any, Any]:
    """Many rows as arrays: one-hot questions, float32 (n, T, S), and labels, int64 (n, A)."""
    parts = [ready.batches.batch(step) for step in range(45_000 // batch)]
    questions, labels = (np.concatenate(side) for side in zip(*parts, strict=True))
    return one_hot(questions, ready.encoding.symbols), labels


def plain_torch(ready: TrainingSetup, batch: int, rate: float) -> Loop:
    """The model and the loop as one writes them by hand in PyTorch."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    questions, labels = map(torch.from_numpy, arrays(ready, batch))
    symbols, answer = questions.shape[2], labels.shape[1]
    reader, writer = nn.LSTM(symbols, 128, batch_first=True), nn.LSTM(128, 128, batch_first=True)
    output = nn.Linear(128, symbols)
    weights = [p for layer in (reader, writer, output) for p in layer.parameters()]
    adam = torch.optim.Adam(weights, lr=rate)

    def loop(steps: int) -> None:
        for step in range(steps):
            rows = slice(step * batch % len(labels), step * batch % len(labels) + batch)
            _, (h, _) = reader(questions[rows])
            written, _ = writer(h[0].unsqueeze(1).expand(-1, answer, -1))
            loss = nn.functional.cross_entropy(output(written).flatten(0, 1), labels[rows].flatten())
            adam.zero_grad()
            loss.backward()
            adam.step()

    return loop


def plain_keras(ready: TrainingSetup, batch: int, rate: float) -> Loop:
    """The model and `fit` as the Keras example has them."""
    from mathbench.baselines.models.keras.backend import load_keras

    kind = load_keras(1)
    questions, labels = arrays(ready, batch)
    layers = kind.layers
    model = kind.Sequential(
        [
            kind.Input(questions.shape[1:]),
            layers.LSTM(128),
            layers.RepeatVector(labels.shape[1]),
            layers.LSTM(128, return_sequences=True),
            layers.Dense(questions.shape[2], activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", optimizer=kind.optimizers.Adam(rate))

    def loop(steps: int) -> None:
        rows = slice(0, steps * batch)
        model.fit(questions[rows], labels[rows], batch_size=batch, epochs=1, shuffle=False, verbose=0)

    return loop


def to_goal(name: str, framework: str) -> dict[str, Any]:
    """One run of a default recipe until enough of validation is right."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mathbench", "run-baseline", name, "--framework", framework]
        command += [
            "--set",
            f"target={GOAL}",
            "--no-submit",
            "--no-plots",
            "--json",
            "--out",
            f"{folder}/run",
        ]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
        )
    result = json.loads(done.stdout)
    return {
        "baseline": name,
        "framework": framework,
        "parameters": result["parameters"],
        "steps": result["timings"]["steps"],
        "CPU s": result["timings"]["fit_cpu_s"],
        "interpolate": f"{result['scores']['interpolate']['exact_match']:.2%}",
    }


def table(title: str, lines: list[dict[str, Any]]) -> Table:
    """Lines with the same keys as a table."""
    shown = Table(title=title)
    for column in lines[0]:
        shown.add_column(column, justify="left" if isinstance(lines[0][column], str) else "right")
    for line in lines:
        shown.add_row(*(as_text(value) for value in line.values()))
    return shown


if __name__ == "__main__":
    main()
