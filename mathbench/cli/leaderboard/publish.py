"""Commands that publish a board: leaderboard export, build."""

import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.leaderboard import export_options as opt
from mathbench.cli.leaderboard import published, show
from mathbench.cli.leaderboard.export_options import ExportOptions
from mathbench.cli.leaderboard.options import (
    BoardOption,
    FrameworkOption,
    SeasonOption,
    SortOption,
    SplitOption,
    TaskOption,
)
from mathbench.cli.leaderboard.verify import verify_folder
from mathbench.cli.output import ProgressBar, print_json, print_message
from mathbench.errors import CheckFailed, InputError, did_you_mean

if TYPE_CHECKING:
    from mathbench.leaderboard.ranking.tables import RankTable


TASK_PAGE = "README.md"  # of each folder of results


def register(leaderboard: typer.Typer) -> None:
    """Add the commands."""
    leaderboard.command()(export)
    leaderboard.command()(build)


def export(
    format: Annotated[
        str,
        typer.Option("--format", help="Format: markdown, csv, json, html, every-eval-ever or eval-results."),
    ] = "markdown",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; a folder for all but markdown and csv. Default: stdout."),
    ] = None,
    board: BoardOption = None,
    task: TaskOption = None,
    framework: FrameworkOption = None,
    split: SplitOption = None,
    sort: SortOption = "score",
    rounds: opt.RoundsOption = None,
    source_name: opt.SourceName = None,
    source_url: opt.SourceUrl = None,
    no_samples: opt.NoSamples = False,
    dataset_id: opt.DatasetId = None,
    dataset_revision: opt.DatasetRevision = None,
    data_seed: opt.DataSeed = None,
    season: SeasonOption = None,
) -> None:
    """Export a board as Markdown, CSV, JSON, HTML pages or records of other projects.

    In an existing Markdown file, only the text between its marks is replaced.
    every-eval-ever are records of the project Every Eval Ever, and eval-results
    those that the Hugging Face Hub reads from a model's repository.

    Examples:
      mathbench leaderboard export --format csv > board.csv

      mathbench leaderboard export --format json --out leaderboard/results

      mathbench leaderboard export --board leaderboard --format markdown --out tables.md

      mathbench leaderboard export --format html --out site

      mathbench leaderboard export --format every-eval-ever --out records

      mathbench leaderboard export --format eval-results --dataset-id ada/sums --out results
    """
    if format not in FORMATS:
        raise InputError(f"unknown format '{format}'. {did_you_mean(format, FORMATS)}")
    options = ExportOptions(
        format,
        out,
        board,
        task,
        framework,
        split,
        sort,
        rounds,
        source_name,
        source_url,
        no_samples,
        dataset_id,
        dataset_revision,
        data_seed,
        season,
    )
    takes, write = FORMATS[format]
    for name in options.given:
        if name not in takes:
            allowed = ", ".join(f"--{each}" for each in takes)
            raise InputError(f"--format {format} does not take --{name}. Allowed: {allowed}.")
    write(options)


def _to_folder(write: Callable[[ExportOptions, Path], None]) -> Callable[[ExportOptions], None]:
    """Return what exports to the folder that must be given."""

    def write_to(options: ExportOptions) -> None:
        if options.out is None:
            raise InputError(f"--format {options.format} writes a folder: give --out FOLDER.")
        write(options, options.out)

    return write_to


def _export_tables(options: ExportOptions) -> None:
    """Write Markdown or CSV to a file or stdout."""
    from mathbench.leaderboard.ranking import render

    marked = options.format == "markdown"
    if options.out is not None and options.out.is_dir():
        raise InputError(f"--format {options.format} writes a file, and '{options.out}' is a folder.")
    tables = _tables(options)[1]
    text = render.markdown(tables) if marked else render.tables_csv(tables)
    if options.out is None:
        sys.stdout.write(text)
    else:
        _write(options.out, text, marked)


