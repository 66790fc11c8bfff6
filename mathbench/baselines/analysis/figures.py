"""Figures of matplotlib: style, colours, axes of shares and files, the same for all plots."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.scores.error_scale import LINEAR
from mathbench.storage import atomic

SUFFIXES = (".png", ".svg", ".pdf")
DPI = 110
DECADES = 4  # powers of ten of the error on an axis of shares, from 10 % to 0.001 %
TICKS = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0)
NEAR = ((0.99, 0.987), (0.9, 0.88), (0.5, 0.47))  # least share, and where an axis starts
BEYOND = 10.0  # slope of the scale above 1, which leaves room for marks there

# colours that people with colour blindness tell apart (Okabe and Ito, 2008), readable on white
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", ":")
MAP = "viridis"
RED = "#b30000"

# text stays text, and a figure is always the same file; white, also in a dark viewer
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mathbench",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    # a dollar sign in a question or a name is no formula
    "text.parse_math": False,
    # without a layout engine there is to be none, whatever the user's own style says
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
}


def line_style(i: int) -> dict[str, Any]:
    """Return colour, marker and dashes of line i, which repeat only after 21 lines.

    >>> line_style(0) == line_style(7), line_style(0)["color"] == line_style(7)["color"]
    (False, True)
    """
    n = len(COLOURS)
    return {"color": COLOURS[i % n], "marker": MARKERS[i % n], "linestyle": DASHES[i // n % len(DASHES)]}


def scale_shares(axis: Any, which: str, shares: Iterable[float], label: str) -> None:
    """Make an axis of shares logarithmic in the error above 90 %, with percentages as ticks.

    Args:
        axis: a matplotlib axis.
        which: ``"x"`` or ``"y"``.
        shares: all shares that are drawn. The axis starts near the least one, at 0, 50, 90 or 99 %.
        label: the label of the axis.
    """
    low = next((start for least, start in NEAR if min(shares, default=0.0) >= least), -0.03)
    getattr(axis, f"set_{which}scale")("function", functions=(_heights, _shares))
    getattr(axis, f"set_{which}lim")(low, 1.004)
    ticks = [tick for tick in TICKS if tick > low and (low > 0.8 or tick not in (0.25, 0.75) or which == "y")]
    getattr(axis, f"set_{which}ticks")(ticks, [f"{100 * tick:.6g}" for tick in ticks], minor=False)
    getattr(axis, f"set_{which}ticks")([], minor=True)
    getattr(axis, f"set_{which}label")(label)


def share_norm() -> Any:
    """Return the colours of shares: a norm of matplotlib on the same scale."""
    from matplotlib.colors import FuncNorm

    return FuncNorm((_heights, _shares), vmin=0.0, vmax=1.0)


def label_bar(bar: Any) -> None:
    """Label a colour bar of shares with percentages."""
    ticks = [tick for tick in TICKS if tick not in (0.25, 0.75)]
    bar.set_ticks(ticks, labels=[f"{100 * tick:.6g}" for tick in ticks])
    bar.minorticks_off()


def _heights(shares: Any) -> NDArray[np.float64]:
    """Return `level` of shares of any shape; above 1 the scale goes on with a slope of `BEYOND`."""
    known = np.asarray(shares, dtype=np.float64)
    error = np.maximum(1 - known, 10.0 ** -(1 + DECADES))
    upper = np.minimum(0.5 + 0.5 * (-np.log10(error) - 1) / DECADES, 1.0) + BEYOND * np.maximum(known - 1, 0)
    return np.where(known <= LINEAR, 0.5 * known / LINEAR, upper)


def _shares(heights: Any) -> NDArray[np.float64]:
    """Return the shares at heights of any shape, the inverse of `_heights`."""
    known = np.asarray(heights, dtype=np.float64)
    upper = 1 - 10.0 ** -(1 + DECADES * (np.minimum(known, 1.0) - 0.5) / 0.5)
    return np.where(known <= 0.5, LINEAR * known / 0.5, np.where(known > 1, 1 + (known - 1) / BEYOND, upper))


def scale_numbers(axis: Any, ticks: Sequence[float]) -> None:
    """Make a horizontal axis logarithmic, with plain numbers at some positions, such as lengths."""
    axis.set_xscale("log")
    axis.set_xticks(ticks, [_number(tick) for tick in ticks], minor=False)
    axis.set_xticks([], minor=True)


def scale_amounts(axis: Any, amounts: Sequence[float]) -> None:
    """Make a horizontal axis of amounts logarithmic, with round numbers as ticks."""
    low, high = 0.8 * min(amounts), 1.25 * max(amounts)
    scale_numbers(axis, round_ticks(low, high))
    axis.set_xlim(low, high)


def round_ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two positive ones: 1, 2 and 5 times powers of ten, or powers of ten alone.

    >>> round_ticks(8, 130), round_ticks(8, 130_000)
    ([10, 20, 50, 100], [10, 100, 1000, 10000, 100000])
    """
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    factors = range(1, 10) if high < 5 * low else (1, 2, 5) if high < 100 * low else (1,)
    ticks = [
        factor * 10**power if power >= 0 else factor / 10**-power for power in powers for factor in factors
    ]
    return [tick for tick in ticks if low <= tick <= high] or [(low * high) ** 0.5]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def spread_ticks(values: Iterable[float], most: int = 10) -> list[float]:
    """Return at most some of the values, the first and the last among them, far from each other on a logarithmic axis.

    >>> spread_ticks([1, 2, 3, 4, 5, 20, 100, 1000], 5)
    [1, 4, 20, 100, 1000]
    """
    known = sorted(set(values))
    if len(known) <= 2:
        return known
    gap = np.log(known[-1] / known[0]) / most if known[0] > 0 else 0.0
    chosen = [known[0]]
    for value in known[1:-1]:
        if np.log(value / chosen[-1]) >= gap and np.log(known[-1] / value) >= gap:
            chosen.append(value)
    return [*chosen, known[-1]]


def check_suffix(path: Path, option: str) -> None:
    """Check that a file is to be an image.

    Raises:
        InputError: for another suffix.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{option} requires a file ending in {', '.join(SUFFIXES)}. Received: '{path.name}'."
        )


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as a file of the format of its suffix, the same bytes each time."""
    kind = path.suffix.lower().lstrip(".")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with atomic.atomic_write(path) as file:
        figure.savefig(file, dpi=DPI, format=kind, metadata=metadata)
