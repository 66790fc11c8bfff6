"""Plots of a run as PNG and SVG: learning curves and errors.

Each plot is a function that draws into a figure and returns whether there was anything to draw.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats
from mathbench.baselines import checkpoint
from mathbench.baselines.result import Result
from mathbench.dataset import heatmap
from mathbench.dataset.data import Data
from mathbench.errors import require_extra
from mathbench.scores.metrics import align_predictions
from mathbench.scores.predictions import read_predictions
from mathbench.scores.results import Score
from mathbench.scores.statistics import wilson
from mathbench.storage import atomic
from mathbench.stratum import operand_lengths
from mathbench.tokenizer import PAD, Characters

PLOTS_FOLDER = "plots"
FORMATS = ("png", "svg")
PLOTTED_SPLITS = ("interpolate", "extrapolate")
MAX_STRATA = 32  # lines of a plot, for the largest strata
DECADE = 10  # lengths that span more have a logarithmic axis
MAX_LENGTH = 24  # answer lengths of a confusion matrix

# text stays text, and a run always gives the same file
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mathbench",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    # a dollar sign in a question or a name is no formula
    "text.parse_math": False,
}


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
    def history(self) -> list[dict[str, float]]:
        """One entry per validation, empty for baselines that are not networks."""
        stored = checkpoint.read(self.run)
        return stored[0]["history"] if stored else []

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


def draw(run: Path, data: Data) -> list[Path]:
    """Draw all plots of a finished run into its folder `plots`.

    Args:
        run: the run directory.
        data: the rows of the run.

    Returns:
        The files.

    Raises:
        InputError: without the extra `plots`.
    """
    require_extra("matplotlib", "plots")
    import matplotlib

    plot, folder = PlotData(run, data), run / PLOTS_FOLDER
    folder.mkdir(exist_ok=True)
    with matplotlib.rc_context(STYLE):
        return [path for name, draw_plot in PLOTS.items() for path in _saved(draw_plot, plot, folder / name)]


def _saved(draw_plot: Callable[[Any, PlotData], bool], plot: PlotData, path: Path) -> Iterator[Path]:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import TightLayoutEngine

    figure = Figure(figsize=(9, 4))
    if not draw_plot(figure, plot):
        return
    figure.suptitle(_title(plot.result), fontsize=9)
    # executed once, because a figure with a layout engine would be drawn four times for two files
    TightLayoutEngine().execute(figure)
    for kind in FORMATS:
        target = path.with_suffix(f".{kind}")
        metadata = {"Date": None} if kind == "svg" else None
        with atomic.atomic_write(target) as file:
            figure.savefig(file, dpi=110, format=kind, metadata=metadata)
        yield target


def _title(result: Result) -> str:
    framework = "" if result.framework == "none" else f" ({result.framework})"
    supervision = f", supervision: {result.supervision}" if result.supervision else ""
    return f"{result.baseline}{framework} on {result.task['name']}, seed {result.seed}{supervision}"


def curves(figure: Any, plot: PlotData) -> bool:
    """Plot loss and validation exact match over the steps."""
    if not plot.history:
        return False
    steps, best = [entry["step"] for entry in plot.history], plot.result.best
    left, right = figure.subplots(1, 2)
    left.plot(steps, [entry["loss"] for entry in plot.history], marker=".")
    left.set(xlabel="step", ylabel="training loss (nats per token)", yscale="log")
    right.plot(steps, [entry["validation"] for entry in plot.history], marker=".")
    right.plot(best["step"], best["validation"], "o", color="red", fillstyle="none", label="kept")
    right.set(xlabel="step", ylabel="exact match on validation", ylim=(-0.02, 1.02))
    right.legend()
    return True


def strata(figure: Any, plot: PlotData) -> bool:
    """Plot the exact match of each stratum with its 95 % interval, and the best floor of each split."""
    scores = {split: plot.result.scores[split] for split in PLOTTED_SPLITS if split in plot.result.scores}
    maximum = max(min(len(score["strata"]), MAX_STRATA) for score in scores.values()) if scores else 0
    figure.set_size_inches(9, max(3.0, 1.5 + 0.17 * maximum))
    axes = figure.subplots(1, max(len(scores), 1), squeeze=False)[0]
    for axis, (split, score) in zip(axes, scores.items(), strict=False):
        largest = sorted(score["strata"].items(), key=lambda item: -item[1]["n"])[:MAX_STRATA]
        _intervals(axis, dict(sorted(largest)))
        _floor(axis, split, plot.result.floors)
        more = len(score["strata"]) - len(largest)
        axis.set_title(
            split + (f", the {MAX_STRATA} largest of {len(score['strata'])} strata" if more else "")
        )
    return bool(scores)


def _intervals(axis: Any, scores: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw a point and its interval per line."""
    share = np.array([score["exact_match"] for score in scores.values()])
    bounds = np.array([[score["low"], score["high"]] for score in scores.values()]).T
    lines = np.arange(len(share))
    axis.errorbar(share, lines, xerr=np.abs(bounds - share), fmt="o", markersize=3, capsize=2)
    axis.set_yticks(lines, list(scores), fontsize=7)
    axis.set(xlim=(-0.02, 1.02), xlabel="exact match (95 % interval)")
    axis.invert_yaxis()


