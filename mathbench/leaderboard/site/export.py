"""Export of all pages as files for any static host."""

import json
from collections.abc import Callable
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.site import round_page
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.snapshot import Snapshot
from mathbench.leaderboard.store.any_board import (
    certificate_loader,
    load_boards,
    load_records,
    predictions_loader,
)
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import folder_path, is_folder
from mathbench.scores import strict_json
from mathbench.scores.schema_types import ListOf, Text
from mathbench.storage import atomic

LIST_FILE = ".mathbench-site.json"  # the files of an earlier export; no others are ever removed


def load_pages(
    target: str | Path | None, folder: Path | None = None, season: str | None = None, verified: bool = False
) -> PageSet:
    """Load the pages of any board: a folder, a file or a database URL.

    Args:
        target: the board.
        folder: holds sealed rounds.
        season: the name of the season of the front page; None for the default one.
        verified: whether a board that is a folder was just verified; without that, its pages say that it was not.
    """
    _, records = load_records(target)
    front, *others = load_boards(target, records, season)
    if is_folder(target):
        name, attempts = folder_path(target).resolve().name, {}
    else:
        opened = Board(target, create=False)
        name, attempts = opened.public_name, opened.attempts()
    return PageSet(
        Snapshot(name, front, attempts),
        round_page.read(folder),
        predictions_loader(target),
        served=False,
        load_certificate=certificate_loader(target),
        others=[Snapshot(name, other, attempts, with_open=False) for other in others],
        unverified=is_folder(target) and not verified,
    )


def check_folder(folder: Path) -> None:
    """Check that a folder can receive a site.

    Raises:
        InputError: when it has other content.
    """
    if (
        folder.exists()
        and (not folder.is_dir() or any(folder.iterdir()))
        and not (folder / LIST_FILE).is_file()
    ):
        raise InputError(f"'{folder}' exists and does not contain a site. Give a new folder.")


def export(site: PageSet, folder: Path, on_page: Callable[[str], None] = lambda path: None) -> int:
    """Write all pages, and remove those of an earlier export that no longer exist.

    Args:
        site: the pages.
        folder: new, empty, or from an earlier export.
        on_page: called with each address.

    Returns:
        The number of files.

    Raises:
        InputError: when the folder has other content.
    """
    check_folder(folder)
    earlier = _listed(folder)
    atomic.make_folder(folder)
    paths = list(dict.fromkeys(site.paths()))
    # written first, so that an interrupted export is known
    atomic.write(folder / LIST_FILE, json.dumps(sorted(earlier.union(paths)), indent=0))
    for path in paths:
        _write(site, folder, path)
        on_page(path)
    for path in earlier.difference(paths):
        (folder / path).unlink(missing_ok=True)
    atomic.write(folder / LIST_FILE, json.dumps(sorted(paths), indent=0))
    return len(paths)


def _write(site: PageSet, folder: Path, path: str) -> None:
    page = site.page(path)
    if page is None:
        raise RuntimeError(f"the site lists {path} but does not contain it")
    atomic.make_folder((folder / path).parent)
    atomic.write(folder / path, page.body)


def _listed(folder: Path) -> set[str]:
    """The files of an earlier export, all inside the folder."""
    if not (folder / LIST_FILE).is_file():
        return set()
    listed = strict_json.parse((folder / LIST_FILE).read_bytes(), LIST_FILE)
    ListOf(Text(300), 10_000_000)(listed, LIST_FILE)
    return {path for path in listed if (folder / path).resolve().is_relative_to(folder.resolve())}
