"""Charts as figures of matplotlib, in PNG, SVG or PDF."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from mathbench.baselines.analysis import figures
from mathbench.baselines.analysis.charts import MAX_LINES, MAX_PANELS, Chart, Line, Panel, pareto_front
from mathbench.baselines.analysis.score_charts import front_lines
from mathbench.errors import require_extra
from mathbench.scores.error_scale import percent

MAX_CATEGORIES = 60  # values of a panel of dots
MAX_ROWS = 40  # strata of a heat map
MAX_MARKS = 21  # settings beside a Pareto front
MAX_LISTED = 8  # settings of a Pareto front below a panel
WIDTH, HEIGHT = 6.4, 3.9  # inches of a panel
LEGEND = 44  # characters of a line of a legend
LEGEND_LINE = 0.135  # inches of a line of a legend


def draw_chart(chart: Chart, path: Path) -> None:
    """Draw a chart into a file.

    Args:
        chart: the chart. Of many panels, lines or values the first or the best are drawn, and the figure says so.
        path: the file, whose suffix selects the format.

    Raises:
        InputError: for another suffix, or without the extra `plots`.
    """
    figures.check_suffix(path, "--out")
    require_extra("matplotlib", "plots")
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(figures.STYLE):
        figure = Figure(layout="constrained")
        draw_panels(figure, chart)
        figures.save_figure(figure, path)


def draw_panels(figure: Any, chart: Chart) -> None:
    """Draw the panels of a chart into an empty figure, whose size follows from them."""
    panels = chart.panels[:MAX_PANELS]
    columns = 1 if len(panels) == 1 else 2
    rows = -(-len(panels) // columns)
    heights = [_height(chart, panels[i * columns : (i + 1) * columns]) for i in range(rows)]
    width = (1.2 if chart.shape == "dots" else 1.35) * WIDTH * columns
    figure.set_size_inches(width, sum(heights) + 0.8)
    axes = figure.subplots(rows, columns, squeeze=False, height_ratios=heights).ravel()
    for axis, panel in zip(axes, panels, strict=False):
        DRAWINGS[chart.shape](axis, chart, panel)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    figure.suptitle(_title(chart), fontsize=10)
    if chart.notes:
        figure.supxlabel(fill(" ".join(chart.notes), int(14 * width)), fontsize=7, color="#444444")


def _title(chart: Chart) -> str:
    more = len(chart.panels) - MAX_PANELS
    return chart.title + (f" ({MAX_PANELS} of {len(chart.panels)} panels shown)" if more > 0 else "")


def _height(chart: Chart, panels: Sequence[Panel]) -> float:
    """Return the height of a row of panels in inches: that of the rows of its axes, or of its longest legend."""
    return max(
        max(_axis_height(chart, panel), 0.5 + LEGEND_LINE * _legend_lines(chart, panel)) for panel in panels
    )


def _axis_height(chart: Chart, panel: Panel) -> float:
    if chart.shape == "dots":
        # dots of several lines are side by side
        lanes = 1.0 + 0.35 * (len(panel.drawn()) - 1)
        return max(2.4, 1.2 + 0.19 * lanes * min(len(panel.categories), MAX_CATEGORIES))
    if chart.shape == "heat":
        return max(2.4, 1.2 + 0.19 * min(len(panel.lines), MAX_ROWS))
    return HEIGHT + (0.16 * len(_front(panel).splitlines()) if chart.shape == "front" else 0.0)


def _legend_lines(chart: Chart, panel: Panel) -> int:
    if chart.shape == "heat":
        return 0
    drawn = panel.drawn(MAX_MARKS if chart.shape == "front" else MAX_LINES)
    return sum(1 + _label(line).count("\n") for line in drawn) + 1


def draw_lines(axis: Any, chart: Chart, panel: Panel) -> None:
    """Draw the lines of a panel with their bands, and an edge where the lengths of training end."""
    drawn = panel.drawn()
    for i, line in enumerate(drawn):
        _line(axis, i, line, chart.shape)
    shares = [bound for line in drawn for one in line.points for bound in (one.low, one.high)]
    x = [one.x for line in drawn for one in line.points]
    if chart.logarithmic:
        figures.scale_numbers(axis, figures.spread_ticks(x))
    elif all(float(place).is_integer() for place in x):
        # no ticks between whole numbers, such as those of digits
        axis.xaxis.get_major_locator().set_params(integer=True)
    figures.scale_shares(axis, "y", shares, chart.y)
    axis.set_xlabel(chart.x)
    if panel.trained is not None:
        beyond = min(place for place in x if place > panel.trained)
        edge = (panel.trained * beyond) ** 0.5 if chart.logarithmic else (panel.trained + beyond) / 2
        axis.axvline(edge, color="#777777", linestyle=":", label=f"in training up to {panel.trained:,.0f}")
    _finish(axis, panel)


def _line(axis: Any, i: int, line: Line, shape: str) -> None:
    style = figures.line_style(i)
    x = [one.x for one in line.points]
    low, high = [one.low for one in line.points], [one.high for one in line.points]
    marker = style["marker"] if len(x) <= 40 else None
    look = style | {"marker": marker, "markersize": 4, "linewidth": 1.4}
    axis.plot(x, [one.share for one in line.points], label=_label(line), **look)
    axis.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    several = [one for one in line.points if one.runs > 1]
    ends = [one.least for one in several], [one.most for one in several]
    axis.vlines([one.x for one in several], *ends, color=style["color"], linewidth=0.8)


def _label(line: Line) -> str:
    return fill(f"{line.name}, {line.n}", LEGEND)


def _finish(axis: Any, panel: Panel, notice: str = "") -> None:
    """Write the title of a panel, what is not drawn, and the legend beside it."""
    words = [panel.title, notice or panel.notice()]
    if panel.omitted:
        words.append(f"nothing to show of {len(panel.omitted)} more: {', '.join(panel.omitted[:3])}")
    axis.set_title(fill("; ".join(filter(None, words)), 70), fontsize=9)
    axis.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, frameon=False)


def draw_dots(axis: Any, chart: Chart, panel: Panel) -> None:
    """Draw a row per value with a dot and an interval of each line; of many values those with most rows."""
    drawn = panel.drawn()
    rows = _largest(panel, MAX_CATEGORIES)
    lane = 0.7 / max(len(drawn), 1)
    for i, line in enumerate(drawn):
        points = [one for one in line.points if int(one.x) in rows]
        if not points:
            continue
        share = np.array([one.share for one in points])
        low, high = np.array([(one.low, one.high) for one in points]).T
        y = np.array([rows.index(int(one.x)) for one in points]) + lane * (i - (len(drawn) - 1) / 2)
        style = figures.line_style(i)
        look = {"color": style["color"], "marker": style["marker"], "linestyle": "", "markersize": 4}
        bars = np.maximum([share - low, high - share], 0)
        axis.errorbar(share, y, xerr=bars, label=_label(line), elinewidth=0.9, capsize=2, **look)
    axis.set_yticks(range(len(rows)), _row_labels(panel, drawn, rows), fontsize=7)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    bounds = [bound for line in drawn for one in line.points for bound in (one.low, one.high)]
    if panel.floor:
        name, share_of_floor = panel.floor
        bounds.append(share_of_floor)
        label = f"best floor, {name}: {percent(share_of_floor)} %"
        axis.axvline(share_of_floor, color=figures.RED, linestyle="--", linewidth=1, label=label)
    figures.scale_shares(axis, "x", bounds, chart.y)
    more = len(rows) < len(panel.categories)
    _finish(axis, panel, f"the {len(rows)} largest of {len(panel.categories)} shown" if more else "")


def _largest(panel: Panel, most: int) -> list[int]:
    """Return the positions of the values with most rows, in their order."""
    n: dict[int, int] = {}
    for line in panel.lines:
        for one in line.points:
            n[int(one.x)] = max(n.get(int(one.x), 0), one.n)
    return sorted(sorted(n, key=lambda at: -n[at])[:most])


def _row_labels(panel: Panel, drawn: Sequence[Line], rows: Sequence[int]) -> list[str]:
    """Return the names of the values, with the number of rows where there is one line."""
    if len(drawn) != 1:
        return [panel.categories[at] for at in rows]
    n = {int(one.x): one.n for one in drawn[0].points}
    return [f"{panel.categories[at]}  n={n[at]:,}" for at in rows]


def draw_heat(axis: Any, chart: Chart, panel: Panel) -> None:
    """Draw a row per line and a column per position, coloured by the share."""
    most = sorted(panel.lines, key=lambda line: -line.points[-1].n)[:MAX_ROWS]
    lines = [line for line in panel.lines if line in most]
    x = sorted({one.x for line in lines for one in line.points})
    shares = np.full((len(lines), len(x)), np.nan)
    for row, line in enumerate(lines):
        for one in line.points:
            shares[row, x.index(one.x)] = one.share
    image = axis.pcolormesh(
        np.arange(len(x) + 1), np.arange(len(lines) + 1), shares, norm=figures.share_norm(), cmap=figures.MAP
    )
    figures.label_bar(axis.figure.colorbar(image, ax=axis, label="exact match (%)"))
    every = max(1, math.ceil(len(x) / 8))
    axis.set_xticks([i + 0.5 for i in range(0, len(x), every)], [f"{value:,.0f}" for value in x[::every]])
    axis.set_yticks(
        [i + 0.5 for i in range(len(lines))], [f"{line.name}, {line.n}" for line in lines], fontsize=7
    )
    axis.invert_yaxis()
    axis.grid(False)
    axis.set_xlabel(chart.x)
    words = [panel.title]
    if len(lines) < len(panel.lines):
        words.append(f"the {len(lines)} largest of {len(panel.lines)} strata shown")
    if panel.omitted:
        words.append(f"nothing stored by {len(panel.omitted)} more")
    axis.set_title(fill("; ".join(words), 70), fontsize=9)


def draw_front(axis: Any, chart: Chart, panel: Panel) -> None:
    """Draw a mark per line at its cost, and the Pareto front with the names of its settings."""
    drawn = panel.drawn(MAX_MARKS)
    for i, line in enumerate(drawn):
        (one,) = line.points
        style = figures.line_style(i)
        bars = [[max(one.share - one.low, 0)], [max(one.high - one.share, 0)]]
        axis.errorbar(
            one.x,
            one.share,
            yerr=bars,
            color=style["color"],
            marker=style["marker"],
            markersize=6,
            fillstyle="full" if i < len(figures.COLOURS) else "none",
            capsize=2,
            linestyle="",
            label=_label(line),
        )
    front = pareto_front([line.points[0] for line in panel.lines])
    axis.plot(
        [one.x for one in front],
        [one.share for one in front],
        drawstyle="steps-post",
        color="#777777",
        linewidth=1,
        zorder=0,
    )
    figures.scale_amounts(axis, [line.points[0].x for line in drawn])
    figures.scale_shares(axis, "y", [line.points[0].low for line in drawn], chart.y)
    axis.set_xlabel(f"{chart.x}\n{_front(panel)}", fontsize=8)
    _finish(axis, replace(panel, lines=drawn), panel.notice(MAX_MARKS))


def _front(panel: Panel) -> str:
    """Return the settings on the Pareto front as lines of text."""
    listed = front_lines(panel)
    more = [f"and {len(listed) - MAX_LISTED} more"] if len(listed) > MAX_LISTED else []
    return "\n".join(["Pareto front:", *(fill(line, 80) for line in [*listed[:MAX_LISTED], *more])])


DRAWINGS = {"lines": draw_lines, "dots": draw_dots, "heat": draw_heat, "front": draw_front}
