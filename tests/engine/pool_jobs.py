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
    if job.title == "killed" and os.getpid() != int(os.environ["MATHBENCH_TEST_PROCESS"]):
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        progress("begun")
        while job.title.startswith("slow"):
            time.sleep(0.01)
    except KeyboardInterrupt:
        Path(job.title).touch()
        raise
    if job.title == "odd":
        raise LookupError("nothing there")
    return os.getpid()
