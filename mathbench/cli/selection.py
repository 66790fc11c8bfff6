"""What a request selects: the spec of the run, its rows, and the name of the run directory."""

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


def make_spec(request: SpecRequest) -> tuple["RunSpec", "Recipe | None"]:
    """Return the spec of the requested run and the recipe that it comes from, None for what is not trained."""
    from mathbench.baselines import request as requests
    from mathbench.baselines.recipe import canonical_key, parse_overrides
    from mathbench.baselines.table import baseline

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
    overrides = parse_overrides(list(request.settings))
    varied = [canonical_key(axis.partition("=")[0]) for axis in request.sweep.axes]
    return requests.make_spec(entry, request.recipe, request.framework, overrides, request.seed, varied)


def make_data(options: DataOptions, spec: "RunSpec", recipe: "Recipe | None") -> "Data":
    """Return the rows to run on: those of a dataset, of a task, or of the recipe's own task."""
    from mathbench.baselines.request import generate_data
    from mathbench.dataset.mixed import open_data

    sizes = options.sizes.given
    if options.folder is not None:
        check_data_alone(options)
        return open_data(options.folder, options.config)
    if options.config is not None:
        raise InputError("--config goes with --data DIR.")
    task = _make_task(options, spec, recipe)
    return generate_data(task, sizes, options.seed, spec, recipe)


def check_data_alone(options: DataOptions, words: Collection[str] = ()) -> None:
    """Refuse a task and sizes beside a dataset; parameters that only put its questions into words are allowed."""
    parameters = [key for key in options.parameters.parse() if key not in words]
    if options.task is not None or parameters or options.sizes.given:
        raise InputError("--data brings its own task and sizes; leave out --task, its parameters and sizes.")


def _make_task(options: DataOptions, spec: "RunSpec", recipe: "Recipe | None") -> "Task":
    """Make the requested task; by default the recipe's, or the first one to which a shortcut applies."""
    from mathbench.baselines.request import first_task

    given = options.parameters.parse()
    name = options.task or (recipe.task["name"] if recipe else "")
    _check_no_settings(spec, name, given)
    own = recipe.task if recipe and options.task is None else {}
    defaults = {key: value for key, value in own.items() if key != "name"}
    return options.parameters.make(name or first_task(spec), defaults)


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
