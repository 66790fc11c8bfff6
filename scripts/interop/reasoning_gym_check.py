"""Rows of the real reasoning-gym are imported as it makes them, and no test question is in train.

python reasoning_gym_check.py WORK
"""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import reasoning_gym

from mathbench.dataset.read import open_dataset

# datasets of few questions and of many, of one line and of several
NAMES = (
    "basic_arithmetic",
    "gcd",
    "leg_counting",
    "chain_sum",
    "prime_factorization",
    "letter_counting",
    "countdown",
)
SIZES = {"train": 400, "validation": 20, "interpolate": 60}
APART = 2**28


def check(name: str, work: Path) -> None:
    """Import one dataset, and compare it with the rows that the package makes."""
    sizes = [word for split, rows in SIZES.items() for word in (f"--{split}", str(rows))]
    words = [sys.executable, "-m", "mathbench", "import", "reasoning-gym", name, *sizes, "--seed", "5"]
    environment = {**os.environ, "MATHBENCH_IMPORTED": str(work / "known")}
    done = subprocess.run(
        [*words, "--json", "--out", str(work / name)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    overlap = next(iter(json.loads(done.stdout)["configs"].values()))["imported"]["overlap"]
    assert all(pair["same_up_to_case_and_space"] == 0 for pair in overlap["shared"]), overlap
    for position, (split, table) in enumerate(open_dataset(work / name).data().splits.items()):
        made = reasoning_gym.create_dataset(name, size=20 * SIZES[split], seed=5 + position * APART)
        rows = iter((entry["question"], entry["answer"]) for entry in made)
        # rows may be left out, but none is changed and none comes earlier
        stored = zip(table["question"].to_pylist(), table["answer"].to_pylist(), strict=True)
        assert all(row in rows for row in stored), split
    same = {
        pair["split"]: pair["same_numbers_and_answer"]
        for pair in overlap["shared"]
        if pair["with"] == "train"
    }
    print(f"{name}: {SIZES}, same numbers and answer in train: {same}")


def main() -> None:
    """Check all datasets, and that neighbouring seeds of the package share their rows."""
    work = Path(sys.argv[1])
    first, second = (reasoning_gym.create_dataset("gcd", size=100, seed=seed) for seed in (1, 2))
    shared = len({row["question"] for row in first} & {row["question"] for row in second})
    print(f"reasoning-gym {version('reasoning-gym')}: seeds 1 and 2 of gcd share {shared} of 100 questions")
    for name in NAMES:
        check(name, work)


if __name__ == "__main__":
    main()
