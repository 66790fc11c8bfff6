"""The heat map of lengths: what it counts, and that it is drawn for pairs of lengths only."""

import matplotlib
import numpy as np
import pytest

from mathbench.dataset import heatmap
from mathbench.dataset.data import Data
from mathbench.dataset.describe import plot
from mathbench.families import task

SIZES = {"train": 400, "interpolate": 100, "extrapolate": 300}


@pytest.fixture
def figures(monkeypatch):
    """The figures that were drawn; they are not closed."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    monkeypatch.setattr(pyplot, "close", lambda *_: None)
    yield lambda: [pyplot.figure(number) for number in pyplot.get_fignums()]
    monkeypatch.undo()
    pyplot.close("all")


def test_every_row_is_in_the_heat_map(figures, tmp_path):
    data = Data.generate(task("correct-addition", digits=20, step=5, longer=80), SIZES)
    plot({"pairs": data}, tmp_path / "picture.png")
    (mesh,) = [c for figure in figures() for axis in figure.axes[:3] for c in axis.collections]
    square = np.ma.filled(mesh.get_array(), np.nan).reshape(20, 20)
    assert np.array_equal(square, square.T, equal_nan=True)
    assert np.nansum(np.tril(square)) == sum(SIZES.values())
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_tasks_without_pairs_keep_their_bars(figures, tmp_path):
    plot({"numbers": Data.generate(task("divisible"), SIZES)}, tmp_path / "picture.svg")
    assert not [c for figure in figures() for axis in figure.axes for c in axis.collections]


def test_a_missing_pair_is_no_zero():
    _, square = heatmap.grid({(1, 1): 5, (3, 1): 0})
    assert square[1, 0] == 0 and np.isnan(square[1, 1])
