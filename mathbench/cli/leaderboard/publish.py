"""Commands that publish a board: leaderboard export, build."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.leaderboard import show
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

FORMATS = ("markdown", "csv", "json", "html")

RoundsOption = Annotated[
    Path | None, typer.Option("--rounds", help="Folder of sealed rounds, for the HTML pages.")
]


def register(leaderboard: typer.Typer) -> None:
    """Add the commands."""
    leaderboard.command()(export)
    leaderboard.command()(build)


def export(
    format: Annotated[
        str, typer.Option("--format", help="Format: markdown, csv, json or html.")
    ] = "markdown",
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; for json and html a folder. Default: stdout.")
    ] = None,
    board: BoardOption = None,
    task: TaskOption = None,
    framework: FrameworkOption = None,
    split: SplitOption = None,
    sort: SortOption = "score",
    rounds: RoundsOption = None,
    season: SeasonOption = None,
) -> None:
    """Export a board as Markdown, CSV, JSON or HTML pages.

    In an existing Markdown file, only the text between its marks is replaced.

    Examples:
      mathbench leaderboard export --format csv > board.csv

      mathbench leaderboard export --format json --out leaderboard/results

      mathbench leaderboard export --board leaderboard --format markdown --out leaderboard/README.md

      mathbench leaderboard export --format html --out site
    """
    if format not in FORMATS:
        raise InputError(f"unknown format '{format}'. {did_you_mean(format, FORMATS)}")
    if rounds is not None and format != "html":
        raise InputError("--rounds are pages; give --format html too.")
    if (format == "json" and out is not None) or format == "html":
        if task or framework or split:
            raise InputError(f"--format {format} writes the whole board; the filters do not apply to it.")
        _export_folder(format, board, out, rounds, season)
        return
    _export_tables(format, board, out, season, (task, framework, split, sort))


def _export_tables(
    format: str,
    board: str | None,
    out: Path | None,
    season: str | None,
    filters: tuple[str | None, str | None, str | None, str],
) -> None:
    from mathbench.leaderboard.ranking import render
    from mathbench.leaderboard.ranking.rank import TableFilters
    from mathbench.leaderboard.store.any_board import load_ranked

    name, opened = load_ranked(board, season)
    tables = show.all_tables(opened, TableFilters(*filters))
    show.print_unverified(board)
    if format == "json":
        print_json(render.tables_json(tables, name))
        return
    text = render.markdown(tables) if format == "markdown" else render.tables_csv(tables)
    if out is None:
        sys.stdout.write(text)
    else:
        _write(out, text, marked=format == "markdown")


def _export_folder(
    format: str, board: str | None, folder: Path | None, rounds: Path | None, season: str | None
) -> None:
    from mathbench.leaderboard.store.any_board import answers_loader, certificate_loader, load_records
    from mathbench.leaderboard.store.folder import export

    if folder is None:
        raise InputError("a site is a folder of pages: give --out FOLDER.")
    if format == "html":
        _write_site(board, folder, rounds, season)
        return
    records, loaders = load_records(board)[1], (answers_loader(board), certificate_loader(board))
    with ProgressBar("submissions", len(records)) as bar:
        export(records, folder, *loaders, on_record=lambda: bar(1))
    print_message(f"{len(records)} submissions in {folder}, with their wrong answers")


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
    from mathbench.storage import atomic

    if marked and path.exists():
        text = _replaced(path, text)
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
        bool, typer.Option("--check", help="Write nothing; exit with code 1 if the table is out of date.")
    ] = False,
    site: Annotated[Path | None, typer.Option("--site", help="Folder to write HTML pages to.")] = None,
    rounds: RoundsOption = None,
) -> None:
    """Recompute a folder of results, and write its table into README.md.

    A file without its wrong answers is shown as claimed. With --site, the HTML
    pages are written too.

    Examples:
      mathbench leaderboard build leaderboard

      mathbench leaderboard build leaderboard --check

      mathbench leaderboard build leaderboard --site site
    """
    from mathbench.leaderboard.ranking import render
    from mathbench.leaderboard.ranking.rank import TableFilters
    from mathbench.leaderboard.store.any_board import load_ranked

    if not folder.is_dir():
        raise InputError(f"there is no folder '{folder}'.")
    if check and (site or rounds):
        raise InputError("--check writes nothing, so it takes neither --site nor --rounds.")
    if rounds and not site:
        raise InputError("--rounds are pages; give --site FOLDER too.")
    page = folder / "README.md"
    _check_targets(None if check else page, site, rounds)
    verify_folder(folder, as_json=False)
    text = render.markdown(show.all_tables(load_ranked(folder)[1], TableFilters()))
    if not check:
        _write(page, text, marked=True)
        if site is not None:
            _write_site(folder, site, rounds, verified=True)
        return
    found = page.read_text(encoding="utf-8") if page.is_file() else ""
    if render.replace_marked_block(found, text) != found:
        raise CheckFailed(
            f"{page} does not show these results. `mathbench leaderboard build {folder}` updates it."
        )
