"""A picture of boxes in rows with arrows downward, as SVG; equal input gives equal bytes."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import combinations, pairwise

WIDTH, MARGIN, GAP = 1160, 60, 18
BOX_WIDTHS = {1: 690, 2: 470, 3: 310, 4: 236}  # by the number of boxes in a row
TITLE, LINE, BELOW = 26, 16, 10  # heights inside a box: the name, each line of text, the rest
BETWEEN = 46  # between two rows
CHARACTER = 6.2  # the width of a character of the text
SWEEPS = 24
PASSING_WEIGHT = 4  # keeps long arrows straight
STYLE = """
  text { font-family: "DejaVu Sans", Verdana, Helvetica, Arial, sans-serif; fill: #1f2328; }
  .name { font-size: 14px; font-weight: bold; }
  .note { font-size: 11px; fill: #59636e; }
  .text { font-size: 11px; }
  .box { fill: #ffffff; stroke: #59636e; }
  .folder { fill: #ddf4ff; stroke: #0969da; }
  .arrow { fill: none; stroke: #59636e; stroke-width: 1.3; marker-end: url(#head); }
"""


@dataclass
class Box:
    """A box, or a point at which an arrow passes a row.

    Attributes:
        name: its title, and its name in arrows.
        text: what is written below the title.
        note: what is written beside the title.
        folder: whether it is drawn as a folder.
        passing: whether it is only a point on an arrow.
        width: its width.
        x: its centre.
        lines: the text in lines.
    """

    name: str
    text: str = ""
    note: str = ""
    folder: bool = False
    passing: bool = False
    width: float = 6
    x: float = 0
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A row of boxes with a label at its left."""

    label: str
    boxes: list[Box]


def picture(rows: Sequence[Row], arrows: Sequence[tuple[str, str]], caption: str) -> str:
    """Draw rows of boxes, the first at the top.

    Args:
        rows: the rows; no two boxes have the same name.
        arrows: names of boxes, from a row to one further down.
        caption: a line below the picture.
    """
    for row in rows:
        for box in row.boxes:
            box.width = BOX_WIDTHS[len(row.boxes)]
            box.lines = textwrap.wrap(box.text, int((box.width - 20) / CHARACTER))
    layers = [list(row.boxes) for row in rows]
    links = _with_passing_points(layers, arrows)
    layers = _ordered(layers, links)
    _place(layers, links)
    tops, heights = _heights(layers)
    return _svg([row.label for row in rows], layers, links, tops, heights, caption)


Link = tuple[Box, Box]


def _with_passing_points(layers: list[list[Box]], arrows: Sequence[tuple[str, str]]) -> list[Link]:
    """Cut arrows into links between neighbouring rows, with a point in every row that an arrow passes."""
    row_of = {box.name: i for i, layer in enumerate(layers) for box in layer}
    boxes = {box.name: box for layer in layers for box in layer}
    links = []
    for start, end in sorted(arrows, key=lambda arrow: (row_of[arrow[0]], row_of[arrow[1]], arrow)):
        chain = [boxes[start]]
        for i in range(row_of[start] + 1, row_of[end]):
            chain.append(Box(f"{start} > {end}", passing=True))
            layers[i].append(chain[-1])
        links += pairwise([*chain, boxes[end]])
    return links


def _ordered(layers: list[list[Box]], links: list[Link]) -> list[list[Box]]:
    """Sort each row by the mean position of its neighbours above and below in turn; the fewest crossings count."""
    best, fewest = layers, _crossings(layers, links)
    for sweep in range(SWEEPS):
        layers = _swept(layers, links, downward=sweep % 2 == 0)
        if (found := _crossings(layers, links)) < fewest:
            best, fewest = layers, found
    return best


def _swept(layers: list[list[Box]], links: list[Link], downward: bool) -> list[list[Box]]:
    place = {id(box): (i + 0.5) / len(layer) for layer in layers for i, box in enumerate(layer)}
    done = []
    for layer in layers if downward else reversed(layers):
        means = {id(box): _mean(place, box, links, downward) for box in layer}
        sorted_layer = sorted(layer, key=lambda box: means[id(box)])
        place |= {id(box): (i + 0.5) / len(layer) for i, box in enumerate(sorted_layer)}
        done.append(sorted_layer)
    return done if downward else done[::-1]


def _mean(place: dict[int, float], box: Box, links: list[Link], downward: bool) -> float:
    """The mean place of the neighbours of a box in the row above, or below; its own where it has none."""
    near = [a for a, b in links if b is box] if downward else [b for a, b in links if a is box]
    return sum(place[id(other)] for other in near) / len(near) if near else place[id(box)]


def _crossings(layers: list[list[Box]], links: list[Link]) -> int:
    place = {id(box): (i, j) for i, layer in enumerate(layers) for j, box in enumerate(layer)}
    ends = [(place[id(a)], place[id(b)]) for a, b in links]
    return sum((a[1] - c[1]) * (b[1] - d[1]) < 0 for (a, b), (c, d) in combinations(ends, 2) if a[0] == c[0])


def _place(layers: list[list[Box]], links: list[Link]) -> None:
    """Move every box as near to the mean of its neighbours as the others in its row allow."""
    for layer in layers:
        _spread(layer, [WIDTH / 2] * len(layer))
    for _ in range(SWEEPS):
        for layer in layers:
            near = [[b if a is box else a for a, b in links if box in (a, b)] for box in layer]
            _spread(layer, [_pulled(box, boxes) for box, boxes in zip(layer, near, strict=True)])


def _pulled(box: Box, near: list[Box]) -> float:
    """Where a box is wanted: the middle of its neighbours, and of the picture unless an arrow passes there."""
    mean = sum(other.x for other in near) / len(near)
    return mean if box.passing else (2 * mean + WIDTH / 2) / 3


def _spread(layer: list[Box], wanted: list[float]) -> None:
    """Centres nearest to the wanted ones, by least squares, in order and without overlap: isotonic regression."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP)
    blocks: list[
        tuple[float, float, int]
    ] = []  # weighted sum, weight and number of the values that are pooled
    for box, value, offset in zip(layer, wanted, offsets, strict=True):
        weight = PASSING_WEIGHT if box.passing else 1
        blocks.append((weight * (value - offset), weight, 1))
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = tuple(map(sum, zip(blocks[-1], last, strict=True)))
    pooled = [total / weight for total, weight, count in blocks for _ in range(count)]
    low = MARGIN + layer[0].width / 2
    high = WIDTH - GAP - layer[-1].width / 2 - offsets[-1]
    for box, value, offset in zip(layer, pooled, offsets, strict=True):
        box.x = min(max(value, low), high) + offset


def _heights(layers: list[list[Box]]) -> tuple[list[int], list[int]]:
    """The top and the height of every row."""
    heights = [TITLE + LINE * max(len(box.lines) for box in layer) + BELOW for layer in layers]
    tops = [BETWEEN // 2]
    for height in heights:
        tops.append(tops[-1] + height + BETWEEN)
    return tops, heights


def _svg(
    labels: list[str],
    layers: list[list[Box]],
    links: list[Link],
    tops: list[int],
    heights: list[int],
    caption: str,
) -> str:
    total = tops[-1] + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" width="{WIDTH}" height="{total}">',
        f"<style>{STYLE}</style>",
        '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#59636e"/></marker>',
        f'<rect width="{WIDTH}" height="{total}" rx="8" fill="#ffffff"/>',
    ]
    for i, (label, top, height) in enumerate(zip(labels, tops, heights, strict=False)):
        shade = "#f6f8fa" if i % 2 else "#ffffff"
        parts.append(
            f'<rect x="0" y="{top - BETWEEN // 2}" width="{WIDTH}" height="{height + BETWEEN}" fill="{shade}"/>'
        )
        parts.append(f'<text class="note" x="14" y="{top + height // 2 + 4}">{escape(label)}</text>')
    row_of = {id(box): i for i, layer in enumerate(layers) for box in layer}
    parts += [_link(link, links, row_of, tops, heights) for link in links]
    for layer, top, height in zip(layers, tops, heights, strict=False):
        parts += [_passing(box, top, height) if box.passing else _box(box, top, height) for box in layer]
    parts.append(f'<text class="note" x="14" y="{total - 10}">{escape(caption)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _link(link: Link, links: list[Link], row_of: dict[int, int], tops: list[int], heights: list[int]) -> str:
    """An arrow from the bottom of a box to the top of one in the next row."""
    start, end = link
    row = row_of[id(start)]
    x1 = _port(start, link, sorted((o for o in links if o[0] is start), key=lambda o: o[1].x))
    x2 = _port(end, link, sorted((o for o in links if o[1] is end), key=lambda o: o[0].x))
    y1, y2 = tops[row] + heights[row], tops[row + 1]
    middle = (y1 + y2) // 2
    head = "" if not end.passing else ' style="marker-end: none"'
    return f'<path class="arrow"{head} d="M{x1},{y1} C{x1},{middle} {x2},{middle} {x2},{y2}"/>'


def _port(box: Box, link: Link, sides: list[Link]) -> int:
    """Where a link meets a box: the links of one side stand beside each other around the middle."""
    step = min(60, box.width / (len(sides) + 1))
    return round(box.x + step * (sides.index(link) - (len(sides) - 1) / 2))


def _passing(box: Box, top: int, height: int) -> str:
    x = round(box.x)
    return f'<path class="arrow" style="marker-end: none" d="M{x},{top} V{top + height}"/>'


def _box(box: Box, top: int, height: int) -> str:
    left, right = round(box.x - box.width / 2), round(box.x + box.width / 2)
    kind = "box folder" if box.folder else "box"
    parts = [
        f'<rect class="{kind}" x="{left}" y="{top}" width="{right - left}" height="{height}" rx="5"/>',
        f'<text class="name" x="{left + 10}" y="{top + 19}">{escape(box.name)}</text>',
        f'<text class="note" x="{right - 10}" y="{top + 19}" text-anchor="end">{escape(box.note)}</text>',
    ]
    for i, line in enumerate(box.lines):
        y = top + TITLE + LINE * i + 12
        parts.append(f'<text class="text" x="{left + 10}" y="{y}">{escape(line)}</text>')
    return "\n".join(parts)
