"""Pictures of a run, each as PNG and SVG: how it learned, and where it is wrong.

Each picture is a function that draws into a figure and says whether there was anything to draw.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mathbench import formats
from mathbench.baselines import checkpoint
from mathbench.baselines.result import Result
from mathbench.dataset import heatmap
from mathbench.dataset.data import Data
from mathbench.scores.metrics import align_predictions
from mathbench.scores.predictions import PREDICTIONS
from mathbench.scores.statistics import wilson
from mathbench.tokenizer import PAD, Characters

PLOTS_FOLDER = "plots"
FORMATS = ("png", "svg")
PLOTTED_SPLITS = ("interpolate", "extrapolate")
MAX_STRATA = 32  # lines of a picture; the largest strata are shown
MAX_LENGTH = 24  # answer lengths of a confusion matrix

# text stays text, and the same run gives the same file
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mathbench",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


@dataclass(frozen=True, eq=False)
class PlotData:
    """A finished run and the truth.

    Args:
        run: the run directory.
        data: the rows it was run on.
    """

    run: Path
    data: Data

    @cached_property
    def result(self) -> Result:
        """What the run claims."""
        return Result.load(self.run)

    @cached_property
    def history(self) -> list[dict[str, float]]:
        """One entry per validation; empty for what is not trained."""
        kept = checkpoint.read(self.run)
        return kept[0]["history"] if kept else []

    @cached_property
    def answers(self) -> dict[str, tuple[pa.Array, pa.Array]]:
        """Per evaluation split what was answered and what is right, in plain text."""
        table, written = pq.read_table(self.run / PREDICTIONS), formats.for_task(self.data.task)
        found = {}
        for split in PLOTTED_SPLITS:
            if split in self.data.splits:
                truth, mine = self.data.splits[split], table.filter(pc.equal(table["split"], split))
                given = align_predictions(mine["row"].to_numpy(), mine["prediction"], truth["row"].to_numpy())
                found[split] = written.undo_answers(given), written.undo_answers(truth["answer"])
        return found

    @cached_property
    def characters(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The same as characters, int64 (n, longest) each, aligned at the last one, zeros in front."""
        return {split: _characters(given, right) for split, (given, right) in self.answers.items()}


def draw(run: Path, data: Data) -> list[Path]:
    """Draw all pictures of a finished run into its folder `plots`.

    Args:
        run: the run directory.
        data: the rows it was run on.

    Returns:
        The files.
    """
    import matplotlib

    shown, folder = PlotData(run, data), run / PLOTS_FOLDER
    folder.mkdir(exist_ok=True)
    with matplotlib.rc_context(STYLE):
        return [path for name, picture in PICTURES.items() for path in _saved(picture, shown, folder / name)]


def _saved(picture: Callable[[Any, PlotData], bool], shown: PlotData, path: Path) -> Iterator[Path]:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import TightLayoutEngine

    figure = Figure(figsize=(9, 4))
    if not picture(figure, shown):
        return
    figure.suptitle(_title(shown.result), fontsize=9)
    TightLayoutEngine().execute(figure)  # once: a figure with a layout is drawn four times for two files
    for kind in FORMATS:
        target = path.with_suffix(f".{kind}")
        figure.savefig(target, dpi=110, metadata={"Date": None} if kind == "svg" else None)
        yield target


def _title(result: Result) -> str:
    framework = "" if result.framework == "none" else f" ({result.framework})"
    return f"{result.baseline}{framework} on {result.task['name']}, seed {result.seed}"


def curves(figure: Any, shown: PlotData) -> bool:
    """Loss and validation exact match over the steps."""
    if not shown.history:
        return False
    steps, best = [entry["step"] for entry in shown.history], shown.result.best
    left, right = figure.subplots(1, 2)
    left.plot(steps, [entry["loss"] for entry in shown.history], marker=".")
    left.set(xlabel="step", ylabel="training loss (nats per token)", yscale="log")
    right.plot(steps, [entry["validation"] for entry in shown.history], marker=".")
    right.plot(best["step"], best["validation"], "o", color="red", fillstyle="none", label="kept")
    right.set(xlabel="step", ylabel="exact match on validation", ylim=(-0.02, 1.02))
    right.legend()
    return True


def strata(figure: Any, shown: PlotData) -> bool:
    """Exact match of each stratum with its 95 % interval, and the best shortcut of each split."""
    scores = {split: shown.result.scores[split] for split in PLOTTED_SPLITS if split in shown.result.scores}
    maximum = max(min(len(score["strata"]), MAX_STRATA) for score in scores.values()) if scores else 0
    figure.set_size_inches(9, max(3.0, 1.5 + 0.17 * maximum))
    axes = figure.subplots(1, max(len(scores), 1), squeeze=False)[0]
    for axis, (split, score) in zip(axes, scores.items(), strict=False):
        found = sorted(score["strata"].items(), key=lambda item: -item[1]["n"])[:MAX_STRATA]
        _intervals(axis, dict(sorted(found)))
        _floor(axis, split, shown.result.floors)
        more = len(score["strata"]) - len(found)
        axis.set_title(
            split + (f", the {MAX_STRATA} largest of {len(score['strata'])} strata" if more else "")
        )
    return bool(scores)


