"""Fill the tables of docs/saxton.md from the results of the study `saxton`, and draw its picture.

python scripts/saxton_page.py                             # the tables; scripts/docs does the same
python scripts/saxton_page.py --picture docs/saxton.svg   # also the picture
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from generated import ROOT, table, with_table, write_or_check

PAGE = "docs/saxton.md"
RESULTS = "benchmarks/results/2026-11-30-saxton.json"
COST = "benchmarks/results/2026-11-30-saxton-cost.json"
MODELS = ("simple-lstm", "attentional-lstm", "transformer")
ROWS = 500_000 * 1_024  # of the paper's training
MODULES = 56  # that it trains jointly: of each it sees this part of the rows
# Interpolation and extrapolation of the two LSTMs, read off a figure of the paper by the repository lvwerra/deep-math:
# approximate. We know of none for the transformer.
PUBLISHED = {
    "div": {"simple-lstm": (0.78, 0.625), "attentional-lstm": (0.82, 0.64)},
    "add-sub-multiple": {"simple-lstm": (0.95, 0.55), "attentional-lstm": (0.89, 0.22)},
    "mul": {"simple-lstm": (0.45, 0.225), "attentional-lstm": (0.55, 0.31)},
    "add-or-sub": {"simple-lstm": (0.875, 0.30), "attentional-lstm": (0.875, 0.82)},
    "mixed": {"simple-lstm": (0.62, 0.10), "attentional-lstm": (0.40, 0.02)},
}
# the stratum of extrapolate that is the published test, such as that of `arithmetic__mul_big`
TESTS = {
    "div": "bigger",
    "add-sub-multiple": "longer",
    "mul": "bigger",
    "add-or-sub": "bigger",
    "mixed": "longer",
}
HEAD = (
    "| module | model | weights | seeds | CPU s | validation | of it easy | interpolate | paper's | extrapolate "
    "| paper's | shortcut |"
)
RUNS = "| module | model | seed | steps | CPU s | commit |"
COST_HEAD = "| model | weights | CPU s for a row | for a step of 1,024 rows | for 500,000 steps |"
TICKS = ([1e4, 1e5, 1e6, 1e7], ["10,000", "", "1 million", ""])
RING = {"marker": "o", "fillstyle": "none", "linestyle": "none"}
STAR = {"marker": "*", "markersize": 10, "linestyle": "none"}
HOUR, YEAR = 3600, 3600 * 24 * 365

Run = dict[str, Any]


def cells(runs: list[Run]) -> Iterator[tuple[str, str, list[Run]]]:
    """Module, model and runs of every cell that has runs."""
    for module in PUBLISHED:
        for model in MODELS:
            own = [run for run in runs if (run["module"], run["model"]) == (module, model)]
            if own:
                yield module, model, own


def percent(shares: list[float]) -> str:
    """The mean of some shares, in percent."""
    return f"{100 * fmean(shares):.1f}"


def about(share: float | None) -> str:
    """A published share in percent, marked as approximate."""
    return "-" if share is None else f"≈ {100 * share:.3g}"


def result_row(module: str, model: str, runs: list[Run]) -> list[str]:
    """The row of a cell: means over its seeds."""
    interpolate, extrapolate = PUBLISHED[module].get(model, (None, None))
    validation = [run["scores"]["validation"] for run in runs]
    floor = max(by["interpolate"] for run in runs for by in run["floors"].values())
    return [
        f"`{module}`",
        f"`{model}`",
        f"{runs[0]['parameters']:,}",
        str(len(runs)),
        f"{fmean(run['timings']['fit_cpu_s'] for run in runs):.0f}",
        percent([score["exact_match"] for score in validation]),
        percent([score["strata"]["difficulty=easy"][1] for score in validation]),
        percent([run["scores"]["interpolate"]["exact_match"] for run in runs]),
        about(interpolate),
        percent([run["scores"]["extrapolate"]["strata"][TESTS[module]][1] for run in runs]),
        about(extrapolate),
        percent([floor]),
    ]


def run_row(run: Run) -> list[str]:
    """One training."""
    dirty = " (changed)" if run["dirty"] else ""
    seconds, commit = f"{run['timings']['fit_cpu_s']:.0f}", f"`{run['commit'][:10]}`{dirty}"
    return [
        f"`{run['module']}`",
        f"`{run['model']}`",
        str(run["seed"]),
        f"{run['timings']['steps']:,}",
        seconds,
        commit,
    ]


def machine(found: dict[str, Any]) -> str:
    """What the figures depend on."""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return f"{found['hardware']['cpu']}, {found['hardware']['threads']} thread; {versions}.\n"


def cost_row(model: str, cost: dict[str, float]) -> list[str]:
    """The cost of one model of the paper's size."""
    hours, years = (ROWS * cost["cpu_s_per_row"] / unit for unit in (HOUR, YEAR))
    return [
        f"`{model}-paper`",
        f"{cost['weights']:,}",
        f"{cost['cpu_s_per_row']:.3f}",
        f"{cost['cpu_s_per_step']:.0f}",
        f"{hours:,.0f} CPU hours, {years:.1f} CPU years",
    ]


