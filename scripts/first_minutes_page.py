"""Fill the table of docs/five-minutes.md from the measurement of benchmarks/first_minutes.py."""

import json

from generated import ROOT, table, with_table, write_or_check

PAGE = "docs/five-minutes.md"
RESULTS = "benchmarks/results/first-minutes.json"
HEAD = "| step | seconds | CPU seconds | MB downloaded | MB of the environment |"


def made() -> str:
    """The table, and what it was measured on."""
    found = json.loads((ROOT / RESULTS).read_text())
    columns = ("seconds", "cpu_seconds", "downloaded_mb", "environment_mb")
    rows = [[step["name"], *(f"{step[column]:,.0f}" for column in columns)] for step in found["steps"]]
    where = f"{found['machine']['processor']}, two cores; Python {found['machine']['python']}"
    return f"{table(HEAD, rows)}\n{where}, pip {found['pip']}, commit `{found['commit'][:10]}`.\n"


if __name__ == "__main__":
    write_or_check({PAGE: with_table((ROOT / PAGE).read_text(), RESULTS, made())})
