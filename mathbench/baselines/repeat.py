"""Repeat a run from its directory alone, and say whether the same bits came out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines import checkpoint, run_directory
from mathbench.baselines.result import RESULT_FILE, Result
from mathbench.baselines.run_data import regenerate
from mathbench.baselines.spec import RunSpec
from mathbench.dataset.data import Data
from mathbench.errors import InputError


@dataclass(frozen=True)
class OriginalRun:
    """A run that is to be repeated.

    Args:
        run: its directory.
        spec: everything that decides the weights, apart from the data.
        data: made anew.
        steps: how many it took; 0: as many as its settings say.
        threads: CPU threads it used.
    """

    run: Path
    spec: RunSpec
    data: Data
    steps: int = 0
    threads: int = 1


def load_original(run: Path) -> OriginalRun:
    """Read a run directory; of a finished run also where it stopped and with how many threads.

    Raises:
        InputError: when it is no run directory, or this version makes other rows or has no such setting.
    """
    said = run_directory.read_spec(run)
    try:
        spec = RunSpec.from_json(said)
        data = regenerate(said["task"], said["data"], run)
    except (KeyError, TypeError) as error:
        raise InputError(f"{run} was made by another version: {str(error).rstrip('.')}.") from None
    if not (run / RESULT_FILE).is_file():
        return OriginalRun(run, spec, data)
    result = Result.load(run)
    return OriginalRun(run, spec, data, int(result.timings["steps"]), int(result.hardware["threads"]))


@dataclass(frozen=True)
class RunComparison:
    """Whether two finished runs are the same.

    Args:
        predictions: whether the files of predictions are the same bits.
        weights: whether all weights are; None where one of them has none.
        differs: what else differs, such as the version of a library, as "name: theirs, ours".
    """

    predictions: bool
    weights: bool | None
    differs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "same_predictions": self.predictions,
            "same_weights": self.weights,
            "differs": list(self.differs),
        }


def compare_runs(one: Path, other: Path) -> RunComparison | None:
    """Compare two finished runs; None when the first has not finished."""
    if not (one / RESULT_FILE).is_file():
        return None
    first, second = Result.load(one), Result.load(other)
    same = first.predictions_sha256 == second.predictions_sha256
    return RunComparison(same, _same_weights(one, other), tuple(_differences(first, second)))


def _same_weights(one: Path, other: Path) -> bool | None:
    first, second = checkpoint.read(one), checkpoint.read(other)
    if first is None or second is None:
        return None
    mine, theirs = first[1].get("best", {}), second[1].get("best", {})
    # bytes, not numbers: 0 and -0 are equal, and NaN is not
    return mine.keys() == theirs.keys() and all(_bits(mine[k]) == _bits(theirs[k]) for k in mine)


def _bits(array: NDArray[np.generic]) -> tuple[str, bytes]:
    return str(array.dtype), array.tobytes()


def _differences(first: Result, second: Result) -> list[str]:
    """What about code, libraries and machine may explain other bits."""
    pairs = {
        "commit": (first.commit[:12], second.commit[:12]),
        **{k: (first.versions.get(k), second.versions.get(k)) for k in {**first.versions, **second.versions}},
        **{
            k: (first.hardware.get(k), second.hardware.get(k))
            for k in ("cpu", "device", "threads", "processes")
        },
    }
    return [f"{key}: {a or '-'}, {b or '-'}" for key, (a, b) in pairs.items() if a != b]
