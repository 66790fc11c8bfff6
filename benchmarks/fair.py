"""How long honest clients wait beside a greedy one.

    python benchmarks/fair.py [--submitters N] [--readers N] [--each N] [--rows N] [--json FILE]

A server in a process of its own gets submissions from N clients, each with a token, of which every one sends several
runs of a small task, and page requests from N readers. This is measured alone, and then beside one greedy token, whose
clients send without a pause: bodies of one answered row of 60,000 long primes, bodies of almost as much work as is
allowed, and cheap ones. Printed are the median and the 95th percentile of the waits of the honest clients in
milliseconds, and whether the latter stays below twice its value alone plus 1 s.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from threading import Event
from time import perf_counter, sleep
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.generate import machine
from mathbench.families import task as make_task
from mathbench.leaderboard.client import multipart_body
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from tests.leaderboard.conftest import from_anybody, right, written_by_anybody

SUBMIT = "api/v1/submissions"
PAGES = ("", "models.html", "about.html", "docs", "api/v1/board", "api/v1/attempts")
PAUSE = 0.5  # seconds between two requests of an honest client
GREEDY_CLIENTS = 8  # with the one token
LONG_PRIMES = {"digits": 300, "shortest": 280}
# tasks, rows that are asked for, and rows that are answered, of the bodies of the greedy token
GREEDY = {
    "impossible": ("prime", LONG_PRIMES, 60_000, 1),
    "long": ("prime", LONG_PRIMES, 400, 400),
    "cheap": ("addition", {}, 500, 500),
}
LIMIT = ("--per-token", 100_000, "--per-minute", 1_000_000, "--requests", 1_000_000)


@dataclass
class Waits:
    """Waits in milliseconds and statuses of the requests of one kind of client."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        """Median, 95th percentile and slowest, and the statuses."""
        percentile = quantiles(self.milliseconds, n=20)[-1]
        found = {"median": median(self.milliseconds), "p95": percentile, "slowest": max(self.milliseconds)}
        return {"requests": len(self.milliseconds), **found, "statuses": dict(sorted(self.statuses.items()))}


def main() -> None:
    """Measure alone and beside the greedy token."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submitters", type=int, default=64)
    parser.add_argument("--readers", type=int, default=64)
    parser.add_argument("--each", type=int, default=5, help="submissions of each submitter")
    parser.add_argument("--rows", type=int, default=500, help="of each split of a submission")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    figures = {}
    for name, greedy in (("alone", False), ("beside a greedy token", True)):
        with tempfile.TemporaryDirectory() as place:
            figures[name] = measured(Path(place), options, greedy)
    Console().print(table(figures))
    verdict(figures)
    if options.json:
        content = {"machine": machine(), **vars(options), "json": None, "milliseconds": figures}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


def measured(place: Path, options: argparse.Namespace, greedy: bool) -> dict[str, dict[str, Any]]:
    """The figures of each kind of client."""
    board = Board(place / "board.sqlite")
    secrets = [tokens.create(board, f"honest-{i}") for i in range(options.submitters)]
    bodies = [
        [honest(place / f"honest-{i}-{j}", f"model-{i}", options.rows, j) for j in range(options.each)]
        for i in range(options.submitters)
    ]
    abuse = [body(place / name, "greedy", *of_greedy) for name, of_greedy in GREEDY.items()]
    waits = {"submitters": Waits(), "readers": Waits(), "greedy": Waits()}
    stop, clients = Event(), options.submitters + options.readers + GREEDY_CLIENTS
    with served(board.name) as url, ThreadPoolExecutor(clients) as pool:
        post(url, secrets[0], bodies[0][0])  # everything is imported
        if greedy:
            secret = tokens.create(board, "greedy")
            for i in range(GREEDY_CLIENTS):
                order = abuse[i % len(abuse) :] + abuse[: i % len(abuse)]
                pool.submit(push, waits["greedy"], url, secret, order, stop)
            sleep(2)  # its jobs run
        readers = [pool.submit(read, waits["readers"], url, stop, i) for i in range(options.readers)]
        own = zip(secrets, bodies, strict=True)
        sent = [pool.submit(submit, waits["submitters"], url, *pair) for pair in own]
        for future in sent:
            future.result()
        stop.set()
        for future in readers:
            future.result()
    return {kind: found.figures() for kind, found in waits.items() if len(found.milliseconds) > 1}


