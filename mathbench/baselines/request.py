"""What a request for a run leaves open: its spec, the rows, and the name of its directory."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from mathbench.baselines.recipe import Recipe, apply_overrides, default_recipe, read_recipe
from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.spec import RunSpec, choose_framework
from mathbench.baselines.table import Baseline
from mathbench.dataset.data import DEFAULT_SIZES, Data, all_sizes
from mathbench.errors import InputError
from mathbench.families import tasks
from mathbench.hashing import check_seed
from mathbench.registry import load
from mathbench.rows import open_rows
from mathbench.task import Task

STREAMED_ROWS = 20_000  # rows of train made in advance for a stream, for widths, alphabet and shortcuts


def make_spec(
    entry: Baseline,
    recipe: str | None,
    framework: str | None,
    overrides: Mapping[str, Any],
    seed: int | str,
    varied: Collection[str] = (),
) -> tuple[RunSpec, Recipe | None]:
    """Return the spec of a run and the recipe that it comes from, None for what is not trained.

    Args:
        entry: the baseline; no language model.
        recipe: name or file of a recipe; None for the one of the baseline.
        framework: ``torch`` or ``keras``; None for the first that is installed.
        overrides: settings and choices of the encoding that replace those of the recipe, as values or text.
        seed: of the training.
        varied: settings that a sweep varies: others may depend on them.

    Raises:
        InputError: for a recipe of another baseline, an unknown setting, or a value that is not allowed.
    """
    if entry.kind != "network":
        if recipe or overrides:
            raise InputError(f"{entry.name} is not trained by a recipe; it takes neither --recipe nor --set.")
        return RunSpec(entry, choose_framework(entry, framework), "", check_seed(seed)), None
    found = default_recipe(entry) if recipe is None else read_recipe(recipe)
    found.require(entry.name)
    chosen = choose_framework(entry, framework)
    settings, encoding = apply_overrides(found, entry, chosen, overrides, varied)
    return RunSpec(entry, chosen, found.name, check_seed(seed), settings, encoding), found


def generate_data(
    task: Task, sizes: Mapping[str, int], seed: int | str, spec: RunSpec, recipe: Recipe | None
) -> Data:
    """Return the rows of a run on a task.

    Args:
        task: the task.
        sizes: requested rows of some splits; others have those of the recipe.
        seed: of the rows.
        spec: the spec of the run.
        recipe: its recipe.

    Raises:
        SpaceExhausted: when a split holds fewer rows than requested.
    """
    defaults = dict(recipe.sizes if recipe and recipe.sizes else DEFAULT_SIZES)
    if spec.settings and spec.settings.source == "stream":
        defaults["train"] = min(defaults["train"], STREAMED_ROWS)
    for split, count in sizes.items():
        # before memory for the rows is allocated
        open_rows(task, split, seed).require(count)
    return Data.generate(task, all_sizes(task, sizes, defaults, seed), seed)


def first_task(spec: RunSpec) -> str:
    """Return the name of the first task to which a baseline without training steps applies."""
    kind = load(spec.baseline.target)
    for name, family in tasks().items():
        if applies_to(kind, family()):
            return name
    raise InputError(f"{spec.baseline.name} applies to no task. Give --task NAME.")


def run_title(spec: RunSpec, data: Data) -> str:
    """Return the default name of a run directory."""
    name = spec.baseline.name.rpartition(":")[2] if spec.baseline.origin else spec.baseline.name
    if spec.prompting is not None:
        return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}-{data.task.name}-seed{spec.seed}"
    recipe = spec.recipe if spec.recipe and spec.recipe != spec.baseline.name else name
    framework = f"-{spec.framework}" if spec.trained else ""
    return f"{recipe}{framework}-{data.task.name}-seed{spec.seed}"
