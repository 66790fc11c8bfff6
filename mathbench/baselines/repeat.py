"""Repetition of a run from its directory alone, and comparison of the two down to the bit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines import checkpoint, run_directory
from mathbench.baselines.guests.record import place_of, warn_of_changes
from mathbench.baselines.language_models import stored_asking
from mathbench.baselines.prompted.settings import AskingOptions
from mathbench.baselines.result import RESULT_FILE, Result
from mathbench.baselines.run_data import regenerate
from mathbench.baselines.spec import RunSpec
from mathbench.dataset.data import Data
from mathbench.errors import InputError


@dataclass(frozen=True)
class OriginalRun:
    """A run to repeat.

    Args:
        run: its directory.
        spec: everything that determines the weights, apart from the data.
        data: the regenerated rows.
        steps: number of steps it took, 0 for the number in its settings.
        threads: CPU threads it used.
        long: lengths of the problems that were scored besides the splits.
        asking: where its language model is found; None for other baselines.
        finished: whether it has a result.
    """

    run: Path
    spec: RunSpec
    data: Data
    steps: int = 0
    threads: int = 1
    long: tuple[int, ...] = ()
    asking: AskingOptions | None = None
    finished: bool = True


def load_original(run: Path) -> OriginalRun:
    """Load a run directory, including the steps and threads of a finished run.

    Raises:
        InputError: when it is not a run directory, or this version generates other rows or lacks a setting.
    """
    record = run_directory.read_spec(run)
    try:
        spec = RunSpec.from_json(record, place_of(run, str(record["baseline"])))
        warn_of_changes(run, spec.baseline.origin)
        data = regenerate(record["task"], record["data"], run)
    except (KeyError, TypeError) as error:
        raise InputError(f"{run} was written by another version: {str(error).rstrip('.')}.") from None
    asking = None if spec.prompting is None else stored_asking(run)
    if not (run / RESULT_FILE).is_file():
        return OriginalRun(run, spec, data, asking=asking, finished=False)
    result = Result.load(run)
    steps, threads = int(result.timings["steps"]), int(result.hardware["threads"])
    return OriginalRun(run, spec, data, steps, threads, tuple(map(int, result.long)), asking)


@dataclass(frozen=True)
class RunComparison:
    """The comparison of two finished runs.

    Args:
        predictions: whether the prediction files are identical.
        weights: whether all weights are identical, None where a run has none.
        differs: other differences, such as the version of a library, as "name: first, second".
    """

    predictions: bool
    weights: bool | None
    differs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "same_predictions": self.predictions,
            "same_weights": self.weights,
            "differs": list(self.differs),
        }


def compare_runs(one: Path, other: Path) -> RunComparison | None:
    """Compare two finished runs. Returns None when the first is unfinished."""
    if not (one / RESULT_FILE).is_file():
        return None
    first, second = Result.load(one), Result.load(other)
    same = first.predictions_sha256 == second.predictions_sha256
    return RunComparison(same, _same_weights(one, other), tuple(_differences(first, second)))


def _same_weights(one: Path, other: Path) -> bool | None:
    first, second = checkpoint.read(one), checkpoint.read(other)
    if first is None or second is None:
        return None
    ours, theirs = first[1].get("best", {}), second[1].get("best", {})
    # compared as bytes, because as numbers 0 equals -0 and NaN differs from itself
    return ours.keys() == theirs.keys() and all(_bits(ours[k]) == _bits(theirs[k]) for k in ours)


def _bits(array: NDArray[np.generic]) -> tuple[str, bytes]:
    return str(array.dtype), array.tobytes()


def _differences(first: Result, second: Result) -> list[str]:
    """Return differences of code, libraries and machine that may explain different bits."""
    pairs = {
        "commit": (first.commit[:12], second.commit[:12]),
        **{k: (first.versions.get(k), second.versions.get(k)) for k in {**first.versions, **second.versions}},
        **{
            k: (first.hardware.get(k), second.hardware.get(k))
            for k in ("cpu", "device", "threads", "processes")
        },
    }
    return [f"{key}: {a or '-'}, {b or '-'}" for key, (a, b) in pairs.items() if a != b]
