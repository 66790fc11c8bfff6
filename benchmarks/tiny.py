"""The tables of docs/tiny.md: the tiny adders, and the smallest network that reaches 99 % on some tasks.

    python benchmarks/tiny.py [--seeds 3] [--out build/tiny] [--only adders|tasks|failures]

Adders: each recipe with some seeds, on one thread, then the suite tiny-adder. "Candidates" are the first weights that
reached 99 % of validation among those tried, over all seeds; CPU seconds are those of all candidates of a run.
Tasks: each network of `TASKS`, smallest first, with one seed. Failures: each line of `FAILURES`, a recipe with other
settings, with one seed. Finished runs are read again, not repeated.
"""

import argparse
import shlex
import statistics
from pathlib import Path
from typing import Any

from mathbench.baselines.analysis.compared_runs import find_runs
from mathbench.baselines.analysis.pareto import SizedRun, smallest
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import load_run
from mathbench.baselines.probe import probe_suite
from mathbench.baselines.result import Result
from mathbench.cli import main as command
from mathbench.dataset import suite as suites

ADDERS = ("tiny-2240", "tiny-488", "tiny-110", "tiny-75", "tiny-17")
# networks per task, by settings of a recipe that vary its size
TASKS = {
    "even-base3": [f"--recipe smallest-even-base3 --set hidden={units}" for units in (1, 2)],
    "multiples-of-3": [f"--recipe smallest-multiples-of-3 --set hidden={units}" for units in (1, 2, 3)],
    "multiples-of-7": [f"--recipe smallest-multiples-of-7 --set hidden={units}" for units in (4, 6, 8)],
}
# what is changed of a recipe, and failed
FAILURES = (
    ("tiny-2240", 'curriculum="0.1 task digits=3; 0.15 task digits=6"'),
    ("tiny-2240", 'curriculum="0.35 task digits=3; 0.25 task digits=6"'),
    ("tiny-2240", "rate=5e-3"),
    ("tiny-2240", "start_scores=4"),
    ("tiny-488", "sharpness=1"),
    ("tiny-488", "sharpness=1 start_scores=4"),
    ("tiny-488", "sharpness=1 start_scores=2"),
    ("tiny-488", "rate=5e-3"),
    ("tiny-75", 'curriculum="0.1 task digits=3; 0.15 task digits=6"'),
    ("tiny-75", "rate=2e-2"),
    ("tiny-17", "rate=2e-2"),
    ("tiny-17", "digits=axes"),
)
HEAD = (
    *("weights", "recipe", "runs at 99 %", "candidates at 99 %", "CPU s"),
    *("random pairs %", "edges", "long carries %", "11 digits %"),
)


def trained(words: str, out: Path) -> Path:
    """Train a run, or return the finished one."""
    if not (out / "result.json").exists():
        arguments = f"run-baseline {words} --threads 1 --no-submit --no-plots --force"
        try:
            command([*shlex.split(arguments), "--out", str(out)])
        except SystemExit as end:
            if end.code:
                raise
    return out


def adder_row(recipe: str, seeds: int, folder: Path) -> str:
    """Train one recipe with some seeds, and return its row of the table."""
    runs = [
        trained(f"tiny-transformer --recipe {recipe} --seed {seed}", folder / f"{recipe}-{seed}")
        for seed in range(seeds)
    ]
    results, probes = [Result.load(run) for run in runs], [probed(run) for run in runs]
    best = max(range(seeds), key=lambda i: probes[i][0].score.exact_match)
    reached = [result.tournament.get("reached", int(result.best["validation"] >= 0.99)) for result in results]
    tried = [result.tournament.get("candidates", 1) for result in results]
    shares = [f"{100 * probe.score.exact_match:.2f}" for probe in probes[best][:-1]]
    edges = probes[best][-1].score
    longer = results[best].scores["extrapolate"]["exact_match"]
    cells = [
        f"{results[0].parameters:,}",
        f"`{recipe}`",
        f"{sum(share(p) >= 0.99 for p in probes)}/{seeds}",
        f"{sum(reached)}/{sum(tried)}",
        f"{statistics.median(result.timings['fit_cpu_s'] for result in results):.1f}",
        shares[0],
        f"{edges.correct}/{edges.n}",
        shares[1],
        f"{100 * longer:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def probed(run: Path) -> list[Any]:
    """Return the probes of a run on the suite tiny-adder."""
    return list(probe_suite(load_run(run, DeviceConfig("cpu")), suites.load("tiny-adder")))


def share(probes: list[Any]) -> float:
    """Return the exact match on random pairs."""
    return float(probes[0].score.exact_match)


def task_rows(folder: Path) -> list[str]:
    """Train the networks of all tasks, and return the rows of the table of the smallest ones."""
    rows = []
    for name, lines in TASKS.items():
        runs = [trained(f"second-order-rnn {words}", folder / f"{name}-{i}") for i, words in enumerate(lines)]
        points = [SizedRun.of(run.folder, run.result) for run in find_runs(runs).runs]
        for split in ("interpolate", "extrapolate"):
            found = list(smallest(points, split).values())
            rows.append(task_row(name, split, found[0] if found else None, points))
    return rows


def task_row(name: str, split: str, found: SizedRun | None, points: list[SizedRun]) -> str:
    """Return the row of the smallest network of one task and split."""
    if found is None:
        best = max(points, key=lambda point: point.exact_match[split])
        return f"| {name} | {split} | none of {len(points)} | best {100 * best.exact_match[split]:.2f} | | |"
    cells = [
        name,
        split,
        f"{found.weights:,}",
        f"{100 * found.exact_match[split]:.2f}",
        found.supervision,
        f"{found.cpu_seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def failure_rows(folder: Path) -> list[str]:
    """Train what failed, and return the rows of its table."""
    rows = []
    for number, (recipe, words) in enumerate(FAILURES):
        changes = " ".join(f"--set {shlex.quote(word)}" for word in shlex.split(words))
        line = f"tiny-transformer --recipe {recipe} {changes}"
        result = Result.load(trained(line, folder / f"failure-{number}"))
        tried = f"{result.tournament['reached']}/{result.tournament['candidates']}"
        best, seconds = f"{100 * result.best['validation']:.1f}", f"{result.timings['fit_cpu_s']:.0f}"
        rows.append(f"| {result.parameters:,} | `{recipe}` | `{words}` | {tried} | {best} | {seconds} |")
    return rows


def main() -> None:
    """Train what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("build/tiny"))
    parser.add_argument("--only", choices=("adders", "tasks", "failures"))
    given = parser.parse_args()
    tables = []
    if given.only in (None, "adders"):
        rows = [adder_row(recipe, given.seeds, given.out) for recipe in ADDERS]
        tables.append([f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|", *rows])
    if given.only in (None, "tasks"):
        head = "task | split | weights | exact match % | supervision | CPU s"
        tables.append([f"| {head} |", "|---" * 6 + "|", *task_rows(given.out)])
    if given.only in (None, "failures"):
        head = "weights | recipe | with | candidates at 99 % | best validation % | CPU s"
        tables.append([f"| {head} |", "|---" * 6 + "|", *failure_rows(given.out)])
    print("\n\n".join("\n".join(lines) for lines in tables))


if __name__ == "__main__":
    main()
