"""Grid sweeps: one baseline under every combination of some settings, with several seeds each.

Each trial is an ordinary run in a directory of its own. Finished trials are read, unfinished ones resume from their
checkpoint, and more values or seeds extend a sweep. `mathbench.baselines.sweeps.search` chooses the next trial.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mathbench.baselines.result import Result
from mathbench.baselines.sweeps.space import Settings, combinations, parse_axes
from mathbench.errors import InputError
from mathbench.scores.statistics import SeedStatistics, seed_statistics

MAX_TRIALS = 10_000


@dataclass(frozen=True)
class Trial:
    """One run of a sweep.

    Args:
        settings: the swept settings, as text by name.
        seed: seed of the training.

    >>> Trial((("rate", "1e-3"), ("hidden", "64")), 2).name
    'rate=1e-3,hidden=64-seed2'
    """

    settings: Settings
    seed: int

    @property
    def name(self) -> str:
        """The name of the run directory."""
        words = [f"{key}={value.replace('/', '_')}" for key, value in self.settings]
        return "-".join([*([",".join(words)] if words else []), f"seed{self.seed}"])


@dataclass(frozen=True)
class SweepResult:
    """The results of one combination of settings and one supervision over its seeds.

    Args:
        settings: the swept settings.
        supervision: what the training labels give away, see `RunSpec.supervision`.
        validation: best exact match on validation, by which combinations are ranked.
        splits: exact match on each evaluation split.
        long: exact match on problems of single lengths, by number of digits.
        cpu: CPU seconds of training.
    """

    settings: Mapping[str, str]
    supervision: str
    validation: SeedStatistics
    splits: Mapping[str, SeedStatistics]
    long: Mapping[str, SeedStatistics]
    cpu: SeedStatistics

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        splits = {split: vars(statistics) for split, statistics in self.splits.items()}
        long = {digits: vars(statistics) for digits, statistics in self.long.items()}
        return {
            "settings": dict(self.settings),
            # sweeps of earlier versions do not state it
            **({"supervision": self.supervision} if self.supervision else {}),
            "validation": vars(self.validation),
            "splits": splits,
            **({"long": long} if long else {}),
            "fit_cpu_s": vars(self.cpu),
        }


def grid(sweeps: Sequence[str], seeds: int, first: int = 0) -> list[Trial]:
    """Return the trials of every combination of listed values and bounds of ranges with every seed.

    Args:
        sweeps: ``key=value,value,...`` or ``key=low..high`` each.
        seeds: number of seeds.
        first: the first seed.

    Raises:
        InputError: for text that is neither, a setting named twice, or too many trials.

    >>> [trial.name for trial in grid(["lr=1e-3,3e-3"], seeds=2)]
    ['rate=1e-3-seed0', 'rate=1e-3-seed1', 'rate=3e-3-seed0', 'rate=3e-3-seed1']
    """
    combined = combinations(parse_axes(sweeps))
    if (count := len(combined) * seeds) > MAX_TRIALS:
        raise InputError(f"a sweep may have at most {MAX_TRIALS:,} trials. Received: {count:,}.")
    return [trial for settings in combined for trial in trials_for_seeds(settings, seeds, first)]


def trials_for_seeds(settings: Settings, seeds: int, first: int) -> list[Trial]:
    """Return the trials of one combination, one for each seed."""
    return [Trial(settings, first + i) for i in range(seeds)]


def summarise_trials(finished: Sequence[tuple[Trial, Result]]) -> list[SweepResult]:
    """Summarise a sweep, best on validation first; of equal combinations the one with less CPU time first.

    Results of different supervision are neither averaged nor ranked against each other: each has its own block.
    Combinations are ranked by validation and never by the test splits, which would no longer be unseen.
    """
    groups: dict[tuple[Settings, str], list[Result]] = {}
    for trial, result in finished:
        groups.setdefault((trial.settings, result.supervision), []).append(result)
    summaries = [_summarise(dict(settings), given, results) for (settings, given), results in groups.items()]
    return sorted(summaries, key=lambda line: (line.supervision, -line.validation.mean, line.cpu.mean))


def _summarise(settings: dict[str, str], supervision: str, results: Sequence[Result]) -> SweepResult:
    splits = [split for split in results[0].scores if split != "validation"]
    # a run that was made before may have been scored on other lengths
    lengths = [digits for digits in results[0].long if all(digits in result.long for result in results)]
    return SweepResult(
        settings,
        supervision,
        seed_statistics([result.best["validation"] for result in results]),
        {split: seed_statistics([r.scores[split]["exact_match"] for r in results]) for split in splits},
        {digits: seed_statistics([r.long[digits]["exact_match"] for r in results]) for digits in lengths},
        seed_statistics([result.timings["fit_cpu_s"] for result in results]),
    )
