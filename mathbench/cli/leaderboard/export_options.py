"""Options of leaderboard export, and the values that were given for them."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

RoundsOption = Annotated[
    Path | None, typer.Option("--rounds", help="Folder of sealed rounds, for the HTML pages.")
]
SourceName = Annotated[
    str | None,
    typer.Option(
        "--source-name",
        metavar="NAME",
        help="Who publishes the board, for every-eval-ever and eval-results. Default: mathbench leaderboard.",
    ),
]
SourceUrl = Annotated[
    str | None,
    typer.Option("--source-url", metavar="URL", help="A web page of the board, for the same formats."),
]
NoSamples = Annotated[
    bool,
    typer.Option("--no-samples", help="With every-eval-ever, write the scores without the answered rows."),
]
DatasetId = Annotated[
    str | None,
    typer.Option(
        "--dataset-id",
        metavar="OWNER/NAME",
        help="With eval-results, the dataset on the Hub whose rows were answered.",
    ),
]
DatasetRevision = Annotated[
    str | None,
    typer.Option(
        "--dataset-revision", metavar="COMMIT", help="With eval-results, the commit of the dataset."
    ),
]
DataSeed = Annotated[
    str | None,
    typer.Option(
        "--data-seed",
        help="With eval-results, the seed of the dataset; needed for a board with rows of several seeds.",
    ),
]


@dataclass(frozen=True)
class ExportOptions:
    """The values of the options; each is None, or its default, where it was not given."""

    format: str
    out: Path | None
    board: str | None
    task: str | None = None
    framework: str | None = None
    split: str | None = None
    sort: str = "score"
    rounds: Path | None = None
    source_name: str | None = None
    source_url: str | None = None
    no_samples: bool = False
    dataset_id: str | None = None
    dataset_revision: str | None = None
    data_seed: str | None = None
    season: str | None = None

    @property
    def given(self) -> list[str]:
        """The names of the options beside --format, --out and --board that were given, as on the command line."""
        return [
            field.name.replace("_", "-")
            for field in fields(self)[3:]
            if getattr(self, field.name) != field.default
        ]
