"""The specification of a run: baseline, framework, recipe, settings and seed."""

import importlib.util
from dataclasses import asdict, dataclass
from typing import Any

from mathbench.baselines.encoding import EncodingOptions
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.table import Baseline, baseline
from mathbench.errors import InputError, did_you_mean
from mathbench.registry import load
from mathbench.task import Task


@dataclass(frozen=True)
class RunSpec:
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
    settings: TrainingSettings | None = None
    choices: EncodingOptions | None = None

    @property
    def trained(self) -> bool:
        """Whether it is a network."""
        return self.baseline.kind == "network"

    @property
    def hyperparameters(self) -> TrainingSettings:
        """The settings.

        Raises:
            InputError: for a baseline that has none.
        """
        if self.settings is None:
            raise InputError(f"{self.baseline.name} has no hyperparameters.")
        return self.settings

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
    def from_json(cls, value: dict[str, Any]) -> "RunSpec":
        """The inverse of `to_json`."""
        entry = baseline(value["baseline"])
        hyper = {key: number for key, number in value["recipe"].items() if key != "name"}
        settings = load(entry.settings)(**hyper) if entry.settings else None
        choices = EncodingOptions(**value["choices"]) if entry.settings else None
        return cls(entry, value["framework"], value["recipe"]["name"], value["seed"], settings, choices)


def choose_framework(entry: Baseline, wish: str | None) -> str:
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
    requested = wish or "torch"
    raise InputError(
        f"{entry.name} needs {wish or ' or '.join(entry.frameworks)}: pip install "
        f"'mathbench-toolkit[{requested}]'."
    )


def check_applies(entry: Baseline, task: Task) -> None:
    """Check that a baseline makes sense on a task.

    Raises:
        InputError: when it does not.
    """
    if not entry.target or applies_to(load(entry.target), task):
        return
    raise InputError(
        f"the baseline '{entry.name}' makes no sense on {task.name}: {load(entry.target).applies.__doc__}"
    )
