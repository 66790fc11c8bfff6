"""What MkDocs calls while it builds the site: adds pages made from code, files from outside docs/, and the board."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

import command_pages
import mathematics
import python_page
from outside import PAGES, ROOT, mended, titled

# a picture that is a paragraph of its own, and no link yet
PICTURE = re.compile(r'<p>(<img [^>]*src="([^"]+)"[^>]*>)</p>')
NO_BOARD = "<!doctype html><title>Board</title><p>scripts/site/build adds the pages of the board.</p>"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference, pages of the repository that are not in docs/, and the pages of the board."""
    texts = {"reference/python.md": python_page.text(), **command_pages.texts()}
    texts |= {page: (ROOT / source).read_text() for page, source in PAGES.items()}
    for name, text in texts.items():
        files.append(File.generated(config, name, content=text))
    for file in board_files(config):
        files.append(file)
    return files


def board_files(config: MkDocsConfig) -> Iterator[File]:
    """Yield the files of a board's pages, from the folder that MATHBENCH_SITE_BOARD names."""
    if "MATHBENCH_SITE_BOARD" not in os.environ:
        yield File.generated(config, "board/index.html", content=NO_BOARD)
        return
    folder = Path(os.environ["MATHBENCH_SITE_BOARD"])
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        yield File.generated(config, f"board/{name}", abs_src_path=str(path))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links that leave docs/ lead to a page or a file of the site, and name pages by their titles."""
    name = page.file.src_uri
    return titled(mended(markdown, name, config, files), name, files)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let formulas need no script, and pictures open in full size."""
    return PICTURE.sub(r'<p><a href="\2">\1</a></p>', mathematics.drawn(html))
