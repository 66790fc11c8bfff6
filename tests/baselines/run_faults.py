"""What workers are given to do in tests: runs that lose their worker, and never this process."""

import os
import signal

from mathbench.baselines.jobs.run_job import do_run


def in_worker():
    return os.getpid() != int(os.environ["MATHBENCH_TEST_PROCESS"])


def killed_after_the_second_validation(job, progress):
    """The worker of one of the runs is killed once, after a checkpoint at step 4."""

    def fatal(report):
        progress(report)
        if report.step > 4 and in_worker() and once("killed-somebody"):
            (job.out / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return do_run(job, fatal)


def once(file):
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


def bad_is_always_killed(job, progress):
    if job.title == "bad" and in_worker():
        os.kill(os.getpid(), signal.SIGKILL)
    return do_run(job, progress)
