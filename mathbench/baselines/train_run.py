"""Training from Python: `mathbench.train`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from mathbench.baselines.finished_run import Run, rows_of
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.recipe import Recipe, canonical_key, override_keys
from mathbench.baselines.request import first_task, generate_data, make_spec, run_title
from mathbench.baselines.run import run
from mathbench.baselines.run_arguments import check_device, make_options, named_settings
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import Baseline, baseline, class_baseline
from mathbench.dataset.data import Data
from mathbench.dataset.question_lists import requested_task
from mathbench.errors import InputError, shown
from mathbench.families import UnknownTask
from mathbench.hashing import check_seed
from mathbench.parameters import check_integer
from mathbench.reserve import SPLITS
from mathbench.storage.location import local_path
from mathbench.task import Task

RUNS = Path("runs")  # default parent of run directories


def train(
    baseline: str | type,
    data: "str | Path | Task | Data | None",
    options: Mapping[str, Any],
    *,
    recipe: str | Path | None,
    framework: str | None,
    settings: Mapping[str, object] | None,
    seed: int | str,
    data_seed: int | str,
    config: str | None,
    out: str | Path | None,
    budget: float | None,
    cpu_budget: float | None,
    long: Sequence[int],
    samples: int,
    device: str,
    threads: int,
    resume: bool,
    force: bool,
    progress: bool,
) -> Run:
    """Train a baseline; see `mathbench.train`."""
    entry = find_baseline(baseline)
    spec, found = make_spec(
        entry,
        None if recipe is None else str(_named("recipe", recipe, str, Path)),
        None if framework is None else str(_named("framework", framework, str)),
        named_settings(settings),
        seed,
    )
    if config is not None:
        _named("config", config, str)
    rows = find_rows(data, dict(options), check_seed(data_seed), config, spec, found)
    folder = RUNS / run_title(spec, rows) if out is None else local_path(out)
    check_device(device)
    wanted = make_options(
        folder,
        DeviceConfig(device, check_integer("threads", threads, 1)),
        f"mathbench.train({entry.name!r}, ...)",
        budget=budget,
        cpu_budget=cpu_budget,
        long=long,
        samples=samples,
        resume=resume,
        force=force,
        progress=progress,
    )
    run(spec, rows, wanted)
    return Run(folder, device, threads)


def find_baseline(given: object) -> Baseline:
    """Return the baseline of a name or of a guest's class.

    Raises:
        InputError: for anything else, and for a language model, which is asked and not trained.
    """
    if isinstance(given, type):
        return class_baseline(given)
    if not isinstance(given, str):
        raise InputError(f"a baseline must be a name or a class. Received: {shown(given)}.")
    entry = baseline(given)
    if entry.kind == "prompted":
        raise InputError(f"{entry.name} is asked, not trained: use `mathbench run-baseline`.")
    return entry


def find_rows(
    given: object,
    options: dict[str, Any],
    seed: int | str,
    config: str | None,
    spec: RunSpec,
    recipe: Recipe | None,
) -> Data:
    """Return the rows to train on: those given, of a dataset, of a task, or of the recipe's own task.

    Args:
        given: a task, its name, rows, or the folder or URL of a dataset; None for the task of the recipe.
        options: rows per split, and parameters of a task that is given by name.
        seed: of the rows of a task.
        config: the configuration of a dataset.
        spec: the spec of the run.
        recipe: its recipe.
    """
    task = _task_of(given, {k: v for k, v in options.items() if k not in SPLITS}, spec, recipe)
    if task is None:
        if options and isinstance(given, Data | str | Path):
            raise InputError(f"data brings its own task and sizes. Received also: {', '.join(options)}.")
        return rows_of(given, config)
    if config is not None:
        raise InputError("config goes with the folder of a dataset.")
    sizes = {split: check_integer(split, options[split], 0) for split in SPLITS if split in options}
    return generate_data(task, sizes, seed, spec, recipe)


def _task_of(given: object, parameters: dict[str, Any], spec: RunSpec, recipe: Recipe | None) -> Task | None:
    """Return the task to train on, None where `given` is data."""
    if isinstance(given, Task):
        if parameters:
            raise InputError(f"a task has its parameters already. Received also: {', '.join(parameters)}.")
        return given
    if given is None:
        own = dict(recipe.task) if recipe else {"name": first_task(spec)}
        return _make_task(own.pop("name"), {**own, **parameters}, spec)
    if not isinstance(given, str) or "://" in given:
        return None
    try:
        return _make_task(given, parameters, spec)
    except UnknownTask:
        if os.path.isdir(os.path.expanduser(given)):
            return None
        raise


def _make_task(name: str, parameters: dict[str, Any], spec: RunSpec) -> Task:
    """Make a task; refuse hyperparameters that are given as if they were its parameters."""
    from mathbench.families import family

    known = {f.name for f in fields(family(name))} if spec.trained else set(parameters)
    for key in parameters.keys() - known:
        if canonical_key(key) in override_keys(spec.baseline):
            raise InputError(f"'{key}' is a setting, not a parameter: settings={{'{key}': ...}}.")
    return requested_task(name, parameters)


def _named(what: str, value: object, *kinds: type) -> object:
    if not isinstance(value, kinds):
        raise InputError(f"{what} must be a name. Received: {shown(value)}.")
    return value
