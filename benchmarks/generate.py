"""Rows per CPU second, end to end to Parquet, for every task: beside the limit and beside the peers.

    python benchmarks/generate.py [--rows N] [--only NAME] [--json FILE] [--gym PYTHON] [--deepmind PYTHON]

`scripts/bench` makes an environment for each peer and runs this in one go.

How to read the table. `rows/s` is rows of train per CPU second of `mathbench.dataset.write.generate` with nothing
remembered: start-up, drawing, solving, text, digest, Parquet, manifest. `start` is the part of it, in CPU seconds,
that passes before the first row is there; it does not grow with the number of rows, so `steady` leaves it out.
`limit` is rows per CPU second for writing the same table, already built, through the same writer with the same
Parquet settings; `ratio` is how many times the limit's CPU time the generation costs (1 would be perfect). `MB/s`
counts the text of questions and answers. The last columns are rows per CPU second of the peer's nearest generator and
how many times as fast mathbench is; some tasks have none. The median of several runs, generation and limit in turn.
"""

import argparse
import json
import platform
import statistics
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

from benchmarks.peers import MATHEMATICS_DATASET, REASONING_GYM
from mathbench import rows
from mathbench.dataset import shard
from mathbench.dataset import write as dataset
from mathbench.dataset.manifest import Config
from mathbench.families import task as make_task
from mathbench.families import tasks
from mathbench.generators import prime
from mathbench.sampling import enumerated
from mathbench.task import Task

RUNS = 3
COLUMNS = ("rows", "start", "rows/s", "steady", "limit", "ratio", "MB/s")


def main() -> None:
    """Measure every task and print the table."""
    options = parsed()
    pythons = [(REASONING_GYM, options.gym), (MATHEMATICS_DATASET, options.deepmind)]
    peers = {peer.name: peer.speeds(python) for peer, python in pythons if python}
    chosen = {name: case for name, case in cases(options.rows).items() if options.only in (None, name)}
    figures = {name: measured(task, most) for name, (task, most) in chosen.items()}
    for peer, speeds in peers.items():
        for name, speed in ((name, speeds[name]) for name in figures if name in speeds):
            figures[name] |= {peer: speed, f"times {peer}": figures[name]["rows/s"] / speed}
    columns = [*COLUMNS, *(column for peer in peers for column in (peer, f"times {peer}"))]
    Console(width=170).print(table(figures, columns))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows per task, at most what train holds")
    parser.add_argument("--only", metavar="NAME", help="one line of the table instead of all")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--gym", metavar="PYTHON", help="a Python that has reasoning-gym: measure it too")
    parser.add_argument("--deepmind", metavar="PYTHON", help="a Python that has mathematics-dataset")
    return parser.parse_args()


def cases(most: int) -> dict[str, tuple[Task, int]]:
    """The tasks by name and how many rows to ask of each: fewer of the slow one."""
    defaults = {name: (make_task(name), most) for name in tasks()}
    return {
        **defaults,
        "addition-digits6": (make_task("addition", digits=6), most),
        "addition-negative": (make_task("addition", smallest=-999, largest=999), most),
        "addition-places": (make_task("addition", places=2), most),
        "addition-carries": (make_task("addition", digits=8, carries="uniform"), most),
        "addition-prompt": (make_task("addition", digits=6, prompt="What is {numbers}?"), most),
        "addition-choices": (make_task("addition", digits=6, choices=4), most),
        "addition-shots": (make_task("addition", digits=6, shots=4), most),
        # with as many rows as the others; at their defaults these hold so few that fixed costs count
        "divisible-digits7": (make_task("divisible", digits=7), most),
        "prime-digits8": (make_task("prime", digits=8), most),
        "modular-2003": (make_task("modular", modulus=2003), most),
        "modular-2003-divide": (make_task("modular", modulus=2003, operation="divide"), most),
        "modular-2003-cubic": (make_task("modular", modulus=2003, operation="x^3+xy^2+y"), most),
        "permutation-size6": (make_task("permutation", size=6, operation="conjugate"), most),
        "expression-divide": (make_task("expression", operations="plus-minus-times-divide"), most),
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
    enumerated._domain.cache_clear()
    prime._inner_strata.cache_clear()


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
    with shard.create_shard(path, task) as file:
        for part in tables:
            file.write(part)


def text_bytes(part: pa.Table) -> int:
    """Bytes of the questions and answers."""
    return sum(int(pc.sum(pc.binary_length(part[name])).as_py() or 0) for name in ("question", "answer"))


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


def table(figures: dict[str, dict[str, Any]], columns: list[str]) -> Table:
    """The figures as a table."""
    shown = Table(title="Rows per CPU second, end to end to Parquet")
    for column in ("task", *columns):
        shown.add_column(column, justify="left" if column == "task" else "right")
    for name, figure in figures.items():
        shown.add_row(name, *(as_text(figure.get(column)) for column in columns))
    return shown


def as_text(value: object) -> str:
    """A figure with as many digits as it deserves."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value or "-")


if __name__ == "__main__":
    main()
