"""Search for settings without training, as a sweep does: a smoke test of the extra `sweep` that needs no framework."""

import tempfile
from pathlib import Path

from mathbench.baselines.sweeps.search import SweepPlan, SweepStudy
from mathbench.baselines.sweeps.space import parse_axes

TRIALS = 12

if __name__ == "__main__":
    plan = SweepPlan(
        parse_axes(["lr=1e-4..1e-1", "hidden=4..64", "start=zero,encoder"]), trials=TRIALS, prune=2
    )
    with tempfile.TemporaryDirectory() as folder:
        for number, trial in enumerate(SweepStudy(plan, Path(folder), "smoke")):
            trial.log(4, {"validation": number / TRIALS})
            trial.tell(number / TRIALS)
        finished = SweepStudy(plan, Path(folder), "smoke").finished()
    if len(finished) != TRIALS or not all(complete for _, complete in finished):
        raise SystemExit(f"the search did not finish: {finished}")
