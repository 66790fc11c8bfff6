"""Draw the pictures of docs/showcase/.

python scripts/showcase_page.py          # those that are drawn here, from kept results; scripts/docs does the same
python scripts/showcase_page.py --make   # all: trains, in a clean clone, the network whose attention is shown
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drawing import svg, text
from generated import ROOT, write_or_check

FOLDER = Path("docs/showcase")
ATTENTION = FOLDER / "attention.json"
STUDY = ROOT / "studies/results/number-theory.tar.xz"
RUN, KEPT, ROWS = "runs/adder", "runs/kept", "data/sums"
# some of each kind, so that the names of a picture can be read
WEIGHED = (
    *("second-order", "linear-rotations", "lengths-gru-classifier", "lengths-rnn-classifier"),
    *("mlp", "cnn-lstm", "transformer-rows"),
)
LEARNED = ("second-order", "linear-rotations", "lengths-gru-classifier")


def sevens(learners: Sequence[str]) -> str:
    """The folders of learners of multiples of 7."""
    return " ".join(f"{KEPT}/runs/multiples-of-7/{learner}" for learner in learners)


COMMANDS = [
    f"run-baseline tiny-transformer --recipe tiny-2240 --seed 0 --no-submit --no-plots --out {RUN}",
    f'inspect {RUN} "3141592653+2718281828" --out {ATTENTION}',
    f"study unpack studies/results/number-theory.tar.xz --out {KEPT}",
    f"plot {sevens(WEIGHED)} --pareto weights --split extrapolate --out {FOLDER}/pareto.svg",
    f"plot {sevens(LEARNED)} --what training --out {FOLDER}/training.svg",
    f"generate --task addition --digits 6 --train 100000 --out {ROWS}",
    f"describe {ROWS} --plot {FOLDER}/rows.svg",
]

HEAT = "  .heat { fill: #0969da; }\n  .cell { fill: none; stroke: #d0d7de; stroke-width: 0.5; }\n  .small { font-size: 9px; }\n"
HEAT_DARK = "    .heat { fill: #58a6ff; }\n    .cell { stroke: #30363d; }\n"
BARS = "  .bar { fill: #0969da; }\n  .rest { fill: #eaeef2; }\n  .small { font-size: 10px; }\n"
BARS_DARK = "    .bar { fill: #58a6ff; }\n    .rest { fill: #21262d; }\n"
WIDTH = 420.0
CELL, ROW, LEFT = 10.6, 13.0, 40.0  # of the heat map of attention, in pixels
FACTORS = ("=7", "=11", "=13", "=17-29", "=31-97", ">97")
LEARNERS = {
    "rows-gru-classifier": "GRU",
    "residues": "networks of residues, moduli up to 97",
    "residues-to-199": "networks of residues, moduli up to 199",
}


def attention() -> str:
    """The attention of both heads, each with the tokens that are looked at above and the digits written on the left."""
    kept = json.loads((ROOT / ATTENTION).read_text())
    parts = [
        text(8, 18, "3141592653 + 2718281828: where each digit looks", "title"),
        text(8, 34, "rows: digits as they are written; columns: what is read; units first", "note"),
    ]
    height = 46.0
    for name, matrix in kept.items():
        parts += [text(8, height + 10, f"head {name[-1]}", "note"), *head(matrix, height + 16)]
        height += 16 + 16 + ROW * matrix["shape"][0] + 14
    parts.append(text(8, height, "full colour: a weight of 0.6 or more", "note"))
    return svg(WIDTH, height + 10, parts, HEAT, HEAT_DARK)


def head(matrix: dict[str, Any], top: float) -> list[str]:
    """One head as a heat map; weights below a hundredth are blank."""
    rows, columns = matrix["labels"]
    parts = []
    for k, token in enumerate(columns):
        shown = token if len(token) == 1 else "|"
        parts.append(text(LEFT + CELL * (k + 0.5), top + 10, shown, "small middle"))
    for i, (digit, weights) in enumerate(zip(rows, matrix["values"], strict=True)):
        y = top + 14 + ROW * i
        parts.append(text(LEFT - 6, y + 10, digit, "small end"))
        for k, weight in enumerate(weights):
            if weight >= 0.01:
                place = f'x="{LEFT + CELL * k:.1f}" y="{y:.1f}" width="{CELL:g}" height="{ROW:g}"'
                parts.append(f'<rect class="heat" {place} opacity="{min(1, weight / 0.6):.2f}"/>')
    size = f'width="{CELL * len(columns):.1f}" height="{ROW * len(rows):.1f}"'
    return [*parts, f'<rect class="cell" x="{LEFT}" y="{top + 14}" {size}/>']


def primes() -> str:
    """Exact match of composite numbers by their smallest prime factor, and of primes."""
    parts = [
        text(8, 18, "Is it a prime? Right answers by smallest prime factor", "title"),
        text(8, 34, "numbers of 5 and 6 digits without factors 2, 3 and 5, not seen in training", "note"),
    ]
    y = 44.0
    for learner, name in LEARNERS.items():
        parts.append(text(8, y + 14, name))
        y += 20
        for label, (right, n) in by_factor(learner).items():
            parts += bar(y, label, right, n)
            y += 15
        y += 8
    return svg(WIDTH, y, parts, BARS, BARS_DARK)


def bar(y: float, label: str, right: int, n: int) -> list[str]:
    """One line: what the numbers are, a bar up to 100 %, the share and n."""
    left, full = 76.0, 240.0
    return [
        text(left - 6, y + 10, label, "small note end"),
        f'<rect class="rest" x="{left}" y="{y}" width="{full}" height="12"/>',
        f'<rect class="bar" x="{left}" y="{y}" width="{full * right / n:.1f}" height="12"/>',
        text(left + full + 6, y + 10, f"{100 * right / n:.0f} %", "small"),
        text(WIDTH - 8, y + 10, f"n = {n:,}", "small note end"),
    ]


def by_factor(learner: str) -> dict[str, tuple[int, int]]:
    """The right answers and the number of numbers of each smallest factor, and of primes, of five and six digits."""
    member = f"runs/primes/{learner}/seed0/result.json"
    with tarfile.open(STUDY) as archive:
        result = json.load(archive.extractfile(member))  # type: ignore[arg-type]
    strata = result["scores"]["interpolate"]["strata"]
    kinds = {**{f"factor {one.removeprefix('=')}": f"spf{one}" for one in FACTORS}, "prime": "prime"}
    return {label: together([strata[f"digits={d},{kind}"] for d in (5, 6)]) for label, kind in kinds.items()}


def together(scores: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """Right answers and rows of several strata."""
    return sum(one["correct"] for one in scores), sum(one["n"] for one in scores)


def rounded(path: Path) -> None:
    """Keep three places of the weights, which a picture does not exceed."""
    kept = json.loads(path.read_text())
    for matrix in kept.values():
        matrix["values"] = [[round(value, 3) for value in row] for row in matrix["values"]]
    path.write_text(json.dumps(kept) + "\n")


def record() -> dict[str, Any]:
    """What is known of the trained network: command, commit, hardware and scores."""
    result = json.loads((ROOT / RUN / "result.json").read_text())
    if result["dirty"]:
        sys.exit("the checkout has changes: make the pictures in a clean clone.")
    names = ("command", "commit", "seed", "hardware", "parameters", "timings")
    scores = {split: one["exact_match"] for split, one in result["scores"].items()}
    return {**{name: result[name] for name in names}, "exact_match": scores}


def make() -> None:
    """Run the commands, as the page shows them, and keep what the network is."""
    (ROOT / FOLDER).mkdir(exist_ok=True)
    for folder in (RUN, KEPT, ROWS):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    for command in COMMANDS:
        words = [sys.executable, "-m", "mathbench", *shlex.split(command)]
        subprocess.run(words, cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    rounded(ROOT / ATTENTION)
    (ROOT / FOLDER / "adder.json").write_text(json.dumps(record(), indent=1) + "\n")


if __name__ == "__main__":
    if "--make" in sys.argv:
        make()
    write_or_check({str(FOLDER / "attention.svg"): attention(), str(FOLDER / "primes.svg"): primes()})
