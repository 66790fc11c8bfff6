"""A sweep on the command line: run every trial, show one table."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mathbench.cli.output import out, print_json, print_message, table
from mathbench.cli.running import AfterRun, handle_interrupt
from mathbench.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.result import Result
    from mathbench.baselines.run import RunOptions
    from mathbench.baselines.spec import RunSpec
    from mathbench.baselines.sweeps.grid import SweepResult, Trial
    from mathbench.baselines.sweeps.search import SweepPlan, TrialTracker
    from mathbench.baselines.sweeps.space import Settings
    from mathbench.dataset.data import Data
    from mathbench.scores.statistics import SeedStatistics

SWEEP_FILE = "sweep.json"


@dataclass(frozen=True)
class Sweep:
    """What a command line asks for.

    Args:
        spec: what all trials have in common, with the first seed.
        recipe: its recipe.
        settings: ``key=value``, for all of them.
        plan: what is varied.
        seeds: how many seeds each.
    """

    spec: "RunSpec"
    recipe: "Recipe"
    settings: tuple[str, ...]
    plan: "SweepPlan"
    seeds: int

    def trials(self, settings: "Settings") -> list["Trial"]:
        """The runs of one combination."""
        from mathbench.baselines.sweeps.grid import trials_for_seeds

        return trials_for_seeds(settings, self.seeds, int(self.spec.seed))

    def make_spec(self, trial: "Trial") -> "RunSpec":
        """What a trial runs."""
        from mathbench.baselines.recipe import apply_overrides, parse_overrides

        own = {**parse_overrides(list(self.settings)), **dict(trial.settings)}
        hyper, choices = apply_overrides(self.recipe, self.spec.baseline, self.spec.framework, own)
        return replace(self.spec, seed=trial.seed, settings=hyper, choices=choices)

    def name(self, data: "Data") -> str:
        """A name for everything that decides how a trial goes, but for how many there are."""
        from mathbench.baselines.run import run_identity

        parts = (
            run_identity(self.spec, data),
            repr(self.plan.axes),
            self.plan.seed,
            self.plan.prune,
            self.seeds,
        )
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def make_sweep(
    spec: "RunSpec",
    recipe: "Recipe | None",
    settings: list[str],
    sweeps: list[str],
    seeds: int,
    trials: int = 0,
    prune: bool = False,
) -> Sweep | None:
    """The sweep asked for, checked before any of it is run; None where one run is asked for.

    Args:
        spec: what the trials have in common.
        recipe: its recipe; None for what is not trained.
        settings: ``key=value``, for all of them.
        sweeps: ``key=value,value`` or ``key=low..high``.
        seeds: how many seeds each, from that of the spec on.
        trials: combinations to draw; 0: all of a grid.
        prune: whether hopeless trials end early.
    """
    from mathbench.baselines.sweeps.grid import grid
    from mathbench.baselines.sweeps.search import SweepPlan
    from mathbench.baselines.sweeps.space import parse_axes

    if not (sweeps or seeds > 1 or trials or prune):
        return None
    if recipe is None or spec.settings is None:
        raise InputError(f"{spec.baseline.name} is not trained: every run of it is the same.")
    if not isinstance(spec.seed, int):
        raise InputError(f"a sweep counts seeds from an integer. Received: --seed {spec.seed}.")
    checked = grid(sweeps, seeds, spec.seed)
    plan = SweepPlan(parse_axes(sweeps), trials, spec.seed, spec.settings.steps // 4 + 1 if prune else 0)
    found = Sweep(spec, recipe, tuple(settings), plan, seeds)
    for trial in checked:
        found.make_spec(trial)
    return found


def run_sweep(sweep: Sweep, data: "Data", order: "RunOptions", ending: AfterRun, dry_run: bool) -> None:
    """Run the trials one after the other, each in a folder of its own below the order's, and show one table."""
    if dry_run:
        _show_trials(sweep, order.out, ending.json)
        return
    from mathbench.baselines.checkpoint import write_json
    from mathbench.baselines.sweeps.grid import summarise_trials

    with handle_interrupt(order.out):
        finished, pruned = _run(sweep, data, order, ending)
    found = summarise_trials(finished)
    shown = {
        "out": str(order.out),
        "trials": len(finished),
        "lines": [line.to_json() for line in found],
        "pruned": [dict(settings) for settings in pruned],
    }
    write_json(order.out / SWEEP_FILE, shown)
    if ending.json:
        print_json(shown)
        return
    out.print(sweep_table(found))
    if pruned:
        print_message(
            f"{len(pruned)} of {sweep.plan.total} combinations were ended early and are not in the table"
        )