def filled(page: str, runs: list[Run], cost: dict[str, Any]) -> str:
    """The page with its tables."""
    own = [run for *_, runs_of_cell in cells(runs) for run in runs_of_cell]
    results = [
        table(HEAD, [result_row(*cell) for cell in cells(runs)]),
        table(RUNS, [run_row(run) for run in own]),
        f"Command of the first: `{own[0]['command']}`. {machine(own[0])}",
    ]
    costs = [
        table(COST_HEAD, [cost_row(model, cost["models"][model]) for model in MODELS]),
        f"Command: `{cost['command']}`, commit `{cost['commit'][:10]}`. {machine(cost)}",
    ]
    return with_table(with_table(page, RESULTS, "\n".join(results)), COST, "\n".join(costs))


def draw(runs: list[Run], path: Path) -> None:
    """Draw the learning curves of every module over the rows of it that were seen, and the published end points."""
    import matplotlib
    from matplotlib.figure import Figure

    from mathbench.baselines.analysis import figures

    colours = dict(zip(MODELS, figures.COLOURS, strict=False))
    modules = list(dict.fromkeys(module for module, *_ in cells(runs)))
    with matplotlib.rc_context(figures.STYLE):
        figure = Figure(figsize=(2.3 * len(modules) + 0.8, 3.7), layout="constrained")
        axes = figure.subplots(1, len(modules), sharey=True, squeeze=False)[0]
        for axis, module in zip(axes, modules, strict=True):
            draw_module(axis, module, runs, colours)
            axis.set(title=module, xscale="log", xlim=(1e4, 2e7), ylim=(-0.02, 1.0), xlabel="rows of it seen")
            axis.set_xticks(*TICKS)
            axis.set_xticks([], minor=True)
        axes[0].set_ylabel("exact match")
        figure.legend(handles=legend(colours), loc="outside lower center", ncols=len(modules) + 1, fontsize=8)
        figures.save_figure(figure, path)


def draw_module(axis: Any, module: str, runs: list[Run], colours: dict[str, str]) -> None:
    """Draw the runs on one module, and the published end points at the rows of it that the paper's networks see."""
    for run in runs:
        if run["module"] == module:
            draw_run(axis, run, colours[run["model"]])
    for model, (interpolate, _) in PUBLISHED[module].items():
        axis.axhline(interpolate, color=colours[model], linestyle="--", linewidth=0.8)
        axis.plot(ROWS / MODULES, interpolate, color=colours[model], **STAR)


def draw_run(axis: Any, run: Run, colour: str) -> None:
    """Draw one run: validation, dotted its easy rows, and a ring for interpolate at the end."""
    batch = run["recipe"]["batch"]
    for key, style in (("history", "-"), ("easy", ":")):
        rows = [entry["step"] * batch for entry in run[key]]
        axis.plot(rows, [entry["validation"] for entry in run[key]], color=colour, linestyle=style)
    end = run["scores"]["interpolate"]["exact_match"]
    axis.plot(run["best"]["step"] * batch, end, color=colour, **RING)


def legend(colours: dict[str, str]) -> list[Any]:
    """The lines and marks of the legend."""
    from matplotlib.lines import Line2D

    marks: dict[str, dict[str, Any]] = {
        "validation": {"linestyle": "-"},
        "its easy rows": {"linestyle": ":"},
        "interpolate": RING,
        "published (about)": STAR,
    }
    lines = [Line2D([], [], color=colours[model], label=model) for model in MODELS]
    return lines + [Line2D([], [], color="black", label=name, **style) for name, style in marks.items()]


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare the tables")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the picture")
    given = parser.parse_args()
    runs = json.loads((ROOT / RESULTS).read_text())["runs"]
    cost = json.loads((ROOT / COST).read_text())
    write_or_check({PAGE: filled((ROOT / PAGE).read_text(), runs, cost)})
    if given.picture:
        draw(runs, given.picture)


if __name__ == "__main__":
    main()
