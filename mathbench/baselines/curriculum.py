"""Curricula: for a share of the steps only some strata are shown, then others, in the end all."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError, did_you_mean

Int = NDArray[np.int64]


@dataclass(frozen=True)
class CurriculumStage:
    """Some steps that show some strata.

    Args:
        share: of all steps, 0 to 1.
        pattern: of the names of strata, with ``*``, ``?`` and ``[...]`` as in a shell.
    """

    share: float
    pattern: str


def parse_stages(words: str) -> tuple[CurriculumStage, ...]:
    """Read stages such as ``0.2 digits=1*; 0.3 digits=[12]*``.

    Raises:
        InputError: for a stage that is not a share and a pattern, or shares above 1 in all.

    >>> parse_stages("0.2 digits=1*; 0.3 digits=[12]*")
    (CurriculumStage(share=0.2, pattern='digits=1*'), CurriculumStage(share=0.3, pattern='digits=[12]*'))
    """
    stages = tuple(_stage(part) for part in words.split(";") if part.strip())
    if sum(stage.share for stage in stages) > 1 + 1e-9:
        raise InputError(f"curriculum: the shares of the stages add up to more than 1. Received: '{words}'.")
    return stages


def _stage(part: str) -> CurriculumStage:
    share, _, pattern = part.strip().partition(" ")
    try:
        found = CurriculumStage(float(share), pattern.strip())
    except ValueError:
        found = CurriculumStage(0.0, "")
    if not (0 < found.share <= 1 and found.pattern):
        raise InputError(
            "curriculum: a stage is a share of the steps above 0 and a pattern of strata, such as "
            f"'0.2 digits=1*'. Received: '{part.strip()}'."
        )
    return found


def stage_starts(stages: tuple[CurriculumStage, ...], steps: int) -> tuple[int, ...]:
    """The first step of each stage, and of what comes after the last one.

    >>> stage_starts(parse_stages("0.2 digits=1*; 0.3 digits=2*"), 100)
    (0, 20, 50)
    """
    return (0, *(round(float(done) * steps) for done in np.cumsum([stage.share for stage in stages])))


def stage_rows(stage: CurriculumStage, strata: pa.ChunkedArray) -> Int:
    """The rows that a stage shows, int64 (m,), given the stratum of each row.

    Raises:
        InputError: when there are none.
    """
    encoded = strata.cast(pa.string()).combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    requested = np.array([fnmatchcase(name, stage.pattern) for name in names], dtype=bool)
    if not requested.any():
        hint = did_you_mean(stage.pattern, names)
        raise InputError(f"curriculum: no stratum of train matches '{stage.pattern}'. {hint}")
    return np.flatnonzero(requested[encoded.indices.to_numpy(zero_copy_only=False)])
