"""Sweeps: one baseline under every combination of some settings, several seeds each.

Each trial is an ordinary run in a directory of its own: what is finished is read, what is unfinished goes on from its
checkpoint, and more values or seeds extend a sweep. `mathbench.baselines.sweeps.search` decides what is
tried next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mathbench.baselines.result import Result
from mathbench.baselines.sweeps.space import Settings, combinations, parse_axes
from mathbench.errors import InputError
from mathbench.scores.statistics import SeedStatistics, seed_statistics

MAX_TRIALS = 10_000  # trials


@dataclass(frozen=True)
class Trial:
    """One run of a sweep.

    Args:
        settings: the settings that are swept, as text by name.
        seed: of the training.

    >>> Trial((("rate", "1e-3"), ("hidden", "64")), 2).name
    'rate=1e-3,hidden=64-seed2'
    """

    settings: Settings
    seed: int

    @property
    def name(self) -> str:
        """The name of its run directory."""
        words = [f"{key}={value.replace('/', '_')}" for key, value in self.settings]
        return "-".join([*([",".join(words)] if words else []), f"seed{self.seed}"])


@dataclass(frozen=True)
class SweepResult:
    """One combination of settings in the table of a sweep.

    Args:
        settings: the settings that are swept.
        validation: best exact match on validation over the seeds, by which lines are ranked.
        splits: exact match on each evaluation split, over the seeds.
        cpu: CPU seconds of training, over the seeds.
    """

    settings: Mapping[str, str]
    validation: SeedStatistics
    splits: Mapping[str, SeedStatistics]
    cpu: SeedStatistics

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        splits = {split: vars(spread) for split, spread in self.splits.items()}
        return {
            "settings": dict(self.settings),
            "validation": vars(self.validation),
            "splits": splits,
            "fit_cpu_s": vars(self.cpu),
        }


def grid(sweeps: Sequence[str], seeds: int, first: int = 0) -> list[Trial]:
    """Every combination of listed values and ends of ranges with every seed.

    Args:
        sweeps: ``key=value,value,...`` or ``key=low..high`` each.
        seeds: how many seeds.
        first: the first seed.

    Raises:
        InputError: for words that are neither, a setting named twice, or too many trials.

    >>> [trial.name for trial in grid(["lr=1e-3,3e-3"], seeds=2)]
    ['rate=1e-3-seed0', 'rate=1e-3-seed1', 'rate=3e-3-seed0', 'rate=3e-3-seed1']
    """
    found = combinations(parse_axes(sweeps))
    if (count := len(found) * seeds) > MAX_TRIALS:
        raise InputError(f"a sweep has at most {MAX_TRIALS:,} trials. Received: {count:,}.")
    return [trial for settings in found for trial in trials_for_seeds(settings, seeds, first)]


def trials_for_seeds(settings: Settings, seeds: int, first: int) -> list[Trial]:
    """The trials of one combination, one for each seed."""
    return [Trial(settings, first + i) for i in range(seeds)]


def summarise_trials(finished: Sequence[tuple[Trial, Result]]) -> list[SweepResult]:
    """The table of a sweep, best on validation first; ties go to the cheaper.

    Lines are ranked by validation, never by the test splits: those would no longer be unseen.
    """
    groups: dict[Settings, list[Result]] = {}
    for trial, result in finished:
        groups.setdefault(trial.settings, []).append(result)
    found = [_line(dict(settings), results) for settings, results in groups.items()]
    return sorted(found, key=lambda line: (-line.validation.mean, line.cpu.mean))


def _line(settings: dict[str, str], results: Sequence[Result]) -> SweepResult:
    splits = [split for split in results[0].scores if split != "validation"]
    return SweepResult(
        settings,
        seed_statistics([result.best["validation"] for result in results]),
        {split: seed_statistics([r.scores[split]["exact_match"] for r in results]) for split in splits},
        seed_statistics([result.timings["fit_cpu_s"] for result in results]),
    )