def _intervals(axis: Any, found: Mapping[str, Mapping[str, Any]]) -> None:
    """A point and its interval per line."""
    share = np.array([score["exact_match"] for score in found.values()])
    stops = np.array([[score["low"], score["high"]] for score in found.values()]).T
    lines = np.arange(len(share))
    axis.errorbar(share, lines, xerr=np.abs(stops - share), fmt="o", markersize=3, capsize=2)
    axis.set_yticks(lines, list(found), fontsize=7)
    axis.set(xlim=(-0.02, 1.02), xlabel="exact match (95 % interval)")
    axis.invert_yaxis()


def _floor(axis: Any, split: str, floors: Mapping[str, Any]) -> None:
    """The best shortcut as a line."""
    shares = {name: scores[split]["exact_match"] for name, scores in floors.items() if split in scores}
    if shares:
        best = max(shares, key=lambda name: shares[name])
        axis.axvline(shares[best], color="red", linestyle="--", label=f"floor: {best}")
        axis.legend(fontsize=7, loc="best")


def lengths(figure: Any, shown: PlotData) -> bool:
    """How long the right answers are and how long those given: shares of each right length."""
    counts = {split: _confusion(*both) for split, both in shown.answers.items()}
    axes = figure.subplots(1, max(len(counts), 1), squeeze=False)[0]
    for axis, (split, matrix) in zip(axes, counts.items(), strict=False):
        rows = matrix.sum(axis=1, keepdims=True)
        share = np.divide(matrix, rows, out=np.full(matrix.shape, np.nan), where=rows > 0)
        image = axis.imshow(share, vmin=0, vmax=1, origin="lower", aspect="auto")
        figure.colorbar(image, ax=axis, label="share of the right length")
        axis.grid(False)
        axis.set(xlabel="characters answered", ylabel="characters of the right answer", title=split)
    return bool(counts)


def _confusion(given: pa.Array, right: pa.Array) -> NDArray[np.float64]:
    """Rows per (right length, answered length), float64 (longest + 1, longest + 1); above LENGTHS is LENGTHS."""
    one, two = (
        np.minimum(pc.fill_null(pc.utf8_length(column), 0).to_numpy(zero_copy_only=False), MAX_LENGTH)
        for column in (right, given)
    )
    size = int(max(one.max(initial=0), two.max(initial=0))) + 1
    return np.bincount(one * size + two, minlength=size * size).reshape(size, size).astype(np.float64)


def positions(figure: Any, shown: PlotData) -> bool:
    """The share of wrong characters at each place of the answer, counted from its end."""
    axis = figure.subplots()
    for split, (given, right) in shown.characters.items():
        there = right != PAD
        n, wrong = there.sum(axis=0)[::-1], (there & (given != right)).sum(axis=0)[::-1]
        device_config = np.flatnonzero(n)
        share = wrong[device_config] / n[device_config]
        low, high = np.array([wilson(int(wrong[p]), int(n[p])) for p in device_config]).reshape(-1, 2).T
        axis.errorbar(
            device_config + 1, share, yerr=[share - low, high - share], marker="o", capsize=2, label=split
        )
    axis.set(
        xlabel="place in the right answer, 1 is its last character", ylabel="share wrong (95 % interval)"
    )
    axis.set_ylim(bottom=-0.02)
    if shown.characters:
        axis.legend()
    return bool(shown.characters)


def _characters(given: pa.Array, right: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    printable = Characters()
    one, two = (printable.encode(pc.fill_null(column, ""), left=True)[0] for column in (given, right))
    width = max(one.shape[1], two.shape[1])
    return tuple(np.pad(part, ((0, 0), (width - part.shape[1], 0))) for part in (one, two))  # type: ignore[return-value]


def pairs(figure: Any, shown: PlotData) -> bool:
    """Exact match for each pair of lengths of the operands, with a line around those of train."""
    n: heatmap.Pairs = {}
    correct: heatmap.Pairs = {}
    for split in PLOTTED_SPLITS:
        strata = shown.result.scores.get(split, {}).get("strata", {})
        for total, key in ((n, "n"), (correct, "correct")):
            for pair, value in heatmap.pairs({name: score[key] for name, score in strata.items()}).items():
                total[pair] = total.get(pair, 0) + value
    if not n:
        return False
    inside = heatmap.pairs({stratum.name: 1 for stratum in shown.data.task.inner()})
    figure.set_size_inches(6, 5)
    axis = figure.subplots()
    share = {pair: correct[pair] / n[pair] for pair in n}
    heatmap.draw(axis, share, max(map(max, inside), default=0), "exact match", (0.0, 1.0))
    axis.grid(False)
    axis.legend(fontsize=7)
    return True


PICTURES = {
    "curves": curves,
    "strata": strata,
    "answer-lengths": lengths,
    "positions": positions,
    "operand-lengths": pairs,
}
