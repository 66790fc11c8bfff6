"""The check of certificates from strangers, in a process of its own with limits of work, time and memory."""

import json
import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

from mathbench.certificates import checker, document
from mathbench.errors import CheckFailed, InputError

MAX_STEPS = 60_000_000  # about 20 seconds
MAX_SECONDS = 60
MAX_MEMORY = 1 << 30  # bytes of addresses

_START = (
    "import pickle, sys; sys.path[:], *limits = pickle.load(sys.stdin.buffer); "
    "from mathbench.certificates.limited import serve; serve(*limits)"
)


@dataclass(frozen=True)
class Proved:
    """What a certificate proves.

    Args:
        claim: the claim, in words.
        covers_float32: whether the proof also holds for float32.
    """

    claim: str
    covers_float32: bool


def check(content: bytes) -> Proved:
    """Check the bytes of a certificate.

    Raises:
        InputError: for a file that is not one, does not prove its claim, or takes too much work, time or memory.
    """
    if len(content) > document.MAX_BYTES:
        raise InputError(
            f"a certificate has at most {document.MAX_BYTES:,} bytes. Received: {len(content):,}."
        )
    head = pickle.dumps((sys.path, MAX_STEPS, MAX_SECONDS, MAX_MEMORY))
    try:
        done = subprocess.run(
            [sys.executable, "-c", _START],
            input=head + content,
            capture_output=True,
            timeout=2 * MAX_SECONDS,
        )
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):  # killed at a limit, so that it has written nothing
        limits = f"{MAX_SECONDS} seconds and {MAX_MEMORY >> 20:,} MiB"
        raise InputError(f"the check of the certificate ended without a verdict; it has {limits}.") from None
    if "refused" in found:
        raise InputError(found["refused"])
    return Proved(**found)


def serve(max_steps: int, seconds: int, memory: int) -> None:
    """Check the certificate on standard input, and write what it proves, or the refusal, as JSON.

    Args:
        max_steps: the limit of the work of the check, see `document.Certificate`.
        seconds: the limit of CPU time.
        memory: the limit of addresses, in bytes.
    """
    _limit(seconds, memory)
    try:
        certificate = document.parse(sys.stdin.buffer.read())
        if certificate.steps > max_steps:
            raise InputError(f"its check takes {certificate.steps:,} steps. Allowed: {max_steps:,}.")
        verdict = checker.check(certificate)
        found = {"claim": verdict.claim, "covers_float32": verdict.covers_float32}
    except (InputError, CheckFailed) as error:
        found = {"refused": str(error)}
    print(json.dumps(found))


def _limit(seconds: int, memory: int) -> None:
    """Limit time and memory of this process, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
