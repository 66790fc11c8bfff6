"""What a request selects: the spec of the run, its rows, and the name of the run directory."""

import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from mathbench.cli.options import QUICKEST
from mathbench.cli.request import DataOptions, SpecRequest
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.spec import RunSpec
    from mathbench.dataset.data import Data
    from mathbench.task import Task

ONLINE_ROWS = 20_000  # rows of train made in advance for a stream, for widths, alphabet and shortcuts


def make_spec(request: SpecRequest) -> tuple["RunSpec", "Recipe | None"]:
    """Return the spec of the requested run and the recipe that it comes from, None for what is not trained."""
    from mathbench.baselines.recipe import apply_overrides, canonical_key, parse_overrides, read_recipe
    from mathbench.baselines.spec import RunSpec, choose_framework
    from mathbench.baselines.table import baseline
    from mathbench.hashing import check_seed

    if request.name is not None and request.name.startswith("-"):
        raise InputError(
            f"with parameters of a task the baseline must be named first. Received: {request.name}."
        )
    name = request.name or QUICKEST
    entry = baseline(name)
    if entry.kind == "prompted":
        raise InputError(f"{entry.name} is asked, not trained: it takes neither --sweep nor --seeds.")
    if request.prompting.given:
        option = next(iter(request.prompting.given))
        raise InputError(f"--{option} goes with a language model, such as hf:MODEL. Received: {name}.")
    if entry.kind != "network":
        if request.recipe or request.settings:
            raise InputError(f"{name} is not trained by a recipe; it takes neither --recipe nor --set.")
        return RunSpec(entry, choose_framework(entry, request.framework), "", check_seed(request.seed)), None
    recipe = read_recipe(request.recipe or name)
    recipe.require(name)
    framework, overrides = choose_framework(entry, request.framework), parse_overrides(list(request.settings))
    varied = [canonical_key(axis.partition("=")[0]) for axis in request.sweep.axes]
    settings, encoding = apply_overrides(recipe, entry, framework, overrides, varied)
    return RunSpec(entry, framework, recipe.name, check_seed(request.seed), settings, encoding), recipe


def make_data(options: DataOptions, spec: "RunSpec", recipe: "Recipe | None") -> "Data":
    """Return the rows to run on: those of a dataset, of a task, or of the recipe's own task."""
    from mathbench.dataset.data import DEFAULT_SIZES, Data, all_sizes
    from mathbench.dataset.mixed import open_data
    from mathbench.rows import open_rows

    sizes = options.sizes.given
    if options.folder is not None:
        check_data_alone(options)
        return open_data(options.folder, options.config)
    if options.config is not None:
        raise InputError("--config goes with --data DIR.")
    task = _make_task(options, spec, recipe)
    defaults = dict(recipe.sizes if recipe and recipe.sizes else DEFAULT_SIZES)
    if spec.settings and spec.settings.source == "stream":
        defaults["train"] = min(defaults["train"], ONLINE_ROWS)
    for split, count in sizes.items():
        # before memory for the rows is allocated
        open_rows(task, split, options.seed).require(count)
    return Data.generate(task, all_sizes(task, sizes, defaults, options.seed), options.seed)


def check_data_alone(options: DataOptions, words: Collection[str] = ()) -> None:
    """Refuse a task and sizes beside a dataset; parameters that only put its questions into words are allowed."""
    parameters = [key for key in options.parameters.parse() if key not in words]
    if options.task is not None or parameters or options.sizes.given:
        raise InputError("--data brings its own task and sizes; leave out --task, its parameters and sizes.")


def _make_task(options: DataOptions, spec: "RunSpec", recipe: "Recipe | None") -> "Task":
    """Make the requested task; by default the recipe's, or the first one to which a shortcut applies."""
    given = options.parameters.parse()
    name = options.task or (recipe.task["name"] if recipe else "")
    _check_no_settings(spec, name, given)
    own = recipe.task if recipe and options.task is None else {}
    defaults = {key: value for key, value in own.items() if key != "name"}
    return options.parameters.make(name or _first_task(spec), defaults)


def _first_task(spec: "RunSpec") -> str:
    """Return the name of the first task to which a shortcut applies."""
    from mathbench.baselines.shortcuts.answerer import applies_to
    from mathbench.families import tasks
    from mathbench.registry import load

    kind = load(spec.baseline.target)
    for name, family in tasks().items():
        if applies_to(kind, family()):
            return name
    raise InputError(f"{spec.baseline.name} applies to no task. Give --task NAME.")


def _check_no_settings(spec: "RunSpec", task: str, given: Mapping[str, str]) -> None:
    """Refuse hyperparameters that are given as if they were parameters of the task."""
    from mathbench.baselines.recipe import override_keys
    from mathbench.families import family

    if not spec.trained:
        return
    known = {f.name for f in fields(family(task))}
    for key, value in given.items():
        if key not in known and key in override_keys(spec.baseline):
            raise InputError(f"'{key}' is a setting, not a parameter. Did you mean --set {key}={value}?")


def run_title(spec: "RunSpec", data: "Data") -> str:
    """Return the default name of a run directory."""
    name = spec.baseline.name.rpartition(":")[2] if spec.baseline.kind == "other" else spec.baseline.name
    if spec.prompting is not None:
        return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}-{data.task.name}-seed{spec.seed}"
    recipe = spec.recipe if spec.recipe and spec.recipe != spec.baseline.name else name
    framework = f"-{spec.framework}" if spec.trained else ""
    return f"{recipe}{framework}-{data.task.name}-seed{spec.seed}"
