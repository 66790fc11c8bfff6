"""The group of commands `new`, which write packages to start from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message

if TYPE_CHECKING:
    from mathbench.cli.new.names import PackageNames

new = CommandGroup(
    help="Write a task, a baseline or a suite of your own to start from: a package with tests that pass."
)

Name = Annotated[
    str, typer.Argument(help="Lower-case letters, digits and hyphens, such as digit-sum.", metavar="NAME")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder of the package. Default: NAME.", metavar="DIR")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    new.command()(task)
    new.command()(baseline)
    new.command()(suite)
    app.add_typer(new, name="new")


def task(name: Name, out_dir: Out = None, json: Json = False) -> None:
    """Write a package with a task family of your own.

    The family is complete: least common multiples, with tests of what every
    family promises. Replace its problems by your own. The name is also that of
    an entry point, under which mathbench finds the family once it is installed.

    Examples:
      mathbench new task digit-sum

      mathbench new task digit-sum --out packages/sums
    """
    from mathbench.cli.new.names import task_names

    _write("task", ("package", "task"), task_names(name), out_dir, json)


def baseline(
    name: Name,
    framework: Annotated[str, typer.Option(help="Framework of the network: torch or keras.")] = "torch",
    out_dir: Out = None,
    json: Json = False,
) -> None:
    """Write a package with a network of your own.

    The network is complete: a GRU, with tests that train it a few steps, resume
    it and score it. Replace it by your own. It runs from its file, and by its
    name once the package is installed.

    Examples:
      mathbench new baseline my-gru

      mathbench new baseline my-gru --framework keras
    """
    from mathbench.cli.new.names import baseline_names

    _write("baseline", ("package", "baseline", framework), baseline_names(name, framework), out_dir, json)


def suite(name: Name, out_dir: Out = None, json: Json = False) -> None:
    """Write a folder with a suite of your own.

    The suite has three tasks, with tests that generate and verify a few rows of
    each. Replace them by your own.

    Examples:
      mathbench new suite my-suite
    """
    from mathbench.cli.new.names import suite_names

    _write("suite", ("suite",), suite_names(name), out_dir, json)


def _write(
    kind: str, templates: tuple[str, ...], names: "PackageNames", out_dir: Path | None, json: bool
) -> None:
    """Write the files of some templates, and print their paths."""
    from mathbench.cli.new.package import write_package

    folder = out_dir or Path(names.given)
    files = write_package(folder, templates, names.replacements)
    if json:
        print_json({"kind": kind, "name": names.name, "folder": str(folder), "files": files})
        return
    for file in files:
        out.print(folder / file, markup=False, soft_wrap=True)
    print_message(f"{folder / 'README.md'} says how to test and use it; start with: python -m pytest")
