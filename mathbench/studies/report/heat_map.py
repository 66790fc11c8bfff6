"""The heat map of a study: learners by tasks, coloured by exact match, beside the shortcuts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathbench.baselines.analysis import figures
from mathbench.errors import require_extra
from mathbench.scores.error_scale import percent
from mathbench.studies.report.found import StudyResults

CELL = (0.62, 0.235)  # inches
DARK = 0.62  # height on the scale of shares below which numbers are written in white
COLUMNS = ("supervision", "learner", "task", "exact_match")


@dataclass(frozen=True)
class HeatMap:
    """The data of a heat map.

    Args:
        split: the split that is shown.
        tasks: the columns.
        rows: supervision and learner of each row; the first row, of the shortcuts, has neither.
        shares: mean exact match by row and task, as far as known.
    """

    split: str
    tasks: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    shares: dict[tuple[tuple[str, str], str], float]

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per cell, for CSV."""
        return [
            {"supervision": row[0], "learner": row[1], "task": task, "exact_match": share}
            for (row, task), share in self.shares.items()
        ]


SHORTCUTS = ("", "best shortcut")


def heat_map(results: StudyResults, split: str, tasks: Sequence[str]) -> HeatMap:
    """Return the heat map of some tasks: rows by supervision, in each the learners in the order of the study."""
    own = [one for one in results.found if one.task in tasks and one.results.shares(split)]
    shares = {((one.supervision, one.learner), one.task): one.results.mean(split) for one in own}
    for task in tasks:
        if floor := results.floor(task, split):
            shares[SHORTCUTS, task] = floor[1]
    names = dict.fromkeys((one.supervision, one.learner) for one in own)
    order = sorted(names, key=lambda row: results.supervisions.index(row[0]) if row[0] else -1)
    return HeatMap(split, tuple(tasks), (SHORTCUTS, *order), shares)


def draw_heat_map(found: HeatMap, title: str, path: Path) -> None:
    """Draw a heat map into a file, whose suffix selects the format.

    Raises:
        InputError: for another suffix, or without the extra `plots`.
    """
    figures.check_suffix(path, "--figures")
    require_extra("matplotlib", "plots")
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(figures.STYLE):
        width = 3.2 + CELL[0] * len(found.tasks)
        figure = Figure(layout="constrained", figsize=(width, 2.2 + CELL[1] * len(found.rows)))
        _draw(figure.subplots(), found, title)
        figures.save_figure(figure, path)


def _draw(axis: Any, found: HeatMap, title: str) -> None:
    import numpy as np

    shares = np.full((len(found.rows), len(found.tasks)), np.nan)
    for (row, task), share in found.shares.items():
        shares[found.rows.index(row), found.tasks.index(task)] = share
    image = axis.imshow(shares, aspect="auto", norm=figures.share_norm(), cmap=figures.MAP)
    figures.label_bar(axis.figure.colorbar(image, ax=axis, label="exact match (%)", shrink=0.6, aspect=40))
    for i, j in zip(*np.nonzero(~np.isnan(shares)), strict=True):
        light = image.norm(shares[i, j]) < DARK
        axis.text(
            j, i, percent(shares[i, j]), ha="center", va="center", fontsize=6, color="w" if light else "k"
        )
    axis.set_xticks(range(len(found.tasks)), found.tasks, rotation=40, ha="right", fontsize=7)
    axis.set_yticks(range(len(found.rows)), [_label(row) for row in found.rows], fontsize=7)
    for i, (one, other) in enumerate(zip(found.rows, found.rows[1:], strict=False)):
        if one[0] != other[0]:
            axis.axhline(i + 0.5, color="#b30000", linewidth=1)
    axis.grid(False)
    axis.set_title(title, fontsize=9)


def _label(row: tuple[str, str]) -> str:
    return f"{row[1]}  [{row[0]}]" if row[0] else row[1]
