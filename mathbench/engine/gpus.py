"""The GPUs of this machine, which worker processes share in turn."""

import os
from pathlib import Path

DRIVER = Path("/proc/driver/nvidia/gpus")


def visible_gpus() -> list[str]:
    """Return the names of the GPUs that this process may use, as CUDA_VISIBLE_DEVICES has them.

    They are counted without loading a framework. Empty where there is none, or where that cannot be known.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip() and name.strip() != "-1"]
    return [str(i) for i in range(len(list(DRIVER.iterdir())))] if DRIVER.is_dir() else []


def gpu_of(number: int) -> str | None:
    """Return the GPU of a worker, taken in turn; None where there are not several."""
    gpus = visible_gpus()
    return gpus[number % len(gpus)] if len(gpus) > 1 else None
