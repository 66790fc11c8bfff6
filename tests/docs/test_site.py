"""The site of the documentation: it builds without a warning, shows what the pages say, and asks no other host."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from filelock import FileLock
from typer.main import get_command

import mathbench
from mathbench.cli import app
from tests.docs.pages import ROOT
from tests.site.conftest import chromium  # noqa: F401
from tests.site.visitor import Visitor

pytest.importorskip("material", reason="the site needs mkdocs-material")
markdown_it = pytest.importorskip("markdown_it")

DOCS = ROOT / "docs"
PAGES = sorted(page.relative_to(DOCS) for page in DOCS.rglob("*.md"))
COUNTED = ("h1", "h2", "h3", "li", "ul", "ol", "table", "pre", "img", "blockquote")
# what a page shows wrongly: a page that is wider than the screen, pictures that are not there
WRONG = """
const images = [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src);
const width = document.documentElement.scrollWidth;
return width > arguments[0] ? [width, ...images] : images;
"""
TELEPHONE = 390  # pixels
# elements that a browser loads by itself, and the attribute with the address
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """The folder of the site, built once, by the first of the processes that test."""
    base = tmp_path_factory.getbasetemp()
    place = (base if worker_id == "master" else base.parent) / "documentation"
    place.mkdir(exist_ok=True)
    with FileLock(place / "lock"):
        if not (place / "site").exists():
            build(place)
    return place / "site"


def build(place):
    """Build the site with the pages of an empty board."""
    board = place / "board"
    (board / "results").mkdir(parents=True)
    environment = {**os.environ, "PYTHON": sys.executable}
    command = [ROOT / "scripts/site/build", "--board", board, "--out", place / "site"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


class Elements(HTMLParser):
    """The elements of a page: how many of each name, and the addresses that a browser loads by itself."""

    def __init__(self, html):
        super().__init__()
        self.counts, self.loaded, self.names = dict.fromkeys(COUNTED, 0), [], set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.names.add(values.get("id"))
        if tag in self.counts:
            self.counts[tag] += 1
        if tag in LOADED and values.get("rel") != "canonical":
            self.loaded.append(values.get(LOADED[tag]) or "")


def built(site, page):
    """The HTML of a page of docs/."""
    folder = page.parent if page.name == "index.md" else page.with_suffix("")
    return (site / folder / "index.html").read_text()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_shows_what_its_markdown_says(site, page):
    """As many headings, items, tables and pictures as CommonMark sees, which Git hosts show."""
    html = built(site, page)
    article = html[html.index("<article") : html.index("</article>")]
    renderer = markdown_it.MarkdownIt("commonmark").enable("table")
    assert Elements(article).counts == Elements(renderer.render((DOCS / page).read_text())).counts


def test_no_page_asks_another_host(site):
    for path in site.rglob("*.html"):
        for address in Elements(path.read_text()).loaded:
            assert not re.match(r"(?:\w+:)?//", address), f"{path}: {address}"


def test_every_public_name_is_in_the_reference(site):
    names = Elements((site / "reference/python/index.html").read_text()).names
    for name in set(mathbench.__all__) - {"__version__"}:
        thing = getattr(mathbench, name)
        assert f"{thing.__module__}.{name}" in names


def test_every_command_has_a_page(site):
    for name, command in get_command(app).commands.items():
        text = (site / "reference/commands" / name / "index.html").read_text()
        for inner in getattr(command, "commands", {}):
            assert f"mathbench {name} {inner}" in text


def test_the_board_is_part_of_the_site(site):
    assert (site / "board/index.html").is_file()
    assert (site / "board/models.html").is_file()


def test_formulas_are_drawn_without_a_script(site):
    text = built(site, Path("proofs.md"))
    assert "<math" in text
    assert "arithmatex" not in text


def test_doctests_are_code(site):
    text = (site / "reference/python/index.html").read_text()
    assert "&gt;&gt;&gt;" in text
    assert "<p>&gt;&gt;&gt;" not in text
    assert "getfixture" not in re.sub(r"<.*?>", "", text)


def test_links_name_pages_by_their_titles(site):
    for page in PAGES:
        assert not re.search(r">[\w/.-]+\.md</a>", built(site, page)), page


@pytest.mark.slow
def test_no_page_is_wider_than_a_telephone(site, chromium):  # noqa: F811
    visitor = Visitor(chromium, site.as_uri())
    visitor.width(TELEPHONE)
    wrong = {}
    for path in sorted(site.rglob("index.html")):
        if path.relative_to(site).parts[0] != "board":
            visitor.open(path.relative_to(site).as_posix())
            wrong[str(path.relative_to(site))] = visitor.run(WRONG, TELEPHONE)
    assert len(wrong) > 80
    assert {path: found for path, found in wrong.items() if found} == {}
