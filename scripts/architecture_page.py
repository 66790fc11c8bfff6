"""Write docs/architecture.svg and the table of docs/architecture.md from imports, docstrings and contracts."""

import ast
import tomllib
from pathlib import Path
from typing import Any

from generated import ROOT, table, write_or_check
from import_graph import PACKAGE, ImportGraph, read_imports, reduced
from layered_picture import Box, Row, picture

PAGE = ROOT / "docs" / "architecture.md"
START = "<!-- from here made by scripts/docs from the code; edit that, then run scripts/docs -->"
STOP = "<!-- to here -->"
CAPTION = "An arrow leads to what is imported. Imports that follow from a chain of other arrows are left out."
SIZES = (100, 50, 20, 10)  # coarse, so that the picture changes with the structure only


def floors(contracts: list[dict[str, Any]]) -> list[list[str]]:
    """The things of each floor, from the top; the first floor is what the contract leaves out."""
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    return [
        ["__init__", *layers["exhaustive_ignores"]],
        *([name.strip() for name in layer.split("|")] for layer in layers["layers"]),
    ]


def source(thing: str) -> Path:
    """The file with the docstring of a thing."""
    path = ROOT / PACKAGE / thing
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def purpose(thing: str) -> str:
    """The first line of its docstring, without the mark-up."""
    text = ast.get_docstring(ast.parse(source(thing).read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].replace("``", "").replace("`", "")


def size(thing: str, graph: ImportGraph) -> str:
    """How large a folder is, roughly."""
    if source(thing).name != "__init__.py" or thing == "__init__":
        return ""
    count = sum(f"{module}.".startswith(f"{PACKAGE}.{thing}.") for module in graph.modules)
    return next((f"over {least} files" for least in SIZES if count > least), "a few files")


def drawn(levels: list[list[str]], graph: ImportGraph) -> str:
    """The picture."""
    rows = [
        Row(str(len(levels) - i), [box(thing, graph) for thing in level]) for i, level in enumerate(levels)
    ]
    arrows = [(thing, other) for thing, others in reduced(graph.things).items() for other in sorted(others)]
    return picture(rows, arrows, CAPTION)


def box(thing: str, graph: ImportGraph) -> Box:
    """The box of a thing."""
    note = size(thing, graph)
    return Box(thing, purpose(thing), note, folder=bool(note))


def overview(levels: list[list[str]], contracts: list[dict[str, Any]]) -> str:
    """A line for each thing."""
    rows = []
    for i, level in enumerate(levels):
        below = len(levels) - i - 1
        for thing in level:
            where = (
                f"`{thing}`" if source(thing).name != "__init__.py" or thing == "__init__" else f"`{thing}/`"
            )
            rows.append([str(below + 1), where, purpose(thing), may_import(thing, below, contracts)])
    return table("| floor | thing | what it is for | may import |", rows)


def may_import(thing: str, below: int, contracts: list[dict[str, Any]]) -> str:
    """The floors below, less what a contract forbids."""
    text = {0: "nothing", 1: "floor 1"}.get(below, f"floors 1 to {below}")
    forbidden = [
        module.removeprefix(f"{PACKAGE}.")
        for contract in contracts
        if contract["type"] == "forbidden" and f"{PACKAGE}.{thing}" in contract["source_modules"]
        for module in contract["forbidden_modules"]
    ]
    return text + (", not " + ", ".join(f"`{name}`" for name in forbidden) if forbidden else "")


def page(made: str) -> str:
    """The page with its middle part generated again; the rest is written by hand."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    return f"{head}{START}\n\n{made}\n{STOP}{rest.partition(STOP)[2]}"


if __name__ == "__main__":
    CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    LEVELS, GRAPH = floors(CONTRACTS), read_imports(ROOT)
    write_or_check(
        {
            "docs/architecture.svg": drawn(LEVELS, GRAPH),
            "docs/architecture.md": page(overview(LEVELS, CONTRACTS)),
        }
    )
