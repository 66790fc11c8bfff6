"""Draw the pictures of docs/showcase/ from kept results.

python scripts/showcase_page.py          # draw them; scripts/docs does the same
python scripts/showcase_page.py --make   # first make the data beside them: in a clean clone, as a network is trained
python scripts/showcase_page.py --board  # photograph the board of this repository with chromium
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import automata_page
import showcase_drawings as drawings
from generated import ROOT, write_or_check

from mathbench.studies.archive import read_files

FOLDER = Path("docs/showcase")
ATTENTION, ROWS_KEPT = FOLDER / "attention.json", FOLDER / "rows.json"
STUDY = ROOT / "studies/results/number-theory.tar.xz"
RUN, DATA, SITE = "runs/adder", "data/sums", "runs/site"
COMMANDS = [
    f"run-baseline tiny-transformer --recipe tiny-2240 --seed 0 --no-submit --no-plots --out {RUN}",
    f'inspect {RUN} "3141592653+2718281828" --out {ATTENTION}',
    f"generate --task addition --digits 6 --train 100000 --out {DATA}",
]
FACTORS = ("=7", "=11", "=13", "=17-29", "=31-97", ">97")
BY_FACTOR = {
    "rows-gru-classifier": "GRU",
    "residues": "networks of residues up to 97, with residues as labels too",
    "residues-to-199": "networks of residues up to 199, with residues as labels too",
}
OF_PRIMES = {
    "rows-rnn-classifier": "RNN",
    "rows-gru-classifier": "GRU",
    "rows-lstm-classifier": "LSTM",
    "second-order-rows": "one matrix per digit",
    "mlp": "MLP",
    "cnn-lstm": "convolutions and LSTM",
    "residues-examples": "residues, examples only",
    "residues": "residues up to 97",
    "residues-to-199": "residues up to 199",
}
TRAINED = 20  # digits of the longest numbers of training
RANGES = ((2, 5), (6, 10), (11, 15), (16, 20), (21, 40), (41, 60), (61, 80), (81, 100))  # of digits
OF_SEVENS = {
    "second-order": "one matrix per digit",
    "linear-rotations": "linear, rotations",
    "lengths-gru-classifier": "GRU",
}


def results(task: str, learners: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The results of learners of the study, seed 0."""
    return {name: json.loads(study_files()[f"runs/{task}/{name}/seed0/result.json"]) for name in learners}


@cache
def study_files() -> dict[str, bytes]:
    """The files of the study, by their names."""
    return dict(read_files(STUDY))


def primes() -> str:
    """Right answers by smallest prime factor."""
    groups = {BY_FACTOR[name]: by_factor(one) for name, one in results("primes", tuple(BY_FACTOR)).items()}
    note = "numbers of 5 and 6 digits without factors 2, 3 and 5, not seen in training"
    return drawings.bars("Is it a prime? Right answers by smallest prime factor", note, groups)


