"""The command that lists baselines: baselines."""

from dataclasses import Field, asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli import options as opt
from mathbench.cli.layers import NetworkRequest, print_network
from mathbench.cli.options import known_options
from mathbench.cli.output import out, print_json, table
from mathbench.cli.request import TASK_OPTIONS, DataOptions, SizeOptions, TaskOptions
from mathbench.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.table import Baseline


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings=TASK_OPTIONS)(baselines)


def baselines(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Name of a baseline, or FILE.py:CLASS. Default: list all.")
    ] = None,
    layers: Annotated[
        bool,
        typer.Option("--layers", help="Build the network without training, and print its layers."),
    ] = False,
    task: opt.TaskName = None,
    data: opt.DataDir = None,
    config: opt.ConfigName = None,
    recipe: opt.RecipeName = None,
    framework: opt.Framework = None,
    settings: opt.Settings = None,
    json: opt.Json = False,
) -> None:
    """List the baselines, or show one of them.

    Of a network, shows the settings with their defaults, the encoding and the
    recipes; of a language model, its settings; of a shortcut, the tasks to which
    it applies. With --layers, builds the network as run-baseline would, for
    the task of its recipe or another one, whose parameters are options.

    Examples:
      mathbench baselines

      mathbench baselines lstm-seq2seq --json

      mathbench baselines lstm-seq2seq --layers --task addition --digits 3 --set hidden=64 --framework keras
    """
    sources = {"task": task, "data": data, "config": config}
    given = {**sources, "recipe": recipe, "framework": framework, "set": settings}
    if layers:
        parameters = TaskOptions(context.args, known_options(baselines))
        rows = DataOptions(task, data, config, "0", SizeOptions(), parameters)
        _print_layers(name, rows, recipe, framework, tuple(settings or ()), json)
        return
    if words := [f"--{option}" for option, value in given.items() if value is not None] or context.args:
        known = words[0].startswith("-")
        raise InputError(f"{words[0]} goes with --layers." if known else f"unexpected argument {words[0]!r}.")
    from mathbench.baselines.table import BASELINES, PROMPTED, baseline

    if name is None:
        guests, faults = _guests()
        _list([*BASELINES.values(), *PROMPTED.values(), *guests], faults, json)
        return
    entry = baseline(name)
    details = _details(entry)
    if json:
        print_json(details)
    else:
        _print_details(entry, details)


def _guests() -> tuple[list["Baseline"], dict[str, str]]:
    """Return the baselines of installed packages, and of those that cannot be used the reason by name."""
    from mathbench.baselines.table import BASELINES, baseline, guest_points, point_baseline

    found, faults = [], {}
    for name in sorted(guest_points()):
        try:
            found.append(point_baseline(name) if name in BASELINES else baseline(name))
        except InputError as error:
            faults[name] = str(error)
    return found, faults


def _print_layers(
    name: str | None,
    data: DataOptions,
    recipe: str | None,
    framework: str | None,
    settings: tuple[str, ...],
    json: bool,
) -> None:
    if name is None:
        raise InputError("--layers needs the name of a network.")
    print_network(NetworkRequest(name, recipe, framework, settings, data), json)


def _list(entries: list["Baseline"], faults: dict[str, str], json: bool) -> None:
    if json:
        broken = [
            {"name": name, "kind": "other", "summary": "", "frameworks": [], "error": reason}
            for name, reason in faults.items()
        ]
        print_json([*(_summary(entry) for entry in entries), *broken])
        return
    shown = table("baseline", "kind", "frameworks", "what it does")
    for entry in entries:
        shown.add_row(entry.name, entry.kind, ", ".join(entry.frameworks) or "-", entry.summary)
    for name, reason in faults.items():
        shown.add_row(name, "-", "-", f"cannot be used: {reason}")
    out.print(shown)


def _summary(entry: "Baseline") -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "summary": entry.summary,
        "frameworks": list(entry.frameworks),
    }


