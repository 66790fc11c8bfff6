"""The validator of Every Eval Ever takes every file of an exported board, and refuses one that was changed."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from answering import run_mathbench

# answers to plain and to reversed text, right and wrong ones
RUNS = (
    ("constant", "addition", "--digits", "2"),
    ("exact-solver", "addition", "--digits", "2", "--format", "reversed"),
    ("constant", "gcd"),
)


def validate(folder: Path) -> tuple[int, list[dict]]:
    """Run the validator on all files below a folder; return its exit code and its reports."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.glob("data/*/*/*/*"))
    command = [sys.executable, "-m", "every_eval_ever", "validate", "--format", "json", *paths]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return done.returncode, json.loads(done.stdout)


def main(work: Path) -> None:
    """Export a board of three runs and check it, with and without answered rows, and after a change."""
    board = ("--board", work / "board.sqlite")
    for i, (baseline, task, *options) in enumerate(RUNS):
        run = work / f"run{i}"
        run_mathbench("run-baseline", baseline, "--task", task, *options, "--train", 200, "--out", run)
        run_mathbench("submit", run, *board)
    export = ("leaderboard", "export", "--format", "every-eval-ever", "--out", work / "records", *board)
    run_mathbench(*export, "--source-name", "Ada", "--source-url", "https://example.org/board")
    code, reports = validate(work / "records")
    assert code == 0 and len(reports) == 2 * len(RUNS), reports
    rows = sum(len(path.read_text().splitlines()) for path in work.glob("records/data/*/*/*/*.jsonl"))
    run_mathbench(*export, "--no-samples")
    assert validate(work / "records")[0] == 0
    path = next(work.glob("records/data/*/*/*/*.json"))
    path.write_text(path.read_text().replace('"score": ', '"score": 7'))
    assert validate(work / "records")[0] == 1
    print(f"every-eval-ever {version('every-eval-ever')}: {len(reports)} files, {rows:,} rows")


main(Path(sys.argv[1]))
