"""Graphs of automata: states on a circle, transitions between two states merged into one arrow, as SVG.

With few arrows, labels stand in their middle. With many, an arrow starts at a port of its own with its label, on both
sides of the line to the centre of the circle, and ends near that line, so that 290 labels do not meet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from xml.sax.saxutils import escape, quoteattr

from mathbench.certificates.automaton import Automaton

Point = tuple[float, float]

FEW_ARROWS = 14  # arrows between different states whose labels stand in their middle
RADIUS = 20.0  # of a state
PORT = 17.0  # from the edge of a state to the label of an arrow
NEAREST_PORT, FARTHEST_PORT = 0.34, 1.5  # radians between the ports of a side and the line to the centre
PORT_STEP = 0.4  # radians between ports that are few
FEW_PORTS = 4  # so many arrows may leave on one side though none leaves on the other
STAGGER = 15.0
LOOP = 34.0  # from the edge of a state to the label of a loop
SPACING = 116.0  # between states
MARGIN = 84.0  # around the circle
LETTER, LETTER_OF_TITLE = 7.2, 9.6  # width
HEAD = 60.0  # height of the title
STYLE = """
svg{background:#fff;font-family:Helvetica,Arial,sans-serif;font-size:13px}
.title{font-size:16px;font-weight:bold}
.note{fill:#444}
.arrow{fill:none;stroke-width:1.3}
.label{text-anchor:middle;dominant-baseline:central;font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:5px}
.state circle{fill:#f4f6fa;stroke:#222;stroke-width:1.4}
.state.start circle{fill:#fff3cd}
.state.wrong circle{stroke:#c00;stroke-width:2.4}
.name{text-anchor:middle;dominant-baseline:central;font-weight:bold}
.answer{font-size:9px;text-anchor:middle;fill:#444}
.wrong .arrow{stroke-width:2}
.arrows:hover .arrow{stroke-width:3;opacity:1}
"""
START = -1
WRONG = "#cc0000"
PLAIN = "#555555"
BLACK = "#222222"


@dataclass(frozen=True)
class Graph:
    """An automaton to draw.

    Args:
        automaton: the automaton.
        names: a name for each state.
        order: the states in their order on the circle.
        symbols: the text of each symbol.
        title: the first line.
        note: the second line.
        wrong: transitions to mark, as pairs of a state and a symbol.
        wrong_answers: states to mark.
    """

    automaton: Automaton
    names: tuple[str, ...]
    order: tuple[int, ...]
    symbols: str
    title: str
    note: str = ""
    wrong: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    wrong_answers: frozenset[int] = field(default_factory=frozenset)

    @cached_property
    def start(self) -> int | None:
        """The state that behaves as the one before the first symbol; None if there is none."""
        rows = [state for state in self.order if self.automaton.table[state] == self.automaton.first]
        return rows[0] if rows else None

    @cached_property
    def arrows(self) -> "dict[tuple[int, int], list[int]]":
        """The symbols of each pair of states; `START` is the one before the first symbol, where it is extra."""
        arrows: dict[tuple[int, int], list[int]] = {}
        sources = {state: self.automaton.table[state] for state in self.order}
        if self.start is None:
            sources[START] = self.automaton.first
        for state, row in sources.items():
            for symbol, target in enumerate(row):
                arrows.setdefault((state, target), []).append(symbol)
        return arrows


def write_svg(graph: Graph) -> str:
    """Return the text of an SVG file."""
    return _Drawing(graph).text


@dataclass(frozen=True)
class _Curve:
    """A cubic curve of an arrow, the place of its label, and which end of the label stands there."""

    points: tuple[Point, Point, Point, Point]
    label: Point
    anchor: str = "middle"


class _Drawing:
    """The layout of a graph."""

    def __init__(self, graph: Graph):
        self._graph = graph
        self._nodes = [*([START] if graph.start is None else []), *graph.order]
        between = [pair for pair in graph.arrows if pair[0] != pair[1]]
        self._few = len(between) <= FEW_ARROWS
        self._ring = max(130.0 if self._few else 190.0, SPACING * len(self._nodes) / (2 * math.pi))
        loops = [len(_label(self._texts(symbols))) for (s, t), symbols in graph.arrows.items() if s == t]
        titles = max(LETTER_OF_TITLE * len(graph.title), LETTER * len(graph.note)) + 36
        self._width = max(2 * (self._ring + MARGIN + LETTER * max(loops, default=0)), titles)
        self._centre = (self._width / 2, self._ring + MARGIN + HEAD)
        self._angle = {
            node: 2 * math.pi * i / len(self._nodes) - math.pi / 2 for i, node in enumerate(self._nodes)
        }

    @property
    def text(self) -> str:
        """The whole file."""
        graph, width, height = self._graph, self._width, 2 * (self._ring + MARGIN) + HEAD
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}">',
            f"<style>{STYLE}</style>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
            *self._markers(),
            f'<text class="title" x="18" y="28">{escape(graph.title)}</text>',
            f'<text class="note" x="18" y="50">{escape(graph.note)}</text>',
            *(self._arrows_from(node) for node in self._nodes),
            *(self._state(node) for node in self._nodes),
            *self._start_arrow(),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _place(self, node: int) -> Point:
        return _polar(self._centre, self._ring, self._angle[node])

    def _state(self, node: int) -> str:
        x, y = self._place(node)
        if node == START:
            return (
                f'<g class="state start"><circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS:.0f}" stroke-dasharray="4 3"/>'
                f'<text class="name" x="{x:.1f}" y="{y:.1f}" font-size="10">start</text></g>'
            )
        answer, name = self._graph.automaton.answers[node], self._graph.names[node]
        marks = ["state", *(["start"] if node == self._graph.start else [])]
        marks += ["wrong"] if node in self._graph.wrong_answers else []
        circles = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS:.0f}"/>'
        if answer == "true":
            circles += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS - 4:.0f}"/>'
        shown = answer not in ("true", "false", name)
        below = f'<text class="answer" x="{x:.1f}" y="{y + 13:.1f}">{escape(answer)}</text>' if shown else ""
        return (
            f'<g class="{" ".join(marks)}"><title>{escape(f"state {name}: {answer}")}</title>{circles}'
            f'<text class="name" x="{x:.1f}" y="{y - 3 * shown:.1f}">{escape(name)}</text>{below}</g>'
        )

    def _start_arrow(self) -> list[str]:
        """Return the arrow from outside to the first state."""
        node = self._graph.start if self._graph.start is not None else START
        # beside the loop, which is in the middle
        angle, (x, y) = self._angle[node] - 0.9, self._place(node)
        tail, tip = _polar((x, y), RADIUS + 34, angle), _polar((x, y), RADIUS + 2, angle)
        label = _polar((x, y), RADIUS + 46, angle)
        word = f'<text class="label" x="{label[0]:.1f}" y="{label[1]:.1f}">start</text>'
        line = f"M{tail[0]:.1f} {tail[1]:.1f}L{tip[0]:.1f} {tip[1]:.1f}"
        arrow = f'<path class="arrow" d="{line}" stroke="#222" marker-end="url(#head-{_marker(BLACK)})"/>'
        return [arrow] if node == START else [arrow, word]

    def _arrows_from(self, source: int) -> str:
        targets = [t for s, t in self._graph.arrows if s == source and t != source]
        curves = [self._bent(source, t) for t in targets] if self._few else self._from_ports(source, targets)
        parts = [self._arrow(source, t, curve) for t, curve in zip(targets, curves, strict=True)]
        if (source, source) in self._graph.arrows:
            parts.append(self._arrow(source, source, self._loop(source)))
        return f'<g class="arrows">{"".join(parts)}</g>'

    def _arrow(self, source: int, target: int, curve: _Curve) -> str:
        symbols = self._graph.arrows[source, target]
        wrong = [(source, symbol) in self._graph.wrong for symbol in symbols]
        colour = WRONG if any(wrong) else self._colour(symbols)
        a, b, c, d = curve.points
        path = f"M{_text(a)}C{_text(b)} {_text(c)} {_text(d)}"
        x, y = curve.label
        title = f"{self._name(source)} {_label(self._texts(symbols))} → {self._name(target)}"
        return (
            f'<g class="{"wrong" if any(wrong) else "right"}"><title>{escape(title)}</title>'
            f'<path class="arrow" d="{path}" stroke="{colour}" opacity="{1 if any(wrong) or self._few else 0.55}" '
            f'marker-end="url(#head-{_marker(colour)})"/>'
            f'<text class="label" x="{x:.1f}" y="{y:.1f}" fill="{colour}" style="text-anchor:{curve.anchor}">'
            f"{self._marked(symbols, wrong)}</text></g>"
        )

    def _texts(self, symbols: Sequence[int]) -> list[str]:
        return [self._graph.symbols[symbol] for symbol in symbols]

    def _marked(self, symbols: Sequence[int], wrong: Sequence[bool]) -> str:
        """Return the label of an arrow, in which right symbols are grey where others are wrong."""
        texts = self._texts(symbols)
        if all(wrong) or not any(wrong):
            return _label(texts)
        return ",".join(
            text if bad else f'<tspan fill="{PLAIN}">{text}</tspan>'
            for text, bad in zip(texts, wrong, strict=True)
        )

    def _name(self, node: int) -> str:
        return "start" if node == START else self._graph.names[node]

    def _colour(self, symbols: Sequence[int]) -> str:
        """Return the colour of the first symbol of an arrow; grey where there are few."""
        return PLAIN if self._few else _hue(symbols[0], len(self._graph.symbols))

    def _markers(self) -> list[str]:
        used = {WRONG, PLAIN, BLACK, *(self._colour(symbols) for symbols in self._graph.arrows.values())}
        return [
            f'<marker id="head-{_marker(colour)}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
            f'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1L10 5L0 9z" '
            f"fill={quoteattr(colour)}/></marker>"
            for colour in sorted(used)
        ]

    def _bent(self, source: int, target: int) -> _Curve:
        """Return an arrow that is bent to its left, with its label near the middle."""
        (x, y), (u, v) = self._place(source), self._place(target)
        distance = math.hypot(u - x, v - y)
        side = ((v - y) / distance, (x - u) / distance)
        bend = 0.17 * distance if len(self._nodes) > 2 else 0.3 * distance
        middle = ((x + u) / 2 + side[0] * bend, (y + v) / 2 + side[1] * bend)
        start, end = _toward((x, y), middle, RADIUS), _toward((u, v), middle, RADIUS + 2)
        one, two = ((p[0] / 3 + 2 * middle[0] / 3, p[1] / 3 + 2 * middle[1] / 3) for p in (start, end))
        points = (start, one, two, end)
        return _Curve(points, _at(points, 0.42))

    def _from_ports(self, source: int, targets: Sequence[int]) -> list[_Curve]:
        """Return arrows from ports of their own, which lie on both sides of the line to the centre."""
        toward = {target: self._direction(source, target) for target in targets}
        ordered, most = sorted(targets, key=toward.__getitem__), max((len(targets) + 1) // 2, FEW_PORTS)
        left = sum(angle < 0 for angle in toward.values())
        left = min(max(left, len(targets) - most), most)
        nearest = max(NEAREST_PORT, FARTHEST_PORT - PORT_STEP * (max(left, len(targets) - left) - 1))
        turns = [-turn for turn in reversed(_spread(left, nearest))] + _spread(len(targets) - left, nearest)
        ports = dict(zip(ordered, turns, strict=True))
        # of wide labels every other one stands farther out
        wide = {t: len(self._graph.arrows[source, t]) > 1 and i % 2 == 1 for i, t in enumerate(ordered)}
        return [self._from_port(source, t, ports[t], nearest, PORT + STAGGER * wide[t]) for t in targets]

    def _direction(self, node: int, other: int) -> float:
        """Return the angle between the lines from a state to another one and to the centre."""
        (x, y), (u, v) = self._place(node), self._place(other)
        return _turn(math.atan2(v - y, u - x) - self._angle[node] - math.pi)

    def _from_port(self, source: int, target: int, turn: float, nearest: float, label: float) -> _Curve:
        """Return an arrow from a port to a place between the ports of both sides of the target."""
        leave = self._angle[source] + math.pi + turn
        arrive = self._angle[target] + math.pi
        arrive += _clip(0.75 * self._direction(target, source), 0.65 * nearest)
        at, to = self._place(source), self._place(target)
        distance = math.hypot(to[0] - at[0], to[1] - at[1])
        control = _polar(at, max(0.4 * distance, 55.0), leave), _polar(to, max(0.33 * distance, 45.0), arrive)
        points = _polar(at, RADIUS, leave), *control, _polar(to, RADIUS + 2, arrive)
        return _Curve(points, _polar(at, RADIUS + label, leave))

    def _loop(self, node: int) -> _Curve:
        """Return an arrow from a state to itself, on the outside."""
        at, out = self._place(node), self._angle[node]
        points = (
            _polar(at, RADIUS, out - 0.45),
            _polar(at, RADIUS + LOOP, out - 0.6),
            _polar(at, RADIUS + LOOP, out + 0.6),
            _polar(at, RADIUS + 2, out + 0.45),
        )
        side = math.cos(out)
        anchor = "middle" if abs(side) < 0.3 else "start" if side > 0 else "end"
        return _Curve(points, _polar(at, RADIUS + LOOP, out), anchor)


def _label(symbols: Sequence[str]) -> str:
    """Return symbols as a list, with ranges of four or more shortened.

    >>> _label(["0", "3", "7"]), _label(list("0123456")), _label(["a"])
    ('0,3,7', '0-6', 'a')
    """
    numbers = [int(symbol, 36) for symbol in symbols]
    if len(symbols) > 3 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"{symbols[0]}-{symbols[-1]}"
    return ",".join(symbols)


def _spread(count: int, nearest: float) -> list[float]:
    """Return angles of ports on one side of a line, from the nearest one on."""
    if count == 1:
        return [(nearest + FARTHEST_PORT) / 2]
    return [nearest + i * (FARTHEST_PORT - nearest) / (count - 1) for i in range(count)]


def _hue(symbol: int, symbols: int) -> str:
    """Return a colour for a symbol, dark enough for text on white."""
    hue = symbol / symbols
    red, green, blue = (_channel(hue, shift) for shift in (0.0, 1 / 3, 2 / 3))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _channel(hue: float, shift: float) -> int:
    return round(255 * (0.36 + 0.34 * math.cos(2 * math.pi * (hue - shift))))


def _marker(colour: str) -> str:
    return colour.lstrip("#")


def _polar(centre: Point, radius: float, angle: float) -> Point:
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)


def _toward(start: Point, end: Point, distance: float) -> Point:
    return _polar(start, distance, math.atan2(end[1] - start[1], end[0] - start[0]))


def _at(points: tuple[Point, Point, Point, Point], t: float) -> Point:
    """Return the point of a cubic curve at parameter t."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (sum(w * p[axis] for w, p in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _turn(angle: float) -> float:
    """Return an angle between -pi and pi."""
    return math.remainder(angle, 2 * math.pi)


def _clip(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def _text(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
