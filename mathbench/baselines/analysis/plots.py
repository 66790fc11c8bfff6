"""Plots of a run as PNG, and as SVG: learning curves and errors.

Each plot is a function that draws into a figure and returns whether there was anything to draw.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats
from mathbench.baselines.analysis import figures, score_charts, training_charts
from mathbench.baselines.analysis.charts import Chart
from mathbench.baselines.analysis.compared_runs import ComparedRun, Setting, group_runs
from mathbench.baselines.analysis.draw_charts import draw_panels
from mathbench.baselines.result import Result
from mathbench.dataset import heatmap
from mathbench.dataset.data import Data
from mathbench.errors import InputError, require_extra
from mathbench.scores.error_scale import percent
from mathbench.scores.metrics import align_predictions
from mathbench.scores.predictions import read_predictions
from mathbench.scores.statistics import wilson
from mathbench.tokenizer import PAD, Characters

PLOTS_FOLDER = "plots"
FORMATS = ("png", "svg")
AFTER_TRAINING = ("png",)  # SVG takes a fifth of the time of both
PLOTTED_SPLITS = ("interpolate", "extrapolate")
MAX_LENGTH = 24  # answer lengths of a confusion matrix


@dataclass(frozen=True, eq=False)
class PlotData:
    """A finished run and its rows.

    Args:
        run: the run directory.
        data: the rows of the run.
    """

    run: Path
    data: Data

    @cached_property
    def result(self) -> Result:
        """The result of the run."""
        return Result.load(self.run)

    @cached_property
    def compared(self) -> ComparedRun:
        """The run with its history."""
        return ComparedRun(self.run, self.result)

    @property
    def settings(self) -> list[Setting]:
        """The run as the only one of its setting."""
        return group_runs([self.compared])

    @cached_property
    def answers(self) -> dict[str, tuple[pa.Array, pa.Array]]:
        """Predictions and correct answers of each evaluation split, in plain text."""
        table, formatted = read_predictions(self.run), formats.for_task(self.data.task)
        answers = {}
        for split in PLOTTED_SPLITS:
            if split in self.data.splits:
                truth, rows = self.data.splits[split], table.filter(pc.equal(table["split"], split))
                predicted = align_predictions(
                    rows["row"].to_numpy(), rows["prediction"], truth["row"].to_numpy()
                )
                plain = formatted.undo(truth)
                answers[split] = formatted.undo_answers(predicted, plain), plain["answer"]
        return answers

    @cached_property
    def characters(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """`answers` as characters, int64 (n, longest) each, aligned at the last one, padded in front."""
        return {split: _characters(predicted, right) for split, (predicted, right) in self.answers.items()}


def draw(run: Path, data: Data, kinds: Sequence[str] = FORMATS) -> list[Path]:
    """Draw all plots of a finished run into its folder `plots`.

    Args:
        run: the run directory.
        data: the rows of the run.
        kinds: ``"png"``, ``"svg"`` or both.

    Returns:
        The files.

    Raises:
        InputError: without the extra `plots`, and when a file of the run is damaged.
    """
    require_extra("matplotlib", "plots")
    import matplotlib

    plot, folder = PlotData(run, data), run / PLOTS_FOLDER
    # a damaged file is an error, whereas a chart without content is left out
    _ = plot.compared.validation
    folder.mkdir(exist_ok=True)
    with matplotlib.rc_context(figures.STYLE):
        return [
            path
            for name, draw_plot in PLOTS.items()
            for path in _saved(draw_plot, plot, [folder / f"{name}.{kind}" for kind in kinds])
        ]


def _saved(
    draw_plot: Callable[[Any, PlotData], bool], plot: PlotData, paths: Sequence[Path]
) -> Iterator[Path]:
    """Draw a plot, and yield each of its files once written; none if there is nothing to draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), dpi=figures.DPI, layout="constrained")
    if not draw_plot(figure, plot):
        return
    if figure.get_suptitle() == "":
        figure.suptitle(_title(plot.result), fontsize=9)
    # executed here, because a figure with a layout engine would be laid out for each of the files
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    # with "none" instead of None the figure would be drawn twice for each of the files
    figure.set_layout_engine(None)
    for path in paths:
        figures.save_figure(figure, path)
        yield path


def _title(result: Result) -> str:
    framework = "" if result.framework == "none" else f" ({result.framework})"
    supervision = f", supervision: {result.supervision}" if result.supervision else ""
    return f"{result.baseline}{framework} on {result.task['name']}, seed {result.seed}{supervision}"


def curves(figure: Any, plot: PlotData) -> bool:
    """Plot loss and validation exact match over the steps."""
    history = plot.compared.history
    if not history:
        return False
    steps, best = [entry["step"] for entry in history], plot.result.best
    left, right = figure.subplots(1, 2)
    look = figures.line_style(0) | {"marker": "."}
    left.plot(steps, [entry["loss"] for entry in history], **look)
    left.set(xlabel="step", ylabel="training loss (nats per token)", yscale="log")
    left.yaxis.set_major_formatter("{x:g}")
    shares = [entry["validation"] for entry in history]
    right.plot(steps, shares, **look)
    n = plot.result.data["sizes"].get("validation", 0)
    low, high = zip(*(wilson(round(share * n), n) for share in shares), strict=True)
    right.fill_between(steps, low, high, color=look["color"], alpha=0.15, linewidth=0)
    kept = f"kept: {percent(best['validation'])} % at step {best['step']:,}"
    right.plot(best["step"], best["validation"], "o", color=figures.RED, fillstyle="none", label=kept)
    figures.scale_shares(right, "y", low, f"exact match on validation (%), n={n:,}")
    right.set_xlabel("step")
    right.legend(loc="lower right")
    return True


