"""What the first five minutes of a user take: times and megabytes of every step of docs/five-minutes.md.

    python benchmarks/first_minutes.py --json benchmarks/results/first-minutes.json

Makes an empty virtual environment in a temporary folder, installs the checkout without any extra, writes a dataset,
reads it with `datasets`, installs the extra `torch`, and trains two networks. Nothing is taken from pip's cache.
Seconds are those of the clock and of the CPU; the clock also counts the network. Megabytes are those that pip
downloads, and those of the environment after the step.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.generate import machine
from mathbench.baselines import provenance

ROOT = Path(__file__).resolve().parents[1]
LOAD = "from datasets import load_dataset; load_dataset('data/divisible-7-base10', 'divisible-7-base10', split='train')"
INSTALL = ["-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "-c", "constraints.txt"]
SEVEN = ["--data", "data/divisible-7-base10", "--out", "seven", "--set", "steps=2000"]
# what is done, where, and by which command; `python` and `mathbench` are those of the new environment
STEPS: list[tuple[str, Path | None, list[str]]] = [
    ("install, no extra", ROOT, ["python", *INSTALL, "."]),
    ("first dataset", None, ["mathbench", "generate", "--task", "divisible", "--k", "7", "--train", "20000"]),
    ("read it with `datasets`", None, ["python", "-c", LOAD]),
    ("install the extra `torch`", ROOT, ["python", *INSTALL, ".[torch]"]),
    ("first network: three-digit sums", None, ["mathbench", "run-baseline", "--out", "first"]),
    ("second network: multiples of 7", None, ["mathbench", "run-baseline", "second-order-rnn", *SEVEN]),
]
SIZE = re.compile(r"\((\d+(?:\.\d+)?) (kB|MB|GB)\)")
UNITS = {"kB": 1e-3, "MB": 1.0, "GB": 1e3}
LOCAL = re.compile(r"^Processing (\S+\.whl)", re.MULTILINE)


@dataclass
class Step:
    """One step: its name and command, seconds by the clock and of the CPU, megabytes downloaded and in use after it."""

    name: str
    command: str
    seconds: float
    cpu_seconds: float
    downloaded_mb: float
    environment_mb: float


def cpu_seconds() -> float:
    """CPU seconds of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def downloaded(log: str) -> float:
    """Megabytes that pip says to have downloaded, or took from a wheel beside it."""
    lines = (line for line in log.splitlines() if line.strip().startswith("Downloading"))
    sizes = (found for line in lines for found in SIZE.findall(line))
    local = sum(Path(path).stat().st_size for path in LOCAL.findall(log)) / 1e6
    return sum(float(size) * UNITS[unit] for size, unit in sizes) + local


def megabytes(folder: Path) -> float:
    """The size of all files of a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6


def run_step(name: str, command: list[str], place: Path, binaries: Path, environment: dict[str, str]) -> Step:
    """Run one step and measure it."""
    words = [str(binaries / command[0]), *command[1:]]
    start, cpu = perf_counter(), cpu_seconds()
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    seconds, used = perf_counter() - start, cpu_seconds() - cpu
    size = megabytes(binaries.parent)
    return Step(name, " ".join(command), seconds, used, downloaded(done.stdout), size)


def steps(place: Path) -> Iterator[Step]:
    """Run all steps in a folder."""
    subprocess.run([sys.executable, "-m", "venv", str(place / "environment")], check=True)
    binaries = place / "environment" / "bin"
    own = {"MATHBENCH_BOARD": str(place / "board.sqlite"), "HF_HOME": str(place / "hf")}
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    for name, folder, command in STEPS:
        yield run_step(name, command, folder or place, binaries, {**kept, **own})


def show(made: list[Step]) -> None:
    """Print the steps as a table."""
    table = Table("step", "seconds", "CPU seconds", "MB downloaded", "MB of the environment")
    for step in made:
        numbers = (step.seconds, step.cpu_seconds, step.downloaded_mb, step.environment_mb)
        table.add_row(step.name, *(f"{number:,.1f}" for number in numbers))
    Console().print(table)


def main() -> None:
    """Measure, print, and write a JSON file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = list(steps(Path(folder)))
    show(made)
    if options.json:
        commit, dirty = provenance.commit()
        found: dict[str, Any] = {
            "machine": machine(),
            "pip": version("pip"),
            "commit": commit,
            "dirty": dirty,
        }
        found["steps"] = [asdict(step) for step in made]
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
