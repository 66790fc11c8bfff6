"""How long a large board takes: `python benchmarks/board.py [--submissions N] [--tasks T] [--no-export] [--json FILE]`.

A board of N made-up submissions to a season of T tasks is written to an SQLite file. Printed are seconds of the start
of a server until it answers, of `leaderboard show` with filters and with `--macro`, and of the export of all pages.
Then milliseconds over loopback: of the first request, which makes the page, of the median and the slowest of 50 more,
of the median with a query that no one asked before, and right after a new submission.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any
from urllib.request import urlopen

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.generate import machine
from mathbench.families import task as make_task
from mathbench.leaderboard.seasons.files import parse_season
from mathbench.leaderboard.site import address
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.tables import AttemptRow, ScoreRow, SubmissionRow
from mathbench.scores.untrusted import compress_predictions
from mathbench.task import Task
from tests.leaderboard.conftest import manifest

STRATA = [f"digits={a}+{b}" for a in range(1, 7) for b in range(1, a + 1)]
ROWS = 100  # of each stratum
AGAIN = 50  # requests after the first
SEASON = "large"
AT_ONCE = 500  # submissions that are written in one transaction


def main() -> None:
    """Make the board, serve it, measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=12)
    parser.add_argument("--no-export", action="store_true", help="leave out the export of all pages")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "board.sqlite"
        tasks = [make_task("addition", digits=4 + i) for i in range(options.tasks)]
        add_season(Board(path), tasks)
        fill(Board(path), tasks, range(options.submissions))
        seconds = commands(path, tasks, not options.no_export)
        seconds["start of a server"], figures = served(path, tasks, options.submissions)
    for name, found in seconds.items():
        print(f"{name}: {found:.2f} s")
    Console().print(table(figures, options.submissions, options.tasks))
    if options.json:
        content = {"machine": machine(), **vars(options), "json": None, "seconds": seconds}
        content["milliseconds"] = figures
        options.json.write_text(json.dumps(content, indent=1) + "\n")


