"""Write the tables and the figure of the divisors up to 64 in docs/proofs.md from leaderboard/proofs/divisors.json."""

import json
from collections.abc import Sequence
from itertools import groupby

from drawing import svg, text
from generated import ROOT, table, with_table, write_or_check

from mathbench.certificates.automaton import residues

PAGE = "docs/proofs.md"
FIGURE = "docs/divisors.svg"
FILE = "leaderboard/proofs/divisors.json"
DIVISORS = range(2, 65)
LABELS = {
    "examples": "true or false after the last digit",
    "residue": "the residue after the last digit",
    "prefix": "the residue after every digit",
}
SUMMARY = (
    "| seed | "
    + " | ".join(f"proved from {label}" for label in LABELS.values())
    + " | not proved | not run |"
)
FAILED = (
    "| k | seed | labels | smallest automaton | units | interpolate, extrapolate | 20, 100, 1,000, 4,000 digits "
    "| reason |"
)
CELL, LEFT, TOP, BARS, SCALE = 15, 96, 46, 130, 2.0  # sizes in pixels; SCALE of a state
LEGEND = {**LABELS, "none": "not proved", "open": "not run, or not finished"}
LETTERS = {"examples": "e", "residue": "r", "prefix": "p", "none": "\N{MULTIPLICATION SIGN}", "open": ""}
STYLE = """
  .examples { fill: #2da44e; }
  .residue { fill: #54aeff; }
  .prefix { fill: #d4a72c; }
  .none { fill: #ff8182; }
  .open { fill: none; stroke: #818b98; }
  .letter { font-size: 9px; fill: #0d1117; }
  .tick { font-size: 8px; }
  .bar { fill: #818b98; }
"""
STATES = "bars: states of the smallest automaton that answers true or false"
Row = dict[str, object]


def outcome(rows: Sequence[Row], k: int, seed: int) -> str:
    """The labels with which a network was proved, or that none was, or that the search is open."""
    mine = [row for row in rows if row["k"] == k and row["seed"] == seed]
    proved = [str(row["step"]) for row in mine if row["proved"]]
    tried_all = any(row["step"] == "prefix" for row in mine)
    return proved[0] if proved else "none" if tried_all else "open"


def ranges(numbers: Sequence[int]) -> str:
    """Numbers as a list, with consecutive ones as a range: `2-5, 7`."""
    runs = [list(run) for _, run in groupby(numbers, lambda n: n - numbers.index(n))]
    parts = (str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return ", ".join(parts) or "none"


def summary(rows: Sequence[Row], seed: int) -> list[str]:
    """One seed: the divisors of each outcome."""
    found = {k: outcome(rows, k, seed) for k in DIVISORS}
    return [str(seed), *(ranges([k for k in DIVISORS if found[k] == kind]) for kind in LEGEND)]


def failed(row: Row) -> list[str]:
    """A network that is not proved."""
    scores = row["trained"]
    short = ", ".join(f"{scores[part]:.1%}" for part in ("interpolate", "extrapolate"))
    long = ", ".join(f"{scores[part]:.1%}" for part in ("20", "100", "1000", "4000"))
    numbers = [str(row[name]) for name in ("states", "units")]
    return [str(row["k"]), str(row["seed"]), LABELS[row["step"]], *numbers, short, long, row["reason"]]


def states(k: int) -> int:
    """The states of the smallest automaton that says whether a number is a multiple of k."""
    return len(residues(k, 10, [str(r == 0) for r in range(k)]).minimal().table)


def figure(rows: Sequence[Row]) -> str:
    """The states of the smallest automata as bars, and the outcome of each seed below."""
    seeds = sorted({int(row["seed"]) for row in rows})
    width, bottom = LEFT + len(DIVISORS) * CELL + 10, TOP + BARS + 14
    parts = [text(8, 18, "The least labels from which a network is proved, by divisor", "title")]
    parts.append(text(8, 34, STATES, "note"))
    parts += [text(LEFT - 8, TOP + BARS, "states", "note end")]
    for i, k in enumerate(DIVISORS):
        x = LEFT + i * CELL
        height = SCALE * states(k)
        bar = f'width="{CELL - 4}" height="{height:g}"'
        parts.append(f'<rect class="bar" x="{x + 2}" y="{TOP + BARS - height:g}" {bar}/>')
        parts.append(text(x + CELL / 2, TOP + BARS - height - 3, states(k), "tick note middle"))
        parts.append(text(x + CELL / 2, bottom, k, "tick middle"))
        for j, seed in enumerate(seeds):
            parts += cell(x, bottom + 6 + j * CELL, outcome(rows, k, seed))
    parts.append(text(LEFT - 8, bottom, "divisor", "note end"))
    below = bottom + 6 + len(seeds) * CELL
    parts += [
        text(LEFT - 8, bottom + 17 + j * CELL, f"seed {seed}", "note end") for j, seed in enumerate(seeds)
    ]
    return svg(width, below + 34, [*parts, *legend(below + 16)], STYLE)


def cell(x: float, y: float, kind: str) -> list[str]:
    """A square with the letter of an outcome."""
    box = f'<rect class="{kind}" x="{x + 1:g}" y="{y + 1:g}" width="{CELL - 2}" height="{CELL - 2}"/>'
    return [box, text(x + CELL / 2, y + 11, LETTERS[kind], "letter middle")] if LETTERS[kind] else [box]


def legend(y: float) -> list[str]:
    """What the squares mean."""
    parts, x = [], 8.0
    for kind, words in LEGEND.items():
        parts += [*cell(x, y - 8, kind), text(x + 20, y + 3, words)]
        x += 34 + 6.3 * len(words)
    return parts


def main() -> None:
    """Write page and figure."""
    rows = json.loads((ROOT / FILE).read_text())["rows"]
    page = (ROOT / PAGE).read_text()
    seeds = sorted({row["seed"] for row in rows})
    page = with_table(page, FILE, table(SUMMARY, [summary(rows, seed) for seed in seeds]))
    unproved = [failed(row) for row in rows if not row["proved"]]
    page = with_table(page, f"the networks without a proof in {FILE}", table(FAILED, unproved))
    write_or_check({PAGE: page, FIGURE: figure(rows)})


if __name__ == "__main__":
    main()