def _export_json(options: ExportOptions) -> None:
    """Write the tables to stdout, or one file per submission to a folder."""
    from mathbench.leaderboard.ranking.render import tables_json
    from mathbench.leaderboard.store.any_board import answers_loader, certificate_loader, load_records
    from mathbench.leaderboard.store.folder import export

    if options.out is None:
        name, tables = _tables(options)
        print_json(tables_json(tables, name))
        return
    if options.given:
        raise InputError("--format json with --out writes the whole board; the filters do not apply to it.")
    board = options.board
    records, loaders = load_records(board)[1], (answers_loader(board), certificate_loader(board))
    with ProgressBar("submissions", len(records)) as bar:
        export(records, options.out, *loaders, on_record=lambda: bar(1))
    print_message(f"{len(records)} submissions in {options.out}, with their wrong answers")


def _tables(options: ExportOptions) -> "tuple[str, list[RankTable]]":
    from mathbench.leaderboard.ranking.rank import TableFilters
    from mathbench.leaderboard.store.any_board import load_ranked

    name, board = load_ranked(options.board, options.season)
    show.print_unverified(options.board)
    filters = TableFilters(options.task, options.framework, options.split, options.sort)
    return name, show.all_tables(board, filters)


_FILTERS = ("season", "task", "framework", "split")
_SOURCE = ("source-name", "source-url")
# formats: the options that they take beside --board and --out, and what writes them
FORMATS: dict[str, tuple[tuple[str, ...], Callable[[ExportOptions], None]]] = {
    "markdown": ((*_FILTERS, "sort"), _export_tables),
    "csv": ((*_FILTERS, "sort"), _export_tables),
    "json": ((*_FILTERS, "sort"), _export_json),
    "html": (
        ("season", "rounds"),
        _to_folder(
            lambda options, folder: _write_site(options.board, folder, options.rounds, options.season)
        ),
    ),
    "every-eval-ever": ((*_SOURCE, "no-samples"), _to_folder(published.write_every_eval_ever)),
    "eval-results": (
        (*_FILTERS, *_SOURCE, "dataset-id", "dataset-revision", "data-seed"),
        _to_folder(published.write_eval_results),
    ),
}


def _write_site(
    board: str | Path | None,
    folder: Path,
    rounds: Path | None,
    season: str | None = None,
    verified: bool = False,
) -> None:
    """Write the HTML pages, with a progress bar."""
    from mathbench.leaderboard.site.export import export, load_pages

    _check_rounds(rounds)
    site = load_pages(board, rounds, season, verified)
    with ProgressBar("pages", sum(1 for _ in site.paths())) as bar:
        count = export(site, folder, lambda path: bar(1))
    print_message(
        f"{count:,} files in {folder}; open {folder / 'index.html'}, or put the folder on any static host"
    )


def _write(path: Path, text: str, marked: bool) -> None:
    """Write a table to a file. In an existing Markdown file, only the text between its marks is replaced."""
    from mathbench.leaderboard.ranking.render import MARKS
    from mathbench.storage import atomic

    if marked:
        # a new file has marks from the start, so that the next table can take the place of this one
        text = _replaced(path, text) if path.exists() else f"{MARKS[0]}\n{text.strip()}\n{MARKS[1]}\n"
    with atomic.new_folder(path.parent):
        atomic.write(path, text)
    print_message(f"wrote {path}")


def _check_targets(page: Path | None, site: Path | None, rounds: Path | None) -> None:
    """Check what `build` writes to, before it writes anything."""
    from mathbench.leaderboard.site.export import check_folder

    if page is not None and page.exists():
        _replaced(page, "")
    if site is not None:
        check_folder(site)
    _check_rounds(rounds)


def _check_rounds(rounds: Path | None) -> None:
    if rounds is not None and not rounds.is_dir():
        raise InputError(f"there is no folder '{rounds}' of rounds.")


def _replaced(path: Path, text: str) -> str:
    """Return a Markdown file with other text between its marks.

    Raises:
        InputError: when it has none.
    """
    from mathbench.leaderboard.ranking.render import MARKS, replace_marked_block

    try:
        page = replace_marked_block(path.read_text(encoding="utf-8"), text)
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is not text in UTF-8.") from None
    if page is None:
        raise InputError(f"'{path}' has no lines '{MARKS[0]}' and '{MARKS[1]}' to write between.")
    return page


