"""How often a table calls equal models different: `python benchmarks/rank_errors.py [--boards N] [--json FILE]`.

Boards of models with equal expected accuracy are simulated as in `tests/leaderboard/test_paired.py`, with random seed
0. Printed is the share of boards on which any two models differ significantly, which should be at most 5 %: the
figures of docs/ranks.md.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from mathbench.leaderboard.ranking.paired import compare_over_tasks
from tests.leaderboard.test_paired import boards, seasons, two_kinds, wrong_boards

SINGLE = {
    "6 with one seed": dict(models=6, seeds=(1,) * 6, spread=(0.0,) * 6),
    "6 with three seeds, standard deviation between seeds 5 %": dict(
        models=6, seeds=(3,) * 6, spread=(0.05,) * 6
    ),
    "6 with 1 to 5 seeds, 3 %": dict(
        models=6, seeds=(1, 1, 2, 2, 3, 5), spread=(0.0, 0.0, 0.03, 0.03, 0.03, 0.03)
    ),
    "2 with 1 and 3 seeds, 5 %": dict(models=2, seeds=(1, 3), spread=(0.05, 0.05)),
    "2 with 5 seeds, one without spread, the other 10 %": dict(models=2, seeds=(5, 5), spread=(0.1, 0.0)),
    "2 with 5 seeds that succeed or fail, the others without spread": dict(
        models=2, seeds=(5, 5), spread=(0.1, 0.0), deviation=two_kinds
    ),
}
OVER_TASKS = {1: 0.0, 2: 0.05, 5: 0.05, 20: 0.05}  # tasks: standard deviation of a difference between them


def rates(number: int) -> Iterator[tuple[str, float]]:
    """The settings with their shares of wrong boards; of seasons, half as many are simulated."""
    for name, setting in SINGLE.items():
        yield name, wrong_boards(boards(**setting, boards=number)) / number
    for tasks, between in OVER_TASKS.items():
        simulated = seasons(tasks, 5, between, seasons=number // 2)
        wrong = sum(bool(compare_over_tasks(season).better().any()) for season in simulated)
        yield f"5 over {tasks} tasks", wrong / (number // 2)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--boards", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = dict(rates(given.boards))
    shown = Table("models", "wrong tables")
    for name, rate in found.items():
        shown.add_row(name, f"{rate:.1%}")
    Console().print(shown)
    if given.json:
        given.json.write_text(json.dumps({"boards": given.boards, "rates": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
