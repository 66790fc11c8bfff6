"""Links of pages to files outside docs/: the site has a page for some of these files, and a copy of others."""

import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
# pages of the site that are elsewhere in the repository
PAGES = {
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "benchmarks.md": "benchmarks/README.md",
}
# pages of the site that stand for others of the repository
INSTEAD = {"README.md": "index.md", "leaderboard/README.md": "board/index.html"}
LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)#\s]+)")
# a link whose text is the name of a file
FILE_NAMED = re.compile(r"\[[\w/.-]+\.md\](?=\(([^)#\s]+))")


def source_of(page: str) -> PurePosixPath:
    """Return where in the repository a page of the site comes from."""
    return PurePosixPath(PAGES.get(page, f"docs/{page}"))


def address_of(path: str) -> str:
    """Return the name in the site of a file of the repository."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    pages = {source: page for page, source in PAGES.items()} | INSTEAD
    # a copy of a Markdown file is not a page
    return pages.get(path, f"files/{path}.txt" if path.endswith(".md") else f"files/{path}")


def mended(markdown: str, page: str, config: MkDocsConfig, files: Files) -> str:
    """Return a page whose links stay within the site; files that it names are added to `files`."""
    here = source_of(page).parent

    def replaced(match: re.Match[str]) -> str:
        path = os.path.normpath(here / match[1])
        if not (ROOT / path).is_file():
            return match[1]
        address = address_of(path)
        if files.get_file_from_path(address) is None:
            files.append(File.generated(config, address, abs_src_path=str(ROOT / path)))
        return os.path.relpath(address, PurePosixPath(page).parent)

    return LINK.sub(replaced, markdown)


def titled(markdown: str, page: str, files: Files) -> str:
    """Return a page whose links have titles of pages where they had names of files, which the site does not show."""

    def replaced(match: re.Match[str]) -> str:
        file = files.get_file_from_path(os.path.normpath(PurePosixPath(page).parent / match[1]))
        return f"[{file.page.title}]" if file and file.page else match[0]

    return FILE_NAMED.sub(replaced, markdown)
