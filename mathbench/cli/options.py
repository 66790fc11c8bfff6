"""Options that several commands share."""

from typing import Annotated

import typer

Count = Annotated[
    int | None, typer.Option(min=0, help="Rows of this split; 0 leaves it out.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
TaskName = Annotated[str | None, typer.Option("--task", help="A task family; see `mathbench tasks`.")]
DataDir = Annotated[
    str | None, typer.Option("--data", help="A dataset instead of a task.", metavar="DIR|URL")
]
ConfigName = Annotated[str | None, typer.Option("--config", help="Which configuration of the dataset.")]
DataSeed = Annotated[str, typer.Option("--data-seed", help="Seed of the data; a 64-bit integer or a string.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Processes; with Ray, shards in work at a time. Default: 1; with Ray, 2 per CPU of the cluster.",
    ),
]
EngineName = Annotated[str, typer.Option("--engine", help="local, or ray: the nodes of a Ray cluster.")]
Address = Annotated[
    str | None,
    typer.Option(help="Of a Ray cluster, such as HOST:6379. Default: RAY_ADDRESS, or one on this machine."),
]


def given_sizes(**sizes: int | None) -> dict[str, int]:
    """The rows per split that were given.

    >>> given_sizes(train=5, validation=None)
    {'train': 5}
    """
    return {split: rows for split, rows in sizes.items() if rows is not None}
