"""Draw docs/automata-found.svg: automata of trained networks, from their certificates, beside the smallest ones."""

import math
from cmath import rect
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from drawing import svg, text
from generated import ROOT, write_or_check

from mathbench.certificates import document
from mathbench.certificates.automaton import Automaton, difference, residues
from mathbench.certificates.column_linear import ColumnLinearCertificate

FILE = "docs/automata-found.svg"
FOLDER = ROOT / "leaderboard" / "proofs"
SEEDS = range(3)
PANELS = {
    "divisible-2-base3": "even numbers, base 3",
    "divisible-3": "multiples of 3",
    "sums-base10": "sums: the carry, by the sum of a column",
    "divisible-7": "multiples of 7",
    "divisible-9": "multiples of 9",
    "residue-29": "residues modulo 29",
}
COLUMNS = 3
GRAPH, TOP, BELOW = 196, 52, 40  # width of a graph; heights above and below it
WIDTH, HEIGHT = 2 * GRAPH + 16, TOP + GRAPH + BELOW
RINGS, BENDS = {2: 38.0, 3: 58.0}, {2: 0.4, 3: 0.14}  # by the number of states
RING, BEND = 70.0, 0.12
LABELLED = 3  # states, up to which arrows have labels
STYLE = """
  .state { fill: #f6f8fa; stroke: #59636e; }
  .inner { fill: none; stroke: #59636e; }
  .small { font-size: 6.5px; }
  .label { font-size: 9px; }
  .arrow { fill: none; }
  .few { stroke-width: 1.3; }
  .many { stroke-width: 0.8; opacity: 0.75; }
  .most { stroke-width: 0.4; opacity: 0.75; }
"""
DARK = """    .state { fill: #21262d; stroke: #9198a1; }
    .inner { stroke: #9198a1; }
"""
PLAIN = "#818b98"
Point = complex  # x, and y times i


@dataclass(frozen=True)
class Found:
    """The automaton of a network, and the smallest one with the true answers.

    Attributes:
        network: the automaton of the boxes of a certificate.
        truth: the smallest automaton.
        names: of the states of the smallest one.
        shown: the number by which each symbol is drawn.
    """

    network: Automaton
    truth: Automaton
    names: tuple[str, ...]
    shown: tuple[int, ...]

    @property
    def partner(self) -> dict[int, int]:
        """The true state of each box that words lead to.

        Raises:
            ValueError: if the automata do not give the same answers.
        """
        if difference(self.network, self.truth) is not None:
            raise ValueError("the automaton of the boxes is not the true one.")
        partner = dict(zip(self.network.first, self.truth.first, strict=True))
        waiting = list(partner)
        for box in waiting:
            for after, state in zip(self.network.table[box], self.truth.table[partner[box]], strict=True):
                if after not in partner:
                    partner[after] = state
                    waiting.append(after)
        return partner

    @property
    def isomorphic(self) -> bool:
        """Whether each state of the smallest automaton is one box."""
        return len(self.partner) == len(self.truth.table)


def of_residues(certificate: object) -> Found:
    """The automaton of a second-order network."""
    claim, classes = certificate.claim, certificate.classes
    answers = tuple(classes[output] for output in certificate.outputs)
    network = Automaton(tuple(certificate.first), tuple(map(tuple, certificate.table)), answers)
    whole = residues(claim.k, claim.base, claim.answers)
    truth = whole.minimal()
    # all residues are different here, so that the states are named after them
    names = Found(whole, truth, (), ()).partner
    residue = {state: str(name) for name, state in names.items()}
    digits = tuple(range(claim.base))
    return Found(network, truth, tuple(residue[state] for state in range(len(truth.table))), digits)


