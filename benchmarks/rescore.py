"""How long a board takes to recompute a submission of 100,000 predictions.

    python benchmarks/rescore.py [ROWS]

Prints wall and CPU seconds for reading and checking the form, regenerating the truth and scoring, and keeping
the result on an SQLite board; first in a fresh process, then again with the splits already open. Then the same for
predictions that come as JSON lines, compressed and not.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from mathbench.families import task as make_task
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.rows import open_rows
from tests.leaderboard.conftest import from_anybody, manifest, replaced, right, write_run, written_by_anybody


def main(rows: int) -> None:
    """Time every step of one submission, twice."""
    task = make_task("addition", digits=6)
    sizes = {"interpolate": rows - rows // 2, "extrapolate": rows // 2}
    answers: pa.Table = replaced(right(task, sizes), 100)
    open_rows.cache_clear()
    with tempfile.TemporaryDirectory() as place:
        run = write_run(Path(place) / "run", manifest(task, sizes=sizes), answers)
        board = Board(Path(place) / "board.sqlite")
        folders = {"Parquet, first": run, "Parquet, second": run}
        for name in ("predictions.jsonl", "predictions.jsonl.gz"):
            plain = answers.drop_columns("task")
            document = from_anybody(task, sizes)
            folders[name] = written_by_anybody(Path(place) / name, document, plain, name)
        print(f"{rows:,} predictions, {(run / 'predictions.parquet').stat().st_size:,} bytes")
        for attempt, folder in folders.items():
            read, submission = timed(lambda it=folder: open_submission(it))
            scored, checked = timed(lambda it=submission: check_submission(it))
            kept, _ = timed(lambda it=submission, c=checked: board.keep(it, c))
            print(f"{attempt}: read {read}, score {scored}, keep {kept}")


def timed(step: Callable[[], Any]) -> tuple[str, Any]:
    """The seconds that a step took, as text, and what it gave."""
    wall, cpu = perf_counter(), process_time()
    value = step()
    return f"{perf_counter() - wall:.3f} s ({process_time() - cpu:.3f} s CPU)", value


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
