"""Write the table of docs/columns.md from leaderboard/columns/columns.json."""

import json
from itertools import groupby

from generated import ROOT, table, with_table, write_or_check

PAGE = "docs/columns.md"
SOURCE = "leaderboard/columns/columns.json"
HEAD = "| network | task | weights | training, CPU s | interpolate | extrapolate | longer |"


def span(values: list[float], form: str) -> str:
    """A value, or the smallest and the largest of several seeds."""
    low, high = (format(value, form) for value in (min(values), max(values)))
    return low if low == high else f"{low} - {high}"


def row(runs: list[dict]) -> list[str]:
    """One row: all seeds of one network on one task."""
    first = runs[0]
    scores = {part: span([run["scores"][part] for run in runs], ".2%") for part in first["scores"]}
    longer = [f"{int(part):,} digits: {score}" for part, score in scores.items() if part.isdigit()]
    seconds = span([run["fit_cpu_s"] for run in runs], ".1f")
    weights = f"{first['parameters']:,}"
    splits = [scores["interpolate"], scores["extrapolate"]]
    return [
        f"`{first['baseline']}`",
        f"`{first['task']['name']}`",
        weights,
        seconds,
        *splits,
        "; ".join(longer),
    ]


def main() -> None:
    """Write the page."""
    runs = json.loads((ROOT / SOURCE).read_text())
    rows = [row(list(group)) for _, group in groupby(runs, key=lambda run: run["name"])]
    write_or_check({PAGE: with_table((ROOT / PAGE).read_text(), SOURCE, table(HEAD, rows))})


if __name__ == "__main__":
    main()
