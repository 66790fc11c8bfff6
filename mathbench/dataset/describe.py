"""What lies in a dataset: counts, lengths, label balance, samples, and a picture of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset import heatmap
from mathbench.dataset.data import Data
from mathbench.errors import InputError

SAMPLES = 3


@dataclass(frozen=True)
class Summary:
    """One split in figures.

    Attributes:
        rows: how many rows.
        question_length, answer_length: shortest, mean and longest, in characters.
        answers: the most common answers and the share of each.
        distinct_answers: how many different answers.
        strata: rows per stratum.
        samples: a few (question, answer).
    """

    rows: int
    question_length: tuple[int, float, int]
    answer_length: tuple[int, float, int]
    answers: dict[str, float]
    distinct_answers: int
    strata: dict[str, int]
    samples: list[tuple[str, str]]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def summarise(table: pa.Table) -> Summary:
    """Describe the rows of one split.

    Args:
        table: at least one row, with question, answer and stratum.
    """
    counts = sorted(_counts(table, "answer").items(), key=lambda item: (-item[1], item[0]))
    first = table.slice(0, SAMPLES)
    return Summary(
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
    stops = pc.min_max(lengths).as_py()
    return stops["min"], round(pc.mean(lengths).as_py(), 2), stops["max"]


def plot(data: Mapping[str, Data], path: Path) -> None:
    """Draw each configuration: lengths of questions and answers in each split, and rows per stratum or pair of lengths.

    Args:
        data: the data by configuration.
        path: a file whose ending matplotlib knows, such as .png or .svg.

    Raises:
        InputError: for an ending it does not know.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    if path.suffix.lstrip(".") not in pyplot.figure().canvas.get_supported_filetypes():
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
    figure.savefig(path, dpi=110)
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
    """The heat map of rows per pair of lengths, over all splits, where the strata are pairs of lengths."""
    found = {split: heatmap.pairs(_counts(table, "stratum")) for split, table in data.splits.items()}
    rows: heatmap.Pairs = {}
    for pairs in found.values():
        for pair, count in pairs.items():
            rows[pair] = rows.get(pair, 0) + count
    if rows:
        inside = max((pair[0] for pair in found.get("train", {})), default=0)
        heatmap.draw(axis, rows, inside, "rows, all splits")
    return bool(rows)


def _draw_strata(axis: Any, data: Data) -> None:
    """Shares of the strata, the largest first, for train beside the others."""
    shares = {split: _counts(table, "stratum") for split, table in data.splits.items()}
    names = list(dict.fromkeys(n for s in shares.values() for n in sorted(s, key=lambda k: -s[k])))[:16]
    height = 0.8 / len(shares)
    for i, (split, counts) in enumerate(shares.items()):
        total = sum(counts.values())
        axis.barh(
            np.arange(len(names)) + i * height, [counts.get(n, 0) / total for n in names], height, label=split
        )
    axis.set_yticks(np.arange(len(names)) + 0.4 - height / 2, names, fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel("share of rows (16 largest strata)")