def _drawn(make: Callable[[list[Setting]], Chart]) -> Callable[[Any, PlotData], bool]:
    """Return a plot of one run from a chart of several."""

    def plot_chart(figure: Any, plot: PlotData) -> bool:
        try:
            chart = make(plot.settings)
        except InputError:
            return False
        draw_panels(figure, replace(chart, title=f"{_title(plot.result)}: {chart.title}"))
        return True

    return plot_chart


def lengths(figure: Any, plot: PlotData) -> bool:
    """Plot the lengths of predictions against those of correct answers, as shares of each correct length."""
    counts = {split: _confusion(*both) for split, both in plot.answers.items()}
    axes = figure.subplots(1, max(len(counts), 1), squeeze=False)[0]
    for axis, (split, matrix) in zip(axes, counts.items(), strict=False):
        rows = matrix.sum(axis=1, keepdims=True)
        share = np.divide(matrix, rows, out=np.full(matrix.shape, np.nan), where=rows > 0)
        image = axis.imshow(share, vmin=0, vmax=1, origin="lower", aspect="auto")
        _label_capped(axis, len(matrix))
        figure.colorbar(image, ax=axis, label="share of the answers of each correct length")
        axis.grid(False)
        axis.set(
            xlabel="characters of the prediction", ylabel="characters of the correct answer", title=split
        )
    return bool(counts)


def _label_capped(axis: Any, size: int) -> None:
    """Label the lengths on both axes; the last one stands for all longer ones where there may be such."""
    ticks = list(range(0, size, 4))
    labels = [f"{tick}+" if tick == MAX_LENGTH else str(tick) for tick in ticks]
    axis.set_xticks(ticks, labels)
    axis.set_yticks(ticks, labels)


def _confusion(predicted: pa.Array, right: pa.Array) -> NDArray[np.float64]:
    """Count rows per (correct length, predicted length), float64 (n, n). Lengths are capped at MAX_LENGTH."""
    rows, columns = (
        np.minimum(pc.fill_null(pc.utf8_length(column), 0).to_numpy(zero_copy_only=False), MAX_LENGTH)
        for column in (right, predicted)
    )
    size = int(max(rows.max(initial=0), columns.max(initial=0))) + 1
    counts = np.bincount(rows * size + columns, minlength=size * size)
    return counts.reshape(size, size).astype(np.float64)


def positions(figure: Any, plot: PlotData) -> bool:
    """Plot the share of wrong characters at each position of the answer, counted from its end."""
    axis = figure.subplots()
    for split, (predicted, right) in plot.characters.items():
        present = right != PAD
        n, wrong = present.sum(axis=0)[::-1], (present & (predicted != right)).sum(axis=0)[::-1]
        used = np.flatnonzero(n)
        share = wrong[used] / n[used]
        low, high = np.array([wilson(int(wrong[p]), int(n[p])) for p in used]).reshape(-1, 2).T
        style = figures.line_style(PLOTTED_SPLITS.index(split))
        label = f"{split}, n={int(n.max(initial=0)):,} at the end"
        axis.errorbar(
            used + 1, share, yerr=[share - low, high - share], markersize=4, capsize=2, label=label, **style
        )
    axis.set(
        xlabel="position in the correct answer, counted from its end",
        ylabel="share of wrong characters (95 % interval)",
    )
    axis.set_ylim(bottom=-0.03 * axis.get_ylim()[1])
    if plot.characters:
        axis.legend()
    return bool(plot.characters)


def _characters(predicted: pa.Array, right: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    printable = Characters()
    one, two = (printable.encode(pc.fill_null(column, ""), left=True)[0] for column in (predicted, right))
    width = max(one.shape[1], two.shape[1])
    padded = (np.pad(part, ((0, 0), (width - part.shape[1], 0))) for part in (one, two))
    return tuple(padded)  # type: ignore[return-value]


def pairs(figure: Any, plot: PlotData) -> bool:
    """Plot the exact match for each pair of operand lengths, with a line around those of train."""
    n: heatmap.Pairs = {}
    correct: heatmap.Pairs = {}
    for split in PLOTTED_SPLITS:
        strata = plot.result.scores.get(split, {}).get("strata", {})
        for total, key in ((n, "n"), (correct, "correct")):
            for pair, value in heatmap.pairs({name: score[key] for name, score in strata.items()}).items():
                total[pair] = total.get(pair, 0) + value
    if not n:
        return False
    inside = heatmap.pairs({stratum.name: 1 for stratum in plot.data.task.inner()})
    figure.set_size_inches(6, 5)
    axis = figure.subplots()
    share = {pair: correct[pair] / n[pair] for pair in n}
    longest = max(map(max, inside), default=0)
    figures.label_bar(heatmap.draw(axis, share, longest, "exact match (%)", figures.share_norm()))
    axis.grid(False)
    axis.legend(fontsize=7)
    return True


PLOTS = {
    "curves": curves,
    "validation-strata": _drawn(training_charts.progress),
    "strata": _drawn(score_charts.strata),
    "digits": _drawn(score_charts.lengths),
    "residues": _drawn(score_charts.residues),
    "answer-lengths": lengths,
    "positions": positions,
    "operand-lengths": pairs,
}
