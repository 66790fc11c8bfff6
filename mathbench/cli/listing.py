"""Commands that tell what there is: tasks, doctor."""

import dataclasses
from typing import Annotated, Any

import typer
from rich.markup import escape

from mathbench.cli.output import FREE_OPTIONS, emit, free_options, out, say
from mathbench.cli.output import table as table_of
from mathbench.errors import InputError

EXTRAS = {
    "torch": ("torch", "safetensors", "tensorboard"),
    "keras": ("keras", "tensorflow", "tensorboard"),
}
SCHOOL = "deepmind/"  # task families of school mathematics begin so
BASE = ("numpy", "pyarrow", "datasets", "typer", "rich", "sqlalchemy", "gmpy2", "matplotlib")


def tasks(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A task family. Default: list all.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON on stdout.")] = False,
) -> None:
    """List the tasks and suites; with a name, its parameters, strata, symmetries and sample rows.

    Parameters may be given, to see what they change.

    Examples:
      mathbench tasks

      mathbench tasks divisible --k 29
    """
    if name is None:
        _list(json)
    else:
        from mathbench.generators import task

        _detail(task(name, **free_options(context.args)), json)


def _list(json: bool) -> None:
    from mathbench import suite

    families = _families()
    if json:
        emit(
            {
                "tasks": {n: {"id": f"{n}-v{t.version}", "summary": t.summary} for n, t in families.items()},
                "suites": suite.available(),
            }
        )
        return
    table = table_of("task", "question -> answer", "parameters", "extrapolates to")
    for name, family in families.items():
        if not name.startswith(SCHOOL):
            fields = " ".join(f.name for f in family.fields() if f.name != "format")
            table.add_row(name, family.summary, fields, family.extrapolates)
    out.print(table)
    out.print(_modules([name.removeprefix(SCHOOL) for name in families if name.startswith(SCHOOL)]))
    out.print("\n[bold]suites[/]")
    for name in suite.available():
        out.print(f"{name}: {suite.load(name).description}")


def _modules(names: list[str]) -> Any:
    """Modules of school mathematics by area; one is asked for as deepmind/area__module."""
    areas: dict[str, list[str]] = {}
    for name in names:
        area, _, module = name.rpartition("__")
        areas.setdefault(area or "(all)", []).append(module)
    table = table_of("\nschool mathematics", "\ndeepmind/...")
    for area, modules in areas.items():
        table.add_row(
            area, "  ".join(f"{area}__{module}" if area[0] != "(" else module for module in modules)
        )
    return table


def _families() -> dict[str, Any]:
    """All task families; one of another package that cannot be used is named and left out."""
    from mathbench.generators import family, names

    found = {}
    for name in names():
        try:
            found[name] = family(name)
        except InputError as error:
            say(f"left out: {escape(str(error))}")
    return found


def _detail(task: Any, json: bool) -> None:
    from mathbench.parameters import allowed
    from mathbench.reserve import SPLITS
    from mathbench.rows import open_rows

    rows = {split: open_rows(task, split, 0) for split in SPLITS}
    samples = {
        s: r.batch(range(min(3, len(r)))).select(["question", "answer", "stratum"]).to_pylist()
        for s, r in rows.items()
    }
    fields = {
        f.name: {"default": f.default, "allowed": allowed(f), "help": f.metadata["help"]}
        for f in task.fields()
    }
    written = _written(task)
    if json:
        emit(
            {
                "id": task.id,
                "name": task.name,
                "symmetry": task.symmetry,
                "extrapolates": task.extrapolates,
                "parameters": {n: {**f, "value": getattr(task, n)} for n, f in fields.items()},
                "formats": written,
                "strata": {s: [x.name for x in r.strata] for s, r in rows.items()},
                "rows": {s: len(r) for s, r in rows.items()},
                "samples": samples,
            }
        )
        return
    out.print(
        f"[bold]{task.id}[/]  {task.summary}\n{' '.join((type(task).__doc__ or '').split('>>>')[0].split())}\n"
    )
    out.print(f"one problem up to: {task.symmetry}\nextrapolates to: {task.extrapolates}\n")
    table = table_of("parameter", "value", "allowed", "meaning")
    for n, f in fields.items():
        table.add_row(f"--{n}", str(getattr(task, n)), f["allowed"], f["help"])
    out.print(table)
    ways = table_of("\nformat", "\nthe first row")
    for n, way in written.items():
        ways.add_row(
            n, f"not taken: {way['refused']}" if way["refused"] else f"{way['question']} → {way['answer']}"
        )
    out.print(ways)
    shown = table_of("\nsplit", "\nrows it holds", "\nstrata", "\nsamples", right=("\nrows it holds",))
    for split, r in rows.items():
        strata = " ".join(s.name for s in r.strata[:3]) + (
            f" ... ({len(r.strata)})" if len(r.strata) > 3 else ""
        )
        shown.add_row(
            split,
            "no end, may repeat" if task.may_repeat(split) and len(r) else f"{len(r):,}",
            strata,
            "\n".join(f"{s['question']} → {s['answer']}" for s in samples[split]),
        )
    out.print(shown)


def _written(task: Any) -> dict[str, dict[str, str]]:
    """The first row in every format that the task takes, and why it does not take the others."""
    from mathbench.formats import taken_by
    from mathbench.rows import open_rows

    found = {}
    split = "train" if len(task.strata("train")) else "extrapolate"
    for name, refused in taken_by(task).items():
        row = {"question": "", "answer": ""}
        if not refused:
            rows = open_rows(dataclasses.replace(task, format=name), split, 0).batch([0])
            row = rows.select(["question", "answer"]).to_pylist()[0]
        found[name] = {**row, "refused": refused}
    return found


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
        emit(report)
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
    """Add the commands."""
    app.command(context_settings=FREE_OPTIONS)(tasks)
    app.command()(doctor)