def build(
    folder: Annotated[Path, typer.Argument(help="Folder of results, with README.md.")],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with code 1 if a table is out of date.")
    ] = False,
    site: Annotated[Path | None, typer.Option("--site", help="Folder to write HTML pages to.")] = None,
    rounds: opt.RoundsOption = None,
) -> None:
    """Recompute a folder of results, and write its tables.

    README.md has the ranking of the season and the best models of each task, and
    links to the complete tables, which lie beside the results of each task. A
    file without its wrong answers is shown as claimed. With --site, the HTML
    pages are written too.

    Examples:
      mathbench leaderboard build leaderboard

      mathbench leaderboard build leaderboard --check

      mathbench leaderboard build leaderboard --site site
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder '{folder}'.")
    if check and (site or rounds):
        raise InputError("--check writes nothing, so it takes neither --site nor --rounds.")
    if rounds and not site:
        raise InputError("--rounds are pages; give --site FOLDER too.")
    page = folder / "README.md"
    _check_targets(None if check else page, site, rounds)
    verify_folder(folder, as_json=False)
    text, pages = _readmes(folder)
    if check:
        _check_readmes(folder, text, pages)
        return
    _write(page, text, marked=True)
    _write_task_pages(folder, pages)
    if site is not None:
        _write_site(folder, site, rounds, verified=True)


def _readmes(folder: Path) -> tuple[str, dict[Path, str]]:
    """Return the overview of a folder board, and the pages with the complete tables of each task."""
    from mathbench.leaderboard.ranking.macro import WHOLE, macro_averages
    from mathbench.leaderboard.ranking.overview import overview, task_pages
    from mathbench.leaderboard.ranking.rank import TableFilters
    from mathbench.leaderboard.seasons.season import SEASON_SPLITS
    from mathbench.leaderboard.store.any_board import load_ranked
    from mathbench.leaderboard.store.folder import results_folder, task_folder

    board = load_ranked(folder)[1]
    tables, inner = show.all_tables(board, TableFilters()), results_folder(folder)
    averages = [average for split in SEASON_SPLITS for average in macro_averages(board, split, WHOLE)]

    def page(task: str) -> Path:
        return inner / task_folder(task) / TASK_PAGE

    text = overview(tables, averages, lambda task: page(task).relative_to(folder).as_posix())
    return text, {page(task): content for task, content in task_pages(tables).items()}


def _old_pages(folder: Path, pages: Collection[Path]) -> list[Path]:
    """Return the pages that an earlier build wrote for tasks that have no results any more."""
    from mathbench.leaderboard.ranking.overview import GENERATED
    from mathbench.leaderboard.store.folder import results_folder

    found = (path for path in results_folder(folder).glob(f"*/{TASK_PAGE}") if path not in pages)
    return [path for path in found if path.read_text(encoding="utf-8").startswith(GENERATED)]


def _write_task_pages(folder: Path, pages: Mapping[Path, str]) -> None:
    from mathbench.storage import atomic

    for path, content in pages.items():
        atomic.make_folder(path.parent)
        atomic.write(path, content)
    for path in _old_pages(folder, pages):
        path.unlink()


def _check_readmes(folder: Path, text: str, pages: Mapping[Path, str]) -> None:
    """Check that the tables of a folder are those of its results.

    Raises:
        CheckFailed: names the first file that is not.
    """
    from mathbench.leaderboard.ranking.render import replace_marked_block

    overview = folder / TASK_PAGE
    expected = {**pages, overview: replace_marked_block(_text(overview), text)}
    stale = [path for path, content in expected.items() if _text(path) != content]
    for path in [*stale, *_old_pages(folder, pages)]:
        raise CheckFailed(
            f"{path} does not show these results. `mathbench leaderboard build {folder}` updates it."
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
