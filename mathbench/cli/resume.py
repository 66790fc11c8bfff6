"""What is said about the runs of a sweep that were started before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mathbench.cli.output import print_message

if TYPE_CHECKING:
    from mathbench.baselines.jobs.run_job import RunJob

MAX_LINES = 20  # runs that are named


def print_resumed(jobs: Sequence["RunJob"]) -> None:
    """Print how many runs are finished already, and where each of the unfinished ones goes on."""
    from mathbench.baselines.result import RESULT_FILE

    kept = [job for job in jobs if not job.options.force]
    finished = sum((job.out / RESULT_FILE).is_file() for job in kept)
    if finished:
        print_message(f"{finished:,} of {len(jobs):,} runs are finished already")
    lines = [line for job in kept if not (job.out / RESULT_FILE).is_file() and (line := _where(job))]
    for line in lines[:MAX_LINES]:
        print_message(line)
    if len(lines) > MAX_LINES:
        print_message(f"and {len(lines) - MAX_LINES:,} more runs go on from their checkpoints")


def _where(job: "RunJob") -> str:
    """Return where an unfinished run goes on; empty where it starts from the beginning."""
    from mathbench.baselines import checkpoint
    from mathbench.baselines.training.loop import read_state
    from mathbench.baselines.training.progress import where_it_goes_on

    summary = checkpoint.read_summary(job.out)
    settings = job.make_spec().settings
    return (
        ""
        if summary is None or settings is None
        else f"{job.title}: {where_it_goes_on(read_state(summary), settings)}"
    )