def by_factor(result: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """The right answers and the number of numbers of each smallest factor, and of primes, of five and six digits."""
    strata = result["scores"]["interpolate"]["strata"]
    kinds = {**{f"factor {one.removeprefix('=')}": f"spf{one}" for one in FACTORS}, "prime": "prime"}
    return {label: together([strata[f"digits={d},{kind}"] for d in (5, 6)]) for label, kind in kinds.items()}


def together(scores: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """Right answers and rows of several strata."""
    return sum(one["correct"] for one in scores), sum(one["n"] for one in scores)


def front() -> str:
    """Networks that judge primes: scores over weights, beside the best shortcut."""
    found = results("primes", tuple(OF_PRIMES))
    entries = {
        OF_PRIMES[name]: (one["parameters"], one["scores"]["extrapolate"]["exact_match"])
        for name, one in found.items()
    }
    shortcut = max(floor["extrapolate"]["exact_match"] for floor in found["residues"]["floors"].values())
    note = "longer numbers than in training; those of residues had residues as labels"
    return drawings.front("Is it a prime? Right answers by weights", note, entries, shortcut)


def training() -> str:
    """Learning curves of multiples of 7."""
    lines = {
        OF_SEVENS[name]: [(point["step"], point["validation"]) for point in one["history"]]
        for name, one in results("multiples-of-7", tuple(OF_SEVENS)).items()
    }
    note = "numbers of up to 7 digits; right answers on validation"
    return drawings.curves("Is it a multiple of 7? Three networks learn", note, lines, 4000)


def by_length() -> str:
    """Multiples of 7 by the number of digits."""
    found = results("multiples-of-7-to-100-digits", tuple(OF_SEVENS))
    lines = {OF_SEVENS[name]: lengths_of(one) for name, one in found.items()}
    note = f"trained on up to {TRAINED} digits; tested on up to 4,000"
    names = dict(zip(lines, ((500, 0.96), (420, 0.75), (36, 0.72)), strict=True))
    return drawings.by_length("Is it a multiple of 7? Right answers by length", note, lines, names, TRAINED)


def lengths_of(result: dict[str, Any]) -> list[tuple[float, float]]:
    """The middle of each range of digits and the share of right answers in it, and those of single lengths."""
    strata = [
        (int(match[1]), score)
        for split in ("interpolate", "extrapolate")
        for name, score in result["scores"][split]["strata"].items()
        if (match := re.match(r"digits=(\d+),", name))
    ]
    points = []
    for first, last in RANGES:
        right, n = together([score for digits, score in strata if first <= digits <= last])
        points.append(((first + last) / 2, right / n))
    single = [(int(digits), score["exact_match"]) for digits, score in result["long"].items()]
    return points + [point for point in single if point[0] > RANGES[-1][1]]


def rows() -> str:
    """The lengths of the numbers of a dataset."""
    kept = json.loads((ROOT / ROWS_KEPT).read_text())
    maps = [lengths(kept[split]) for split in ("train", "extrapolate")]
    note = "rows of each pair of lengths: 100,000 of train, and extrapolate"
    return drawings.rows("Sums of two numbers: which lengths are in which split", note, *maps)


def lengths(strata: dict[str, int]) -> dict[tuple[float, float], int]:
    """Rows by the digits of the longer and of the shorter number; sums of three numbers are left out."""
    found = {re.fullmatch(r"digits=(\d+)\+(\d+)", name): count for name, count in strata.items()}
    return {(int(match[1]), int(match[2])): count for match, count in found.items() if match}


def keep_attention() -> None:
    """Keep three places of the weights, which a picture does not exceed."""
    kept = json.loads((ROOT / ATTENTION).read_text())
    for matrix in kept.values():
        matrix["values"] = [[round(value, 3) for value in row] for row in matrix["values"]]
    (ROOT / ATTENTION).write_text(json.dumps(kept) + "\n")


def keep_rows() -> None:
    """Keep the numbers of rows of each stratum."""
    words = [sys.executable, "-m", "mathbench", "describe", DATA, "--json"]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True, env=environment())
    (config,) = json.loads(done.stdout).values()
    kept = {split: config[split]["strata"] for split in ("train", "extrapolate")}
    (ROOT / ROWS_KEPT).write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def keep_run() -> None:
    """Keep what is known of the trained network: command, commit, hardware and scores."""
    result = json.loads((ROOT / RUN / "result.json").read_text())
    if result["dirty"]:
        sys.exit("the checkout has changes: make the data in a clean clone.")
    names = ("command", "commit", "seed", "hardware", "parameters", "timings")
    scores = {split: one["exact_match"] for split, one in result["scores"].items()}
    kept = {**{name: result[name] for name in names}, "exact_match": scores}
    (ROOT / FOLDER / "adder.json").write_text(json.dumps(kept, indent=1) + "\n")


def environment() -> dict[str, str]:
    """Variables under which Python takes mathbench from this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def make() -> None:
    """Run the commands, as the page shows them, and keep what the pictures need."""
    (ROOT / FOLDER).mkdir(exist_ok=True)
    for folder in (RUN, DATA):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    for command in COMMANDS:
        words = [sys.executable, "-m", "mathbench", *shlex.split(command)]
        subprocess.run(words, cwd=ROOT, check=True, env=environment())
    keep_attention()
    keep_rows()
    keep_run()


def photograph() -> None:
    """Export the board of this repository, and keep the top of its first page as a picture with few colours."""
    from PIL import Image

    words = ["leaderboard", "export", "--format", "html", "--board", "leaderboard", "--out", SITE]
    subprocess.run([sys.executable, "-m", "mathbench", *words], cwd=ROOT, check=True, env=environment())
    picture, page = ROOT / FOLDER / "board.png", (ROOT / SITE / "index.html").as_uri()
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--allow-file-access-from-files"]
    subprocess.run(
        ["chromium", *options, f"--screenshot={picture}", "--window-size=1100,1550", page], check=True
    )
    Image.open(picture).convert("RGB").quantize(32).save(picture, optimize=True)


if __name__ == "__main__":
    if "--board" in sys.argv:
        photograph()
    if "--make" in sys.argv:
        make()
    made = {
        "attention": drawings.attention(json.loads((ROOT / ATTENTION).read_text())),
        "primes": primes(),
        "automaton": automata_page.picture(["divisible-7"], columns=1),
        "front": front(),
        "training": training(),
        "lengths": by_length(),
        "rows": rows(),
    }
    write_or_check({str(FOLDER / f"{name}.svg"): content for name, content in made.items()})
