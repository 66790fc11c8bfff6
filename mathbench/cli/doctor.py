"""The command that reports on the installation: doctor."""

from typing import Annotated

import typer

from mathbench.cli.output import out, print_json

EXTRAS = {
    "torch": ("torch", "safetensors", "tensorboard"),
    "keras": ("keras", "tensorflow", "tensorboard"),
}


BASE = ("numpy", "pyarrow", "datasets", "typer", "rich", "sqlalchemy", "gmpy2", "matplotlib")


def doctor(json: Annotated[bool, typer.Option("--json", help="Print as JSON on stdout.")] = False) -> None:
    """Tell versions, devices, what is installed and what each extra would give.

    Examples:
      mathbench doctor
    """
    import platform
    import sys

    from mathbench.compiled import MISSING
    from mathbench.version import __version__

    found = {
        package: _version(package)
        for package in (*BASE, *dict.fromkeys(p for ps in EXTRAS.values() for p in ps))
    }
    extras = {extra: all(found[p] for p in needed) for extra, needed in EXTRAS.items()}
    report = {
        "mathbench": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "cores": _cores(),
        "loops": f"in NumPy ({MISSING})" if MISSING else "compiled",
        "devices": _devices(),
        "packages": found,
        "extras": extras,
    }
    if json:
        print_json(report)
        return
    for key in ("mathbench", "python", "platform", "cores", "loops", "devices"):
        out.print(f"[bold]{key:10}[/] {report[key]}")
    for package, version in found.items():
        out.print(f"  {package:12} {version or '[yellow]not installed[/]'}")
    for extra, complete in extras.items():
        gives = f"baselines in {extra}"
        how = "" if complete else f'   pip install "mathbench-toolkit\\[{extra}]"'
        out.print(
            f"extra [bold]{extra}[/]: {'[green]complete[/]' if complete else '[yellow]incomplete[/]'} ({gives}){how}"
        )


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    for distribution in (package, f"{package}-cpu"):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _devices() -> list[str]:
    """CPU, and the accelerators that torch sees where it is installed."""
    if _version("torch") is None:
        return ["cpu"]
    import torch

    gpus = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)
