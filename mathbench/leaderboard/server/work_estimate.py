"""An estimate of the CPU time that scoring a submission takes, from a small part of its rows.

Rows of different tasks differ by a factor of 60,000 in cost (1 microsecond for a short product, 60 ms for a prime of
500 digits), so that no bound of rows or digits would fit all of them: the first rows are made, and timed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import process_time

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.check import scored_splits
from mathbench.leaderboard.submission import Submission
from mathbench.rows import Rows, open_rows
from mathbench.scores.scorer import SAMPLE_ROWS

# of the first part, which is slow because it imports and compiles; each further part doubles the rows
FIRST_ROWS = 4
SURE_ROWS = (
    64  # of each split, before its work is called short: the first rows may cost a fourth of the others
)
SOLVED_ROWS = 2  # answered by the exact solver, of the SAMPLE_ROWS that scoring answers
FEW_SECONDS = 0.25  # CPU time after which an estimate is good enough, unless it refuses
# a refusal needs a better estimate: small parts cost more per row (up to tenfold, of tasks with many strata)
REFUSAL_SHARE = 0.1
CLEAR_REFUSAL = 10


@dataclass(frozen=True)
class Work:
    """The estimated work of scoring.

    Args:
        seconds: CPU time.
        rows: the rows of all scored splits.
    """

    seconds: float
    rows: int


@dataclass
class _Probe:
    """The cost of the rows of one split, measured so far.

    Args:
        rows: the rows.
        total: the number of rows requested.
    """

    rows: Rows
    total: int
    done: int = 0
    per_row: float = 0.0
    solving: float = 0.0

    def step(self) -> None:
        """Make and time the next part, whose cost per row replaces that of the part before."""
        end = min(self.total, 2 * self.done or FIRST_ROWS)
        start = process_time()
        made = self.rows.batch(range(self.done, end))
        self.per_row = (process_time() - start) / (end - self.done)
        if self.rows.task.generated and self.done <= FIRST_ROWS:
            self.solving = self._solve(made) * min(self.total, SAMPLE_ROWS)
        self.done = end

    def _solve(self, made: pa.Table) -> float:
        """Seconds per row of the exact solver."""
        sample = made.slice(0, SOLVED_ROWS).select(["stratum", "question"]).to_pylist()
        start = process_time()
        for row in sample:
            self.rows.task.part_of_stratum(row["stratum"]).oracle(row["question"])
        return (process_time() - start) / len(sample)

    @property
    def seconds(self) -> float:
        """The estimate for all rows."""
        return self.per_row * self.total + self.solving


def estimate(submission: Submission, short: float, allowed: float) -> Work:
    """Estimate the work of scoring a submission.

    Args:
        submission: the submission.
        short: seconds; an estimate below needs no better one.
        allowed: seconds of CPU time that scoring may take.

    Raises:
        InputError: when scoring would take longer, and for what `check_submission` refuses before rows are made.
    """
    manifest = submission.manifest
    sizes = {split: manifest.sizes[split] for split in scored_splits(submission)}
    start = process_time()
    probes = [
        _Probe(open_rows(manifest.task.plain, split, manifest.seed), size) for split, size in sizes.items()
    ]
    for seconds in _estimates(probes):
        spent = process_time() - start
        sure = all(probe.done >= min(SURE_ROWS, probe.total) for probe in probes)
        if (seconds <= short and sure) or (seconds <= allowed and spent >= FEW_SECONDS):
            break
        if seconds > allowed and (
            spent >= REFUSAL_SHARE * allowed or (seconds > CLEAR_REFUSAL * allowed and spent >= FEW_SECONDS)
        ):
            raise InputError(_refusal(manifest.task.name, probes, allowed))
    return Work(seconds, sum(sizes.values()))


def _estimates(probes: list[_Probe]) -> Iterator[float]:
    """One estimate after the other, each from twice as many rows; the last one from all rows."""
    for probe in probes:
        probe.step()
    while any(probe.done < probe.total for probe in probes):
        for probe in probes:
            if probe.done < probe.total:
                probe.step()
        yield sum(probe.seconds for probe in probes)
    yield sum(probe.seconds for probe in probes)


def _refusal(task: str, probes: list[_Probe], allowed: float) -> str:
    seconds, rows = sum(probe.seconds for probe in probes), sum(probe.total for probe in probes)
    fitting = _two_digits(rows * allowed / seconds)
    return (
        f"scoring must take at most {allowed:g} seconds, which suffices for about {fitting:,} rows of {task}. "
        f"Received: {rows:,} rows, which take about {_two_digits(seconds):,} seconds. Request fewer rows."
    )


def _two_digits(value: float) -> int:
    """A value rounded to two significant digits.

    >>> _two_digits(3481.7), _two_digits(7.2)
    (3500, 7)
    """
    return int(float(f"{value:.2g}"))
