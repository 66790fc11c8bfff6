"""The command that lists tasks and suites: tasks."""

import dataclasses
from typing import Annotated, Any

import typer
from rich.markup import escape

from mathbench.cli.output import FREE_OPTIONS, out, parse_task_options, print_json, print_message
from mathbench.cli.output import table as table_of
from mathbench.errors import InputError
from mathbench.parameters import allowed

SCHOOL = "deepmind/"  # task families of school mathematics begin so


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
        from mathbench.families import task

        _detail(task(name, **parse_task_options(context.args)), json)


def _list(json: bool) -> None:
    from mathbench.dataset import suite

    families = _families()
    if json:
        print_json(
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
    from mathbench.families import family, names

    found = {}
    for name in names():
        try:
            found[name] = family(name)
        except InputError as error:
            print_message(f"left out: {escape(str(error))}")
    return found


def _detail(task: Any, json: bool) -> None:
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
        print_json(
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
    from mathbench.formats import supported_formats
    from mathbench.rows import open_rows

    found = {}
    split = "train" if len(task.strata("train")) else "extrapolate"
    for name, refused in supported_formats(task).items():
        row = {"question": "", "answer": ""}
        if not refused:
            rows = open_rows(dataclasses.replace(task, format=name), split, 0).batch([0])
            row = rows.select(["question", "answer"]).to_pylist()[0]
        found[name] = {**row, "refused": refused}
    return found


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings=FREE_OPTIONS)(tasks)
