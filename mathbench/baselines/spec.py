"""The specification of a run: baseline, framework, recipe, settings and seed."""

import importlib.util
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from mathbench import formats
from mathbench.baselines.guests.faults import guest_code
from mathbench.baselines.phases import Phase, check_phases, read_phases
from mathbench.baselines.prompted.settings import PromptingSettings
from mathbench.baselines.settings import EncodingOptions, TrainingSettings, stored_values
from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.table import Baseline, baseline
from mathbench.errors import InputError, did_you_mean
from mathbench.registry import load

if TYPE_CHECKING:
    from mathbench.task import Task


PROMPTED_SUPERVISION = "prompted"
# what language models are run by
CLIENTS = {"hf": "transformers", "openai": "openai"}


@dataclass(frozen=True)
class RunSpec:
    """Everything that determines the weights of a run, apart from the data.

    Args:
        baseline: its table entry.
        framework: ``torch`` or ``keras``, ``none`` for baselines that are not networks.
        recipe: the name of the recipe, empty for baselines that are not networks.
        seed: seed of the training.
        settings: hyperparameters of a network.
        choices: encoding of a network.
        prompting: how a language model is asked.
        phases: the runs that an extended run goes on from.
    """

    baseline: Baseline
    framework: str
    recipe: str
    seed: int | str
    settings: TrainingSettings | None = None
    choices: EncodingOptions | None = None
    prompting: PromptingSettings | None = None
    phases: tuple[Phase, ...] = ()

    @property
    def trained(self) -> bool:
        """Whether the baseline is a network."""
        return self.baseline.kind == "network"

    @property
    def hyperparameters(self) -> TrainingSettings:
        """The settings of a network.

        Raises:
            InputError: for a baseline without hyperparameters.
        """
        if self.settings is None:
            raise InputError(f"{self.baseline.name} has no hyperparameters.")
        return self.settings

    @property
    def prompting_settings(self) -> PromptingSettings:
        """How a language model is asked.

        Raises:
            InputError: for another baseline.
        """
        if self.prompting is None:
            raise InputError(f"{self.baseline.name} is no language model.")
        return self.prompting

    def supervision(self, task: "Task") -> str:
        """What the labels and the layout of training give away beyond the answers.

        Returns:
            ``examples`` for one answer per example; ``dense`` with labels of prefixes, auxiliary labels or written
            steps; ``aligned`` where the places of the operands meet; ``aligned+dense`` for both; with ``+self`` where a
            network also trains on labels of its own. ``prompted`` for a language model. Empty where nothing is trained.
        """
        if self.prompting is not None:
            return PROMPTED_SUPERVISION
        if self.choices is None:
            return ""
        given = {
            "aligned": self.choices.padding in ("operands", "columns")
            or getattr(self.settings, "positions", "") == "coupled",
            "dense": self.choices.labels == "prefix"
            or self.hyperparameters.auxiliary_labels is not None
            or formats.for_task(task).steps,
        }
        parts = "+".join(name for name, present in given.items() if present) or "examples"
        return f"{parts}+self" if getattr(self.settings, "generations", 0) else parts

    def to_json(self) -> dict[str, Any]:
        """Return the spec as plain values."""
        extended = {"extended": [phase.to_json() for phase in self.phases]} if self.phases else {}
        return {
            "baseline": self.baseline.name,
            "framework": self.framework,
            "recipe": {"name": self.recipe, **self._settings_json()},
            "choices": self.choices.to_json() if self.choices else {},
            "seed": self.seed,
            **extended,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the plain values: another process cannot import classes of a file by the name of their module."""
        return RunSpec.from_json, (self.to_json(), self.baseline.origin.file if self.baseline.origin else "")

    @classmethod
    def from_json(cls, value: dict[str, Any], file: str = "") -> "RunSpec":
        """Read what `to_json` returned; of a guest of a file, from `file` instead of the one that is named."""
        entry = baseline(value["baseline"], file)
        hyperparameters = {key: number for key, number in value["recipe"].items() if key != "name"}
        known = (entry, value["framework"], value["recipe"]["name"], value["seed"])
        if entry.kind == "prompted":
            return cls(*known, prompting=PromptingSettings(**hyperparameters))
        settings = make_settings(entry, hyperparameters) if entry.settings else None
        choices = EncodingOptions(**value["choices"]) if entry.settings else None
        phases = read_phases(value.get("extended", []))
        check_phases(phases, settings)
        return cls(*known, settings, choices, phases=phases)

    def _settings_json(self) -> dict[str, Any]:
        """Return how a network is trained or a language model is asked, as plain values."""
        return _hyperparameters(self.settings) if self.prompting is None else asdict(self.prompting)


def _hyperparameters(settings: TrainingSettings | None) -> dict[str, Any]:
    """Return hyperparameters as plain values; those that earlier versions had not only where they are set."""
    return {} if settings is None else stored_values(settings, settings.added)


def make_settings(entry: Baseline, values: Mapping[str, Any]) -> TrainingSettings:
    """Return the hyperparameters of a network; those of a guest may be checked by its own code.

    Raises:
        InputError: for a value that is not allowed.
    """
    kind = load(entry.settings)
    if entry.origin is None:
        return cast(TrainingSettings, kind(**values))
    with guest_code(load(entry.target), "the check of its settings"):
        return cast(TrainingSettings, kind(**values))


def choose_framework(entry: Baseline, requested: str | None) -> str:
    """Return the framework to use: the requested one, or the first that is installed.

    Raises:
        InputError: for a framework that the baseline does not have, or that is not installed.
    """
    if entry.kind != "network":
        if requested:
            raise InputError(
                f"{entry.name} is not trained, so it has no framework. Received: --framework {requested}."
            )
        return CLIENTS[entry.name.partition(":")[0]] if entry.kind == "prompted" else "none"
    if requested and requested not in entry.frameworks:
        raise InputError(
            f"{entry.name} has no framework '{requested}'. {did_you_mean(requested, entry.frameworks)}"
        )
    for name in [requested] if requested else list(entry.frameworks):
        if importlib.util.find_spec(name):
            return name
    raise InputError(
        f"{entry.name} needs {requested or ' or '.join(entry.frameworks)}: pip install "
        f"'mathbench-toolkit[{requested or 'torch'}]'."
    )


def check_applies(entry: Baseline, task: "Task") -> None:
    """Check that a baseline applies to a task.

    Raises:
        InputError: when it does not. Quotes the first paragraph of the docstring of ``applies``, if it has one.
    """
    if not entry.target or entry.kind == "prompted":
        return
    answerer = load(entry.target)
    with guest_code(answerer, "applies") if entry.origin else nullcontext():
        applies = applies_to(answerer, task)
    if not applies:
        reason = " ".join((answerer.applies.__doc__ or "").strip().split("\n\n")[0].split())
        raise InputError(f"the baseline '{entry.name}' does not apply to {task.name}. {reason}".rstrip())
