"""Sweeps: one baseline under every combination of some settings, several seeds each.

Each trial is an ordinary run in a directory of its own: what is finished is read, what is unfinished goes on from its
checkpoint, and more values or seeds extend a sweep. `mathbench.baselines.sweeps.search` decides what is
tried next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mathbench.baselines.result import Result
from mathbench.baselines.sweeps.space import Settings, axes_of, combinations
from mathbench.errors import InputError
from mathbench.scores.statistics import Spread, over_seeds

MOST = 10_000  # trials


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
class Line:
    """One combination of settings in the table of a sweep.

    Args:
        settings: the settings that are swept.
        validation: best exact match on validation over the seeds, by which lines are ranked.
        splits: exact match on each evaluation split, over the seeds.
        cpu: CPU seconds of training, over the seeds.
    """

    settings: Mapping[str, str]
    validation: Spread
    splits: Mapping[str, Spread]
    cpu: Spread

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
    found = combinations(axes_of(sweeps))
    if (count := len(found) * seeds) > MOST:
        raise InputError(f"a sweep has at most {MOST:,} trials. Received: {count:,}.")
    return [trial for settings in found for trial in seeded(settings, seeds, first)]


def seeded(settings: Settings, seeds: int, first: int) -> list[Trial]:
    """The trials of one combination, one for each seed."""
    return [Trial(settings, first + i) for i in range(seeds)]


def lines(finished: Sequence[tuple[Trial, Result]]) -> list[Line]:
    """The table of a sweep, best on validation first; ties go to the cheaper.

    Lines are ranked by validation, never by the test splits: those would no longer be unseen.
    """
    groups: dict[Settings, list[Result]] = {}
    for trial, result in finished:
        groups.setdefault(trial.settings, []).append(result)
    found = [_line(dict(settings), results) for settings, results in groups.items()]
    return sorted(found, key=lambda line: (-line.validation.mean, line.cpu.mean))


def _line(settings: dict[str, str], results: Sequence[Result]) -> Line:
    splits = [split for split in results[0].scores if split != "validation"]
    return Line(
        settings,
        over_seeds([result.best["validation"] for result in results]),
        {split: over_seeds([r.scores[split]["exact_match"] for r in results]) for split in splits},
        over_seeds([result.timings["fit_cpu_s"] for result in results]),
    )
