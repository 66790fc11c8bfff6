"""Export of a board in the formats of other projects, for leaderboard export."""

from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.leaderboard import show
from mathbench.cli.output import ProgressBar, print_message
from mathbench.errors import InputError

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


def write_every_eval_ever(
    board: str | None, folder: Path, source: tuple[str | None, str | None], no_samples: bool
) -> None:
    """Write the records of Every Eval Ever, with a progress bar."""
    from mathbench.leaderboard.published.origin import publisher
    from mathbench.leaderboard.published.write import write_every_eval_ever
    from mathbench.leaderboard.store.folder import stream_records

    about = publisher(*source)
    total, records, load_predictions = stream_records(board)
    with ProgressBar("submissions", total) as bar:
        count = write_every_eval_ever(records, None if no_samples else load_predictions, folder, about, bar)
    left_out = f"; {total - count:,} withdrawn ones are left out" if total > count else ""
    print_message(f"{count:,} records of Every Eval Ever in {folder}{left_out}")


def write_eval_results(
    board: str | None,
    folder: Path,
    source: tuple[str | None, str | None],
    dataset: tuple[str | None, str | None],
    filters: show.Filters,
) -> None:
    """Write the results of each model as the Hub reads them."""
    from mathbench.leaderboard.published.eval_results import HubDataset
    from mathbench.leaderboard.published.origin import publisher
    from mathbench.leaderboard.published.write import write_eval_results

    name, revision = dataset
    if name is None:
        raise InputError(
            "results on the Hub belong to a dataset there. Give --dataset-id OWNER/NAME, the dataset whose rows were "
            "answered; `mathbench export hub` makes one."
        )
    known, about = HubDataset(name, revision or ""), publisher(*source)
    count = write_eval_results(show.ranked_tables(board, *filters)[1], folder, known, about)
    print_message(
        f"{count:,} files in {folder}; each belongs into the folder .eval_results of its model's repository"
    )
