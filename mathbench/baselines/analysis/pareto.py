"""The smallest network that solves a task, among many runs. Fronts are in `mathbench.baselines.analysis.charts`."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathbench.baselines.result import Result

SOLVED = 0.99  # exact match at which a task counts as solved


@dataclass(frozen=True)
class SizedRun:
    """One run: its size, its scores and what they rest on.

    Args:
        run: the run directory.
        model: baseline and recipe.
        task: the name of its task.
        weights: trained weights; those that are used in several places count once.
        exact_match: per split that was scored.
        supervision: what the training labels and the layout give away.
        fixed_by_hand: parts of the network that are not trained.
        cpu_seconds: of the training, of all candidates of a tournament.
        candidates: networks that were trained, 1 but for a tournament.
    """

    run: Path
    model: str
    task: str
    weights: int
    exact_match: dict[str, float]
    supervision: str
    fixed_by_hand: tuple[str, ...]
    cpu_seconds: float
    candidates: int

    @classmethod
    def of(cls, run: Path, result: Result) -> "SizedRun":
        """Read a finished run."""
        recipe = str(result.recipe.get("name", ""))
        model = result.baseline if recipe in ("", result.baseline) else f"{result.baseline} ({recipe})"
        return cls(
            run,
            model,
            result.task["name"],
            result.parameters,
            {split: score["exact_match"] for split, score in result.scores.items()},
            result.supervision,
            tuple(result.weights.get("fixed_by_hand", ())),
            float(result.timings.get("fit_cpu_s", 0.0)),
            int(result.tournament.get("candidates", 1)),
        )

    @property
    def line(self) -> str:
        """The run in a line: what it took to solve its task."""
        tries = f", best of {self.candidates} networks" if self.candidates > 1 else ""
        fixed = f"; fixed by hand: {', '.join(self.fixed_by_hand)}" if self.fixed_by_hand else ""
        return (
            f"smallest with {SOLVED:.0%}, {self.task}: {self.weights:,} weights, {self.model}, {self.supervision}, "
            f"{self.cpu_seconds:.1f} CPU s{tries}{fixed}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "run": str(self.run), "fixed_by_hand": list(self.fixed_by_hand)}


def smallest(runs: Iterable[SizedRun], split: str, threshold: float = SOLVED) -> dict[str, SizedRun]:
    """Return the run with the fewest trained weights that reaches an exact match, for each task that has one.

    Of runs with equally many weights it is the one with the larger exact match.

    Args:
        runs: runs of any tasks.
        split: the split whose exact match counts.
        threshold: the exact match to reach, from 0 to 1.

    >>> def sized(weights, share):
    ...     return SizedRun(Path("r"), "mlp", "gcd", weights, {"interpolate": share}, "examples", (), 1.0, 1)
    >>> smallest([sized(9, 0.99), sized(5, 0.98), sized(7, 1.0)], "interpolate")["gcd"].weights
    7
    """
    found: dict[str, SizedRun] = {}
    for run in runs:
        if run.exact_match.get(split, -1.0) >= threshold:
            best = found.get(run.task)
            if best is None or _order(run, split) < _order(best, split):
                found[run.task] = run
    return dict(sorted(found.items()))


def _order(run: SizedRun, split: str) -> tuple[int, float]:
    return run.weights, -run.exact_match[split]
