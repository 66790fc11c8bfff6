"""What a request selects: the spec of the run, its rows, and the name of the run directory."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from mathbench.cli.options import QUICKEST
from mathbench.cli.request import DataOptions, RunRequest
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.spec import RunSpec
    from mathbench.dataset.data import Data
    from mathbench.dataset.read import Dataset
    from mathbench.task import Task


def make_spec(request: RunRequest) -> tuple["RunSpec", "Recipe | None"]:
    """Return the spec of the requested run and the recipe that it comes from, None for what is not trained."""
    from mathbench.baselines import request as requests
    from mathbench.baselines.recipe import parse_overrides
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
    return requests.make_spec(entry, request.recipe, request.framework, overrides, request.seed)


def make_data(options: DataOptions, spec: "RunSpec", recipe: "Recipe | None") -> "Data":
    """Return the rows to run on: those of a dataset, of a task, or of the recipe's own task."""
    from mathbench.baselines.request import generate_data

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


def open_data(folder: str, config: str | None) -> "Data":
    """Return the rows of one configuration of a dataset, or of all modules of school mathematics together."""
    from mathbench.dataset.card import ALL, is_mixture
    from mathbench.dataset.read import open_dataset

    dataset = open_dataset(folder)
    if config == ALL and is_mixture(dataset.manifest.configs):
        from mathbench.dataset.mixed import mixed

        return mixed(_mixture(dataset), dataset)
    return dataset.data(config)


def _mixture(dataset: "Dataset") -> "Task":
    """Return the mixture whose modules a dataset has, in their versions and at their difficulty.

    Where it has others, return the current mixture.
    """
    from mathbench.families import SCHOOL, SCHOOL_ALL, earlier, task

    tasks = [config.task.plain for config in dataset.configs.values()]
    own = tasks[0].parameters if tasks[0].family.startswith(SCHOOL) else {}
    current = task(SCHOOL_ALL, **own)
    mixtures = [task(id, **own) for id in earlier(SCHOOL_ALL, current.version)]
    return next((mixture for mixture in mixtures if list(mixture.parts.values()) == tasks), current)


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
