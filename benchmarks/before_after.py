"""School mathematics in small numbers and 18-digit primes, with this checkout and an older one in one run.

    python benchmarks/before_after.py OLDER_CHECKOUT [--runs N] [--json FILE]

Both checkouts are used in turn, so that they share the load of the machine. `suite deepmind` is the CPU time, of user
and system, of `mathbench generate --suite deepmind` with 300 rows of train and 20 of every other split, start of Python
included. `prime-digits18` is the line of that name of `generate.py`: the CPU time relative to writing the same table.
The figures are medians of several runs. Compile the bytecode and the loops of both first:

    python -m compileall -q mathbench; python -m mathbench.compiled.build
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.generate import machine

SIZES = ["--train", "300", "--validation", "20", "--interpolate", "20", "--extrapolate", "20"]
HERE = Path(__file__).parents[1]


def main() -> None:
    """Measure both checkouts in turn and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("older", type=Path, help="a checkout of an older commit")
    parser.add_argument("--runs", type=int, default=3, help="runs of each checkout")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    roots = {"before": options.older.resolve(), "after": HERE}
    figures = {
        name: figure(measure, roots, options.runs)
        for name, measure in (("suite deepmind, CPU s", suite), ("prime-digits18, times the limit", primes))
    }
    for name, values in figures.items():
        print(f"{name:32} before {values['before']:6.2f}   after {values['after']:6.2f}")
    if options.json:
        commits = {name: commit(root) for name, root in roots.items()}
        command = f"python benchmarks/before_after.py OLDER_CHECKOUT --runs {options.runs}"
        content = {"machine": machine(), "command": command, "commits": commits, "figures": figures}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


def figure(
    measure: Callable[[Path, Path], float], roots: dict[str, Path], runs: int
) -> dict[str, float | list[float]]:
    """The medians of both checkouts, and all runs."""
    values: dict[str, list[float]] = {name: [] for name in roots}
    for _ in range(runs):
        for name, root in roots.items():
            with tempfile.TemporaryDirectory() as folder:
                values[name].append(measure(root, Path(folder)))
    medians = {name: statistics.median(found) for name, found in values.items()}
    return {**medians, **{f"{name}, all runs": found for name, found in values.items()}}


def suite(root: Path, folder: Path) -> float:
    """CPU seconds of a command with all its processes."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    call(root, folder, "-m", "mathbench", "generate", "--suite", "deepmind", *SIZES, "--out", "data")
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


def primes(root: Path, folder: Path) -> float:
    """The ratio of `generate.py`."""
    script = str(root / "benchmarks" / "generate.py")
    call(root, folder, script, "--only", "prime-digits18", "--json", "figures.json")
    figures = json.loads((folder / "figures.json").read_text())["figures"]
    return float(figures["prime-digits18"]["ratio"])


def call(root: Path, folder: Path, *words: str) -> None:
    """Run Python with the package of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=True, capture_output=True)


def commit(root: Path) -> str:
    """The commit of a checkout."""
    done = subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