def of_sums(certificate: ColumnLinearCertificate) -> Found:
    """The automaton of the carries: its symbols are the columns, of which the sums of the digits are drawn."""
    base, table = certificate.claim.base, tuple(map(tuple, certificate.table))
    sums = tuple(sum(divmod(column, base)) for column in range(base**2))
    rows = tuple(tuple((total + carry) // base for total in sums) for carry in (0, 1))
    # before the first column, a network is in the first box
    network = Automaton(table[0], table, tuple(map(str, certificate.carries)))
    return Found(network, Automaton(rows[0], rows, ("0", "1")), ("0", "1"), sums)


def found(name: str, seed: int) -> Found:
    """What a certificate holds."""
    certificate = document.read(FOLDER / f"{name}-seed{seed}.safetensors")
    return of_sums(certificate) if name.startswith("sums") else of_residues(certificate)


def panel(name: str, title: str) -> list[str]:
    """Both automata, and what is equal."""
    all_seeds = [found(name, seed) for seed in SEEDS]
    first, states = all_seeds[0], len(all_seeds[0].truth.table)
    boxes = ", ".join(str(len(one.partner)) for one in all_seeds)
    same = sum(one.isomorphic for one in all_seeds)
    # a box stands where the state does whose numbers lead to it
    ordered = sorted(range(states), key=lambda state: int(first.names[state]))
    ordered_boxes = sorted(first.partner, key=lambda box: ordered.index(first.partner[box]))
    boxes_named, right = tuple(map(str, range(len(first.network.table)))), 16 + 1.5 * GRAPH
    notes = (
        f"boxes of the networks: {boxes}; smallest automaton: {states}",
        f"isomorphic: {same} of {len(all_seeds)} (left: the network of seed 0)",
    )
    return [
        text(8, 18, title, "title"),
        text(GRAPH / 2, 34, "network", "note middle"),
        text(right, 34, "smallest automaton", "note middle"),
        *graph(first.network, ordered_boxes, boxes_named, first.shown, GRAPH / 2),
        *graph(first.truth, ordered, first.names, first.shown, right),
        *(text(8, TOP + GRAPH + 14 + 15 * i, note, "note") for i, note in enumerate(notes)),
    ]


def graph(
    automaton: Automaton, order: list[int], names: tuple[str, ...], shown: tuple[int, ...], x: float
) -> list[str]:
    """The states on a circle around a point, and all arrows."""
    radius = 13.0 if len(order) < 10 else 6.0
    # two states stand side by side
    first = math.pi if len(order) == 2 else -math.pi / 2
    angle = {state: first + 2 * math.pi * i / len(order) for i, state in enumerate(order)}
    ring = RINGS.get(len(order), RING)
    place = {state: complex(x, TOP + GRAPH / 2) + rect(ring, angle[state]) for state in order}
    parts = []
    for (source, target), symbols in arrows(automaton, order, shown).items():
        parts += arrow(place, (source, target), sorted(symbols), (radius, angle[source]))
    for state in order:
        parts += node(place[state], radius, names[state], automaton.answers[state] == "true")
    return parts


def arrows(
    automaton: Automaton, states: list[int], shown: tuple[int, ...]
) -> dict[tuple[int, int], set[int]]:
    """What is shown of the symbols between each two states."""
    between = defaultdict(set)
    for state in states:
        for symbol, target in enumerate(automaton.table[state]):
            between[state, target].add(shown[symbol])
    return between


def arrow(
    place: dict[int, Point], ends: tuple[int, int], symbols: list[int], source: tuple[float, float]
) -> list[str]:
    """An arrow in the colour of its first symbol, or where states are few with all of them in words."""
    few = len(place) <= LABELLED
    path, label = loop(place[ends[0]], *source) if ends[0] == ends[1] else bent(place, ends, source[0])
    width = "few" if few else "many" if len(place) < 10 else "most"
    head, colour = ("plain", PLAIN) if few else (str(symbols[0]), hue(symbols[0]))
    parts = [f'<path class="arrow {width}" stroke="{colour}" marker-end="url(#h{head})" d="{path}"/>']
    if few:
        parts.append(text(label.real, label.imag + 3, short(symbols), "label middle"))
    return parts


def bent(place: dict[int, Point], ends: tuple[int, int], radius: float) -> tuple[str, Point]:
    """An arrow that is bent to its left, and the place of its label."""
    tail, tip = (place[end] for end in ends)
    bend, side = BENDS.get(len(place), BEND) * abs(tip - tail), -1j * (tip - tail) / abs(tip - tail)
    control = (tail + tip) / 2 + bend * side
    start, end = toward(tail, control, radius), toward(tip, control, radius + 1)
    # nearer to the source, so that labels do not meet in the middle
    label = 0.56 * tail + 0.44 * tip + (bend / 2 + 10) * side
    return f"M{point(start)}Q{point(control)} {point(end)}", label


def loop(at: Point, radius: float, out: float) -> tuple[str, Point]:
    """An arrow from a state to itself, on the outside."""
    far = radius + (18 if radius > 10 else 10)
    start, end = at + rect(radius, out - 0.5), at + rect(radius + 1, out + 0.5)
    one, two = at + rect(far, out - 0.7), at + rect(far, out + 0.7)
    return f"M{point(start)}C{point(one)} {point(two)} {point(end)}", at + rect(far + 7, out)


def node(at: Point, radius: float, name: str, accepting: bool) -> list[str]:
    """A state with its name; two circles if it accepts."""
    place = f'cx="{at.real:.1f}" cy="{at.imag:.1f}"'
    circles = [f'<circle class="state" {place} r="{radius:g}"/>']
    if accepting:
        circles.append(f'<circle class="inner" {place} r="{radius - 3:g}"/>')
    small = radius < 10
    return [
        *circles,
        text(at.real, at.imag + (2.4 if small else 4), name, "middle small" if small else "middle"),
    ]


def short(symbols: list[int]) -> str:
    """Symbols as a list, with consecutive ones as a range."""
    if len(symbols) > 2 and all(b - a == 1 for a, b in pairwise(symbols)):
        return f"{symbols[0]}\N{EN DASH}{symbols[-1]}"
    return ",".join(map(str, symbols))


def hue(symbol: int) -> str:
    """The colour of a digit, which can be seen on white and on black."""
    return f"hsl({36 * symbol},65%,50%)"


def toward(start: Point, end: Point, distance: float) -> Point:
    """A point in a distance, in the direction of another one."""
    return start + distance * (end - start) / abs(end - start)


def point(at: Point) -> str:
    """Coordinates of a path."""
    return f"{at.real:.1f} {at.imag:.1f}"


def legend(y: float) -> list[str]:
    """The colours of the digits."""
    digits = [text(150 + 24 * d, y, d) for d in range(10)]
    marks = [
        f'<rect x="{137 + 24 * d}" y="{y - 9}" width="9" height="9" fill="{hue(d)}"/>' for d in range(10)
    ]
    return [text(8, y, "arrows by first digit:", "note"), *marks, *digits]


def heads() -> str:
    """The heads of arrows."""
    colours = {"plain": PLAIN, **{str(digit): hue(digit) for digit in range(10)}}
    size = (
        'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="5" markerHeight="5" markerUnits="userSpaceOnUse"'
    )
    marks = (
        f'<marker id="h{name}" {size} orient="auto"><path d="M0 1L10 5L0 9z" fill="{colour}"/></marker>'
        for name, colour in colours.items()
    )
    return f"<defs>{''.join(marks)}</defs>"


def picture(names: Iterable[str] = PANELS, columns: int = COLUMNS) -> str:
    """A figure of some panels, side by side in columns."""
    panels = {name: PANELS[name] for name in names}
    parts = [heads()]
    for i, (name, title) in enumerate(panels.items()):
        x, y = i % columns * (WIDTH + 12), i // columns * HEIGHT
        parts += [f'<g transform="translate({x} {y})">', *panel(name, title), "</g>"]
    height = -(-len(panels) // columns) * HEIGHT
    parts += legend(height + 16)
    return svg(columns * (WIDTH + 12), height + 28, parts, STYLE, DARK)


if __name__ == "__main__":
    write_or_check({FILE: picture()})
