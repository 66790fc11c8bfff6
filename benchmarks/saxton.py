"""The models of Saxton et al. (2019): the study `saxton` beside published results, and what the paper's training costs.

    mathbench study saxton --seed 0
    python benchmarks/saxton.py collect runs/study-saxton
    python benchmarks/saxton.py draw docs/saxton.svg
    python benchmarks/saxton.py table
    python benchmarks/saxton.py cost

`collect` writes what the page shows of the finished runs into one JSON file; `draw` and `table` read that file alone.
`cost` takes a few steps of the recipes of the paper's sizes (`*-paper`) on rows of all modules, with fewer rows than
the 1,024 of a step there, and multiplies: CPU seconds of a row, of a step of 1,024 rows, and of 500,000 steps.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from mathbench.baselines import provenance
from mathbench.baselines.analysis import figures
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.recipe import apply_overrides, read_recipe
from mathbench.baselines.result import RESULT_FILE, Result
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.baselines.trainer import TrainingSetup, prepare
from mathbench.baselines.training.strata import read_strata
from mathbench.dataset.data import Data
from mathbench.families import task

FOLDER = Path(__file__).parent / "results"
RESULTS, COST = FOLDER / "2026-11-30-saxton.json", FOLDER / "2026-11-30-saxton-cost.json"
MODELS = ("simple-lstm", "attentional-lstm", "transformer")
STEPS, BATCH = 500_000, 1_024  # of the paper
PUBLISHED_MODULES = 56  # that the paper trains jointly, so that each has this part of all rows
HOUR, YEAR = 3600, 3600 * 24 * 365
# Interpolation and extrapolation by module, of the two LSTMs: read off a figure of the paper by the authors of the
# repository lvwerra/deep-math, so approximate. None are known to us for the transformer.
PUBLISHED = {
    "add-or-sub": {"simple-lstm": (0.875, 0.30), "attentional-lstm": (0.875, 0.82)},
    "add-sub-multiple": {"simple-lstm": (0.95, 0.55), "attentional-lstm": (0.89, 0.22)},
    "mul": {"simple-lstm": (0.45, 0.225), "attentional-lstm": (0.55, 0.31)},
    "div": {"simple-lstm": (0.78, 0.625), "attentional-lstm": (0.82, 0.64)},
    "mul-div-multiple": {"simple-lstm": (0.95, 0.55), "attentional-lstm": (0.91, 0.34)},
    "mixed": {"simple-lstm": (0.62, 0.10), "attentional-lstm": (0.40, 0.02)},
}
KEPT = (
    "seed",
    "command",
    "commit",
    "dirty",
    "versions",
    "hardware",
    "recipe",
    "parameters",
    "timings",
    "best",
)


def collect(study: Path) -> dict[str, Any]:
    """Return what the page shows of the finished runs of the study in a folder."""
    found = sorted((study / "runs").glob(f"*/*/*/{RESULT_FILE}"))
    runs = [kept_of(path.parent) for path in found if path.parents[1].name in MODELS]
    return {"study": study.name.removeprefix("study-"), "runs": runs}


def kept_of(folder: Path) -> dict[str, Any]:
    """Return what the page shows of one run, `.../TASK/LEARNER/seedN`."""
    result = Result.load(folder)
    facts = {key: getattr(result, key) for key in KEPT}
    floors = {name: {s: one["exact_match"] for s, one in by.items()} for name, by in result.floors.items()}
    return {
        "module": folder.parents[1].name,
        "model": folder.parent.name,
        **facts,
        "encoding": result.encoding["name"],
        "sizes": result.data["sizes"],
        "digest": result.data["digest"],
        "scores": {split: shares(score) for split, score in result.scores.items()},
        "floors": floors,
        "history": [{key: entry[key] for key in ("step", "cpu_s", "validation")} for entry in result.history],
        "easy": easy(folder),
    }


def shares(score: dict[str, Any]) -> dict[str, Any]:
    """Return rows and exact match of a split and of its strata."""
    strata = {name: [one["n"], one["exact_match"]] for name, one in score["strata"].items()}
    return {"n": score["n"], "exact_match": score["exact_match"], "strata": strata}


def easy(folder: Path) -> list[dict[str, float]]:
    """Return the exact match on the easy rows of validation while training."""
    rows = read_strata(folder).to_pylist()
    own = [row for row in rows if row["stratum"] == "difficulty=easy"]
    return [{"step": row["step"], "validation": row["correct"] / row["n"]} for row in own]


def extrapolated(run: dict[str, Any]) -> float | None:
    """Return the exact match on the stratum that is a published extrapolation test, such as `arithmetic__mul_big`."""
    named = [one for name, one in run["scores"]["extrapolate"]["strata"].items() if "(arithmetic__" in name]
    return named[0][1] if named else None


def of_cells(results: dict[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Yield module, model and runs of every cell that has runs, in the order of `PUBLISHED`."""
    for module in PUBLISHED:
        for model in MODELS:
            runs = [run for run in results["runs"] if (run["module"], run["model"]) == (module, model)]
            if runs:
                yield module, model, runs


