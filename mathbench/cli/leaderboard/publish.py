"""Commands that publish a board: leaderboard export, build."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.leaderboard import published, show
from mathbench.cli.leaderboard.options import (
    BoardOption,
    FrameworkOption,
    SortOption,
    SplitOption,
    TaskOption,
)
from mathbench.cli.leaderboard.verify import verify_folder
from mathbench.cli.output import ProgressBar, print_json, print_message
from mathbench.errors import CheckFailed, InputError, did_you_mean

FILTERS = ("task", "framework", "split")
SOURCE = ("source-name", "source-url")
# formats with the options that they take beside --board and --out
FORMATS = {
    "markdown": (*FILTERS, "sort"),
    "csv": (*FILTERS, "sort"),
    "json": (*FILTERS, "sort"),
    "html": ("rounds",),
    "every-eval-ever": (*SOURCE, "no-samples"),
    "eval-results": (*FILTERS, *SOURCE, "dataset-id", "dataset-revision"),
}
# formats that are folders of files; JSON is one with --out
FOLDERS = ("html", "every-eval-ever", "eval-results")

RoundsOption = Annotated[
    Path | None, typer.Option("--rounds", help="Folder of sealed rounds, for the HTML pages.")
]


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
    rounds: RoundsOption = None,
    source_name: published.SourceName = None,
    source_url: published.SourceUrl = None,
    no_samples: published.NoSamples = False,
    dataset_id: published.DatasetId = None,
    dataset_revision: published.DatasetRevision = None,
) -> None:
    """Export a board as Markdown, CSV, JSON, HTML pages or records of other projects.

    In an existing Markdown file, only the text between its marks is replaced.
    every-eval-ever are records of the project Every Eval Ever, and eval-results
    those that the Hugging Face Hub reads from a model's repository.

    Examples:
      mathbench leaderboard export --format csv > board.csv

      mathbench leaderboard export --format json --out leaderboard/results

      mathbench leaderboard export --board leaderboard --format markdown --out leaderboard/README.md

      mathbench leaderboard export --format html --out site

      mathbench leaderboard export --format every-eval-ever --out records

      mathbench leaderboard export --format eval-results --dataset-id ada/sums --out results
    """
    filters, source = (task, framework, split, sort), (source_name, source_url)
    given = {
        **dict(
            zip((*FILTERS, "sort"), (task, framework, split, None if sort == "score" else sort), strict=True)
        ),
        **dict(zip(SOURCE, source, strict=True)),
        "rounds": rounds,
        "no-samples": no_samples or None,
        "dataset-id": dataset_id,
        "dataset-revision": dataset_revision,
    }
    _check_options(format, out, {name for name, value in given.items() if value is not None})
    if out is None or format in ("markdown", "csv"):
        _export_tables(format, board, out, filters)
    elif format == "json":
        _export_records(board, out)
    elif format == "html":
        _write_site(board, out, rounds)
    elif format == "every-eval-ever":
        published.write_every_eval_ever(board, out, source, no_samples)
    else:
        published.write_eval_results(board, out, source, (dataset_id, dataset_revision), filters)


def _check_options(format: str, out: Path | None, given: set[str]) -> None:
    """Check that a format exists, has its folder and takes the options that were given."""
    if format not in FORMATS:
        raise InputError(f"unknown format '{format}'. {did_you_mean(format, FORMATS)}")
    takes: tuple[str, ...] = () if format == "json" and out else FORMATS[format]
    if foreign := sorted(given.difference(takes)):
        named = "json with --out" if format == "json" and out else format
        allowed = ", ".join(f"--{name}" for name in takes) or "only --board"
        raise InputError(f"--format {named} does not take --{foreign[0]}. Allowed: {allowed}.")
    if format in FOLDERS and out is None:
        raise InputError(f"--format {format} writes a folder: give --out FOLDER.")


def _export_tables(format: str, board: str | None, out: Path | None, filters: show.Filters) -> None:
    from mathbench.leaderboard.ranking import render

    name, tables = show.ranked_tables(board, *filters)
    if format == "json":
        print_json(render.tables_json(tables, name))
        return
    text = render.markdown(tables) if format == "markdown" else render.tables_csv(tables)
    if out is None:
        sys.stdout.write(text)
    else:
        _write(out, text, marked=format == "markdown")


def _export_records(board: str | None, folder: Path) -> None:
    """Write one JSON file per submission."""
    from mathbench.leaderboard.store.folder import certificate_loader, export, load_records

    paths = export(load_records(board)[1], folder, certificate_loader(board))
    print_message(f"{len(paths)} submissions in {folder}")


def _write_site(board: str | Path | None, folder: Path, rounds: Path | None) -> None:
    """Write the HTML pages, with a progress bar."""
    from mathbench.leaderboard.site.export import export, load_pages

    _check_rounds(rounds)
    site = load_pages(board, rounds)
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
    """Check a folder of results, and write its table into README.md.

    With --site, the HTML pages are written too.

    Examples:
      mathbench leaderboard build leaderboard

      mathbench leaderboard build leaderboard --check

      mathbench leaderboard build leaderboard --site site
    """
    from mathbench.leaderboard.ranking import render
    from mathbench.leaderboard.ranking.rank import rank_tables
    from mathbench.leaderboard.store.folder import read_folder

    if not folder.is_dir():
        raise InputError(f"there is no folder '{folder}'.")
    if check and (site or rounds):
        raise InputError("--check writes nothing, so it takes neither --site nor --rounds.")
    if rounds and not site:
        raise InputError("--rounds are pages; give --site FOLDER too.")
    page = folder / "README.md"
    _check_targets(None if check else page, site, rounds)
    verify_folder(folder, as_json=False)
    text = render.markdown(rank_tables(read_folder(folder)))
    if not check:
        _write(page, text, marked=True)
        if site is not None:
            _write_site(folder, site, rounds)
        return
    found = page.read_text(encoding="utf-8") if page.is_file() else ""
    if render.replace_marked_block(found, text) != found:
        raise CheckFailed(
            f"{page} does not show these results. `mathbench leaderboard build {folder}` updates it."
        )
