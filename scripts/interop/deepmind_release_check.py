"""Every module of the original, written by its own package, is imported question by question, from a folder and a tar.

    python deepmind_release_check.py WORK PYTHON

PYTHON has `mathematics-dataset`.
"""

import json
import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

from mathbench.dataset.read import open_dataset
from mathbench.interop.deepmind_release import REGIMES, base_module

TRAIN, TEST = 40, 15  # questions of a level, and of a test set


def mathbench(*words: object, cwd: Path) -> str:
    """Run a command that succeeds; return what it prints."""
    environment = {**os.environ, "MATHBENCH_IMPORTED": str(cwd / "known")}
    command = [sys.executable, "-m", "mathbench", *map(str, words)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected(release: Path) -> dict[str, Counter]:
    """The questions, answers and levels of each module, read in the simplest way."""
    found: dict[str, Counter] = {}
    for file in release.glob("*/*.txt"):
        lines = file.read_text(encoding="utf-8").splitlines()
        level = REGIMES[file.parent.name][2]
        rows = found.setdefault(base_module(file.stem), Counter())
        rows.update(zip(lines[::2], lines[1::2], [level] * (len(lines) // 2), strict=True))
    return found


def stored(folder: Path) -> dict[str, Counter]:
    """The same of an imported dataset; the levels of validation are those of train."""
    dataset, found = open_dataset(folder), {}
    for name in dataset.configs:
        rows = [row for table in dataset.data(name).splits.values() for row in table.to_pylist()]
        found[name] = Counter((row["question"], row["answer"], row["stratum"]) for row in rows)
    return found


def main() -> None:
    """Write the release, import it, and compare."""
    work, original = Path(sys.argv[1]), sys.argv[2]
    program = Path(__file__).with_name("original_release.py")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PYTHONHASHSEED": "0"}
    words = [original, str(program), str(work / "mathematics_dataset-v1.0"), str(TRAIN), str(TEST), "0"]
    subprocess.run(words, env=environment, check=True)
    release = work / "mathematics_dataset-v1.0"
    with tarfile.open(work / "mathematics_dataset-v1.0.tar.gz", "w:gz") as archive:
        archive.add(release, release.name)
    mathbench("import", "deepmind", release, "--validation-share", 0.1, "--out", work / "folder", cwd=work)
    packed = work / "mathematics_dataset-v1.0.tar.gz"
    mathbench("import", "deepmind", packed, "--validation-share", 0.1, "--out", work / "tar", cwd=work)
    right = expected(release)
    for folder in (work / "folder", work / "tar"):
        assert stored(folder) == right
        checks = json.loads(mathbench("verify", folder, "--json", cwd=work))
        assert checks["passed"]
    names = [open_dataset(work / name).manifest.configs for name in ("folder", "tar")]
    assert [config.task for config in names[0]] == [config.task for config in names[1]]
    with_extrapolation = sum("extrapolate" in config.spec()["sizes"] for config in names[0])
    rows = sum(map(Counter.total, right.values()))
    print(
        f"{len(right)} modules, {with_extrapolation} with extrapolation, {rows:,} questions, folder and tar alike"
    )
    scored = mathbench(
        "run-baseline",
        "constant",
        "--data",
        work / "tar",
        "--config",
        "numbers__is_prime",
        "--no-submit",
        "--no-plots",
        "--json",
        "--out",
        work / "run",
        cwd=work,
    )
    print("constant on numbers__is_prime:", json.loads(scored)["scores"]["interpolate"]["exact_match"])


if __name__ == "__main__":
    main()
