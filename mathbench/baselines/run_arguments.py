"""The arguments that training from Python takes, checked: settings, limits and the options of a run."""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.recipe import canonical_key
from mathbench.baselines.run import RunOptions
from mathbench.errors import InputError, shown
from mathbench.parameters import check_flag, check_integer


def make_options(
    folder: Path,
    device_config: DeviceConfig,
    command: str,
    *,
    budget: object,
    cpu_budget: object,
    long: object,
    samples: int,
    resume: bool,
    force: bool,
    progress: bool,
) -> RunOptions:
    """Return the options of a run from the arguments of a call.

    Args:
        folder: the run directory.
        device_config: device and threads.
        command: the call, for the record.
        budget: seconds of wall time for the training; None for no limit.
        cpu_budget: seconds of CPU time for the training; None for no limit.
        long: numbers of digits of problems to score besides the splits.
        samples: number of validation questions whose answers are shown and stored.
        resume: continue an unfinished run.
        force: delete an existing run.
        progress: show the progress on stderr.

    Raises:
        InputError: for an argument of another type, or outside its limits.
    """
    return RunOptions(
        folder,
        resume=check_flag("resume", resume),
        force=check_flag("force", force),
        budget=_seconds("budget", budget),
        cpu_budget=_seconds("cpu_budget", cpu_budget),
        device_config=device_config,
        command=command,
        console=Console(file=sys.stderr) if check_flag("progress", progress) else None,
        long=_lengths(long),
        samples=samples,
    )


def named_settings(settings: object) -> dict[str, object]:
    """Return settings by their names in the code.

    Raises:
        InputError: when they are not given by name.
    """
    if settings is None:
        return {}
    if not isinstance(settings, Mapping) or not all(isinstance(key, str) for key in settings):
        raise InputError(f"settings must be a dict of values by name. Received: {shown(settings)}.")
    return {canonical_key(key): value for key, value in settings.items()}


def check_device(device: object) -> None:
    """Check that a device is given by a name; whether it exists is known where it is used."""
    if not isinstance(device, str) or not device:
        raise InputError(
            f"device must be auto, cpu, cuda or a name of the framework. Received: {shown(device)}."
        )


def _seconds(what: str, budget: object) -> float:
    if budget is None:
        return math.inf
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0:
        raise InputError(f"{what} must be a number of seconds above 0. Received: {shown(budget)}.")
    return float(budget) if budget < sys.float_info.max else math.inf


def _lengths(long: object) -> tuple[int, ...]:
    if isinstance(long, str) or not isinstance(long, Sequence):
        raise InputError(f"long must be a list of numbers of digits. Received: {shown(long)}.")
    return tuple(dict.fromkeys(check_integer("long", digits, 1) for digits in long))
