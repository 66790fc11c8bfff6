"""School mathematics beside DeepMind's own generator: are the questions alike, and how many times as fast.

    python benchmarks/deepmind_fidelity.py --deepmind PYTHON [--seconds S] [--rows N] [--only TEXT] [--json FILE]

Both generate each module and level in the same run. PYTHON has `mathematics-dataset`;
`scripts/bench deepmind` makes it and runs this. How to read the table:

* `question`, `answer`, `digits`: the largest difference between the two distribution functions (Kolmogorov-Smirnov) of
  the lengths of questions and answers and of the digits of the largest number in a question. 0 is the same, 1 apart;
  below `noise` samples of these sizes differ by chance.
* `common`: share of rows whose answer is one of the five most common ones; `minus`, `fraction`: share of answers with
  a minus sign first, with a fraction or decimal; `distinct`: different answers per 100 rows of equally many. Theirs
  stand before ours.
* `theirs/s`, `ours/s`: rows per CPU second in memory; `times` their ratio.
"""

import argparse
import json
import math
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.generate import machine
from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.rows import Rows
from mathbench.sampling.sampled import BATCH_ROWS

ORIGINAL = Path(__file__).with_name("deepmind_original.py")
LEVELS = {"train-easy": "easy", "train-medium": "medium", "train-hard": "hard"}
RUNS = 3
COMPARED = 50_000  # rows of ours whose lengths and answers are looked at
Pairs = list[tuple[str, str]]


def main() -> None:
    """Measure every module and print the table."""
    options = parsed()
    names = [name for name in MODULES if not options.only or options.only in name]
    figures = []
    for name in names:
        for regime, rate, theirs in original(options, [name, *published(name)]):
            figures.append(compared(name, regime, rate, theirs, options.rows))
            print(json.dumps(figures[-1]), file=sys.stderr, flush=True)
    Console(width=190).print(table(figures))
    Console(width=190).print(summary(figures))
    if options.json:
        content = {"machine": machine(), "seconds": options.seconds, "rows": options.rows, "figures": figures}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--deepmind", required=True, metavar="PYTHON", help="a Python that has mathematics-dataset"
    )
    parser.add_argument(
        "--seconds", type=float, default=4, help="CPU seconds for each module and level of theirs"
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=BATCH_ROWS,
        help="rows of ours for each module and level (as many as are made at a time)",
    )
    parser.add_argument("--only", metavar="TEXT", help="modules whose name holds this")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


def published(name: str) -> list[str]:
    """The published extrapolation modules of a module."""
    return [level.published for level in MODULES[name].axes if level.published and level.published != name]


def original(options: argparse.Namespace, names: list[str]) -> list[tuple[str, float, Pairs]]:
    """What DeepMind's generator gives: regime (or extrapolation module), rows per CPU second, questions and answers."""
    command = [options.deepmind, str(ORIGINAL), str(options.seconds), "5000", *names]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"mathematics-dataset does not run: {answer.stderr.strip().splitlines()[-1]}")
    found = []
    for line in answer.stdout.splitlines():
        name, regime, rate, pairs = json.loads(line)
        if regime in (*LEVELS, "interpolate"):
            found.append((regime, rate, pairs))
        elif regime == "extrapolate":
            found.append((f"extrapolate: {name}", rate, pairs))
    return found


