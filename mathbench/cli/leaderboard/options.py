"""Options shared by the leaderboard commands."""

from pathlib import Path
from typing import Annotated

import typer

BoardOption = Annotated[
    str | None,
    typer.Option(
        "--board",
        metavar="PATH|URL",
        help="Board: an SQLite file, a database URL or a folder of results; for submit also a server. "
        "Default: MATHBENCH_BOARD, else the user's own board.",
    ),
]
SeasonOption = Annotated[
    str | None, typer.Option("--season", metavar="NAME", help="Season of the board. Default: core-1.")
]
TaskOption = Annotated[
    str | None, typer.Option("--task", help="Task to include, by name, id or family. Default: all.")
]
FrameworkOption = Annotated[
    str | None, typer.Option("--framework", help="Framework of the models to include. Default: all.")
]
SplitOption = Annotated[
    str | None, typer.Option("--split", help="Split to include, such as interpolate. Default: all.")
]
SortOption = Annotated[
    str, typer.Option("--sort", help="Order of the models: score, model, parameters or time.")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--board",
        metavar="PATH|URL",
        help="Board: an SQLite file or a database URL. Default: MATHBENCH_BOARD, else the user's own board.",
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", help="Name of the model on the board. Default: that of the baseline."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="File with the token for a server. Default: MATHBENCH_TOKEN."),
]
