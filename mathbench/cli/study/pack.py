"""The commands that keep the results of a study in one file: study pack, study unpack."""

from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.options import Json
from mathbench.cli.output import print_json, print_message
from mathbench.cli.running import RUNS
from mathbench.cli.study.options import StudyFolder
from mathbench.storage.location import beside


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("pack")(pack)
    app.command("unpack")(unpack)


def pack(
    folder: StudyFolder,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file. Default: DIR.tar.xz.", metavar="FILE")
    ] = None,
    json: Json = False,
) -> None:
    """Write the results of a study into one small file.

    The file has what was to be run and the result of every finished run: all that
    reports read. Weights and predictions are not in it.

    Examples:
      mathbench study pack runs/study-number-theory

      mathbench study pack runs/study-number-theory --out number-theory.tar.xz
    """
    from mathbench.studies.archive import SUFFIX
    from mathbench.studies.archive import pack as write_archive

    file = out or beside(folder, SUFFIX)
    runs = write_archive(folder, file)
    if json:
        print_json({"file": str(file), "runs": runs, "bytes": file.stat().st_size})
    print_message(f"{runs:,} runs in {file} ({file.stat().st_size / 1000:,.0f} kB)")


def unpack(
    file: Annotated[Path, typer.Argument(help="A file that `study pack` wrote.", metavar="FILE")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the study. Default: runs/FILE.", metavar="DIR")
    ] = None,
    json: Json = False,
) -> None:
    """Write the results in a file into the folder of a study.

    `mathbench study report` makes its report from them, and `mathbench study run
    --out DIR` trains what is missing. Runs that are in the folder stay.

    Examples:
      mathbench study unpack number-theory.tar.xz --out runs/study-number-theory
    """
    from mathbench.studies.archive import SUFFIX
    from mathbench.studies.archive import unpack as read_archive

    folder = out or RUNS / file.name.removesuffix(SUFFIX)
    new = read_archive(file, folder)
    if json:
        print_json({"folder": str(folder), "new": new})
    print_message(f"{new:,} runs are new in {folder}")
