"""What a command line chooses to run: the spec, the rows and the name of the run directory."""

from typing import TYPE_CHECKING

from mathbench.cli.output import parse_task_options
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.spec import RunSpec
    from mathbench.dataset.data import Data
    from mathbench.task import Task

KNOWN = (
    *("task", "data", "config", "recipe", "framework", "set", "seed", "data-seed", "budget", "out", "resume"),
    *("force", "device", "threads", "train", "validation", "interpolate", "extrapolate", "submit", "json"),
    *("dry-run", "devices", "from", "online", "sweep", "seeds", "trials", "prune", "plots", "track"),
)
ONLINE_ROWS = (
    20_000  # rows of train that are made in advance for a stream, for widths, alphabet and shortcuts
)


def make_spec(
    name: str, recipe: str | None, framework: str | None, settings: list[str], seed: str
) -> tuple["RunSpec", "Recipe | None"]:
    """What is to be run, and the recipe that it comes from."""
    from mathbench.baselines.recipe import apply_overrides, parse_overrides, read_recipe
    from mathbench.baselines.spec import RunSpec, choose_framework
    from mathbench.baselines.table import baseline
    from mathbench.hashing import check_seed

    entry = baseline(name)
    if entry.kind != "network":
        if recipe or settings:
            raise InputError(f"{name} is not trained by a recipe; it takes neither --recipe nor --set.")
        return RunSpec(entry, choose_framework(entry, framework), "", check_seed(seed)), None
    chosen = read_recipe(recipe or name)
    if chosen.baseline != name:
        raise InputError(f"recipe {chosen.name} is for {chosen.baseline}. Received: {name}.")
    used = choose_framework(entry, framework)
    hyper, choices = apply_overrides(chosen, entry, used, parse_overrides(settings))
    return RunSpec(entry, used, chosen.name, check_seed(seed), hyper, choices), chosen


def make_data(
    recipe: "Recipe | None",
    spec: "RunSpec",
    name: str | None,
    folder: str | None,
    config: str | None,
    extra: list[str],
    sizes: dict[str, int],
    seed: str,
) -> "Data":
    """The rows to run on: those of a dataset, of a task, or of the recipe's own task."""
    from mathbench.dataset.data import DEFAULT_SIZES, Data, capped_sizes
    from mathbench.rows import open_rows

    if folder is not None:
        if name is not None or extra or sizes:
            raise InputError(
                "--data brings its own task and sizes; leave out --task, its parameters and sizes."
            )
        return open_data(folder, config)
    if config is not None:
        raise InputError("--config goes with --data DIR.")
    task = _task(recipe, spec, name, extra)
    defaults = capped_sizes(task, recipe.sizes if recipe and recipe.sizes else DEFAULT_SIZES, seed)
    if spec.settings and spec.settings.source == "stream":
        defaults["train"] = min(defaults["train"], ONLINE_ROWS)
    for split, count in sizes.items():
        open_rows(task, split, seed).require(count)  # before memory for so many rows is asked for
    return Data.generate(task, {**defaults, **sizes}, seed)


def open_data(folder: str, config: str | None) -> "Data":
    """The rows of one configuration of a dataset, or of all modules of school mathematics together."""
    from mathbench.dataset.card import ALL, is_mixture
    from mathbench.dataset.read import open_dataset

    dataset = open_dataset(folder)
    if config == ALL and is_mixture(dataset.manifest.configs):
        from mathbench.dataset.mixed import mixed
        from mathbench.families import task

        return mixed(task("deepmind/all"), dataset)
    return dataset.data(config)


def _task(recipe: "Recipe | None", spec: "RunSpec", name: str | None, extra: list[str]) -> "Task":
    """The task asked for; by default the recipe's, or the first one that a shortcut makes sense on."""
    from mathbench.baselines.shortcuts.answerer import applies_to
    from mathbench.families import task as make
    from mathbench.families import tasks
    from mathbench.registry import load

    given = parse_task_options(extra, KNOWN)
    _no_settings(spec, name or (recipe.task["name"] if recipe else ""), given)
    if name is not None:
        return make(name, **given)
    if recipe is not None:
        own = {key: value for key, value in recipe.task.items() if key != "name"}
        return make(recipe.task["name"], **{**own, **given})
    kind = load(spec.baseline.target)
    possible = [family for family, cls in tasks().items() if applies_to(kind, cls())]
    if not possible:
        raise InputError(f"{spec.baseline.name} makes sense on no task. Give --task NAME.")
    return make(possible[0], **given)


def _no_settings(spec: "RunSpec", task: str, given: dict[str, str]) -> None:
    """A hyperparameter given as if it were a parameter of the task is a likely slip."""
    from dataclasses import fields

    from mathbench.baselines.recipe import override_keys
    from mathbench.families import family

    if not spec.trained:
        return
    known = {f.name for f in fields(family(task))}
    for key, value in given.items():
        if key not in known and key in override_keys(spec.baseline):
            raise InputError(f"'{key}' is a setting, not a parameter. Did you mean --set {key}={value}?")


def run_title(spec: "RunSpec", data: "Data") -> str:
    """The default name of a run directory."""
    name = spec.baseline.name.rpartition(":")[2] if spec.baseline.kind == "other" else spec.baseline.name
    recipe = spec.recipe if spec.recipe and spec.recipe != spec.baseline.name else name
    framework = f"-{spec.framework}" if spec.trained else ""
    return f"{recipe}{framework}-{data.task.name}-seed{spec.seed}"
