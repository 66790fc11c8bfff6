"""The drawings of docs/showcase/: 420 pixels wide, to be read on a phone, with a background of their own."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from drawing import svg, text

WIDTH = 420.0
STYLE = """
  .heat, .dot { fill: #0969da; }
  .frame { fill: none; stroke: #d0d7de; stroke-width: 0.5; }
  .small { font-size: 10px; }
  .tiny { font-size: 9px; }
  .rest { fill: #eaeef2; }
  .other { fill: #bc4c00; }
  .line { fill: none; stroke-width: 2; stroke: #0969da; }
  .b { stroke: #bc4c00; }
  .c { stroke: #8250df; }
  .grey { fill: none; stroke: #818b98; }
  .dashed { stroke-dasharray: 4 3; }
  .number { font-weight: bold; text-anchor: middle; paint-order: stroke; stroke: #ffffff; stroke-width: 3; }
"""
DARK = """
    .heat, .dot { fill: #58a6ff; }
    .frame { stroke: #30363d; }
    .rest { fill: #21262d; }
    .other { fill: #f0883e; }
    .line { stroke: #58a6ff; }
    .b { stroke: #f0883e; }
    .c { stroke: #bc8cff; }
    .number { stroke: #0d1117; }
"""
CELL, ROW, LEFT = 10.6, 13.0, 40.0  # of the heat map of attention, in pixels
FULL = 0.6  # weight of attention with full colour
SIDE = 34.0  # of a cell of the map of a dataset
# those of Okabe and Ito (2008), with grey for black, which a dark page would hide
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#818b98", "#e69f00")
LINES = ("line", "line b", "line c")  # in their order
PLOT = (40.0, 52.0, 404.0, 262.0)  # left, top, right, bottom of a plot
Scores = Mapping[str, tuple[int, int]]  # right answers and rows
Point = tuple[float, float]


def page(title: str, note: str, height: float, parts: Iterable[str]) -> str:
    """A drawing with a title and a line below it."""
    return svg(
        WIDTH, height, [text(8, 18, title, "title"), text(8, 34, note, "note"), *parts], STYLE, DARK + "\n"
    )


def attention(kept: Mapping[str, Any]) -> str:
    """The attention of each head, with the tokens that are looked at above and the digits written on the left."""
    parts, height = [], 46.0
    for name, matrix in kept.items():
        parts += [text(8, height + 10, f"head {name[-1]}", "note"), *head(matrix, height + 16)]
        height += 46 + ROW * matrix["shape"][0]
    parts.append(
        text(8, height, f"full colour: a weight of {FULL} or more; | is the start of the answer", "note")
    )
    note = "rows: digits as they are written; columns: what is read; units first"
    return page("3141592653 + 2718281828: where each digit looks", note, height + 10, parts)


def head(matrix: Mapping[str, Any], top: float) -> list[str]:
    """One head as a heat map; weights below a hundredth are blank."""
    rows, columns = matrix["labels"]
    parts = []
    for k, token in enumerate(columns):
        shown = token if len(token) == 1 else "|"
        parts.append(text(LEFT + CELL * (k + 0.5), top + 10, shown, "tiny middle"))
    for i, (digit, weights) in enumerate(zip(rows, matrix["values"], strict=True)):
        y = top + 14 + ROW * i
        parts.append(text(LEFT - 6, y + 10, digit, "tiny end"))
        for k, weight in enumerate(weights):
            if weight >= 0.01:
                parts.append(cell(LEFT + CELL * k, y, CELL, ROW, "heat", weight / FULL))
    size = f'width="{CELL * len(columns):.1f}" height="{ROW * len(rows):.1f}"'
    return [*parts, f'<rect class="frame" x="{LEFT}" y="{top + 14}" {size}/>']


def cell(x: float, y: float, width: float, height: float, kind: str, share: float = 1.0) -> str:
    """A rectangle with a share of its colour."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {place} opacity="{min(1.0, share):.2f}"/>'


def bars(title: str, note: str, groups: Mapping[str, Scores]) -> str:
    """A bar for each score, in groups with a name."""
    parts, y = [], 44.0
    for name, scores in groups.items():
        parts.append(text(8, y + 14, name))
        y += 20
        for label, score in scores.items():
            parts += bar(y, label, *score)
            y += 15
        y += 8
    return page(title, note, y, parts)


def bar(y: float, label: str, right: int, n: int) -> list[str]:
    """One line: what was asked, a bar up to 100 %, the share and n."""
    left, full = 76.0, 240.0
    return [
        text(left - 6, y + 10, label, "small note end"),
        cell(left, y, full, 12, "rest"),
        cell(left, y, full * right / n, 12, "heat"),
        text(left + full + 6, y + 10, f"{100 * right / n:.0f} %", "small"),
        text(WIDTH - 8, y + 10, f"n = {n:,}", "small note end"),
    ]


def height_of(share: float) -> float:
    """The height of a share from 40 to 100 % in a plot."""
    _, top, _, bottom = PLOT
    return bottom - (share - 0.4) / 0.6 * (bottom - top)


def axes(ticks: Mapping[str, float], below: str) -> list[str]:
    """A frame with shares on the left and labels of places below."""
    left, top, right, bottom = PLOT
    parts = [
        f'<rect class="frame" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>',
        text((left + right) / 2, bottom + 32, below, "note middle"),
    ]
    for percent in (50, 60, 70, 80, 90, 100):
        y = height_of(percent / 100)
        parts += [
            text(left - 5, y + 4, f"{percent} %", "small note end"),
            f'<path class="frame" d="M{left} {y:.1f}H{right}"/>',
        ]
    return parts + [text(x, bottom + 15, label, "small note middle") for label, x in ticks.items()]


def path(points: Sequence[Point], kind: str) -> str:
    """A line through points."""
    return f'<path class="{kind}" d="M' + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + '"/>'


def front(title: str, note: str, entries: Mapping[str, Point], shortcut: float) -> str:
    """Shares of right answers over weights; a line joins the entries that no smaller one reaches.

    Args:
        title, note: what is shown.
        entries: the weights and the share of each network.
        shortcut: the share of the best shortcut, as a dashed line.
    """
    left, _, right, bottom = PLOT

    def across(weights: float) -> float:
        return left + (math.log10(weights) - 3.9) / 2.25 * (right - left)

    parts = axes(
        {f"{weights:,}": across(weights) for weights in (10_000, 100_000, 1_000_000)}, "trained weights"
    )
    level = height_of(shortcut)
    parts += [
        path([(left, level), (right, level)], "grey dashed"),
        text(left + 6, level - 5, f"best shortcut: {100 * shortcut:.1f} %", "small note"),
    ]
    best: list[Point] = []
    for name, (weights, share) in sorted(entries.items(), key=lambda entry: entry[1]):
        at = (across(weights), height_of(share))
        on_front = not best or at[1] < best[-1][1]
        best += [at] if on_front else []
        end = "end" if at[0] > (left + right) / 2 else ""
        if on_front:
            # the first name stands below its point, where no other does
            away = (-7 if end else 5, 14 if len(best) == 1 else -6)
            parts.append(text(at[0] + away[0], at[1] + away[1], name, f"tiny {end}".rstrip()))
        kind = "dot" if on_front else "other"
        parts.append(f'<circle class="{kind}" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="4"/>')
    steps = [point for one, two in pairwise(best) for point in (one, (two[0], one[1]))]
    return page(title, note, bottom + 42, [path([*steps, best[-1]], "grey"), *parts])


def curves(title: str, note: str, lines: Mapping[str, Sequence[Point]], last: int) -> str:
    """Shares of right answers over steps, with the name of each line in a legend."""
    left, _, right, bottom = PLOT

    def across(step: float) -> float:
        return left + step / last * (right - left)

    ticks = {f"{step:,}": across(step) for step in range(0, last + 1, last // 4)}
    parts = axes(ticks, "steps of training")
    for i, ((name, points), kind) in enumerate(zip(lines.items(), LINES, strict=True)):
        x, y = right - 190, bottom - 54 + 16 * i
        parts += [
            path([(across(step), height_of(share)) for step, share in points], kind),
            path([(x, y), (x + 22, y)], kind),
            text(x + 28, y + 4, name, "small"),
        ]
    return page(title, note, bottom + 42, parts)


def by_length(
    title: str, note: str, lines: Mapping[str, Sequence[Point]], names: Mapping[str, Point], trained: int
) -> str:
    """Shares of right answers over the digits of a number.

    Args:
        title, note: what is shown.
        lines: digits and shares.
        names: where the name of each line begins, in digits and as a share.
        trained: the longest numbers of training; a dashed line marks where they end.
    """
    left, top, right, bottom = PLOT

    def across(digits: float) -> float:
        return left + 12 + math.log(digits / 3) / math.log(4000 / 3) * (right - left - 24)

    end = across(trained + 0.5)
    parts = [
        *axes({f"{digits:,}": across(digits) for digits in (5, trained, 100, 1000, 4000)}, "digits"),
        path([(end, top), (end, bottom)], "grey dashed"),
        text(end + 5, bottom - 8, "longer than in training", "small note"),
    ]
    for (name, points), kind in zip(lines.items(), LINES, strict=True):
        digits, share = names[name]
        parts += [
            path([(across(x), height_of(y)) for x, y in points], kind),
            text(across(digits), height_of(share), name, "small"),
        ]
    return page(title, note, bottom + 42, parts)


def rows(title: str, note: str, train: Mapping[Point, int], extrapolate: Mapping[Point, int]) -> str:
    """A map of pairs of lengths with their numbers of rows: those of train, and those that only extrapolate has."""
    size = int(max(max(pair) for pair in extrapolate))
    left, top = 84.0, 48.0
    parts = []
    for (one, two), count in {**extrapolate, **train}.items():
        x, y = left + SIDE * (two - 1), top + SIDE * (size - one)
        kind, share = ("heat", 0.35) if (one, two) in train else ("other", 0.35)
        parts += [
            cell(x + 1, y + 1, SIDE - 2, SIDE - 2, kind, share),
            text(x + SIDE / 2, y + SIDE / 2 + 4, f"{count:,}", "tiny middle"),
        ]
    bottom = top + SIDE * size
    for k in range(1, size + 1):
        parts += [
            text(left - 7, top + SIDE * (size - k + 0.5) + 4, k, "small note end"),
            text(left + SIDE * (k - 0.5), bottom + 14, k, "small note middle"),
        ]
    parts += [
        text(left + SIDE * size / 2, bottom + 30, "digits of the shorter number", "note middle"),
        f'<g transform="translate(64 {top + SIDE * size / 2}) rotate(-90)">',
        text(0, 0, "digits of the longer number", "note middle"),
        "</g>",
        cell(246, top + 186, 12, 12, "heat", 0.35),
        text(264, top + 196, "train", "small"),
        cell(246, top + 206, 12, 12, "other", 0.35),
        text(264, top + 216, "extrapolate only", "small"),
    ]
    return page(title, note, bottom + 40, parts)


def states(title: str, note: str, kept: Mapping[str, Any]) -> str:
    """Hidden states as dots coloured by residue, with the number of each residue in the middle of its dots.

    Args:
        title, note: what is shown.
        kept: `places`, two components of each state, and `residues`, one digit for each.
    """
    left, top, size = 8.0, 46.0, WIDTH - 16
    groups: dict[str, list[Point]] = {}
    for residue, (x, y) in zip(kept["residues"], fitted(kept["places"], size - 24), strict=True):
        groups.setdefault(residue, []).append((left + 12 + x, top + 12 + y))
    parts = [f'<rect class="frame" x="{left}" y="{top}" width="{size}" height="{size}"/>']
    parts += [dots(residue, places) for residue, places in sorted(groups.items())]
    for i, (residue, places) in enumerate(sorted(groups.items())):
        x, y = (median(axis) for axis in zip(*places, strict=True))
        beside = left + 60 + 34 * i
        parts += [text(x, y + 4, residue, "number"), dots(residue, [(beside, top + size + 14)])]
        parts.append(text(beside + 8, top + size + 18, residue, "small"))
    return page(title, note, top + size + 28, [*parts, text(left, top + size + 18, "residue", "small note")])


def fitted(places: Sequence[Point], size: float) -> list[Point]:
    """Points in the middle of a square of a size, with the second axis upwards and both in one scale."""
    ends = [(min(axis), max(axis)) for axis in zip(*places, strict=True)]
    scale = size / max(high - low for low, high in ends)
    x0, y0 = ((low + high) / 2 for low, high in ends)
    return [(size / 2 + scale * (x - x0), size / 2 - scale * (y - y0)) for x, y in places]


def dots(residue: str, places: Sequence[Point]) -> str:
    """Dots in the colour of a residue."""
    look = f'stroke="{COLOURS[int(residue)]}" stroke-width="5" stroke-linecap="round" opacity="0.85"'
    return f'<path {look} d="' + "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places) + '"/>'