def _details(entry: "Baseline") -> dict[str, Any]:
    """Return the settings of a network with its recipes or of a language model, or the tasks of a shortcut."""
    from mathbench.baselines.prompted.settings import OWN_OPTIONS, AskingOptions, PromptingSettings
    from mathbench.baselines.recipe import (
        default_recipe,
        encoding_fields,
        read_recipe,
        recipe_names,
        settings_fields,
    )
    from mathbench.baselines.table import BASELINES
    from mathbench.registry import load

    if entry.settings:
        others = BASELINES.keys() - {
            entry.name
        }  # a default recipe is shown under the name of its own baseline
        recipes = [read_recipe(name) for name in recipe_names() if name not in others]
        recipes = [recipe for recipe in recipes if entry.name in recipe.baselines]
        if entry.origin:
            recipes = [default_recipe(entry), *recipes]
        return {
            **_summary(entry),
            "settings": {f.name: _field(f) for f in settings_fields(entry)},
            "encoding": {f.name: _field(f) for f in encoding_fields(entry)},
            "recipes": {
                recipe.name: {**asdict(recipe), **_fixed_by_hand(entry, recipe)} for recipe in recipes
            },
        }
    if entry.kind == "prompted":
        kinds = (PromptingSettings, AskingOptions)
        chosen = [f for kind in kinds for f in fields(kind) if f.name not in OWN_OPTIONS]
        return {**_summary(entry), "settings": {f.name: _field(f) for f in chosen}}
    kind = load(entry.target)
    return _summary(entry) if entry.kind == "other" else {**_summary(entry), "tasks": _tasks(kind)}


def _fixed_by_hand(entry: "Baseline", recipe: "Recipe") -> dict[str, list[str]]:
    """Return the parts of the network of a recipe that are not trained, where there are any."""
    from mathbench.baselines.recipe import apply_overrides

    settings, _ = apply_overrides(recipe, entry, next(iter(entry.frameworks)), {})
    return {"fixed_by_hand": list(settings.fixed_by_hand)} if settings.fixed_by_hand else {}


def _field(field: Field[Any]) -> dict[str, Any]:
    from mathbench.parameters import allowed

    return {"default": field.default, "allowed": allowed(field), "help": field.metadata["help"]}


def _tasks(kind: type) -> list[str]:
    """Return the names of the tasks to which a shortcut applies."""
    from mathbench.baselines.shortcuts.answerer import applies_to
    from mathbench.families import tasks

    return [name for name, family in tasks().items() if applies_to(kind, family())]


def _print_details(entry: "Baseline", details: dict[str, Any]) -> None:
    out.print(f"[bold]{entry.name}[/] ({entry.kind}): {entry.summary}")
    for key in ("settings", "encoding"):
        if key in details:
            out.print(_settings(key, details[key]))
    for name, recipe in details.get("recipes", {}).items():
        out.print(
            f"recipe [bold]{name}[/]: {recipe['summary']}\n  source: {recipe['source']}", soft_wrap=True
        )
        if "fixed_by_hand" in recipe:
            out.print(f"  fixed by hand: {'; '.join(recipe['fixed_by_hand'])}", soft_wrap=True)
        if recipe["published"]:
            out.print(f"  published: {_published(recipe['published'])}", soft_wrap=True)
    if "tasks" in details:
        out.print(f"applies to: {', '.join(details['tasks'])}", soft_wrap=True)


def _settings(title: str, options: dict[str, dict[str, Any]]) -> "Table":
    shown = table("key", "default", "allowed", "what", title=f"{title} (--set key=value)")
    for name, option in options.items():
        shown.add_row(name, str(option["default"]), option["allowed"], option["help"])
    return shown


def _published(figures: dict[str, Any]) -> str:
    """Format what a source reports, on one line.

    >>> _published({"exact": 0.985, "parameters": 52212, "note": "on rows that it was trained on"})
    'exact match 98.50 %, 52,212 parameters, on rows that it was trained on'
    """
    parts = []
    if "exact" in figures:
        parts.append(f"exact match {figures['exact']:.2%}".replace("%", " %"))
    if "extrapolate" in figures:
        parts.append(f"extrapolating {figures['extrapolate']:.2%}".replace("%", " %"))
    if "parameters" in figures:
        parts.append(f"{figures['parameters']:,} parameters")
    return ", ".join([*parts, *([figures["note"]] if "note" in figures else [])])
