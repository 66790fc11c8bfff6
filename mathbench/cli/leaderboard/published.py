"""Export of a board in the formats of other projects, for leaderboard export."""

from pathlib import Path
from typing import TYPE_CHECKING

from mathbench.cli.leaderboard import show
from mathbench.cli.leaderboard.export_options import ExportOptions
from mathbench.cli.output import ProgressBar, print_message
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.leaderboard.published.origin import Publisher


def write_every_eval_ever(options: ExportOptions, folder: Path) -> None:
    """Write the records of Every Eval Ever, with a progress bar."""
    from mathbench.leaderboard.published.write import write_every_eval_ever
    from mathbench.leaderboard.store.any_board import predictions_loader, stream_records

    publisher, load = _publisher(options), predictions_loader(options.board)
    total, records = stream_records(options.board)
    with ProgressBar("submissions", total) as bar:
        count = write_every_eval_ever(records, None if options.no_samples else load, folder, publisher, bar)
    left_out = f"; withdrawn and left out: {total - count:,}" if total > count else ""
    print_message(f"{count:,} records of Every Eval Ever in {folder}{left_out}")


def write_eval_results(options: ExportOptions, folder: Path) -> None:
    """Write the results of each model as the Hub reads them."""
    from mathbench.leaderboard.published.eval_results import HubDataset, of_data_seed
    from mathbench.leaderboard.published.write import write_eval_results
    from mathbench.leaderboard.ranking.rank import TableFilters, filter_task
    from mathbench.leaderboard.store.any_board import load_ranked

    if options.dataset_id is None:
        raise InputError(
            "results on the Hub belong to a dataset there. Give --dataset-id OWNER/NAME, the dataset whose rows were "
            "answered; `mathbench export hub` makes one."
        )
    dataset = HubDataset(options.dataset_id, options.dataset_revision or "")
    publisher = _publisher(options)
    board = load_ranked(options.board, options.season)[1]
    board = board.updated(of_data_seed(filter_task(board.records, options.task), options.data_seed))
    tables = show.all_tables(board, TableFilters(None, options.framework, options.split))
    count = write_eval_results(tables, folder, dataset, publisher)
    print_message(
        f"{count:,} files in {folder}; each belongs into the folder .eval_results of its model's repository"
    )


def _publisher(options: ExportOptions) -> "Publisher":
    from mathbench.leaderboard.published.origin import DEFAULT_NAME, Publisher

    name = DEFAULT_NAME if options.source_name is None else options.source_name
    return Publisher(name, options.source_url or "")