def honest(folder: Path, model: str, rows: int, seed: int) -> tuple[bytes, str]:
    """The body of a submission to a small task; a model has the name that its token owns."""
    return body(folder, model, "addition", {"digits": 3 + seed % 5}, rows, rows)


def body(
    folder: Path, model: str, name: str, parameters: Mapping[str, Any], requested: int, answered: int
) -> tuple[bytes, str]:
    """The body of a submission with its content type."""
    task = make_task(name, **parameters)
    document = from_anybody(task, {"interpolate": requested, "extrapolate": requested})
    answers = right(task, {"interpolate": answered, "extrapolate": answered})
    named = {"model": {"name": model}}
    sent = written_by_anybody(folder, document, answers, "predictions.parquet", changes=named)
    parts = {"manifest": "submission.json", "predictions": "predictions.parquet"}
    return multipart_body({part: (file, (sent / file).read_bytes()) for part, file in parts.items()})


@contextmanager
def served(board: str) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    command = [sys.executable, "-m", "mathbench", "leaderboard", "serve", "--board", board, "--port", "0"]
    log = Path(board).with_suffix(".log")
    environment = os.environ | {"COLUMNS": "300"}
    with (
        log.open("wb") as sink,
        subprocess.Popen([*command, *map(str, LIMIT)], stdout=sink, stderr=sink, env=environment) as process,
    ):
        try:
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
                sleep(0.1)
            yield found[0]
        finally:
            process.terminate()


def submit(waits: Waits, url: str, secret: str, bodies: Sequence[tuple[bytes, str]]) -> None:
    """Send all bodies, one after the other."""
    for one in bodies:
        timed(waits, lambda one=one: post(url, secret, one))
        sleep(PAUSE)


def read(waits: Waits, url: str, stop: Event, start: int) -> None:
    """Request pages until the submitters have ended."""
    while not stop.is_set():
        start += 1
        at = f"{url}/{PAGES[start % len(PAGES)]}"
        timed(waits, lambda at=at: status(Request(at)))
        sleep(PAUSE)


def push(waits: Waits, url: str, secret: str, bodies: Sequence[tuple[bytes, str]], stop: Event) -> None:
    """Send bodies without a pause."""
    while not stop.is_set():
        for one in bodies:
            if not stop.is_set():
                timed(waits, lambda one=one: post(url, secret, one))


def timed(waits: Waits, request: Callable[[], int]) -> None:
    """Note how long a request took, and its status."""
    start = perf_counter()
    waits.statuses[request()] += 1
    waits.milliseconds.append(1000 * (perf_counter() - start))


def post(url: str, secret: str, sent: tuple[bytes, str]) -> int:
    """The status of a submission."""
    data, kind = sent
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": kind}
    return status(Request(f"{url}/{SUBMIT}", data, headers))


def status(request: Request) -> int:
    """The status of a request, whose response is read."""
    try:
        with urlopen(request, timeout=600) as response:
            response.read()
            return int(response.status)
    except HTTPError as error:
        error.read()
        return error.code


def verdict(figures: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Say whether the honest clients kept their time."""
    alone, beside = figures.values()
    for kind in ("submitters", "readers"):
        bound, found = 2 * alone[kind]["p95"] + 1000, beside[kind]["p95"]
        word = "below" if found < bound else "NOT below"
        print(f"{kind}: 95th percentile {found:,.0f} ms, {word} twice that alone plus 1 s, {bound:,.0f} ms")


def table(figures: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    """The figures as a table."""
    shown = Table(title="waits in milliseconds", title_justify="left")
    for name in ("", "clients", "requests", "median", "p95", "slowest", "statuses"):
        shown.add_column(name)
    for name, kinds in figures.items():
        for kind, found in kinds.items():
            times = (f"{found[key]:,.0f}" for key in ("median", "p95", "slowest"))
            statuses = ", ".join(f"{code}: {count}" for code, count in found["statuses"].items())
            shown.add_row(name, kind, str(found["requests"]), *times, statuses)
    return shown


if __name__ == "__main__":
    main()
