"""The phases of an extended run: where each run that it goes on from ended, and the settings that held until then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.integers import as_integer

# what an extension may change; of these, the first four decide the learning rate of a step
RATE_SETTINGS = ("steps", "rate", "schedule", "warmup")
EXTENSION_SETTINGS = (*RATE_SETTINGS, "target", "patience", "keep", "give_up")


@dataclass(frozen=True)
class Phase:
    """A finished part of an extended run.

    Args:
        steps: the step at which it ended, counted from the start of the training.
        settings: settings that decided its learning rates and have other values since; empty where the extended run is
            that of its settings from the start.

    Raises:
        InputError: for anything else, since records may come from anybody.
    """

    steps: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        steps = as_integer(self.steps)
        if steps is None or steps < 1:
            raise InputError(f"a phase must end at a step from 1. Received: {self.steps!r}.")
        if not isinstance(self.settings, Mapping) or any(key not in RATE_SETTINGS for key in self.settings):
            raise InputError(
                f"the settings of a phase must be of {', '.join(RATE_SETTINGS)}. Received: {self.settings!r}."
            )

    def to_json(self) -> dict[str, Any]:
        """Return the phase as plain values."""
        return {"steps": self.steps, **({"settings": dict(self.settings)} if self.settings else {})}


def read_phases(value: object) -> tuple[Phase, ...]:
    """Read the phases of a spec or a result.

    Raises:
        InputError: for anything but phases that end one after the other.

    >>> read_phases([{"steps": 100}, {"steps": 300, "settings": {"rate": 0.01}}])[1].settings
    {'rate': 0.01}
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(f"extended must be a list of phases. Received: {value!r}.")
    for entry in value:
        if not isinstance(entry, Mapping) or not {"steps"} <= entry.keys() <= {"steps", "settings"}:
            raise InputError(f"a phase has the keys steps and settings. Received: {entry!r}.")
    phases = tuple(Phase(**entry) for entry in value)
    ends = [phase.steps for phase in phases]
    if ends != sorted(set(ends)):
        raise InputError(f"phases must end one after the other. Received: {ends}.")
    return phases


def check_phases(phases: tuple[Phase, ...], settings: TrainingSettings | None) -> None:
    """Check that the phases of a record belong to the settings of its training.

    Raises:
        InputError: for phases of a baseline that is not trained, after the last step, or with settings it cannot have.
    """
    if not phases:
        return
    if settings is None:
        raise InputError("a baseline that is not trained in steps has no phases.")
    if start_of(phases) >= settings.steps:
        raise InputError(
            f"phases must end before the last step, {settings.steps}. Received: {start_of(phases)}."
        )
    for phase in phases:
        settings_at(phase.steps - 1, settings, (phase,))


def start_of(phases: tuple[Phase, ...]) -> int:
    """Return the step at which the last phase starts.

    >>> start_of((Phase(100), Phase(300))), start_of(())
    (300, 0)
    """
    return phases[-1].steps if phases else 0


def settings_at(step: int, settings: TrainingSettings, phases: tuple[Phase, ...]) -> TrainingSettings:
    """Return the settings of a step, from 0: those of its phase.

    >>> settings_at(99, TrainingSettings(rate=0.1), (Phase(100, {"rate": 1.0}),)).rate
    1.0
    """
    for phase in phases:
        if step < phase.steps:
            return replace(settings, **phase.settings) if phase.settings else settings
    return settings


def decides_rates(settings: TrainingSettings, key: str) -> bool:
    """Return whether a setting decides the learning rates of a training.

    >>> decides_rates(TrainingSettings(), "steps"), decides_rates(TrainingSettings(schedule="cosine"), "steps")
    (False, True)
    """
    if key == "steps":
        return settings.schedule != "constant" or settings.warmup > 0
    return key in RATE_SETTINGS
