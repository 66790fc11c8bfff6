"""A sweep on the command line: run every trial, show one table."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mathbench.cli.output import emit, out, say, table
from mathbench.cli.running import Ending, interruptible
from mathbench.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.baselines.fit import Spec
    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.result import Result
    from mathbench.baselines.runner import Order
    from mathbench.baselines.sweep import Line, Trial
    from mathbench.data import Data
    from mathbench.metrics import Spread

FILE = "sweep.json"

Trials = list[tuple["Trial", "Spec"]]


def trials_of(
    spec: "Spec", recipe: "Recipe | None", settings: list[str], sweep: list[str], seeds: int
) -> Trials:
    """The trials of a sweep, all checked before any is run.

    Args:
        spec: what the trials have in common.
        recipe: its recipe; None for what is not trained.
        settings: ``key=value``, for all of them.
        sweep: ``key=value,value``, of which every combination is a trial.
        seeds: how many seeds each, from that of the spec on.
    """
    from mathbench.baselines.recipe import configured, overrides_of
    from mathbench.baselines.sweep import grid

    if not (sweep or seeds > 1):
        return []
    if recipe is None:
        raise InputError(f"{spec.baseline.name} is not trained: every run of it is the same.")
    if not isinstance(spec.seed, int):
        raise InputError(f"a sweep counts seeds from an integer. Received: --seed {spec.seed}.")
    found = []
    for trial in grid(sweep, seeds, spec.seed):
        own = {**overrides_of(settings), **dict(trial.settings)}
        hyper, choices = configured(recipe, spec.baseline, spec.framework, own)
        found.append((trial, replace(spec, seed=trial.seed, settings=hyper, choices=choices)))
    return found


def run_sweep(trials: Trials, data: "Data", order: "Order", ending: Ending, dry_run: bool) -> None:
    """Run the trials one after the other, each in a folder of its own below the order's, and show one table."""
    if dry_run:
        _show_trials(trials, order.out, ending.json)
        return
    from mathbench.baselines.checkpoint import write_json
    from mathbench.baselines.runner import run
    from mathbench.baselines.sweep import lines

    finished: list[tuple[Trial, Result]] = []
    with interruptible(order.out):
        for number, (trial, spec) in enumerate(trials, start=1):
            say(f"trial {number} of {len(trials)}: {trial.name}")
            folder = order.out / trial.name
            finished.append((trial, run(spec, data, replace(order, out=folder))))
            ending.keep(data, folder, plots=False)
    found = lines(finished)
    shown = {"out": str(order.out), "trials": len(trials), "lines": [line.to_json() for line in found]}
    write_json(order.out / FILE, shown)
    if ending.json:
        emit(shown)
    else:
        out.print(sweep_table(found))


def _show_trials(trials: Trials, folder: Path, json: bool) -> None:
    names = [str(folder / trial.name) for trial, _ in trials]
    if json:
        emit({"out": str(folder), "trials": names})
        return
    for name in names:
        out.print(name, markup=False, soft_wrap=True)
    say(f"{len(names)} trials; nothing was run")


def sweep_table(found: list["Line"]) -> "Table":
    """One line per combination: mean and standard deviation over the seeds, best on validation first."""
    keys, splits = list(found[0].settings), list(found[0].splits)
    numbers = ("seeds", "validation", *splits, "CPU s")
    shown = table(*keys, *numbers, right=numbers, title="exact match: mean ± deviation over seeds")
    for line in found:
        scores = [_share(line.validation), *(_share(line.splits[split]) for split in splits)]
        shown.add_row(*line.settings.values(), str(line.validation.n), *scores, f"{line.cpu.mean:.1f}")
    return shown


def _share(spread: "Spread") -> str:
    return f"{spread.mean:.2%}" + (f" ± {spread.deviation:.2%}" if spread.n > 1 else "")
