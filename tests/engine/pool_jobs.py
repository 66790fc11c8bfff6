"""Small jobs for pools of workers; a module that loads in a moment."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """A job that does what its name says."""

    title: str
    group: str = ""
    gpus: int = 0
    advice: str = "do it again"


def do(job, progress):
    """Report, and do what the job is called after."""
    progress("begun")
    if job.title == "killed" and os.getpid() != int(os.environ["MATHBENCH_TEST_PROCESS"]):
        os.kill(os.getpid(), signal.SIGKILL)
    if job.title == "odd":
        raise LookupError("nothing there")
    if job.title.startswith("slow"):
        wait_for_interruption(job, progress)
    return os.getpid()


def wait_for_interruption(job, progress):
    try:
        while True:
            time.sleep(0.01)
    except KeyboardInterrupt:
        Path(job.title).touch()
        raise
