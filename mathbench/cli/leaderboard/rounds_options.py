"""Arguments and options of the commands for sealed rounds, and files of questions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.output import json_lines
from mathbench.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa


def _local_folder(folder: Path) -> Path:
    """Return a folder.

    Raises:
        InputError: for a URL.
    """
    if folder.parts[:1] in (("http:",), ("https:",)):
        raise InputError("the host's own steps are taken in the folder of the round, not over HTTP.")
    return folder


Folder = Annotated[
    Path, typer.Argument(help="Folder of the round; it may be published at any time.", callback=_local_folder)
]
Place = Annotated[
    str, typer.Argument(metavar="FOLDER|URL", help="Folder of the round, or its URL on a server.")
]
Secret = Annotated[
    Path | None,
    typer.Option(
        "--secret", help="File in which the host keeps seed and salt. Default: beside the user's own board."
    ),
]


def write_questions(path: Path, questions: "pa.Table") -> None:
    """Write questions as Parquet or JSON lines, depending on the suffix."""
    import pyarrow.parquet as pq

    from mathbench.storage import atomic

    if path.suffix == ".parquet":
        with atomic.atomic_write(path) as file:
            pq.write_table(questions, file)
    else:
        write_text(path, "".join(json_lines(questions.to_pylist())))


def write_text(path: Path, text: str) -> None:
    """Write a file, and create its folder."""
    from mathbench.storage import atomic

    with atomic.new_folder(path.parent):
        atomic.write(path, text)
