"""The command that draws finished runs: plot."""

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message
from mathbench.errors import InputError, did_you_mean, require_extra

if TYPE_CHECKING:
    from mathbench.baselines.analysis.charts import Chart
    from mathbench.baselines.analysis.compared_runs import ComparedRun, Setting
    from mathbench.baselines.analysis.pareto import SizedRun

KINDS = ("lengths", "training", "progress", "strata", "residues", "pareto")
AXES = ("step", "examples", "cpu", "wall")
COSTS = ("weights", "cpu")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plot)


def plot(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Directories of finished runs, or folders with runs such as that of a sweep.",
            metavar="RUN...",
            show_default=False,
        ),
    ],
    what: Annotated[
        str | None,
        typer.Option(
            "--what",
            help=f"What to draw: {', '.join(KINDS)}. Default: lengths; of one run, all plots into RUN/plots.",
        ),
    ] = None,
    x: Annotated[
        str | None,
        typer.Option("--x", help=f"With --what training, horizontal axis: {', '.join(AXES)}. Default: step."),
    ] = None,
    pareto: Annotated[
        str | None,
        typer.Option(
            "--pareto", help=f"Draw exact match against a cost, with its front: {' or '.join(COSTS)}."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="With strata and residues, the split to draw instead of both; with --pareto instead of interpolate."
        ),
    ] = None,
    out_file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Image file to draw, ending in .png, .svg or .pdf. Default: text on stdout.",
            metavar="FILE",
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the plotted data as CSV on stdout.")] = False,
    json: Json = False,
) -> None:
    """Draw finished runs: accuracy by length, training, strata, residues, and against its cost.

    Several training seeds of one setting are drawn as their mean. Shares are
    logarithmic in the error above 90 %. With one run and no options, draws all
    plots of the run into RUN/plots, as PNG and SVG. Otherwise draws one chart
    as text, or into a file with --out. With --pareto weights, also names the
    smallest network that answers 99 % of each task.

    Examples:
      mathbench plot runs/lstm-seq2seq-torch-addition-base10-seed0

      mathbench plot runs/gru-* runs/lstm-* --what lengths --out lengths.png

      mathbench plot runs/sweep-mine --what training --x cpu

      mathbench plot runs/* --pareto weights --out smallest.svg --csv
    """
    from mathbench.baselines.analysis.compared_runs import group_runs

    request = _PlotRequest(what, x, pareto, split)
    if len(runs) == 1 and not request.given and out_file is None and not csv and _is_run(runs[0]):
        _draw_all(runs[0], json)
        return
    if out_file is not None:
        from mathbench.baselines.analysis.figures import check_suffix

        check_suffix(out_file, "--out")
        require_extra("matplotlib", "plots")
    found = _finished(runs)
    chart = _builders(request)[request.kind](group_runs(found))
    if out_file is not None:
        from mathbench.baselines.analysis.draw_charts import draw_chart
        from mathbench.storage import atomic

        with atomic.new_folder(out_file.parent):
            draw_chart(chart, out_file)
        print_message(f"drawn: {out_file}")
    fewest = fewest_weights(found, request.split or "interpolate") if pareto == "weights" else None
    _print_chart(chart, fewest, json, csv, drawn=out_file is not None)


@dataclass(frozen=True)
class _PlotRequest:
    """What to draw.

    Raises:
        InputError: for an unknown kind, axis or cost, and options that do not go together.
    """

    what: str | None
    x: str | None
    pareto: str | None
    split: str | None

    def __post_init__(self) -> None:
        choices = (("--what", self.what, KINDS), ("--x", self.x, AXES), ("--pareto", self.pareto, COSTS))
        for option, value, allowed in choices:
            if value is not None and value not in allowed:
                raise InputError(f"{option} has no '{value}'. {did_you_mean(value, allowed)}")
        if self.pareto is not None and self.what not in (None, "pareto"):
            raise InputError(f"--pareto is a chart of its own. Received: --what {self.what}.")
        if self.x is not None and self.kind != "training":
            raise InputError("--x goes with --what training.")
        if self.split is not None and self.kind not in ("strata", "residues", "pareto"):
            raise InputError("--split goes with --what strata, --what residues and --pareto.")

    @property
    def given(self) -> bool:
        """Whether a chart is asked for."""
        return any(value is not None for value in vars(self).values())

    @property
    def kind(self) -> str:
        """The kind of chart."""
        return "pareto" if self.pareto is not None else self.what or KINDS[0]


def _is_run(folder: Path) -> bool:
    """Whether a folder is a run, or nothing that could hold runs."""
    from mathbench.baselines.result import RESULT_FILE
    from mathbench.baselines.run_directory import SPEC_FILE

    return (folder / RESULT_FILE).is_file() or not any(folder.glob(f"*/{SPEC_FILE}"))


def _draw_all(run: Path, json: bool) -> None:
    """Draw all plots of a run into its folder, and print their names."""
    from mathbench.baselines.analysis.plots import draw
    from mathbench.baselines.result import Result
    from mathbench.baselines.run_data import regenerate_run

    Result.load(run)
    files = [str(path) for path in draw(run, regenerate_run(run))]
    if json:
        print_json(files)
        return
    for file in files:
        out.print(file, markup=False, soft_wrap=True)


def _finished(folders: list[Path]) -> "list[ComparedRun]":
    """Return the finished runs among the given folders and inside them."""
    from mathbench.baselines.analysis.compared_runs import find_runs

    found = find_runs(folders)
    if found.unfinished:
        print_message(f"{_left_out(len(found.unfinished), 'unfinished')}, such as {found.unfinished[0]}")
    if found.damaged:
        print_message(f"{_left_out(len(found.damaged), 'damaged')}: {found.damaged[0][1]}")
    return list(found.runs)


def _left_out(count: int, how: str) -> str:
    return f"{count} {how} run is left out" if count == 1 else f"{count} {how} runs are left out"


def _builders(request: _PlotRequest) -> "dict[str, Callable[[list[Setting]], Chart]]":
    from mathbench.baselines.analysis import score_charts, training_charts

    return {
        "lengths": score_charts.lengths,
        "training": lambda settings: training_charts.training(settings, request.x or AXES[0]),
        "progress": training_charts.progress,
        "strata": lambda settings: score_charts.strata(settings, request.split),
        "residues": lambda settings: score_charts.residues(settings, request.split),
        "pareto": lambda settings: score_charts.pareto(
            settings, request.pareto or COSTS[0], request.split or "interpolate"
        ),
    }


def fewest_weights(runs: "list[ComparedRun]", split: str) -> "dict[str, SizedRun]":
    """Return the run with the fewest trained weights that solves each task, for those that one of the runs solves."""
    from mathbench.baselines.analysis.pareto import SizedRun, smallest

    return smallest((SizedRun.of(run.folder, run.result) for run in runs if run.result.parameters), split)


def _print_chart(
    chart: "Chart", fewest: "dict[str, SizedRun] | None", json: bool, as_csv: bool, drawn: bool
) -> None:
    """Print a chart as JSON, as CSV, or as text unless it is drawn, and the smallest networks that solve a task."""
    from mathbench.baselines.analysis.charts import COLUMNS
    from mathbench.baselines.analysis.text_charts import text_chart

    if json:
        smallest = {} if fewest is None else {"smallest": {task: r.to_json() for task, r in fewest.items()}}
        print_json({**chart.to_json(), **smallest})
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(chart.rows())
    else:
        lines = [] if drawn else list(text_chart(chart, out.width))
        for line in [*lines, *(run.line for run in (fewest or {}).values())]:
            out.print(line, markup=False, soft_wrap=True)
