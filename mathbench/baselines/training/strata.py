"""The validation exact match of every stratum over the steps, stored as a small table in the run directory.

`read_strata` returns the table of a run. It is written at every validation, and a resumed or extended run goes on with
the rows before it.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mathbench.baselines.training.state import Recorder, TrainingState, Validation
from mathbench.errors import InputError

VALIDATION_FILE = "validation.parquet"
MAX_ROWS = 20_000  # of the table, above which validations are left out evenly
SCHEMA = pa.schema({"step": pa.int64(), "stratum": pa.string(), "n": pa.int64(), "correct": pa.int64()})


def read_strata(run: Path) -> pa.Table:
    """Read the validation scores of a run by step and stratum.

    Args:
        run: a run directory, of a finished or an unfinished run.

    Returns:
        The columns step (int64), stratum (string), n and correct (int64: rows of the stratum, and how many of them were
        right), ordered by step. Empty for baselines that are not trained in steps, and for runs of earlier versions.

    Raises:
        InputError: when the file is damaged.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     read_strata(Path(folder)).column_names
    ['step', 'stratum', 'n', 'correct']
    """
    path = run / VALIDATION_FILE
    if not path.is_file():
        return SCHEMA.empty_table()
    try:
        # not `read_table`, which imports pyarrow's data sets
        with pq.ParquetFile(path) as file:
            table = file.read(columns=SCHEMA.names).cast(SCHEMA)
    except (OSError, pa.ArrowException, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise InputError(f"{path} is damaged ({reason}). Remove it to go on without what it holds.") from None
    return table


class StrataLog(Recorder):
    """A callback that stores the scores of every stratum after each validation.

    Args:
        run: the run directory.
        strata: stratum of each validation row, strings (n,).
    """

    def __init__(self, run: Path, strata: pa.ChunkedArray | pa.Array):
        self._path, self._run = run / VALIDATION_FILE, run
        column = strata.combine_chunks() if isinstance(strata, pa.ChunkedArray) else strata
        encoded: Any = pc.cast(column, pa.string()).dictionary_encode()
        self._codes, self.names = np.asarray(encoded.indices), encoded.dictionary.to_pylist()
        self._sizes = np.bincount(self._codes, minlength=len(self.names))
        self._correct: dict[int, NDArray[np.int64]] = {}

    @property
    def latest(self) -> dict[str, float]:
        """The exact match of each stratum at the last validation."""
        correct = self._correct[max(self._correct)]
        return dict(zip(self.names, (correct / self._sizes).tolist(), strict=True))

    def on_start(self, state: TrainingState) -> None:
        """Read what an interrupted run has stored, up to its checkpoint."""
        table, width, validated = read_strata(self._run), len(self.names), set(state.validated)
        known = table.num_rows // width
        if table["stratum"].to_pylist() == self.names * known:
            steps = table["step"].to_numpy()[::width].tolist()
            counts = table["correct"].to_numpy().reshape(known, width)
            self._correct = {step: counts[i] for i, step in enumerate(steps) if step in validated}

    def on_validation(self, state: TrainingState, found: Validation) -> None:
        """Add a step and write the table."""
        counts = np.bincount(self._codes[found.right], minlength=len(self.names))
        steps = state.validated
        self._correct[steps[-1]] = counts
        kept = kept_steps(steps, max(1, MAX_ROWS // len(self.names)), state.best_step)
        self._correct = {step: self._correct[step] for step in kept if step in self._correct}
        # not flushed to the disk, which takes longer than the validation of a small network
        temporary = self._path.with_name(f".{VALIDATION_FILE}.tmp")
        pq.write_table(self._table(), temporary, compression="zstd")
        os.replace(temporary, self._path)

    def _table(self) -> pa.Table:
        steps, strata = len(self._correct), len(self.names)
        columns = {
            "step": np.repeat(list(self._correct), strata),
            "stratum": pa.array(self.names * steps, pa.string()),
            "n": np.tile(self._sizes, steps),
            "correct": np.concatenate(list(self._correct.values())),
        }
        return pa.table(columns, schema=SCHEMA)


def kept_steps(steps: list[int], most: int, best: int) -> list[int]:
    """Thin out the steps of validations: every second, fourth, ... one, and always the best and the last.

    Args:
        steps: the steps of all validations, ascending.
        most: about the number of steps to keep.
        best: the step of the best validation.

    >>> kept_steps([10, 20, 30, 40, 50, 60], 3, best=40)
    [10, 30, 40, 50, 60]
    >>> kept_steps([10, 20], 3, best=10)
    [10, 20]
    """
    stride = 1
    while -(-len(steps) // stride) > most:
        stride *= 2
    return sorted({*steps[::stride], *(step for step in steps if step == best), *steps[-1:]})