def ours(name: str, regime: str, many: int) -> tuple[float, Pairs]:
    """Rows per CPU second, the best of some runs, and questions and answers."""
    if regime in LEVELS:
        task, split = level_task(name, LEVELS[regime]), "train"
    elif regime == "interpolate":
        task, split = TASKS[f"deepmind/{name}"](difficulty="published"), "interpolate"
        many = min(many // 20, len(Rows(task, split)))
    else:
        task, split = TASKS[f"deepmind/{regime.removeprefix('extrapolate: ')}"](), "extrapolate"
        many = min(many // 20, len(Rows(task, split)))
    Rows(task, split).batch(range(1000))
    best = math.inf
    for _ in range(RUNS):
        start = process_time()
        table = Rows(task, split).batch(range(many))  # anew: test splits remember their rows
        best = min(best, process_time() - start)
    alike = as_published(name, split, table)
    columns = (alike[column].slice(0, COMPARED).to_pylist() for column in ("question", "answer"))
    return many / best, list(zip(*columns, strict=True))


def as_published(name: str, split: str, table: pa.Table) -> pa.Table:
    """Without the axes of our own, where the published extrapolation has the module's own name."""
    axes = [level.name for level in MODULES[name].axes if level.published == name]
    if split == "train" or not axes:
        return table
    return table.filter(pc.is_in(table["stratum"].cast(pa.string()), pa.array(axes)))


def level_task(name: str, level: str) -> Any:
    """A module at one difficulty; at all where it has no levels."""
    family = TASKS[f"deepmind/{name}"]
    has = any(stratum.name == f"difficulty={level}" for stratum in family().strata("train"))
    return family(difficulty=level) if has else family()


def compared(name: str, regime: str, rate: float, theirs: Pairs, many: int) -> dict[str, Any]:
    """All figures of one module and level."""
    speed, mine = ours(name, regime, many)
    measures = {
        "question": lambda pair: len(pair[0]),
        "answer": lambda pair: len(pair[1]),
        "digits": lambda pair: max(map(len, re.findall(r"\d+", pair[0])), default=0),
    }
    apart = {what: distance([of(p) for p in theirs], [of(p) for p in mine]) for what, of in measures.items()}
    few = min(len(theirs), len(mine))
    shares = {what: [share(theirs[:few]), share(mine[:few])] for what, share in SHARES.items()}
    noise = 1.36 * math.sqrt((len(theirs) + len(mine)) / (len(theirs) * len(mine)))
    speeds = {"theirs/s": rate, "ours/s": speed, "times": speed / rate}
    return {
        "module": name,
        "level": regime,
        **apart,
        "noise": noise,
        **shares,
        **speeds,
        "samples": len(theirs),
    }


def distance(first: list[int], second: list[int]) -> float:
    """The largest difference between two distribution functions."""
    values = np.unique(np.concatenate([first, second]))
    steps = (np.searchsorted(np.sort(v), values, side="right") / len(v) for v in (first, second))
    one, other = steps
    return float(np.abs(one - other).max())


def common(pairs: Pairs) -> float:
    """Share of the five most common answers."""
    return sum(count for _, count in Counter(answer for _, answer in pairs).most_common(5)) / len(pairs)


SHARES = {
    "common": common,
    "minus": lambda pairs: sum(answer.startswith("-") for _, answer in pairs) / len(pairs),
    "fraction": lambda pairs: sum("/" in answer or "." in answer for _, answer in pairs) / len(pairs),
    "distinct": lambda pairs: len({answer for _, answer in pairs}) / len(pairs),
}


def table(figures: list[dict[str, Any]]) -> Table:
    """One line per module and level."""
    made = Table("module", "level")
    for column in ("question", "answer", "digits", "noise", *SHARES, "theirs/s", "ours/s", "times"):
        made.add_column(column, justify="right")
    for f in figures:
        shares = [f"{f[what][0]:.0%} {f[what][1]:.0%}" for what in SHARES]
        apart = [f"{f[what]:.2f}" for what in ("question", "answer", "digits", "noise")]
        speeds = [f"{f['theirs/s']:,.0f}", f"{f['ours/s']:,.0f}", f"{f['times']:,.0f}"]
        made.add_row(f["module"], f["level"].removeprefix("train-"), *apart, *shares, *speeds)
    return made


def summary(figures: list[dict[str, Any]]) -> str:
    """The smallest and the mean ratio of speeds."""
    train = [f for f in figures if f["level"] in LEVELS]
    slowest = min(figures, key=lambda f: f["times"])
    mean = math.exp(sum(math.log(f["times"]) for f in train) / len(train))
    lowest = f"least: {slowest['times']:,.0f} times ({slowest['module']}, {slowest['level']})"
    return f"geometric mean over modules and levels of train: {mean:,.0f} times as fast; {lowest}"


if __name__ == "__main__":
    main()