def _floor(axis: Any, split: str, floors: Mapping[str, Any]) -> None:
    """Draw the best floor as a line."""
    shares = {name: scores[split]["exact_match"] for name, scores in floors.items() if split in scores}
    if shares:
        best = max(shares, key=lambda name: shares[name])
        axis.axvline(shares[best], color="red", linestyle="--", label=f"floor: {best}")
        axis.legend(fontsize=7, loc="best")


def digits(figure: Any, plot: PlotData) -> bool:
    """Plot the exact match by the length of single numbers, in the splits and beyond, with 95 % intervals."""
    lines = {split: _by_digits(plot.result.scores.get(split, {})) for split in PLOTTED_SPLITS}
    lines["single lengths"] = {
        int(length): Score.from_json(score) for length, score in plot.result.long.items()
    }
    lines = {name: scores for name, scores in lines.items() if scores}
    every = {length for scores in lines.values() for length in scores}
    if len(every) < 2:
        return False
    axis = figure.subplots()
    for name, scores in lines.items():
        _length_line(axis, scores, name)
    if max(every) > DECADE * min(every):
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.set(xlabel="digits", ylabel="exact match (95 % interval)", ylim=(-0.02, 1.02))
    axis.legend(fontsize=7, title=plot.result.supervision or None)
    return True


def _length_line(axis: Any, scores: Mapping[int, Score], name: str) -> None:
    x = sorted(scores)
    share = np.array([scores[length].exact_match for length in x])
    low, high = np.array([scores[length].interval for length in x]).T
    axis.errorbar(x, share, yerr=[share - low, high - share], marker="o", markersize=3, capsize=2, label=name)


def _by_digits(score: Mapping[str, Any]) -> dict[int, Score]:
    """Return the score of each length of single numbers; none for strata of other kinds.

    >>> counts = {"n": 2, "correct": 1}
    >>> _by_digits({"strata": {"digits=3,residue=0": counts, "digits=3,residue=1": counts, "digits=3+2": counts}})
    {3: Score(n=4, correct=2)}
    """
    found: dict[int, Score] = {}
    for name, counts in score.get("strata", {}).items():
        lengths = operand_lengths(name)
        if len(lengths) == 1:
            before = found.get(lengths[0])
            n, correct = (before.n, before.correct) if before else (0, 0)
            found[lengths[0]] = Score(n + counts["n"], correct + counts["correct"])
    return found


def lengths(figure: Any, plot: PlotData) -> bool:
    """Plot the lengths of predictions against those of correct answers, as shares of each correct length."""
    counts = {split: _confusion(*both) for split, both in plot.answers.items()}
    axes = figure.subplots(1, max(len(counts), 1), squeeze=False)[0]
    for axis, (split, matrix) in zip(axes, counts.items(), strict=False):
        rows = matrix.sum(axis=1, keepdims=True)
        share = np.divide(matrix, rows, out=np.full(matrix.shape, np.nan), where=rows > 0)
        image = axis.imshow(share, vmin=0, vmax=1, origin="lower", aspect="auto")
        figure.colorbar(image, ax=axis, label="share of the answers of each correct length")
        axis.grid(False)
        axis.set(
            xlabel="characters of the prediction", ylabel="characters of the correct answer", title=split
        )
    return bool(counts)


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
        axis.errorbar(used + 1, share, yerr=[share - low, high - share], marker="o", capsize=2, label=split)
    axis.set(
        xlabel="position in the correct answer, counted from its end",
        ylabel="share of wrong characters (95 % interval)",
    )
    axis.set_ylim(bottom=-0.02)
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
    heatmap.draw(axis, share, max(map(max, inside), default=0), "exact match", (0.0, 1.0))
    axis.grid(False)
    axis.legend(fontsize=7)
    return True


PLOTS = {
    "curves": curves,
    "strata": strata,
    "digits": digits,
    "answer-lengths": lengths,
    "positions": positions,
    "operand-lengths": pairs,
}
