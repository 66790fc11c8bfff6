"""Summary statistics of a dataset: counts, lengths, answers and samples, and a plot of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset import heatmap
from mathbench.dataset.data import Data
from mathbench.dataset.read import Dataset
from mathbench.errors import InputError, require_extra
from mathbench.storage import atomic

SAMPLES = 3
MAX_PLOTTED_STRATA = 16


@dataclass(frozen=True)
class SplitSummary:
    """Summary statistics of one split; see `mathbench.describe`.

    Attributes:
        rows: the number of rows.
        question_length, answer_length: minimum, mean and maximum, in characters.
        answers: the most common answers and the share of each.
        distinct_answers: the number of distinct answers.
        strata: rows per stratum.
        samples: the first few rows, as (question, answer).

    >>> from mathbench.dataset.data import Data
    >>> from mathbench.families import task
    >>> made = summarise(Data.generate(task("divisible", k=3, digits=2), {"train": 30}).splits["train"])
    >>> made.rows, made.distinct_answers, made.answers
    (30, 2, {'false': 0.5, 'true': 0.5})
    """

    rows: int
    question_length: tuple[int, float, int]
    answer_length: tuple[int, float, int]
    answers: dict[str, float]
    distinct_answers: int
    strata: dict[str, int]
    samples: list[tuple[str, str]]

    def to_json(self) -> dict[str, Any]:
        """The summary as JSON values."""
        return asdict(self)


def summarise_dataset(dataset: Dataset, config: str | None = None) -> dict[str, dict[str, SplitSummary]]:
    """Summarise the splits of a dataset, of which one is in memory at a time.

    Args:
        dataset: the dataset.
        config: the name of a configuration; None: all.

    Returns:
        The summaries by configuration and split.

    Raises:
        InputError: when there is no such configuration.
        CheckFailed: when a file is missing or damaged.
    """
    return {
        name: {split: summarise(dataset.table(chosen, split)) for split in chosen.spec()["sizes"]}
        for name, chosen in dataset.chosen(config).items()
    }


def summarise(table: pa.Table) -> SplitSummary:
    """Summarise the rows of one split.

    Args:
        table: at least one row, with the columns question, answer and stratum.
    """
    counts = sorted(_counts(table, "answer").items(), key=lambda item: (-item[1], item[0]))
    first = table.slice(0, SAMPLES)
    return SplitSummary(
        rows=table.num_rows,
        question_length=_lengths(table, "question"),
        answer_length=_lengths(table, "answer"),
        answers={answer: round(n / table.num_rows, 4) for answer, n in counts[:3]},
        distinct_answers=len(counts),
        strata=_counts(table, "stratum"),
        samples=list(
            zip(first.column("question").to_pylist(), first.column("answer").to_pylist(), strict=True)
        ),
    )


def _counts(table: pa.Table, column: str) -> dict[str, int]:
    return {e["values"]: e["counts"] for e in pc.value_counts(table.column(column)).to_pylist()}


def _lengths(table: pa.Table, column: str) -> tuple[int, float, int]:
    lengths = pc.utf8_length(table.column(column))
    extremes = pc.min_max(lengths).as_py()
    return extremes["min"], round(pc.mean(lengths).as_py(), 2), extremes["max"]


def plot(data: Mapping[str, Data], path: Path) -> None:
    """Plot the lengths of questions and answers of each split, and the rows per stratum or pair of lengths.

    Args:
        data: the data by configuration; each gets a row of plots.
        path: a file with a suffix that matplotlib knows, such as .png or .svg.

    Raises:
        InputError: for any other suffix, or without the extra `plots`.
    """
    require_extra("matplotlib", "plots")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.backend_bases import FigureCanvasBase

    if path.suffix.lstrip(".") not in FigureCanvasBase.get_supported_filetypes():
        raise InputError(f"--plot needs a file ending in .png, .svg or .pdf. Received: {path.name!r}.")
    figure, axes = pyplot.subplots(
        len(data), 3, figsize=(14, 3.4 * len(data)), squeeze=False, layout="constrained"
    )
    for (name, config), (left, middle, right) in zip(data.items(), axes, strict=True):
        _draw_lengths(left, config, "question")
        _draw_lengths(middle, config, "answer")
        if not _draw_pairs(right, config):
            _draw_strata(right, config)
        left.set_title(name, loc="left", fontweight="bold")
        left.legend(fontsize=8)
    with atomic.atomic_write(path) as file:
        figure.savefig(file, dpi=110, format=path.suffix.lstrip("."))
    pyplot.close("all")


def _draw_lengths(axis: Any, data: Data, column: str) -> None:
    for split, table in data.splits.items():
        counts = np.bincount(pc.utf8_length(table.column(column)).to_numpy())
        axis.plot(
            np.flatnonzero(counts), counts[counts > 0] / table.num_rows, marker="o", markersize=3, label=split
        )
    axis.set_xlabel(f"characters in the {column}")
    axis.set_ylabel("share of rows")


def _draw_pairs(axis: Any, data: Data) -> bool:
    """Draw the heat map of rows per pair of lengths over all splits; return False if no stratum is such a pair."""
    by_split = {split: heatmap.pairs(_counts(table, "stratum")) for split, table in data.splits.items()}
    rows: heatmap.Pairs = {}
    for pairs in by_split.values():
        for pair, count in pairs.items():
            rows[pair] = rows.get(pair, 0) + count
    if rows:
        longest = max((pair[0] for pair in by_split.get("train", {})), default=0)
        heatmap.draw(axis, rows, longest, "rows, all splits")
    return bool(rows)


def _draw_strata(axis: Any, data: Data) -> None:
    """Draw a bar per stratum and split, the largest strata of the first split on top."""
    by_split = {split: _counts(table, "stratum") for split, table in data.splits.items()}
    names = list(dict.fromkeys(n for s in by_split.values() for n in sorted(s, key=lambda k: -s[k])))
    names = names[:MAX_PLOTTED_STRATA]
    height = 0.8 / len(by_split)
    for i, (split, counts) in enumerate(by_split.items()):
        total = sum(counts.values())
        axis.barh(
            np.arange(len(names)) + i * height, [counts.get(n, 0) / total for n in names], height, label=split
        )
    axis.set_yticks(np.arange(len(names)) + 0.4 - height / 2, names, fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel(f"share of rows ({MAX_PLOTTED_STRATA} largest strata)")
