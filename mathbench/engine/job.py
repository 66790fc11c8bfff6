"""What engines work on: jobs, the functions that do them, and what becomes of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Progress = Callable[[int], None]


class Job(Protocol):
    """A small value that can be pickled."""

    @property
    def advice(self) -> str:
        """What a user is told to do when an engine gives up."""

    @property
    def title(self) -> str:
        """The name of the job, of which there is only one among the jobs of an engine."""

    @property
    def group(self) -> str:
        """Jobs of one group share work in a process that does them in turn, such as reading the same rows."""

    @property
    def gpus(self) -> int:
        """Accelerators that the job needs for itself on a cluster."""


J = TypeVar("J", bound=Job)
J_contra = TypeVar("J_contra", bound=Job, contravariant=True)
J_co = TypeVar("J_co", bound=Job, covariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class JobFunction(Protocol[J_contra, T_co]):
    """A function that engines apply to jobs: one of a module, so that it can be pickled by its name."""

    def __call__(self, job: J_contra, progress: Callable[[Any], None], /) -> T_co:
        """Do a job; call `progress` with news of it, in `Engine.run` the size of what is done since the last call."""


@dataclass(frozen=True)
class Outcome(Generic[J, T]):
    """What became of one job.

    Args:
        job: the job.
        value: the result of the function; None where it failed.
        error: why it failed: the exception of the function, or `WorkerLost`. Its notes hold the traceback.
    """

    job: J
    value: T | None = None
    error: Exception | None = None


class Pool(Protocol[J, T]):
    """Workers that stay for several sequences of jobs."""

    def outcomes(self, jobs: Sequence[J]) -> Iterator[Outcome[J, T]]:
        """Yield the outcome of every job as it finishes. One sequence of jobs at a time."""
