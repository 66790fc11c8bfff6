"""The search of a sweep: a reproducible Optuna study in the folder of the sweep.

Lists of values for every setting form a grid, which is tried in order. With ranges, or a requested number of trials, a
tree-structured Parzen estimator samples (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011). Trial k
is a function of the seed and the trials before it, so an interrupted sweep resumes with the same trials.
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
    """Stops a trial whose score is below the median of earlier trials at the same step."""


@dataclass(frozen=True)
class SweepPlan:
    """The plan of a sweep.

    Args:
        axes: the settings that are varied.
        trials: number of combinations to sample, 0 for all of a grid.
        seed: seed of the samples.
        prune: the step from which trials below the median of earlier ones are stopped, 0 for no pruning.

    Raises:
        InputError: for ranges without a number of trials, trials without axes, or pruning of a grid.
    """

    axes: tuple[Axis, ...]
    trials: int = 0
    seed: int = 0
    prune: int = 0

    def __post_init__(self) -> None:
        ranges = [axis.key for axis in self.axes if isinstance(axis, ValueRange)]
        if ranges and not self.trials:
            raise InputError(
                f"--sweep {ranges[0]} is a range: give the number of values to try with --trials N."
            )
        if self.trials and not self.axes:
            raise InputError("--trials requires --sweep key=low..high or key=value,value.")
        if self.prune and not self.trials:
            raise InputError("--prune requires --trials N: a grid is run completely.")

    @property
    def total(self) -> int:
        """The number of combinations."""
        return self.trials or len(combinations(self.axes))


class SweepStudy:
    """An Optuna study in the folder of a sweep.

    Args:
        plan: the plan of the sweep.
        folder: the folder of the sweep.
        name: identifies everything else that determines the outcome of a trial. Studies of other names may be in the
            same file.

    Raises:
        InputError: when Optuna is not installed.
    """

    def __init__(self, plan: SweepPlan, folder: Path, name: str):
        self._optuna, self._plan = require_optuna(), plan
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
        """Yield the unfinished trials. The score of each must be reported before the next is requested."""
        for trial in self._interrupted():
            yield TrialTracker(self._study, trial, self._text(trial.params))
        while (number := len(self._finished())) < self._plan.total:
            yield self._next(number)

    @property
    def next_number(self) -> int:
        """The number, from 1, of the next combination."""
        return len(self._finished()) + 1

    def finished(self) -> list[tuple[Settings, bool]]:
        """Return the finished combinations in order, each with whether it was completed (not pruned)."""
        complete = self._optuna.trial.TrialState.COMPLETE
        return [(self._text(trial.params), trial.state == complete) for trial in self._finished()]

    def record(self, settings: Settings, score: float) -> None:
        """Add a combination of a grid with its score, unless it is there."""
        if settings in [known for known, _ in self.finished()]:
            return
        made = self._optuna.trial.create_trial(params=dict(settings), distributions=self._spaces, value=score)
        self._study.add_trial(made)

    def _next(self, number: int) -> "TrialTracker":
        # a new sampler for each trial, because the state of a sampler would be lost when the process ends
        random_bits = key_of("sweep", self._plan.seed, number) >> 33
        self._study.sampler = self._optuna.samplers.TPESampler(seed=random_bits, multivariate=True)
        if not self._plan.trials:
            fixed = dict(combinations(self._plan.axes)[number])
            self._study.sampler = self._optuna.samplers.PartialFixedSampler(fixed, self._study.sampler)
        trial = self._study.ask(self._spaces)
        return TrialTracker(self._study, trial, self._text(trial.params))

    def _interrupted(self) -> list[Any]:
        """Return the trial at which the sweep was interrupted. Without all its settings it counts as failed."""
        trials = []
        for frozen in self._trials("RUNNING"):
            if frozen.params.keys() == self._spaces.keys():
                trials.append(self._optuna.trial.Trial(self._study, frozen._trial_id))
            else:
                self._study.tell(frozen.number, state=self._optuna.trial.TrialState.FAIL)
        return trials

    def _finished(self) -> list[Any]:
        return self._trials("COMPLETE", "PRUNED")

    def _trials(self, *states: str) -> list[Any]:
        selected = tuple(self._optuna.trial.TrialState[state] for state in states)
        trials: list[Any] = self._study.get_trials(deepcopy=False, states=selected)
        return trials

    def _space(self, axis: Axis) -> Any:
        distributions = self._optuna.distributions
        if isinstance(axis, ValueList):
            return distributions.CategoricalDistribution(axis.values)
        kind = distributions.IntDistribution if axis.integer else distributions.FloatDistribution
        low, high = (int(bound) if axis.integer else bound for bound in axis.bounds)
        return kind(low, high, log=axis.log)

    def _text(self, drawn: dict[str, Any]) -> Settings:
        """Return sampled values as text, in the order of the axes."""
        return tuple(
            (axis.key, axis.text(drawn[axis.key]) if isinstance(axis, ValueRange) else drawn[axis.key])
            for axis in self._plan.axes
        )


class TrialTracker:
    """One combination in progress. As a tracker it prunes its run.

    Args:
        study: the Optuna study.
        trial: the Optuna trial.
        settings: the combination.
    """

    def __init__(self, study: Any, trial: Any, settings: Settings):
        self._study, self._trial, self.settings = study, trial, settings

    def start(self, config: Mapping[str, Any]) -> None:
        """See `mathbench.baselines.training.tracking.Tracker`."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Compare a validation with those of earlier trials.

        Raises:
            TrialPruned: when the trial is to be stopped.
        """
        self._trial.report(values["validation"], step)
        if self._trial.should_prune():
            raise TrialPruned

    def finish(self, summary: Mapping[str, float]) -> None:
        """See `mathbench.baselines.training.tracking.Tracker`."""

    def tell(self, score: float) -> None:
        """Report the score, the mean over the seeds of the best exact match on validation."""
        self._study.tell(self._trial, score)

    def prune(self) -> None:
        """Report that the trial was pruned."""
        import optuna

        self._study.tell(self._trial, state=optuna.trial.TrialState.PRUNED)


def require_optuna() -> Any:
    """Return the module of Optuna.

    Raises:
        InputError: when it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError("--sweep needs Optuna: pip install 'mathbench-toolkit[sweep]'.") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna
