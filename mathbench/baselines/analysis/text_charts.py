"""Charts as plain text for a terminal."""

from collections.abc import Iterator, Sequence
from math import log

from mathbench.baselines.analysis.charts import MAX_LINES, Chart, Line, Panel
from mathbench.baselines.analysis.figures import DECADES
from mathbench.baselines.analysis.score_charts import front_lines
from mathbench.scores.error_scale import level, percent

ROWS = 13  # of a curve, an odd number: 90 % is in the middle
MARGIN = 8  # characters for the labels of the vertical axis
TICKS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
OVERLAP = "*"
BLOCKS = " ▁▂▃▄▅▆▇█"  # shares of a line of blocks, by their height on the scale; only 100 % has the last
MAX_VALUES = 40  # rows of a table


def text_chart(chart: Chart, width: int) -> Iterator[str]:
    """Yield the lines of a chart as text.

    Args:
        chart: the chart. What is left out of a long table is stated.
        width: characters of the terminal.
    """
    yield f"{chart.title}, {chart.y if chart.shape == 'lines' else 'in %'}"
    for panel in chart.panels:
        yield ""
        notice = panel.notice(len(LETTERS) if chart.shape == "lines" else MAX_LINES)
        yield "; ".join(filter(None, (panel.title, notice if chart.shape in ("lines", "dots") else "")))
        yield from TEXTS[chart.shape](chart, panel, width)
        if panel.omitted:
            yield f"nothing to show: {', '.join(panel.omitted)}"


def curves(chart: Chart, panel: Panel, width: int) -> Iterator[str]:
    """Yield the curves of a panel, a letter per line, and their legend."""
    drawn = panel.drawn(len(LETTERS))
    columns = max(20, width - MARGIN - 2)
    at = _places([one.x for line in drawn for one in line.points], columns, chart.logarithmic)
    cells = [[" "] * columns for _ in range(ROWS)]
    for letter, line in zip(LETTERS, drawn, strict=False):
        for one in line.points:
            row = ROWS - 1 - round(level(one.share, DECADES) * (ROWS - 1))
            before = cells[row][at[one.x]]
            cells[row][at[one.x]] = letter if before in (" ", letter) else OVERLAP
    labels = {ROWS - 1 - round(level(tick, DECADES) * (ROWS - 1)): f"{100 * tick:.6g}" for tick in TICKS}
    for row, line_cells in enumerate(cells):
        yield f"{labels.get(row, ''):>{MARGIN - 2}} |{''.join(line_cells)}".rstrip()
    yield " " * (MARGIN - 1) + "+" + "-" * columns
    yield (" " * MARGIN + _axis(at, columns)).rstrip()
    yield f"{'':{MARGIN}}{chart.x}" + (f" (in training up to {panel.trained:,})" if panel.trained else "")
    for letter, line in zip(LETTERS, drawn, strict=False):
        last = line.points[-1]
        yield f"  {letter}  {line.name}, {line.n}: {percent(last.share)} % at {_number(last.x)}"
    if any(OVERLAP in "".join(row) for row in cells):
        yield f"  {OVERLAP}  several"


def _places(values: Sequence[float], columns: int, logarithmic: bool) -> dict[float, int]:
    """Return the column of each position."""
    low, high = min(values), max(values)

    def along(value: float) -> float:
        if low == high:
            return 0.5
        return log(value / low) / log(high / low) if logarithmic else (value - low) / (high - low)

    return {value: round(along(value) * (columns - 1)) for value in sorted(set(values))}


def _axis(at: dict[float, int], columns: int) -> str:
    """Return the positions below their columns, as many as fit; the last one always does.

    >>> _axis({1: 0, 2: 2, 30: 10}, 11)
    '1 2      30'
    """
    text = [" "] * columns
    order = [*at.items()]
    for value, column in [order[-1], *order[:-1]]:
        word = _number(value)
        start = min(column, columns - len(word))
        around = text[max(start - 1, 0) : start + len(word) + 1]
        if all(cell == " " for cell in around):
            text[start : start + len(word)] = word
    return "".join(text).rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def table(chart: Chart, panel: Panel, width: int) -> Iterator[str]:
    """Yield a row per value with the share of each line and n."""
    drawn = panel.drawn()
    known = [{int(one.x): one for one in line.points} for line in drawn]
    widest = max(len(name) for name in (*panel.categories, chart.x))
    heads = LETTERS[: len(drawn)]
    yield f"{chart.x:{widest}}  {'n':>7}" + "".join(f"{head:>9}" for head in heads)
    for at, name in enumerate(panel.categories[:MAX_VALUES]):
        n = max((found[at].n for found in known if at in found), default=0)
        shares = (percent(found[at].share) if at in found else "-" for found in known)
        yield f"{name:{widest}}  {n:>7,}" + "".join(f"{share:>9}" for share in shares)
    if len(panel.categories) > MAX_VALUES:
        yield f"the first {MAX_VALUES} of {len(panel.categories)} shown; --csv has all"
    for letter, line in zip(heads, drawn, strict=True):
        yield f"  {letter}  {line.name}"
    if panel.floor:
        yield f"best floor, {panel.floor[0]}: {percent(panel.floor[1])} %"


def blocks(chart: Chart, panel: Panel, width: int) -> Iterator[str]:
    """Yield a row of blocks per line, with its last share and n."""
    lines = panel.lines[:MAX_VALUES]
    widest = max(len(line.name) for line in lines)
    columns = max(8, width - widest - 22)
    steps = sorted({one.x for line in lines for one in line.points})
    every = -(-len(steps) // columns)
    for line in lines:
        shares = [one.share for one in line.points][::-every][::-1]
        drawn = "".join(map(_block, shares))
        last = line.points[-1]
        yield f"{line.name:{widest}}  {drawn}  {percent(last.share)} %, n={last.n:,}"
    if len(panel.lines) > len(lines):
        yield f"the first {len(lines)} of {len(panel.lines)} shown; --csv has all"
    yield f"{chart.x} {_number(steps[0])} to {_number(steps[-1])}"


def _block(share: float) -> str:
    return BLOCKS[-1] if share == 1 else BLOCKS[min(int(level(share, DECADES) * 8), 7)]


def front(chart: Chart, panel: Panel, width: int) -> Iterator[str]:
    """Yield a row per setting, the cheapest first, and the Pareto front."""
    yield f"{chart.x:>24}  {'%':>8}  setting (* on the Pareto front)"
    known = sorted(((line.points[0], line) for line in panel.lines), key=lambda pair: pair[0].x)
    for one, line in known:
        mark = "*" if one.note else " "
        yield f"{_number(one.x):>24}  {percent(one.share):>8} {mark} {_named(line)}"
    yield f"Pareto front: {len(front_lines(panel))} of {len(panel.lines)}"


def _named(line: Line) -> str:
    return f"{line.name}, {line.n}"


TEXTS = {"lines": curves, "dots": table, "heat": blocks, "front": front}
