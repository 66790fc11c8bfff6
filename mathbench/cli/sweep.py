"""`run-baseline --sweep`: run every trial of a sweep, and print one table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mathbench.cli.grid_view import GridView
from mathbench.cli.output import print_message
from mathbench.cli.request import RunRequest
from mathbench.cli.running import RUNS, handle_interrupt, run_options
from mathbench.cli.sweep_jobs import TrialJobs, Trials, failure_of, in_order, open_engine, row_source
from mathbench.cli.sweep_report import SweepOutcome, print_trials, report
from mathbench.cli.sweep_spec import SweepSpec, make_sweep

if TYPE_CHECKING:
    from mathbench.baselines.run import RunOptions
    from mathbench.baselines.sweeps.grid import Trial
    from mathbench.baselines.sweeps.search import SweepStudy, TrialTracker
    from mathbench.dataset.data import Data
    from mathbench.engine import Engine


def run_sweep(request: RunRequest) -> None:
    """Run the trials of the requested sweep, each in a folder of its own, on the requested engine."""
    from mathbench.baselines.request import run_title
    from mathbench.cli.selection import make_data, make_spec

    spec, recipe = make_spec(request)
    sweep = make_sweep(request, spec, recipe)
    engine = open_engine(request)
    data = make_data(request.data, spec, recipe)
    folder = request.out or RUNS / f"sweep-{run_title(spec, data)}"
    runner = _SweepRunner(request, sweep, data, replace(run_options(request, folder), console=None), engine)
    if request.dry_run:
        runner.check()
        print_trials(sweep, folder, request.json)
        return
    with handle_interrupt(folder):
        outcome = runner.run()
    report(outcome, sweep, folder, request.json)
    if error := failure_of(outcome.errors, outcome.runs):
        raise error


@dataclass(frozen=True)
class _SweepRunner:
    """Runs the trials of a sweep.

    Args:
        request: how each trial is submitted and drawn.
        sweep: the trials.
        data: the rows of all trials.
        options: of a run, with the folder of the sweep.
        engine: who does the runs.
    """

    request: RunRequest
    sweep: SweepSpec
    data: "Data"
    options: "RunOptions"
    engine: "Engine"

    def check(self) -> None:
        """Do every check of the first trial that its run does before it writes, and check the directories of a grid."""
        from mathbench.baselines.jobs.run_all import check_runs
        from mathbench.baselines.run import check_run
        from mathbench.baselines.sweeps.search import require_optuna
        from mathbench.baselines.sweeps.space import combinations

        if self.sweep.plan.axes:
            require_optuna()
        jobs, every = self._jobs(), combinations(self.sweep.plan.axes)
        # a search draws its combinations later, between the first and the last
        some = every[:1] if self.sweep.plan.trials else every
        trials = [trial for settings in some for trial in self.sweep.trials(settings)]
        check_runs([jobs.make(trial) for trial in trials])
        first = jobs.make(trials[0])
        check_run(first.make_spec(), self.data, first.options)

    def run(self) -> SweepOutcome:
        """Run unfinished trials; return what became of all of them."""
        from mathbench.baselines.sweeps.search import STUDY_FILE, SweepStudy
        from mathbench.storage import atomic

        if not self.sweep.plan.axes:
            return self._run_grid(None)
        folder = self.options.out
        atomic.make_folder(folder)
        with atomic.folder_lock(folder):
            if self.options.force:
                (folder / STUDY_FILE).unlink(missing_ok=True)
            study = SweepStudy(self.sweep.plan, folder, self.sweep.name(self.data))
            return self._search(study) if self.sweep.plan.trials else self._run_grid(study)

    def _run_grid(self, study: "SweepStudy | None") -> SweepOutcome:
        """Run all trials at once; the study records those of every combination that is complete."""
        from mathbench.baselines.sweeps.space import combinations

        groups = {settings: self.sweep.trials(settings) for settings in combinations(self.sweep.plan.axes)}
        trials = [trial for group in groups.values() for trial in group]
        jobs = self._jobs()
        with self._open(len(trials)) as runs:
            runs.run([jobs.make(trial) for trial in trials])
        for settings, group in groups.items() if study is not None else ():
            scores = [result.best["validation"] for _, result in in_order(group, runs.results)]
            if study is not None and len(scores) == len(group):
                study.record(settings, sum(scores) / len(scores))
        return SweepOutcome(list(in_order(trials, runs.results)), [], runs.errors, len(trials))

    def _search(self, study: "SweepStudy") -> SweepOutcome:
        """Run one combination after the other, because each depends on those before; its seeds at once."""
        total = self.sweep.plan.total
        with self._open(total * self.sweep.seeds) as runs:
            for number, tracker in enumerate(study, start=study.next_number):
                print_message(f"combination {number} of {total}")
                self._try(tracker, runs)
                if runs.errors:
                    break
            tried = study.finished()
            trials = [trial for settings, whole in tried if whole for trial in self.sweep.trials(settings)]
            self._read(trials, runs)
        pruned = [settings for settings, whole in tried if not whole]
        return SweepOutcome(
            list(in_order(trials, runs.results)), pruned, runs.errors, len(runs.errors) + len(trials)
        )

    def _try(self, tracker: "TrialTracker", runs: Trials) -> None:
        """Run a combination with every seed, and prune it if its first run falls behind."""
        from mathbench.baselines.sweeps.search import TrialPruned

        trials, jobs = self.sweep.trials(tracker.settings), self._jobs()
        first, rest = trials[0], trials[1:]
        if self.sweep.plan.prune:
            runs.run([jobs.make(first, trackers=(tracker,))])
            if isinstance(runs.errors.get(first.name), TrialPruned):
                del runs.errors[first.name]
                tracker.prune()
                print_message("stopped early: worse than the median at this step")
                return
            runs.run([jobs.make(trial) for trial in rest])
        else:
            runs.run([jobs.make(trial) for trial in trials])
        if not runs.errors:
            scores = [runs.results[trial.name].best["validation"] for trial in trials]
            tracker.tell(sum(scores) / len(scores))

    def _read(self, trials: Sequence["Trial"], runs: Trials) -> None:
        """Read the results of trials that earlier commands have finished."""
        jobs, missing = self._jobs(), [trial for trial in trials if trial.name not in runs.results]
        runs.run([jobs.make(trial, force=False) for trial in dict.fromkeys(missing)])

    def _jobs(self) -> TrialJobs:
        return TrialJobs(self.sweep, row_source(self.request.data, self.data), self.options)

    @contextmanager
    def _open(self, total: int) -> Iterator[Trials]:
        from mathbench.baselines.jobs.run_all import open_pool

        with GridView(total) as view, open_pool(self.engine, view.report) as pool:
            yield Trials(self.request, self.data, pool, view)
