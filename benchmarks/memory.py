"""Peak memory and speed of `mathbench generate` at 1, 10 and 100 million rows, with one and with two processes.

    python benchmarks/memory.py [--rows N ...] [--workers N ...] [--json FILE]

How to read the table. `rows/s` is rows per second of wall time of the whole command, start-up included; `times` is
that beside the first number of workers. `command` and `worker` are the peak resident memory, in MB, of the command's
own process and of the largest of its workers. Datasets go to the folder for temporary files (TMPDIR) and are removed;
100 million rows of six-digit sums take 2 GB. Linux only: the figures come from /proc.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
TASK = (
    "--task",
    "addition",
    "--digits",
    "6",
    "--validation",
    "0",
    "--interpolate",
    "0",
    "--extrapolate",
    "0",
)
COLUMNS = ("rows", "workers", "seconds", "rows/s", "times", "command", "worker")
PAUSE = 0.02  # seconds between looks


def main() -> None:
    """Measure and print the table."""
    options = parsed()
    figures: list[dict[str, Any]] = []
    for rows in options.rows:
        runs = [measured(rows, workers) for workers in options.workers]
        figures += [{**run, "times": run["rows/s"] / runs[0]["rows/s"]} for run in runs]
    Console().print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10**6, 10**7, 10**8], help="rows of train")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of processes")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


def measured(rows: int, workers: int) -> dict[str, Any]:
    """Run the command once and watch its processes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mathbench", "generate", *TASK, "--train", str(rows)]
        command += ["--workers", str(workers), "--out", f"{folder}/sums"]
        begin = time.perf_counter()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
            peaks = watched(run)
            said = run.stderr.read().decode() if run.stderr else ""
        seconds = time.perf_counter() - begin
    if run.returncode:
        raise SystemExit(said)
    own = peaks.pop(run.pid)
    return {
        "rows": rows,
        "workers": workers,
        "seconds": seconds,
        "rows/s": rows / seconds,
        "command": own,
        "worker": max(peaks.values(), default=None),
    }


def watched(run: subprocess.Popen[bytes]) -> dict[int, float]:
    """Peak resident memory, in MB, of a process and of every process that it starts."""
    peaks: dict[int, float] = {}
    while run.poll() is None:
        for pid in (run.pid, *children(run.pid)):
            peaks[pid] = max(peaks.get(pid, 0.0), peak(pid))
        time.sleep(PAUSE)
    return peaks


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, file.read_text().split())
        except OSError:  # the thread has ended
            continue
    return found


def peak(pid: int) -> float:
    """The peak resident memory of a process, in MB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM:")), 0.0)


def table(figures: list[dict[str, Any]]) -> Table:
    """The figures as a table."""
    shown = Table(title="mathbench generate, six-digit sums: speed, and peak memory in MB")
    for column in COLUMNS:
        shown.add_column(column, justify="right")
    for figure in figures:
        shown.add_row(*(as_text(figure[column]) for column in COLUMNS))
    return shown


def as_text(value: object) -> str:
    """A figure with as many digits as it deserves."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else "-"


if __name__ == "__main__":
    main()
