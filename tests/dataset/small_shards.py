"""A process that makes small shards: it generates on request, in a fork of itself, and kills it when told to.

A fork starts in milliseconds, so that dozens of killed generations are affordable. Requests come as lines of JSON on
stdin: ``{"out": folder, "after": seconds or null, "code": Python to run in the fork first}``. The answer is a line with
the status that the fork ended with (-9: killed), the seconds it took and the error it met.
"""

import json
import os
import signal
import subprocess
import sys
import time

ROWS, GROUP = 500, 500  # per shard, per row group
SIZES = {"train": 2100, "validation": 300, "interpolate": 700, "extrapolate": 700}


def configs(seed=3):
    from mathbench.dataset.manifest import Config
    from mathbench.families import task

    made = [task("divisible", k=2), task("addition", digits=4)]
    return [Config(t.name, t, seed, SIZES) for t in made]


def shrink(patch=setattr):
    """Make shards and row groups small in this process."""
    from mathbench.dataset import manifest, shard

    patch(manifest, "SHARD_ROWS", ROWS)
    patch(shard, "BATCH_ROWS", GROUP)


class Generations:
    """Generations in forks of one process."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.dataset.small_shards"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __call__(self, out, after=None, code=""):
        """Generate into a folder; kill -9 after some seconds. Returns the exit status, the seconds and the error."""
        self.ask(out, after, code)
        return self.answer()

    def ask(self, out, after=None, code=""):
        self._process.stdin.write(json.dumps({"out": str(out), "after": after, "code": code}) + "\n")
        self._process.stdin.flush()

    def answer(self):
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def _generate(out, code, errors):
    """What the command line would do with errors: a line and exit code 2."""
    from mathbench.dataset.write import generate
    from mathbench.errors import MathbenchError, os_error_message
    from tests.dataset import small_shards

    try:
        exec(code, {})
        generate(small_shards.configs(), out)
    except (MathbenchError, OSError) as error:
        os.write(errors, (os_error_message(error) if isinstance(error, OSError) else str(error)).encode())
        os._exit(2)
    except BaseException as error:
        os.write(errors, repr(error).encode())
        os._exit(3)
    os._exit(0)


def _wait(child, after):
    """The status that a child ends with, killed after some seconds unless it ended before."""
    end = time.perf_counter() + after if after is not None else None
    while end is not None and time.perf_counter() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.002)
    if end is not None:
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _serve():
    shrink()
    from mathbench.rows import open_rows

    for config in configs():  # what is imported and counted before the fork is there in it
        for split in SIZES:
            open_rows(config.task, split, config.seed)
    for line in sys.stdin:
        request = json.loads(line)
        begin = time.perf_counter()
        said, errors = os.pipe()
        child = os.fork()
        if not child:
            _generate(request["out"], request["code"], errors)
        os.close(errors)
        status = os.waitstatus_to_exitcode(_wait(child, request["after"]))
        seconds = time.perf_counter() - begin
        with open(said) as pipe:
            print(json.dumps([status, seconds, pipe.read()]), flush=True)


if __name__ == "__main__":
    _serve()
