"""Which settings a sweep tries next: Optuna's study, kept in the folder of the sweep, with the same course every time.

A list of values for every setting is a grid, tried in its order. With ranges, or where a number of trials is asked
for, a tree of Parzen estimators draws (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011). What
trial k draws is a function of the seed and the trials before it, so a sweep that was killed goes on as if nothing had
happened.
"""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathbench.baselines.sweeps.space import Axis, Settings, ValueList, ValueRange, combinations
from mathbench.errors import InputError
from mathbench.hashing import key_of

STUDY_FILE = "study.db"


class TrialPruned(Exception):
    """A trial that is worse than most were at the same step; it is not worth its time."""


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep tries.

    Args:
        axes: what it varies.
        trials: combinations to draw; 0: all of a grid.
        seed: of the draws.
        prune: the step from which a trial ends that is worse than the median of those before it; 0: none does.

    Raises:
        InputError: for ranges without a number of trials, trials of nothing, or pruning of a grid.
    """

    axes: tuple[Axis, ...]
    trials: int = 0
    seed: int = 0
    prune: int = 0

    def __post_init__(self) -> None:
        ranges = [axis.key for axis in self.axes if isinstance(axis, ValueRange)]
        if ranges and not self.trials:
            raise InputError(f"--sweep {ranges[0]} is a range: say how many values to try with --trials N.")
        if self.trials and not self.axes:
            raise InputError("--trials needs --sweep key=low..high, which says what to try.")
        if self.prune and not self.trials:
            raise InputError("--prune goes with --trials N: a grid is run as a whole.")

    @property
    def total(self) -> int:
        """How many combinations are tried."""
        return self.trials or len(combinations(self.axes))


class SweepStudy:
    """A study of Optuna in the folder of a sweep.

    Args:
        plan: what is tried.
        folder: of the sweep.
        name: what else decides the outcome of a trial; another name is another study in the same file.

    Raises:
        InputError: where Optuna is not installed.
    """

    def __init__(self, plan: SweepPlan, folder: Path, name: str):
        self._optuna, self._plan = _optuna(), plan
        self._spaces = {axis.key: self._space(axis) for axis in plan.axes}
        pruner = self._optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=plan.prune)
        self._study = self._optuna.create_study(
            storage=f"sqlite:///{folder / STUDY_FILE}",
            study_name=name,
            direction="maximize",
            pruner=pruner if plan.prune else self._optuna.pruners.NopPruner(),
            load_if_exists=True,
        )

    def __iter__(self) -> Iterator["TrialTracker"]:
        """The trials that are not finished, one after the other: each is told before the next is asked for."""
        for trial in self._begun():
            yield TrialTracker(self._study, trial, self._text(trial.params))
        while (number := len(self._finished())) < self._plan.total:
            yield self._next(number)

    @property
    def next_number(self) -> int:
        """The number, from 1, of the first combination that is still to be tried."""
        return len(self._finished()) + 1

    def finished(self) -> list[tuple[Settings, bool]]:
        """What has been tried, in order, and whether it ran to its end."""
        complete = self._optuna.trial.TrialState.COMPLETE
        return [(self._text(trial.params), trial.state == complete) for trial in self._finished()]

    def _next(self, number: int) -> "TrialTracker":
        # a sampler of its own for each trial: one that goes on would have to be kept, and would not be after a kill
        random_bits = key_of("sweep", self._plan.seed, number) >> 33
        self._study.sampler = self._optuna.samplers.TPESampler(seed=random_bits, multivariate=True)
        if not self._plan.trials:
            fixed = dict(combinations(self._plan.axes)[number])
            self._study.sampler = self._optuna.samplers.PartialFixedSampler(fixed, self._study.sampler)
        trial = self._study.ask(self._spaces)
        return TrialTracker(self._study, trial, self._text(trial.params))

    def _begun(self) -> list[Any]:
        """The trial at which the sweep was stopped; one that had not drawn all its settings yet is drawn again."""
        found = []
        for frozen in self._trials("RUNNING"):
            if frozen.params.keys() == self._spaces.keys():
                found.append(self._optuna.trial.Trial(self._study, frozen._trial_id))
            else:
                self._study.tell(frozen.number, state=self._optuna.trial.TrialState.FAIL)
        return found

    def _finished(self) -> list[Any]:
        return self._trials("COMPLETE", "PRUNED")

    def _trials(self, *states: str) -> list[Any]:
        requested = tuple(self._optuna.trial.TrialState[state] for state in states)
        found: list[Any] = self._study.get_trials(deepcopy=False, states=requested)
        return found

    def _space(self, axis: Axis) -> Any:
        kinds = self._optuna.distributions
        if isinstance(axis, ValueList):
            return kinds.CategoricalDistribution(axis.values)
        kind = kinds.IntDistribution if axis.integer else kinds.FloatDistribution
        low, high = (int(end) if axis.integer else end for end in axis.bounds)
        return kind(low, high, log=axis.log)

    def _text(self, drawn: dict[str, Any]) -> Settings:
        """Drawn values as settings take them, in the order of the axes."""
        return tuple(
            (axis.key, axis.text(drawn[axis.key]) if isinstance(axis, ValueRange) else drawn[axis.key])
            for axis in self._plan.axes
        )


class TrialTracker:
    """One combination while it is tried; as a tracker it ends a hopeless run.

    Args:
        study: Optuna's.
        trial: Optuna's.
        settings: what is tried.
    """

    def __init__(self, study: Any, trial: Any, settings: Settings):
        self._study, self._trial, self.settings = study, trial, settings

    def start(self, config: Mapping[str, Any]) -> None:
        """See `mathbench.baselines.training.tracking.Tracker`."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Compare a validation with those of the trials before.

        Raises:
            Pruned: when it is hopeless.
        """
        self._trial.report(values["validation"], step)
        if self._trial.should_prune():
            raise TrialPruned

    def finish(self, summary: Mapping[str, float]) -> None:
        """See `mathbench.baselines.training.tracking.Tracker`."""

    def tell(self, score: float) -> None:
        """Say what came out, the mean over the seeds of the best exact match on validation."""
        self._study.tell(self._trial, score)

    def prune(self) -> None:
        """Say that it was ended."""
        import optuna

        self._study.tell(self._trial, state=optuna.trial.TrialState.PRUNED)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise InputError("--sweep needs Optuna: pip install 'mathbench-toolkit[sweep]'.") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna
