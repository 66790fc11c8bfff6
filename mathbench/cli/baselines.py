"""The command that lists baselines: baselines."""

import dataclasses
from typing import Annotated, Any

import typer
from rich.table import Table

from mathbench.baselines.recipe import read_recipe, recipe_names
from mathbench.baselines.settings import EncodingOptions
from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.table import Baseline
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json
from mathbench.cli.output import table as table_of
from mathbench.families import tasks
from mathbench.parameters import allowed
from mathbench.registry import load


def baselines(
    name: Annotated[str | None, typer.Argument(help="One baseline, with its settings and recipes.")] = None,
    json: Json = False,
) -> None:
    """List the baselines; with NAME its hyperparameters, their defaults and its recipes.

    Examples:
      mathbench baselines

      mathbench baselines lstm-seq2seq --json
    """
    from mathbench.baselines.table import BASELINES, baseline

    if name is None:
        _overview(list(BASELINES.values()), json)
    else:
        _details(baseline(name), json)


def _overview(entries: list[Baseline], json: bool) -> None:
    """All baselines."""
    if json:
        print_json([_facts(entry) for entry in entries])
        return
    table = table_of("baseline", "kind", "frameworks", "what it does")
    for entry in entries:
        table.add_row(entry.name, entry.kind, ", ".join(entry.frameworks) or "-", entry.summary)
    out.print(table)


def _details(entry: Baseline, json: bool) -> None:
    """One baseline: the tasks it makes sense on, or its settings and recipes."""
    facts = _facts(entry)
    if entry.kind == "other":
        load(entry.target)
    if entry.settings:
        facts["settings"] = {f.name: _field(f) for f in dataclasses.fields(load(entry.settings))}
        facts["encoding"] = {f.name: _field(f) for f in dataclasses.fields(EncodingOptions)}
        facts["recipes"] = {
            r.name: dataclasses.asdict(r)
            for r in map(read_recipe, recipe_names())
            if r.baseline == entry.name
        }
    elif entry.kind != "other":
        facts["tasks"] = [name for name, cls in tasks().items() if applies_to(load(entry.target), cls())]
    if json:
        print_json(facts)
        return
    out.print(f"[bold]{entry.name}[/] ({entry.kind}): {entry.summary}")
    for key in ("settings", "encoding"):
        if key in facts:
            out.print(_settings(key, facts[key]))
    for name, recipe in facts.get("recipes", {}).items():
        out.print(
            f"recipe [bold]{name}[/]: {recipe['summary']}\n  source: {recipe['source']}", soft_wrap=True
        )
        if recipe["published"]:
            out.print(f"  published: {_published(recipe['published'])}", soft_wrap=True)
    if "tasks" in facts:
        out.print(f"makes sense on: {', '.join(facts['tasks'])}", soft_wrap=True)


def _facts(entry: Baseline) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "summary": entry.summary,
        "frameworks": list(entry.frameworks),
    }


def _published(figures: dict[str, Any]) -> str:
    """What a source printed, on one line.

    >>> _published({"exact": 0.985, "parameters": 52212, "note": "on rows that it was trained on"})
    'exact match 98.50 %, 52,212 parameters, on rows that it was trained on'
    """
    shown = []
    if "exact" in figures:
        shown.append(f"exact match {figures['exact']:.2%}".replace("%", " %"))
    if "extrapolate" in figures:
        shown.append(f"extrapolating {figures['extrapolate']:.2%}".replace("%", " %"))
    if "parameters" in figures:
        shown.append(f"{figures['parameters']:,} parameters")
    return ", ".join([*shown, *([figures["note"]] if "note" in figures else [])])


def _field(field: "dataclasses.Field[Any]") -> dict[str, Any]:
    return {"default": field.default, "allowed": allowed(field), "help": field.metadata["help"]}


def _settings(title: str, fields: dict[str, dict[str, Any]]) -> Table:
    table = table_of("key", "default", "allowed", "what", title=f"{title} (--set key=value)")
    for name, field in fields.items():
        table.add_row(name, str(field["default"]), field["allowed"], field["help"])
    return table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(baselines)
