"""The command that reports on the installation: doctor."""

import os
import sys
from typing import Any

import typer

from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json

BASE = ("numpy", "pyarrow", "datasets", "typer", "rich", "sqlalchemy", "gmpy2")
EXTRAS = {
    "plots": ("matplotlib",),
    "verify": ("sympy",),
    "torch": ("torch", "safetensors", "tensorboard"),
    "keras": ("keras", "tensorflow", "tensorboard"),
    "hf": ("transformers", "torch"),
}
PURPOSES = {
    "plots": "plots of data and runs",
    "verify": "the independent solver of school mathematics",
    "torch": "baselines in torch",
    "keras": "baselines in keras",
    "hf": "language models of a folder or of the Hub",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(json: Json = False) -> None:
    """Report versions, devices and installed packages.

    Also shows which extras are complete, and how to install the others.

    Examples:
      mathbench doctor
    """
    report = _report()
    if json:
        print_json(report)
    else:
        _print_report(report)


def _report() -> dict[str, Any]:
    import platform

    from mathbench.compiled import MISSING
    from mathbench.version import __version__

    names = (*BASE, *(package for packages in EXTRAS.values() for package in packages))
    packages = {name: _version(name) for name in dict.fromkeys(names)}
    return {
        "mathbench": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "cores": _cores(),
        "loops": f"in NumPy ({MISSING})" if MISSING else "compiled",
        "devices": _devices(),
        "packages": packages,
        "extras": {extra: all(packages[p] for p in needed) for extra, needed in EXTRAS.items()},
    }


def _print_report(report: dict[str, Any]) -> None:
    for key in ("mathbench", "python", "platform", "cores", "loops", "devices"):
        out.print(f"[bold]{key:10}[/] {report[key]}")
    for package, found in report["packages"].items():
        out.print(f"  {package:12} {found or '[yellow]not installed[/]'}")
    for extra, complete in report["extras"].items():
        state = "[green]complete[/]" if complete else "[yellow]incomplete[/]"
        how = "" if complete else f'   pip install "mathbench-toolkit\\[{extra}]"'
        out.print(f"extra [bold]{extra}[/]: {state} ({PURPOSES[extra]}){how}")


def _version(package: str) -> str | None:
    """Return the version of an installed package, or of its build for CPUs."""
    from importlib.metadata import PackageNotFoundError, version

    for distribution in (package, f"{package}-cpu"):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


def _cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _devices() -> list[str]:
    """Return the CPU and the accelerators that torch finds, where it is installed."""
    if _version("torch") is None:
        return ["cpu"]
    import torch

    gpus = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]
