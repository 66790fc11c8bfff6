"""How often the jobs of lost workers are done again."""

import logging
from collections import Counter

from mathbench.engine.job import Job
from mathbench.errors import WorkerLost

MAX_RETRIES = 3  # of a job whose worker is lost

_log = logging.getLogger("mathbench")


class Retries:
    """Counts lost workers by job."""

    def __init__(self) -> None:
        self._lost: Counter[str] = Counter()

    def count(self, job: Job, exit_status: str) -> None:
        """Count the loss of a worker at a job, and log it.

        Args:
            job: the job it was at.
            exit_status: how it ended, in words.

        Raises:
            WorkerLost: when the job has been retried too often.
        """
        self._lost[job.title] += 1
        if self._lost[job.title] == MAX_RETRIES:
            raise WorkerLost(
                f"{MAX_RETRIES} worker processes were lost at {job.title}, the last one {exit_status}. "
                f"Check the available memory and {job.advice}."
            )
        _log.warning(
            "a worker process was lost at %s (%s); retrying with another one", job.title, exit_status
        )
