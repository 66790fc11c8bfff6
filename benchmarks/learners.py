"""The tables of docs/learners.md: networks side by side, by the accuracy at each length.

    python benchmarks/learners.py [--seeds 3] [--out build/learners] [--only sums|binary|parity|sevens] \
        [--picture docs/learners.svg]

Every recipe is trained with some seeds on one thread, as `mathbench run-baseline NAME --recipe RECIPE --seeds N --long
...` does. Cells are the lowest and the highest exact match over the seeds, in percent. Finished runs are read again,
not repeated. The picture shows the table of sums as a heat map: the mean over the seeds, learners by lengths.
"""

import argparse
import shlex
import statistics
from dataclasses import dataclass
from pathlib import Path

from mathbench.baselines.result import Result
from mathbench.cli import main as command
from mathbench.studies.report.heat_map import HeatMap, draw_heat_map


@dataclass(frozen=True)
class Learner:
    """A row of a table.

    Args:
        name: the baseline.
        words: recipe and settings, as on the command line.
        digits: the digits of the longest training numbers.
        longest: the digits of the longest numbers that it is tested on; a pass per digit takes hours at 1,000.
    """

    name: str
    words: str
    digits: int
    longest: int = 1000


@dataclass(frozen=True)
class Table:
    """Learners of one task.

    Args:
        title: the task in words.
        lengths: digits of problems that all are tested on.
        learners: the rows.
    """

    title: str
    lengths: tuple[int, ...]
    learners: tuple[Learner, ...]


TABLES = {
    "sums": Table(
        "Sums of two numbers, written out",
        (5, 10, 12, 15, 20, 50, 100),
        (
            Learner("mlp", "--recipe mlp", 3),
            Learner("lstm-seq2seq", "--recipe lstm-seq2seq", 3),
            Learner("decoder-transformer", "--recipe addition-abacus", 5),
            Learner("decoder-transformer", "--recipe addition-fire", 8),
            Learner("decoder-transformer", "--recipe addition-coupled", 10),
            Learner("decoder-transformer", "--recipe addition-self", 10),
            Learner("tiny-transformer", "--recipe tiny-2240", 10),
            Learner("column-gru", "--recipe column-gru", 20),
            Learner("column-linear", "--recipe column-linear --task addition", 7),
        ),
    ),
    "binary": Table(
        "Sums in base 2, written out",
        (6, 8, 10, 12, 16, 24),
        (
            Learner("column-neural-gpu", "--recipe column-neural-gpu", 8),
            Learner("column-gru", "--recipe column-gru --base 2 --digits 8 --longer 4 --step 1", 8),
            Learner("neural-gpu", "--recipe neural-gpu", 5),
        ),
    ),
    "parity": Table(
        "Even numbers in base 3, the parity of the digits",
        (10, 20, 50, 100, 1000),
        (
            Learner("universal-transformer", "--recipe parity-looped", 12, longest=100),
            *(
                Learner("linear-rnn", f"--recipe linear-rnn --set form={form}", 10)
                for form in ("diagonal", "negative", "complex", "rotation", "delta")
            ),
        ),
    ),
    "sevens": Table(
        "Multiples of 7",
        (10, 20, 50, 100, 1000),
        (
            Learner("gru-classifier", "--recipe hofstadter --k 7", 7),
            Learner("gru-classifier", "--recipe hofstadter --k 7 --set auxiliary=prefix-residue=7", 7),
            Learner("lstm-classifier", "--recipe hofstadter --k 7", 7),
            Learner("lstm-classifier", "--recipe hofstadter --k 7 --set auxiliary=prefix-residue=7", 7),
            Learner("linear-rnn", "--recipe linear-rnn-rotation --k 7", 10),
            Learner("linear-rnn", "--recipe linear-rnn-delta --k 7 --set reflections=5", 10),
            Learner("second-order-rnn", "--recipe second-order-rnn --k 7", 5),
        ),
    ),
}


def runs_of(learner: Learner, lengths: tuple[int, ...], seeds: int, folder: Path) -> list[Result]:
    """Train a learner with some seeds, or read the finished runs."""
    long = ",".join(str(length) for length in lengths if length <= learner.longest)
    words = (
        f"run-baseline {learner.name} {learner.words} --seeds {seeds} --long {long} --threads 1 --no-submit"
    )
    try:
        command([*shlex.split(words), "--resume", "--out", str(folder)])
    except SystemExit as end:
        if end.code:
            raise
    return [Result.load(path.parent) for path in sorted(folder.glob("*/result.json"))]


def row(learner: Learner, results: list[Result], lengths: tuple[int, ...]) -> str:
    """Return the row of a learner."""
    seconds = [result.timings["fit_cpu_s"] for result in results]
    cells = [
        f"`{learner.name}`",
        f"`{learner.words.removeprefix('--recipe ')}`",
        results[0].supervision,
        f"{results[0].parameters:,}",
        f"{statistics.median(seconds):.0f}",
        str(learner.digits),
        *(
            cell(
                [result.long[str(length)]["exact_match"] for result in results if str(length) in result.long]
            )
            for length in lengths
        ),
    ]
    return f"| {' | '.join(cells)} |"


def cell(shares: list[float]) -> str:
    """Return the lowest and the highest share in percent, once where both read alike; nothing where not tested."""
    if not shares:
        return ""
    ends = [f"{100 * share:.1f}".removesuffix(".0") for share in (min(shares), max(shares))]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"


def runs_of_table(name: str, seeds: int, folder: Path) -> list[list[Result]]:
    """Train the learners of a table, or read their finished runs."""
    found = TABLES[name]
    return [
        runs_of(learner, found.lengths, seeds, folder / f"{name}-{number}")
        for number, learner in enumerate(found.learners)
    ]


def picture(path: Path, found: Table, runs: list[list[Result]]) -> None:
    """Draw a table as a heat map."""
    rows, shares = [], {}
    for learner, results in zip(found.learners, runs, strict=True):
        recipe = learner.words.split()[1]
        name = learner.name if recipe == learner.name else f"{learner.name}, {recipe}"
        rows.append((results[0].supervision, f"{name} (trained to {learner.digits})"))
        for length in found.lengths:
            exact = [result.long[str(length)]["exact_match"] for result in results]
            shares[rows[-1], f"{length} digits"] = statistics.mean(exact)
    columns = tuple(f"{length} digits" for length in found.lengths)
    heat = HeatMap("long", columns, tuple(rows), shares)
    title = f"Sums of two numbers: exact match by length, mean of {len(runs[0])} seeds"
    draw_heat_map(heat, title, path)


def table(found: Table, runs: list[list[Result]]) -> list[str]:
    """Return the lines of a table."""
    head = ["baseline", "recipe", "supervision", "weights", "CPU s", "trained to"]
    lines = [f"**{found.title}**", "", f"| {' | '.join([*head, *map(str, found.lengths)])} |"]
    lines.append("|---|---|---|" + "---:|" * (3 + len(found.lengths)))
    return lines + [row(*one, found.lengths) for one in zip(found.learners, runs, strict=True)]


def main() -> None:
    """Train what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("build/learners"))
    parser.add_argument("--only", choices=tuple(TABLES))
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    for name in [given.only] if given.only else TABLES:
        runs = runs_of_table(name, given.seeds, given.out)
        print("\n".join(table(TABLES[name], runs)), flush=True)
        print(flush=True)
        if given.picture and name == "sums":
            picture(given.picture, TABLES[name], runs)


if __name__ == "__main__":
    main()
