"""`run-baseline --sweep`: run every trial of a sweep, and print one table."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mathbench.cli.output import out, print_json, print_message, table
from mathbench.cli.request import RunRequest
from mathbench.cli.running import RUNS, finish_run, handle_interrupt, run_options
from mathbench.cli.sweep_spec import SweepSpec, make_sweep

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.baselines.result import Result
    from mathbench.baselines.run import RunOptions
    from mathbench.baselines.sweeps.grid import SweepResult, Trial
    from mathbench.baselines.sweeps.search import TrialTracker
    from mathbench.baselines.sweeps.space import Settings
    from mathbench.dataset.data import Data
    from mathbench.scores.statistics import SeedStatistics

SWEEP_FILE = "sweep.json"


def run_sweep(request: RunRequest) -> None:
    """Run the trials of the requested sweep one after the other, each in a folder of its own."""
    from mathbench.baselines.request import run_title
    from mathbench.cli.selection import make_data, make_spec

    spec, recipe = make_spec(request)
    sweep = make_sweep(request, spec, recipe)
    data = make_data(request.data, spec, recipe)
    folder = request.out or RUNS / f"sweep-{run_title(spec, data)}"
    if request.dry_run:
        _print_trials(sweep, folder, request.json)
        return
    runner = _SweepRunner(request, sweep, data, run_options(request, folder))
    with handle_interrupt(folder):
        finished, pruned = runner.run()
    _report(finished, pruned, sweep, folder, request.json)


@dataclass(frozen=True)
class _SweepRunner:
    """Runs the trials of a sweep.

    Args:
        request: how each trial is submitted and drawn.
        sweep: the trials.
        data: the rows of all trials.
        options: of a run, with the folder of the sweep.
    """

    request: RunRequest
    sweep: SweepSpec
    data: "Data"
    options: "RunOptions"

    def run(self) -> tuple[list[tuple["Trial", "Result"]], list["Settings"]]:
        """Run unfinished trials; return the finished ones with their results, and the pruned combinations."""
        from mathbench.baselines.sweeps.search import STUDY_FILE, SweepStudy
        from mathbench.storage import atomic

        if not self.sweep.plan.axes:
            return list(self._results((), self.options)), []
        folder = self.options.out
        atomic.make_folder(folder)
        with atomic.folder_lock(folder):
            if self.options.force:
                (folder / STUDY_FILE).unlink(missing_ok=True)
            study = SweepStudy(self.sweep.plan, folder, self.sweep.name(self.data))
            for number, tracker in enumerate(study, start=study.next_number):
                print_message(f"combination {number} of {self.sweep.plan.total}")
                self._try(tracker)
            tried = study.finished()
            read = replace(self.options, force=False)
            finished = [pair for settings, whole in tried if whole for pair in self._results(settings, read)]
        return finished, [settings for settings, whole in tried if not whole]

    def _try(self, tracker: "TrialTracker") -> None:
        """Run a combination with every seed, and prune it if its first run falls behind."""
        from mathbench.baselines.sweeps.search import TrialPruned

        options = replace(self.options, trackers=(tracker,) if self.sweep.plan.prune else ())
        try:
            results = [result for _, result in self._results(tracker.settings, options)]
        except TrialPruned:
            tracker.prune()
            print_message("stopped early: worse than the median at this step")
            return
        tracker.tell(sum(result.best["validation"] for result in results) / len(results))

    def _results(self, settings: "Settings", options: "RunOptions") -> Iterator[tuple["Trial", "Result"]]:
        """Run a combination with every seed, or read the results of finished runs."""
        from mathbench.baselines.result import RESULT_FILE
        from mathbench.baselines.run import run

        for trial in self.sweep.trials(settings):
            folder = options.out / trial.name
            if options.force or not (folder / RESULT_FILE).is_file():
                print_message(f"run {trial.name}")
            first = trial.seed == self.sweep.spec.seed
            own = replace(options, out=folder, trackers=options.trackers if first else ())
            yield trial, run(self.sweep.make_spec(trial), self.data, own)
            finish_run(self.request, self.data, folder, plots=False)


def _report(
    finished: list[tuple["Trial", "Result"]],
    pruned: list["Settings"],
    sweep: SweepSpec,
    folder: Path,
    json: bool,
) -> None:
    """Write the table of a sweep to its folder and print it."""
    from mathbench.baselines.checkpoint import write_json
    from mathbench.baselines.sweeps.grid import summarise_trials

    results = summarise_trials(finished)
    content = {
        "out": str(folder),
        "trials": len(finished),
        "lines": [line.to_json() for line in results],
        "pruned": [dict(settings) for settings in pruned],
    }
    write_json(folder / SWEEP_FILE, content)
    if json:
        print_json(content)
        return
    out.print(_sweep_table(results))
    if pruned:
        print_message(
            f"{len(pruned)} of {sweep.plan.total} combinations were ended early and are not in the table"
        )


def _print_trials(sweep: SweepSpec, folder: Path, json: bool) -> None:
    """Print the trials of a grid, or how many combinations a search draws."""
    from mathbench.baselines.sweeps.space import combinations

    if sweep.plan.trials:
        content = {"out": str(folder), "combinations": sweep.plan.trials, "seeds": sweep.seeds}
        if json:
            print_json({**content, "axes": [vars(axis) for axis in sweep.plan.axes]})
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


def _sweep_table(results: list["SweepResult"]) -> "Table":
    """Return one row per combination: mean and standard deviation over the seeds, best on validation first.

    Each supervision has a block of its own.
    """
    keys, splits = list(results[0].settings), list(results[0].splits)
    lengths = sorted({digits for line in results for digits in line.long}, key=int)
    heads = [f"{int(digits):,} digits" for digits in lengths]
    named = ["supervision"] if any(line.supervision for line in results) else []
    numbers = ("seeds", "validation", *splits, *heads, "CPU s")
    made = table(*named, *keys, *numbers, right=numbers, title="exact match: mean ± deviation over seeds")
    for line, following in zip(results, [*results[1:], None], strict=True):
        scores = [_share(line.validation), *(_share(line.splits[split]) for split in splits)]
        scores += [_share(line.long[digits]) if digits in line.long else "-" for digits in lengths]
        made.add_row(
            *([line.supervision or "-"] if named else []),
            *line.settings.values(),
            str(line.validation.n),
            *scores,
            f"{line.cpu.mean:.1f}",
            end_section=following is not None and following.supervision != line.supervision,
        )
    return made


def _share(statistics: "SeedStatistics") -> str:
    return f"{statistics.mean:.2%}" + (f" ± {statistics.deviation:.2%}" if statistics.n > 1 else "")