def add_season(board: Board, tasks: Sequence[Task]) -> None:
    """A season of all tasks with two groups, and made-up floors."""
    n = ROWS * len(STRATA)
    head = f'name = "{SEASON}"\n[rows]\ninterpolate = {n}\nextrapolate = {n}\n'
    entries = (
        f'[[tasks]]\nname = "task-{i}"\ngroup = "group-{i % 2}"\n'
        f'task = "{task.id}"\ndigits = {task.parameters["digits"]}\n'
        for i, task in enumerate(tasks)
    )
    text = head + "".join(entries)
    season = parse_season(text, "season.toml")
    scores = {split: {"constant": {"n": n, "correct": n // 50}} for split in ("interpolate", "extrapolate")}
    board.add_season(
        text, season, {"season": season.digest, "scores": {t.name: scores for t in season.tasks}}
    )


def commands(path: Path, tasks: Sequence[Task], with_export: bool) -> dict[str, float]:
    """Seconds per command, each in a process of its own."""
    show = ("leaderboard", "show", "--board", str(path), "--season", SEASON)
    found = {
        "leaderboard show, one task and framework": run(
            *show, "--task", "task-0", "--split", "extrapolate", "--framework", "torch"
        ),
        "leaderboard show --macro": run(*show, "--macro"),
    }
    if with_export:
        out = str(path.with_name("site"))
        export = ("leaderboard", "export", "--format", "html", "--board", str(path), "--season", SEASON)
        found["leaderboard export --format html"] = run(*export, "--out", out)
    return found


def run(*words: str) -> float:
    """Seconds of a command."""
    start = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "mathbench", *words],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return perf_counter() - start


def fill(board: Board, tasks: Sequence[Task], numbers: range) -> None:
    """Write submissions as the checker would have kept them; every model answers every task."""
    for start in range(numbers.start, numbers.stop, AT_ONCE):
        with board.transaction() as session:
            for number in range(start, min(start + AT_ONCE, numbers.stop)):
                session.add_all(rows(tasks[number % len(tasks)], number, number // len(tasks)))


def rows(task: Task, number: int, model: int) -> Iterator[Any]:
    """One submission with random scores."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    document = manifest(
        task, baseline=f"model-{model}", recipe={"hidden": model}, predictions_sha256="0" * 64
    )
    yield SubmissionRow(
        digest=digest,
        submitted=f"2026-01-{1 + number % 28:02}T00:00:00Z",
        badge="re-scored",
        task_id=task.id,
        task_name=task.name,
        model=document["baseline"],
        framework="torch",
        manifest=document,
        differences=[],
        predictions_digest="0" * 64,
        packed=predictions(),
    )
    yield AttemptRow(at="2026-01-01T00:00:00Z", digest=digest, outcome="kept", message="")
    for position, split in enumerate(("interpolate", "extrapolate")):
        # models differ by their share, and rows by luck; the strata follow each other
        share = (model % 97 + 2) / 100
        right_rows = np.random.default_rng(2 * number + position).random((len(STRATA), ROWS)) < share
        strata = {name: [ROWS, int(rows.sum())] for name, rows in zip(STRATA, right_rows, strict=True)}
        right, n = int(right_rows.sum()), ROWS * len(STRATA)
        yield ScoreRow(
            digest=digest,
            split=split,
            position=position,
            n=n,
            correct=right,
            solver_n=200,
            solver_correct=200,
            strata=strata,
            right=np.packbits(right_rows.ravel()).tobytes(),
        )


@cache
def predictions() -> bytes:
    """The stored predictions of every submission, of which comparisons read those of the best models."""
    n = ROWS * len(STRATA)
    splits = [split for split in ("extrapolate", "interpolate") for _ in range(n)]
    columns = {"split": splits, "row": [*range(n), *range(n)], "prediction": ["12345"] * (2 * n)}
    return compress_predictions(pa.table(columns))


def served(path: Path, tasks: Sequence[Task], submissions: int) -> tuple[float, dict[str, dict[str, float]]]:
    """Seconds of the start of a server in a process of its own, and its milliseconds per page."""
    command = [sys.executable, "-m", "mathbench", "leaderboard", "serve", "--board", str(path), "--port", "0"]
    command += ["--season", SEASON]
    log = path.with_suffix(".log")
    start = perf_counter()
    with log.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=sink) as process:
        try:
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
                sleep(0.05)
            get(f"{found[0]}/{address.OVERVIEW}")
            return perf_counter() - start, measured(found[0], path, tasks, submissions)
        finally:
            process.terminate()


def measured(url: str, path: Path, tasks: Sequence[Task], submissions: int) -> dict[str, dict[str, float]]:
    """First, median, slowest and changed of every kind of page."""
    task = address.of_season_task("task-0")
    pages = {
        "overview": address.OVERVIEW,
        "task": task,
        "models": address.MODELS,
        "model": address.of_model("model-0", "torch"),
        "heat map as CSV": "index.interpolate.csv",
        "ranking as CSV": address.of_data(task, "interpolate"),
        "all tables as JSON": "api/v1/board",
    }
    figures = {name: of_page(f"{url}/{at}") for name, at in pages.items()}
    words = [milliseconds(lambda i=i: get(f"{url}/{task}?q=model-{i}")) for i in range(AGAIN)]
    figures["task, filtered"] = {"first": words[0], "median": median(words), "slowest": max(words)}
    for number, (name, at) in enumerate(pages.items()):
        fill(Board(path), tasks, range(submissions + number, submissions + number + 1))
        figures[name]["after a change"] = milliseconds(lambda at=at: get(f"{url}/{at}"))
        sleep(3)  # the new moment of the board is ready
    return figures


def of_page(url: str) -> dict[str, float]:
    """First, median and slowest of a page."""
    first, *more = [milliseconds(lambda: get(url)) for _ in range(1 + AGAIN)]
    return {"first": first, "median": median(more), "slowest": max(more), "bytes": len(get(url))}


def get(url: str) -> bytes:
    """The body of an address."""
    with urlopen(url) as answer:
        return bytes(answer.read())


def milliseconds(step: Callable[[], object]) -> float:
    """How long a step takes."""
    start = perf_counter()
    step()
    return 1000 * (perf_counter() - start)


def table(figures: dict[str, dict[str, float]], submissions: int, tasks: int) -> Table:
    """The figures as a table."""
    shown = Table(title=f"milliseconds, {submissions:,} submissions to {tasks} tasks", title_justify="left")
    columns = ("first", "median", "slowest", "after a change", "bytes")
    shown.add_column("page")
    for column in columns:
        shown.add_column(column, justify="right")
    for name, found in figures.items():
        shown.add_row(name, *(f"{found[c]:,.1f}" if c in found else "" for c in columns))
    return shown


if __name__ == "__main__":
    main()
