"""The command that lists tasks and suites: tasks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.cli.request import TASK_OPTIONS, TaskOptions
from mathbench.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.dataset.suite import Suite
    from mathbench.task import Task


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings=TASK_OPTIONS)(tasks)


def tasks(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Name of a task family or suite, or FILE.toml. Default: list all.")
    ] = None,
    json: Json = False,
) -> None:
    """List the tasks and suites, or show one of them.

    Of a task, shows parameters, symmetry, formats, strata and sample rows. Its
    parameters may be given as options, to see their effect. Of a suite, shows
    the configurations and their sizes.

    Examples:
      mathbench tasks

      mathbench tasks divisible --k 29

      mathbench tasks classic --json
    """
    from mathbench.dataset import suite

    if name is None:
        _list(json)
    elif name in suite.available() or name.endswith(".toml"):
        if context.args:
            raise InputError(f"a suite takes no parameters. Received: {' '.join(context.args)}.")
        _show_suite(suite.load(name), json)
    elif name.startswith("-"):
        raise InputError(f"unknown option {name!r}. {did_you_mean(name, ['--json'])}")
    else:
        from mathbench.cli.task_report import show_task

        show_task(_make_task(name, TaskOptions(context.args)), json)


def _make_task(name: str, options: TaskOptions) -> "Task":
    """Make a task. The hint of an unknown name includes the suites, which this command shows too."""
    from mathbench.dataset import suite
    from mathbench.families import UnknownTask, names

    try:
        return options.make(name)
    except UnknownTask:
        hint = did_you_mean(name, [*suite.available(), *names()])
        raise InputError(f"unknown task or suite '{name}'. {hint}") from None


def _list(json: bool) -> None:
    """List everything; school mathematics by name only, because importing its modules takes a while."""
    from mathbench.dataset import suite
    from mathbench.families import SCHOOL, names

    if json:
        found = {name: {"id": f"{name}-v{t.version}", "summary": t.summary} for name, t in _families(names())}
        print_json({"tasks": found, "suites": suite.available()})
        return
    shown = table("task", "question -> answer", "parameters", "extrapolates to")
    for name, family in _families([name for name in names() if not name.startswith(SCHOOL)]):
        parameters = " ".join(field.name for field in family.own_fields())
        shown.add_row(name, family.summary, parameters, family.extrapolates)
    out.print(shown)
    out.print(_modules([name.removeprefix(SCHOOL) for name in names() if name.startswith(SCHOOL)]))
    out.print("\n[bold]suites[/]")
    for name in suite.available():
        out.print(f"{name}: {suite.description(name)}")


def _families(names: list[str]) -> list[tuple[str, Any]]:
    """Return task families with their names; one of another package that cannot be loaded is reported instead."""
    from mathbench.families import family

    found = []
    for name in names:
        try:
            found.append((name, family(name)))
        except InputError as error:
            print_message(f"left out: {escape(str(error))}")
    return found


def _modules(names: list[str]) -> "Table":
    """Return the modules of school mathematics by area. Their tasks are called deepmind/area__module."""
    areas: dict[str, list[str]] = {}
    for name in names:
        area, _, _ = name.rpartition("__")
        areas.setdefault(area or "(all)", []).append(name)
    shown = table("\nschool mathematics", "\ndeepmind/...")
    for area, modules in areas.items():
        shown.add_row(area, "  ".join(modules))
    return shown


def _show_suite(suite: "Suite", json: bool) -> None:
    """Print a suite: its description, its configurations and their rows per split."""
    from mathbench.reserve import SPLITS

    if json:
        about = {"name": suite.name, "version": suite.version, "description": suite.description}
        print_json({**about, "configs": {config.name: config.spec() for config in suite.configs}})
        return
    out.print(f"[bold]{escape(suite.name)}[/] (version {suite.version}): {escape(suite.description)}\n")
    shown = table("configuration", "task", "seed", *SPLITS, right=SPLITS)
    for config in suite.configs:
        sizes = [f"{config.sizes.get(split, 0):,}" for split in SPLITS]
        shown.add_row(config.name, config.task.id, str(config.seed), *sizes)
    out.print(shown)
    print_message(f"generate it: mathbench generate --suite {suite.name}")
