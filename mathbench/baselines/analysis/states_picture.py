"""A picture of hidden states: two principal components of each layer, coloured by what a state must stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mathbench.baselines.analysis import figures
from mathbench.baselines.analysis.inspect import PADDING_MARK
from mathbench.errors import require_extra
from mathbench.task import Task

DIVISIBLE = "divisible"  # the family whose answers depend on a residue
KNOWN = ("question", "prefix", "token")
MOST_GROUPS = 12  # colours of a legend; more groups get a scale of colours
MOST_STATES = 4_000  # dots of a panel
PANEL = 3.6  # inches


@dataclass(frozen=True)
class Panel:
    """The states of a layer.

    Args:
        layer: its name.
        places: the first two principal components of each state, (n, 2).
        kept: the share of the variance that these two components keep.
        groups: what each state is coloured by, (n,): the residue of the number read so far, or the answer.
    """

    layer: str
    places: NDArray[np.float64]
    kept: float
    groups: NDArray[np.str_]


def panels(states: Path, task: Task) -> list[Panel]:
    """Return the states of a file of `export_states`, layer by layer.

    Where a layer reads the numbers of a task of residues from their first digits, its states after every digit are
    coloured by the residue of what was read. Otherwise its last states are coloured by the answers of the network.

    Args:
        states: the Parquet file.
        task: the task in plain text.
    """
    table = pq.read_table(states)
    found = []
    for layer in dict.fromkeys(table["layer"].to_pylist()):
        own = table.filter(pc.equal(table["layer"], layer))
        own, groups = _by_residue(own, task) or _by_answer(own)
        places, kept = principal(np.array(own["state"].to_pylist(), dtype=np.float64))
        found.append(Panel(layer, places, kept, np.array(groups, dtype=np.str_)))
    return found


def _by_residue(table: pa.Table, task: Task) -> tuple[pa.Table, list[str]] | None:
    """Return the states after a digit and the residues of what was read; None where these are not known."""
    if task.family != DIVISIBLE:
        return None
    modulus, base = int(str(task.parameters["k"])), task.number_base
    read = [
        bool(prefix) and question.startswith(prefix) and token != PADDING_MARK
        for question, prefix, token in zip(*(table[name].to_pylist() for name in KNOWN), strict=True)
    ]
    chosen = table.filter(pa.array(read)).slice(0, MOST_STATES)
    residues = [str(int(prefix, base) % modulus) for prefix in chosen["prefix"].to_pylist()]
    return (chosen, residues) if residues else None


def _by_answer(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Return the last states and the answers of the network."""
    last = table.filter(pc.equal(table["position"], pc.max(table["position"]))).slice(0, MOST_STATES)
    return last, last["answer"].to_pylist()


def principal(states: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the first two principal components of states (n, units) as (n, 2), and the share of variance they keep.

    >>> places, kept = principal(np.array([[0.0, 3.0], [0.0, 1.0], [0.0, 2.0]]))
    >>> abs(places[:, 0]).round(6).tolist(), kept
    ([1.0, 1.0, 0.0], 1.0)
    """
    centred = states - states.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(states), 2))
    shown = min(2, len(sizes))
    places[:, :shown] = left[:, :shown] * sizes[:shown]
    total = float((sizes**2).sum())
    return places, float((sizes[:2] ** 2).sum()) / total if total else 1.0


def draw_states(found: Sequence[Panel], title: str, path: Path) -> None:
    """Draw panels into a file, whose suffix selects the format.

    Raises:
        InputError: for another suffix, or without the extra `plots`.
    """
    figures.check_suffix(path, "--plot")
    require_extra("matplotlib", "plots")
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(figures.STYLE):
        figure = Figure(layout="constrained", figsize=(0.9 + PANEL * len(found), PANEL + 0.4))
        for axis, panel in zip(figure.subplots(1, len(found), squeeze=False)[0], found, strict=True):
            _draw(axis, panel)
        figure.suptitle(title, fontsize=9)
        figures.save_figure(figure, path)


def _draw(axis: Any, panel: Panel) -> None:
    names = sorted(set(panel.groups.tolist()), key=lambda name: (len(name), name))
    few = len(names) <= MOST_GROUPS
    for i, name in enumerate(names):
        chosen = panel.places[panel.groups == name]
        look = figures.line_style(i)
        colour = look["color"] if few else _colour(i / len(names))
        axis.scatter(
            *chosen.T, s=10, color=colour, marker=look["marker"] if few else "o", label=name, linewidth=0
        )
        axis.annotate(name, np.median(chosen, axis=0), ha="center", va="center", fontsize=7, weight="bold")
    if few:
        axis.legend(fontsize=7, markerscale=1.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axis.set_title(f"{panel.layer}: {panel.kept:.0%} of the variance", fontsize=8)
    axis.set_xlabel("first principal component")
    axis.set_ylabel("second principal component")


def _colour(share: float) -> Any:
    from matplotlib import colormaps

    return colormaps["hsv"](share)
