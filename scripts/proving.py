"""What the scripts that prove networks share: commands of mathbench, and the words of divisibility."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCORES = ("interpolate", "extrapolate")


def mathbench(*words: str) -> dict[str, object]:
    """The JSON that a command prints, and its last line of notes under `error` if it fails."""
    command = [sys.executable, "-m", "mathbench", *words, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return (
        json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.strip().splitlines()[-1]}
    )


def divisible(k: int, *options: str) -> tuple[str, ...]:
    """Multiples of k, or with `--answer residue` residues: the problems of the suite hofstadter."""
    given = dict(zip(options[::2], options[1::2], strict=True))
    digits = () if "--digits" in given else ("--digits", "7")
    return ("second-order-rnn", "--task", "divisible", "--k", str(k), *digits, *options)


def dense(hidden: int, answer: str = "residue") -> tuple[str, ...]:
    """Labels at every prefix."""
    sizes = ("--set", f"hidden={hidden}", "--set", "noise=0.15", "--set", "steps=5000")
    return ("--answer", answer, "--set", "labels=prefix", *sizes)


def scores(result: dict[str, object]) -> dict[str, float]:
    """Exact match on the test splits, and on problems of one length."""
    parts = {split: result["scores"][split] for split in SCORES} | result.get("long", {})
    return {name: score["exact_match"] for name, score in parts.items()}
