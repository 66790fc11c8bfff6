"""Options that the commands of the leaderboard share."""

from typing import Annotated

import typer

BoardOption = Annotated[
    str | None,
    typer.Option(
        "--board",
        metavar="PATH|URL",
        help="Which board: an SQLite file, a database URL, a folder of results; for submit also a server.",
    ),
]
TaskOption = Annotated[str | None, typer.Option("--task", help="Only this task: its name, id or family.")]
FrameworkOption = Annotated[str | None, typer.Option("--framework", help="Only models of this framework.")]
SplitOption = Annotated[str | None, typer.Option("--split", help="Only this split, such as interpolate.")]
SortOption = Annotated[str, typer.Option("--sort", help="Order: score, model, parameters or time.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
