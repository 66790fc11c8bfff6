"""The provenance of a run: code, libraries and machine."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = {
    "none": (),
    "torch": ("torch",),
    "transformers": ("transformers", "torch"),
    "openai": ("openai",),
    "keras": ("keras", "tensorflow", "tensorflow-cpu", "torch", "jax"),
}


def commit() -> tuple[str, bool]:
    """Return the revision of mathbench's checkout and whether it was modified; empty and False outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "", False
    head, status = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    return head, bool(status)


def versions(framework: str) -> dict[str, str]:
    """Return the versions of the libraries that a run uses.

    >>> sorted(versions("none"))
    ['mathbench', 'numpy', 'pyarrow', 'python']
    """
    result = {"python": platform.python_version(), "mathbench": _mathbench()}
    for name in ("numpy", "pyarrow", *LIBRARIES.get(framework, ())):
        try:
            result[name.removesuffix("-cpu")] = version(name)
        except PackageNotFoundError:
            continue
    return result


def hardware(device: str, threads: int, processes: int = 1) -> dict[str, str | int]:
    """Return a description of the machine and of the resources used."""
    return {
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "device": device,
        "threads": threads,
        **({"processes": processes} if processes > 1 else {}),
    }


def _mathbench() -> str:
    try:
        return version("mathbench-toolkit")
    except PackageNotFoundError:  # run from a checkout
        return "0+checkout"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(root: Path, *words: str) -> str:
    try:
        process = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return process.stdout.strip()
