"""Use an installed mathbench on any system, without extras: compiled loops, rows, files, a run, a score, a board.

The release runs it on each wheel and each Python. `--editable` allows an installation from the checkout.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SMALL = ["--train", "500", "--validation", "20", "--interpolate", "20", "--extrapolate", "20"]


def command(*words: str) -> str:
    """Run a command of mathbench, and end with its output if it fails."""
    done = subprocess.run([sys.executable, "-m", "mathbench", *words], capture_output=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"mathbench {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_package(editable: bool) -> None:
    """The package at hand is the installed one, with loops that were compiled for this system."""
    import mathbench
    from mathbench import compiled

    if not editable and Path(mathbench.__file__).is_relative_to(CHECKOUT / "mathbench"):
        sys.exit(f"mathbench comes from the checkout: {mathbench.__file__}")
    if compiled.MISSING:
        sys.exit(f"no compiled loops: {compiled.MISSING}")


def check_same_rows() -> None:
    """Compiled loops and NumPy make the same files."""
    folders = []
    for compiled in ("1", "0"):
        os.environ["MATHBENCH_COMPILED"] = compiled
        folders.append(f"rows-{compiled}")
        command("generate", "--suite", "classic", *SMALL, "--out", folders[-1])
    one, other = (Path(folder, "manifest.json").read_text() for folder in folders)
    if one != other:
        sys.exit("compiled loops and NumPy make different rows")
    del os.environ["MATHBENCH_COMPILED"]


def use() -> None:
    """What a user does first."""
    command("tasks")
    command("generate", "--task", "divisible", "--k", "7", *SMALL, "--out", "data")
    command("verify", "data")
    command("run-baseline", "constant", "--data", "data", "--out", "run", "--no-submit")
    command("submit", "run", "--name", "tried")
    if "tried" not in command("leaderboard", "show", "--open"):
        sys.exit("the run is not on the board")
    command("leaderboard", "export", "--format", "html", "--out", "site")
    command("doctor")


def main() -> None:
    """Do all of it in an empty folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        board = str(Path(folder, "board.sqlite"))
        os.environ.update(MATHBENCH_BOARD=board, PYTHONUTF8="1", HF_HUB_OFFLINE="1")
        check_package("--editable" in sys.argv[1:])
        check_same_rows()
        use()
        os.chdir(CHECKOUT)
    print("all good")


if __name__ == "__main__":
    main()
