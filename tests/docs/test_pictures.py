"""Every picture of a page is there, described, and has the command that makes it beside it."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from mathbench.cli import app
from tests.docs.pages import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURE = re.compile(r"!\[(?P<description>[^]]*)\]\((?P<file>[^)\s]+)\)|<img\b[^>]*>")
SHOWN = [(page.relative_to(ROOT), match) for page in PAGES for match in PICTURE.finditer(page.read_text())]
# what draws without a script, the option with the file, and the file
DRAWS = re.compile(
    r"(?:mathbench (?P<command>[\w-]+)|python (?P<script>[\w/]+\.py)) .*?(?P<option>--\w+) (?P<file>\S+\.\w+)"
)
SCRIPTS = re.compile(r"python (scripts/\w+_page\.py)(?: --[\w-]+)*`?")
ALL_DOCS = re.compile(r"scripts/docs\b(?P<names>[\w ]*)")
TERMINAL = re.compile(r"scripts/picture (?P<file>\S+) mathbench (?P<command>[\w-]+)")
NOTEBOOK = re.compile(r"scripts/notebooks (?P<name>[\w-]+)")


def target(page, match):
    """The path of a picture in the repository."""
    return (ROOT / page.parent / match["file"]).resolve().relative_to(ROOT)


def near(page, match):
    """The text that stands in the section of a picture and before the first section, without comments."""
    text = (ROOT / page).read_text()
    starts = [0, *(heading.start() for heading in re.finditer(r"^## ", text, re.MULTILINE)), len(text)]
    start = max(k for k, at in enumerate(starts) if at <= match.start())
    found = text[: starts[1]] + text[starts[start] : starts[start + 1]]
    return re.sub(r"<!--.*?-->", "", found, flags=re.DOTALL)


def makers(page, match):
    """The commands near a picture that write it."""
    text, path = near(page, match), target(page, match)
    scripts = [Path(script) for script in SCRIPTS.findall(text)]
    for found in ALL_DOCS.finditer(text):
        scripts += [Path(f"scripts/{name}_page.py") for name in found["names"].split() or in_docs()]
    yield from (str(script) for script in scripts if names_it(script, path, page))
    yield from (
        found[0] for found in DRAWS.finditer(text) if Path(found["file"]) == path and is_option(found)
    )
    yield from (found[0] for found in TERMINAL.finditer(text) if Path(found["file"]) == path)
    yield from (found[0] for found in NOTEBOOK.finditer(text) if path in pictures_of_notebook(found["name"]))


def in_docs():
    """The pages that `scripts/docs` writes."""
    text = (ROOT / "scripts/docs").read_text()
    return re.search(r"pages=\((tasks[^)]*)\)", text)[1].split()


def names_it(script, path, page):
    """Whether a script of pages names the path of a picture: as one, or as its folder and its name."""
    file = ROOT / script
    if not file.is_file():
        return False
    text = file.read_text()
    if file.stem == "number_theory_page":
        # it draws the figures of a study that the pages name
        named = importlib.import_module(file.stem).PICTURE.findall((ROOT / page).read_text())
        return str(path).endswith(tuple(f"{study}/{name}.svg" for _, study, name in named))
    parts = (str(path.parent), path.stem if path.suffix == ".svg" else path.name)
    return f'"{path}"' in text or all(f'"{part}"' in text for part in parts)


def is_option(found):
    """Whether what draws has the option that takes the file."""
    if found["script"]:
        return f'"{found["option"]}"' in (ROOT / found["script"]).read_text()
    command = get_command(app).commands[found["command"]]
    return any(found["option"] in parameter.opts for parameter in command.params)


def pictures_of_notebook(name):
    """The pictures that an execution of a notebook writes."""
    pages = importlib.import_module("notebook_page")
    blocks = pages.BLOCK.finditer(pages.page_path(name).read_text())
    return {Path(pages.PAGES) / block["file"] for block in blocks if block["file"]}


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.setattr(sys, "argv", ["scripts"])
    yield
    for name in ("notebook_page", "number_theory_page", "generated"):
        sys.modules.pop(name, None)


def test_pages_have_pictures():
    assert len(SHOWN) > 25


@pytest.mark.parametrize(("page", "match"), SHOWN, ids=[f"{page}:{match['file']}" for page, match in SHOWN])
def test_a_picture_is_there_and_has_its_command(page, match):
    assert match["file"], f"{match[0]}: only ![description](file) is looked at"
    assert (ROOT / target(page, match)).is_file()
    assert len(match["description"].split()) > 2
    assert list(makers(page, match)), f"{page} does not say which command makes {match['file']}"


def test_every_picture_of_the_folder_is_shown():
    shown = {target(page, match) for page, match in SHOWN}
    kept = subprocess.run(["git", "ls-files", "docs"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {Path(line) for line in kept.stdout.splitlines() if line.endswith((".svg", ".png"))}
    assert files - shown == {Path("docs/favicon.svg")}


def test_a_picture_without_a_command_is_found(tmp_path, monkeypatch):
    page = tmp_path / "docs/page.md"
    page.parent.mkdir()
    page.write_text(
        "# A\n\n## B\n\n![one two three](b.svg)\n\n## C\n\n    mathbench plot runs --out docs/b.svg\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (match,) = PICTURE.finditer(page.read_text())
    assert list(makers(Path("docs/page.md"), match)) == []
    page.write_text(page.read_text().replace("## C\n\n", ""))
    assert list(makers(Path("docs/page.md"), match)) == ["mathbench plot runs --out docs/b.svg"]
