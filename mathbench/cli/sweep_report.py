"""What a sweep reports: one table, also as JSON and in the folder of the sweep, or its trials before any is run."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathbench.cli.output import out, print_json, print_message, table
from mathbench.cli.sweep_jobs import describe_error
from mathbench.cli.sweep_spec import SweepSpec

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.baselines.result import Result
    from mathbench.baselines.sweeps.grid import SweepResult, Trial
    from mathbench.baselines.sweeps.space import Settings
    from mathbench.scores.statistics import SeedStatistics

SWEEP_FILE = "sweep.json"


@dataclass(frozen=True)
class SweepOutcome:
    """What became of the runs of a sweep.

    Args:
        finished: the finished trials with their results.
        pruned: the combinations that were ended early.
        errors: why runs failed, by the name of the trial.
        runs: the number of runs.
    """

    finished: list[tuple["Trial", "Result"]]
    pruned: list["Settings"]
    errors: dict[str, Exception]
    runs: int


def report(outcome: SweepOutcome, sweep: SweepSpec, folder: Path, json: bool) -> None:
    """Write the table of a sweep to its folder and print it; nothing if no run has finished."""
    from mathbench.baselines.checkpoint import write_json
    from mathbench.baselines.sweeps.grid import summarise_trials

    if not outcome.finished:
        return
    results = summarise_trials(outcome.finished)
    failed = {name: describe_error(error) for name, error in outcome.errors.items()}
    content: dict[str, Any] = {
        "out": str(folder),
        "trials": len(outcome.finished),
        "lines": [line.to_json() for line in results],
        "pruned": [dict(settings) for settings in outcome.pruned],
        **({"failed": failed} if failed else {}),
    }
    write_json(folder / SWEEP_FILE, content)
    if json:
        print_json(content)
        return
    out.print(_sweep_table(results))
    if outcome.pruned:
        print_message(
            f"{len(outcome.pruned)} of {sweep.plan.total} combinations were ended early and are not in the table"
        )


def print_trials(sweep: SweepSpec, folder: Path, json: bool) -> None:
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