def table(results: dict[str, Any]) -> list[str]:
    """Return the lines of the table in Markdown: means over the seeds in percent, the published ones beside them."""
    head = (
        "module",
        "model",
        "weights",
        "seeds",
        "CPU s",
        "validation",
        "of it easy",
        "interpolate",
        "paper",
    )
    lines = [
        f"| {' | '.join((*head, 'extrapolate', 'paper', 'best shortcut'))} |",
        "|---|---|" + "---:|" * 10,
    ]
    return lines + [f"| {' | '.join(row(*cell))} |" for cell in of_cells(results)]


def row(module: str, model: str, runs: Sequence[dict[str, Any]]) -> list[str]:
    """Return the row of a cell: means over its seeds."""
    published = PUBLISHED[module].get(model, (None, None))
    found = [run["scores"] for run in runs]
    levels = [scores["validation"]["strata"]["difficulty=easy"][1] for scores in found]
    floor = max(by["interpolate"] for run in runs for by in run["floors"].values())
    return [
        f"`{module}`",
        f"`{model}`",
        f"{runs[0]['parameters']:,}",
        str(len(runs)),
        f"{fmean(run['timings']['fit_cpu_s'] for run in runs):.0f}",
        percent([scores["validation"]["exact_match"] for scores in found]),
        percent(levels),
        percent([scores["interpolate"]["exact_match"] for scores in found]),
        about(published[0]),
        percent([share for run in runs if (share := extrapolated(run)) is not None]),
        about(published[1]),
        percent([floor]),
    ]


def percent(values: Sequence[float]) -> str:
    """Return the mean in percent.

    >>> percent([0.25, 0.3])
    '27.5'
    """
    return f"{100 * fmean(values):.1f}" if values else "-"


