"""The trials of a requested sweep, and the name that identifies it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mathbench.cli.request import RunRequest
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.spec import RunSpec
    from mathbench.baselines.sweeps.grid import Trial
    from mathbench.baselines.sweeps.search import SweepPlan
    from mathbench.baselines.sweeps.space import Settings
    from mathbench.dataset.data import Data


@dataclass(frozen=True)
class SweepSpec:
    """What a sweep runs.

    Args:
        spec: what all trials have in common, with the first seed.
        recipe: its recipe.
        settings: ``key=value``, for all trials.
        plan: what is varied.
        seeds: number of seeds of each combination.
    """

    spec: "RunSpec"
    recipe: "Recipe"
    settings: tuple[str, ...]
    plan: "SweepPlan"
    seeds: int

    def trials(self, settings: "Settings") -> list["Trial"]:
        """Return the runs of one combination, one per seed."""
        from mathbench.baselines.sweeps.grid import trials_for_seeds

        return trials_for_seeds(settings, self.seeds, int(self.spec.seed))

    def make_spec(self, trial: "Trial") -> "RunSpec":
        """Return the spec of a trial."""
        from mathbench.baselines.recipe import apply_overrides, parse_overrides

        overrides = {**parse_overrides(list(self.settings)), **dict(trial.settings)}
        entry, framework, varied = (
            self.spec.baseline,
            self.spec.framework,
            [axis.key for axis in self.plan.axes],
        )
        settings, encoding = apply_overrides(self.recipe, entry, framework, overrides, varied)
        return replace(self.spec, seed=trial.seed, settings=settings, choices=encoding)

    def name(self, data: "Data") -> str:
        """Return a hash of everything that decides the result of a trial; the number of trials is not part of it."""
        import hashlib
        import json

        from mathbench.baselines.run import run_identity

        plan = (repr(self.plan.axes), self.plan.seed, self.plan.prune)
        parts = (run_identity(self.spec, data), *plan, self.seeds)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def make_sweep(request: RunRequest, spec: "RunSpec", recipe: "Recipe | None") -> SweepSpec:
    """Return the requested sweep. Trials with invalid settings fail here, before any of them is run.

    Args:
        request: what is varied.
        spec: what the trials have in common.
        recipe: its recipe; None for what is not trained.
    """
    from mathbench.baselines.sweeps.grid import grid
    from mathbench.baselines.sweeps.search import SweepPlan
    from mathbench.baselines.sweeps.space import parse_axes

    if recipe is None or spec.settings is None:
        raise InputError(f"{spec.baseline.name} is not trained: every run of it is the same.")
    if not isinstance(spec.seed, int):
        raise InputError(f"a sweep counts seeds from an integer. Received: --seed {spec.seed}.")
    options, axes = request.sweep, list(request.sweep.axes)
    checked = grid(axes, options.seeds, spec.seed)
    prune = spec.settings.steps // 4 + 1 if options.prune else 0
    plan = SweepPlan(parse_axes(axes), options.trials, spec.seed, prune)
    sweep = SweepSpec(spec, recipe, request.settings, plan, options.seeds)
    for trial in checked:
        sweep.make_spec(trial)
    return sweep
