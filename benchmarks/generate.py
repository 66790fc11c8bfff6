"""Rows per CPU second, end to end to Parquet, for every task: beside the limit and beside reasoning-gym.

    python benchmarks/generate.py [--rows N] [--json FILE] [--peer] [--peer-python PATH]

How to read the table. `rows/s` is rows of train per CPU second of `mathbench.dataset.generate` with nothing
remembered: start-up, drawing, solving, text, digest, Parquet, manifest. `start` is the part of it, in CPU seconds,
that passes before the first row is there; it does not grow with the number of rows, so `steady` leaves it out.
`limit` is rows per CPU second for writing the same table, already built, through the same writer with the same
Parquet settings; `ratio` is how many times the limit's CPU time the generation costs (1 would be perfect). `MB/s`
counts the text of questions and answers. `peer` is the nearest generator of reasoning-gym, iterated; there is none
for some tasks. The median of several runs, generation and limit in turn.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from mathbench import dataset, rows, shard
from mathbench.generators import TASKS
from mathbench.generators import task as make_task
from mathbench.manifest import Config
from mathbench.task import Task

RUNS = 3
PEER_ROWS = 5000
COLUMNS = ("rows", "start", "rows/s", "steady", "limit", "ratio", "MB/s", "peer", "peer rows/s", "times")

# The nearest generator of reasoning-gym and its settings; none checks a statement or a multiple of k.
PEERS: dict[str, tuple[str, dict[str, Any]]] = {
    "addition": ("chain_sum", {"min_terms": 2, "max_terms": 2, "max_digits": 3}),
    "addition-digits6": ("chain_sum", {"min_terms": 2, "max_terms": 2, "max_digits": 6}),
    "subtraction": ("chain_sum", {"min_terms": 2, "max_terms": 2, "max_digits": 3}),
    "multiplication": ("products", {"min_terms": 2, "max_terms": 2, "max_digits": 3}),
    "division": (
        "basic_arithmetic",
        {"min_terms": 2, "max_terms": 2, "operators": ["/"], "allow_parentheses": False},
    ),
    "prime": ("prime_factorization", {"min_value": 10, "max_value": 999_999}),
    "modular": ("basic_arithmetic", {"min_terms": 2, "max_terms": 2, "operators": ["+"], "max_digits": 2}),
    "gcd": ("gcd", {"min_value": 1, "max_value": 9999}),
}
PEER_PROGRAM = """
import json, sys, time
import reasoning_gym
for name, settings in json.loads(sys.argv[1]):
    data = reasoning_gym.create_dataset(name, size=int(sys.argv[2]), seed=0, **settings)
    start = time.process_time()
    rows = sum(1 for item in data if item["question"] and item["answer"])
    print(rows / (time.process_time() - start))
"""


def main() -> None:
    """Measure every task and print the table."""
    options = parsed()
    peers = peer_speeds(options.peer_python) if options.peer else {}
    figures = {name: measured(task, most) for name, (task, most) in cases(options.rows).items()}
    for name, figure in figures.items():
        if name in peers:
            figure |= {"peer": PEERS[name][0], "peer rows/s": peers[name]}
            figure["times"] = figure["rows/s"] / peers[name]
    Console(width=140).print(table(figures))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows per task, at most what train holds")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--peer", action="store_true", help="measure reasoning-gym too")
    parser.add_argument(
        "--peer-python", default=sys.executable, help="a Python that has reasoning-gym (extra: bench)"
    )
    return parser.parse_args()


def cases(most: int) -> dict[str, tuple[Task, int]]:
    """The tasks by name and how many rows to ask of each: fewer of the slow one."""
    defaults = {name: (make_task(name), most) for name in TASKS}
    return {
        **defaults,
        "addition-digits6": (make_task("addition", digits=6), most),
        "prime-digits18": (make_task("prime", digits=18, longer=1), -(-most // 10)),
    }


def measured(task: Task, most: int) -> dict[str, Any]:
    """All figures of one task but the peer's."""
    starts = [started(task) for _ in range(RUNS)]
    source = rows.Rows(task, "train", 0)
    many = min(most, len(source))
    tables = list(shard.batches(source, 0, many))
    pairs = [(generated(task, many), written(task, tables)) for _ in range(RUNS)]
    start, whole, limit = (statistics.median(times) for times in (starts, *zip(*pairs, strict=True)))
    return {
        "rows": many,
        "start": start,
        "rows/s": many / whole,
        "steady": many / max(whole - start, 1e-9),
        "limit": many / limit,
        "ratio": whole / limit,
        "MB/s": sum(map(text_bytes, tables)) / whole / 1e6,
    }


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    start = process_time()
    work()
    return process_time() - start


def forget() -> None:
    """Forget everything that an earlier run has left in memory."""
    rows.open_rows.cache_clear()
    rows._domain.cache_clear()


def started(task: Task) -> float:
    """CPU seconds until the first row."""
    forget()
    return timed(lambda: rows.Rows(task, "train", 0).batch(range(1)))


def generated(task: Task, many: int) -> float:
    """CPU seconds of a whole generation."""
    forget()
    with tempfile.TemporaryDirectory() as folder:
        config = Config(task.name, task, 0, {"train": many})
        return timed(lambda: dataset.generate([config], folder))


def written(task: Task, tables: list[pa.Table]) -> float:
    """CPU seconds for writing tables that are there already: the limit."""
    with tempfile.TemporaryDirectory() as folder:
        return timed(lambda: write(Path(folder) / "limit.parquet", task, tables))


def write(path: Path, task: Task, tables: list[pa.Table]) -> None:
    """Write tables as shards are written."""
    with shard.created(path, task) as file:
        for part in tables:
            file.write(part)


def text_bytes(part: pa.Table) -> int:
    """Bytes of the questions and answers."""
    return sum(int(pc.sum(pc.binary_length(part[name])).as_py() or 0) for name in ("question", "answer"))


def peer_speeds(python: str) -> dict[str, float]:
    """Rows per CPU second of the peer's generators, measured in a process of their own."""
    command = [python, "-c", PEER_PROGRAM, json.dumps(list(PEERS.values())), str(PEER_ROWS)]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"reasoning-gym does not run in {python}: {answer.stderr.strip().splitlines()[-1]}")
    return dict(zip(PEERS, map(float, answer.stdout.split()), strict=True))


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "processor": processor(),
        "python": platform.python_version(),
        "pyarrow": pa.__version__,
    }


def processor() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((line.partition(": ")[2] for line in lines if "model name" in line), platform.processor())


def table(figures: dict[str, dict[str, Any]]) -> Table:
    """The figures as a table."""
    shown = Table(title="Rows per CPU second, end to end to Parquet")
    for column in ("task", *COLUMNS):
        shown.add_column(column, justify="left" if column in ("task", "peer") else "right")
    for name, figure in figures.items():
        shown.add_row(name, *(as_text(figure.get(column)) for column in COLUMNS))
    return shown


def as_text(value: object) -> str:
    """A figure with as many digits as it deserves."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value or "-")


if __name__ == "__main__":
    main()