def about(share: float | None) -> str:
    """Return a published share in percent, marked as approximate.

    >>> about(0.225), about(None)
    ('≈ 22', '-')
    """
    return "-" if share is None else f"≈ {100 * share:.0f}"


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw the learning curves of every module against the rows seen of it, with the published end points."""
    import matplotlib
    from matplotlib.figure import Figure

    modules = list(dict.fromkeys(module for module, _, _ in of_cells(results)))
    with matplotlib.rc_context(figures.STYLE):
        figure = Figure(figsize=(3.1 * len(modules), 3.6), layout="constrained")
        axes = figure.subplots(1, len(modules), sharey=True, squeeze=False)[0]
        for axis, module in zip(axes, modules, strict=True):
            draw_module(axis, results, module)
        axes[0].set_ylabel("exact match")
        axes[0].legend(loc="center left", fontsize=7)
        figures.save_figure(figure, path)


def draw_module(axis: Any, results: dict[str, Any], module: str) -> None:
    """Draw one module: validation, its easy rows, the test at the end, and the published end points."""
    for found, model, runs in of_cells(results):
        if found == module:
            colour = figures.COLOURS[MODELS.index(model)]
            for number, run in enumerate(runs):
                draw_run(axis, run, colour, model if number == 0 else None)
    for model, (interpolate, _) in PUBLISHED[module].items():
        colour, last = figures.COLOURS[MODELS.index(model)], STEPS * BATCH / PUBLISHED_MODULES
        axis.axhline(interpolate, color=colour, linestyle="--", linewidth=0.8)
        axis.plot([last], [interpolate], color=colour, marker="*", markersize=9, linestyle="none")
    axis.set(title=module, xscale="log", ylim=(-0.02, 1.0), xlabel="rows of the module seen")


def draw_run(axis: Any, run: dict[str, Any], colour: str, label: str | None) -> None:
    """Draw one run: its validation, thinner the easy rows of it, and a ring for interpolate at the end."""
    batch = run["recipe"]["batch"]
    rows = [entry["step"] * batch for entry in run["history"]]
    axis.plot(rows, [entry["validation"] for entry in run["history"]], color=colour, label=label)
    axis.plot(
        [entry["step"] * batch for entry in run["easy"]],
        [entry["validation"] for entry in run["easy"]],
        color=colour,
        linestyle=":",
        linewidth=0.9,
    )
    end = run["scores"]["interpolate"]["exact_match"]
    axis.plot(rows[-1:], [end], color=colour, marker="o", fillstyle="none", linestyle="none")


def cost(rows: int, steps: int) -> dict[str, Any]:
    """Return what a row, a step and the whole training of each model of the paper's size takes on this CPU."""
    data = Data.generate(task("deepmind/all"), {"train": 2_000, "validation": 100})
    models = {}
    for model in MODELS:
        models[model] = cost_of(model, data, rows, steps)
        print(model, models[model], flush=True)
    commit, dirty = provenance.commit()
    return {
        "command": f"python benchmarks/saxton.py cost --rows {rows} --steps {steps}",
        "commit": commit,
        "dirty": dirty,
        "hardware": provenance.hardware("cpu", 1),
        "versions": provenance.versions("torch"),
        "models": models,
    }


def cost_of(model: str, data: Data, rows: int, steps: int) -> dict[str, float]:
    """Return the cost of one model. Its recipe is changed in the batch and computes in float32, as our runs do."""
    ready = paper_setup(model, data, rows)
    questions, answers = ready.batches.batch(0)
    ready.network.step(questions[:2], answers[:2], 6e-4, 0)  # libraries load at the first step
    start = process_time()
    for step in range(steps):
        ready.network.step(*ready.batches.batch(step), 6e-4, step)
    seconds = (process_time() - start) / (steps * rows)
    whole = seconds * BATCH * STEPS
    return {
        "weights": ready.network.parameters,
        "cpu_s_per_row": seconds,
        "cpu_s_per_step": seconds * BATCH,
        "cpu_hours": whole / HOUR,
        "cpu_years": whole / YEAR,
    }


def paper_setup(model: str, data: Data, rows: int) -> TrainingSetup:
    """Return the network of the paper's size with batches of some rows."""
    entry, recipe = baseline(model), read_recipe(f"{model}-paper")
    changes: dict[str, Any] = {"batch": rows}
    if "precision" in recipe.settings:
        changes["precision"] = "float32"
    settings, choices = apply_overrides(recipe, entry, "torch", changes)
    return prepare(RunSpec(entry, "torch", recipe.name, 0, settings, choices), data, DeviceConfig("cpu", 1))


def main() -> None:
    """Do what the command line asks for."""
    given = parsed()
    if given.what == "cost":
        write(COST, cost(given.rows, given.steps))
    elif given.what == "collect":
        write(RESULTS, collect(given.study))
    else:
        results = json.loads(given.json.read_text())
        if given.what == "draw":
            draw(results, given.path)
        else:
            print("\n".join(table(results)))


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("collect").add_argument("study", type=Path)
    for name in ("draw", "table"):
        commands.add_parser(name).add_argument("--json", type=Path, default=RESULTS)
    commands.choices["draw"].add_argument("path", type=Path)
    measured = commands.add_parser("cost")
    measured.add_argument("--rows", type=int, default=32, help="rows of a step")
    measured.add_argument("--steps", type=int, default=2)
    return parser.parse_args()


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a result file."""
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
