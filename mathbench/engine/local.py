"""The local engine: this process, one job after the other."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mathbench.engine.job import Job, JobFunction, Outcome, Pool, Progress

J = TypeVar("J", bound=Job)
T = TypeVar("T")


@dataclass(frozen=True)
class Local:
    """Does all work in this process."""

    def run(self, function: JobFunction[J, T], jobs: Sequence[J], progress: Progress) -> dict[str, T]:
        in_turn = sorted(jobs, key=lambda job: job.group)
        return {job.title: function(job, progress) for job in in_turn}

    def pool(
        self, function: JobFunction[J, T], progress: Callable[[J, Any], None]
    ) -> AbstractContextManager[Pool[J, T]]:
        return nullcontext(_Here(function, progress))


@dataclass(frozen=True)
class _Here(Generic[J, T]):
    """A pool without workers."""

    function: JobFunction[J, T]
    progress: Callable[[J, Any], None]

    def outcomes(self, jobs: Sequence[J]) -> Iterator[Outcome[J, T]]:
        for job in jobs:
            yield self._outcome(job)

    def _outcome(self, job: J) -> Outcome[J, T]:
        try:
            return Outcome(job, self.function(job, lambda news: self.progress(job, news)))
        except Exception as error:  # whatever goes wrong in one job, the others are done
            error.add_note(traceback.format_exc())
            return Outcome(job, error=error)