def _run(
    sweep: Sweep, data: "Data", order: "RunOptions", ending: AfterRun
) -> tuple[list[tuple["Trial", "Result"]], list["Settings"]]:
    """Run what is not finished; the trials that ran to their end with their results, and what was pruned."""
    from mathbench.baselines.sweeps.search import STUDY_FILE as STUDY
    from mathbench.baselines.sweeps.search import SweepStudy
    from mathbench.storage import atomic

    if not sweep.plan.axes:
        return list(_results(sweep, (), data, order, ending)), []
    order.out.mkdir(parents=True, exist_ok=True)
    with atomic.folder_lock(order.out):
        if order.force:
            (order.out / STUDY).unlink(missing_ok=True)
        search = SweepStudy(sweep.plan, order.out, sweep.name(data))
        for number, trying in enumerate(search, start=search.next_number):
            print_message(f"combination {number} of {sweep.plan.total}")
            _try(trying, sweep, data, order, ending)
        tried = search.finished()
        again = replace(order, force=False)  # what is finished is read
        finished = [
            pair
            for settings, whole in tried
            if whole
            for pair in _results(sweep, settings, data, again, ending)
        ]
    return finished, [settings for settings, whole in tried if not whole]


def _try(trying: "TrialTracker", sweep: Sweep, data: "Data", order: "RunOptions", ending: AfterRun) -> None:
    """Run a combination with every seed; the first one may show that it is hopeless."""
    from mathbench.baselines.sweeps.search import TrialPruned

    watchers = (trying,) if sweep.plan.prune else ()
    try:
        results = [
            result
            for _, result in _results(sweep, trying.settings, data, replace(order, trackers=watchers), ending)
        ]
    except TrialPruned:
        trying.prune()
        print_message("ended early: worse than most were at this step")
        return
    trying.tell(sum(result.best["validation"] for result in results) / len(results))


def _results(
    sweep: Sweep, settings: "Settings", data: "Data", order: "RunOptions", ending: AfterRun
) -> Iterator[tuple["Trial", "Result"]]:
    """Run a combination with every seed, or read what has been run."""
    from mathbench.baselines.result import RESULT_FILE as RESULT
    from mathbench.baselines.run import run

    for trial in sweep.trials(settings):
        folder = order.out / trial.name
        if order.force or not (folder / RESULT).is_file():
            print_message(f"run {trial.name}")
        first = trial.seed == sweep.spec.seed
        own = replace(order, out=folder, trackers=order.trackers if first else ())
        yield trial, run(sweep.make_spec(trial), data, own)
        ending.keep(data, folder, plots=False)


def _show_trials(sweep: Sweep, folder: Path, json: bool) -> None:
    from mathbench.baselines.sweeps.space import combinations

    if sweep.plan.trials:
        shown = {"out": str(folder), "combinations": sweep.plan.trials, "seeds": sweep.seeds}
        print_json({**shown, "axes": [vars(axis) for axis in sweep.plan.axes]}) if json else None
        print_message(
            f"{sweep.plan.trials} combinations are drawn, {sweep.seeds} seeds each; nothing was run"
        )
        return
    runs = [trial for settings in combinations(sweep.plan.axes) for trial in sweep.trials(settings)]
    names = [str(folder / trial.name) for trial in runs]
    if json:
        print_json({"out": str(folder), "trials": names})
        return
    for name in names:
        out.print(name, markup=False, soft_wrap=True)
    print_message(f"{len(names)} trials; nothing was run")


def sweep_table(found: list["SweepResult"]) -> "Table":
    """One line per combination: mean and standard deviation over the seeds, best on validation first."""
    keys, splits = list(found[0].settings), list(found[0].splits)
    numbers = ("seeds", "validation", *splits, "CPU s")
    shown = table(*keys, *numbers, right=numbers, title="exact match: mean ± deviation over seeds")
    for line in found:
        scores = [_share(line.validation), *(_share(line.splits[split]) for split in splits)]
        shown.add_row(*line.settings.values(), str(line.validation.n), *scores, f"{line.cpu.mean:.1f}")
    return shown


def _share(spread: "SeedStatistics") -> str:
    return f"{spread.mean:.2%}" + (f" ± {spread.deviation:.2%}" if spread.n > 1 else "")
