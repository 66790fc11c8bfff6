"""Pages of the reference with the help of every command, as Typer writes it in Markdown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.cli import get_docs_for_click

from mathbench.cli import app

EXAMPLES = re.compile(r"^Examples:\n((?:\n?  .*\n)+)", re.MULTILINE)
HEAD = """# Command line

For everyone at a terminal: all commands, each with its help and examples on a page. Every command has `--help`,
short `-h`, and `--json` if it prints results. Input that is wrong ends in one line and exit code 2.
`mathbench --version` prints the version.

| command | |
|---|---|
"""


def texts() -> Mapping[str, str]:
    """Return the text of every page by its name in the site: a list, and a page for each command or group."""
    program: Any = typer.main.get_command(app)
    context = typer.Context(program, info_name="mathbench")
    pages = {
        f"reference/commands/{name}.md": page(command, context) for name, command in program.commands.items()
    }
    rows = (row(name, command) for name, command in program.commands.items())
    return {"reference/commands.md": HEAD + "".join(rows), **pages}


def row(name: str, command: Any) -> str:
    """Return the line of a command in the list of all."""
    return f"| [`mathbench {name}`](commands/{name}.md) | {short(command)} |\n"


def short(command: Any) -> str:
    """Return the first paragraph of a command's help, on one line."""
    return " ".join(command.help.split("\n\n")[0].split())


def page(command: Any, context: typer.Context) -> str:
    """Return the page of a command, or of a group and all commands in it."""
    inner = typer.Context(command, info_name=command.name, parent=context)
    text = get_docs_for_click(obj=command, ctx=inner, name=command.name, call_prefix="mathbench")
    return EXAMPLES.sub(lambda found: "".join(example_lines(found[1])), text)


def example_lines(block: str) -> Iterator[str]:
    """Yield the lines of a code block with the examples of a help text."""
    yield "**Examples**:\n\n```console\n"
    for line in block.splitlines():
        if line.strip():
            yield f"$ {line.strip()}\n"
    yield "```\n"
