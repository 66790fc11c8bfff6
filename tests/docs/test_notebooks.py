"""The notebooks of the tutorials have the cells of their pages, run from top to bottom, and are fit to be read."""

import doctest
import importlib
import re
import sys

import pytest

from tests.docs.pages import ROOT

jupytext = pytest.importorskip("jupytext")
nbformat = pytest.importorskip("nbformat")

PAGE = """# Sums

<!-- page only -->
Also a [notebook](../../notebooks/sums.ipynb).

See [splits](../splits.md#the-claim), [another](other.md), [a paper](https://example.org/a).

<!-- run -->
```python
print(1)
```

<!-- printed -->
```text
1
```

![A curve](sums/curve.svg)

<!-- run -->
```console
$ mathbench tasks
addition
$ ls
```

```toml
shown = "and not run"
```
"""
FAST, SLOW = ("first-network",), ("classics", "lengths")


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module("notebook_page")
    for name in ("notebook_page", "generated"):
        sys.modules.pop(name, None)


def test_a_page_becomes_cells(pages):
    cells = pages.to_notebook(PAGE).cells
    assert [cell.cell_type for cell in cells] == ["markdown", "code", "code", "markdown"]
    assert cells[0].source == (
        "# Sums\n\nSee [splits](../docs/splits.md#the-claim), [another](../docs/tutorials/other.md), "
        "[a paper](https://example.org/a)."
    )
    assert [cell.source for cell in cells[1:3]] == ["print(1)", "!mathbench tasks\n!ls"]
    assert cells[3].source == '```toml\nshown = "and not run"\n```'


def test_the_examples_of_the_script(pages):
    found = doctest.testmod(pages)
    assert found.attempted and not found.failed


def test_the_same_page_is_the_same_notebook(pages):
    assert nbformat.writes(pages.to_notebook(PAGE)) == nbformat.writes(pages.to_notebook(PAGE))


def test_what_cells_print_stands_in_the_page(pages):
    cells = pages.code_cells(pages.to_notebook(PAGE))
    cells[0].outputs = [nbformat.v4.new_output("stream", text="2 \n3\n")]
    cells[1].outputs = [nbformat.v4.new_output("stream", text="of a console\n")]
    assert pages.with_outputs(PAGE, cells) == PAGE.replace("\n1\n", "\n2\n3\n")
    cells[0].outputs = []
    assert "printed" not in pages.with_outputs(PAGE, cells)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"output_type": "stream", "name": "stderr", "text": "10%|#"}, "writes to stderr"),
        ({"output_type": "error", "ename": "E", "evalue": "", "traceback": []}, "or fails"),
        ({"output_type": "stream", "name": "stdout", "text": f"{ROOT}/runs"}, "contain the path"),
    ],
)
def test_outputs_that_do_not_belong_into_a_repository(pages, tmp_path, output, message):
    notebook = pages.to_notebook(PAGE)
    notebook.cells[1].outputs = [nbformat.from_dict(output)]
    with pytest.raises(SystemExit, match=message):
        pages.check_outputs(notebook, tmp_path)


def test_a_picture_needs_a_name_in_the_page(pages):
    cells = pages.code_cells(pages.to_notebook(PAGE))
    with pytest.raises(SystemExit, match="exactly where a cell shows one"):
        pages.save_pictures("sums", PAGE, cells)


@pytest.mark.parametrize("name", FAST + SLOW)
def test_notebooks_are_those_of_their_pages(pages, name):
    assert pages.stale(name) is None


def test_a_changed_page_is_noticed(pages, monkeypatch, tmp_path):
    text = pages.page_path("first-network").read_text()
    for changed, said in (
        (text.replace("digits=3", "digits=4", 1), "ipynb is stale"),
        (text.replace("weights, 4", "weights, 5"), "are not those of"),
    ):
        page = tmp_path / "page.md"
        page.write_text(changed)
        monkeypatch.setattr(pages, "page_path", lambda name, page=page: page)
        assert said in pages.stale("first-network")


def test_changed_text_keeps_the_outputs(pages, monkeypatch, tmp_path):
    page, stored = tmp_path / "page.md", tmp_path / "stored.ipynb"
    stored.write_bytes(pages.notebook_path("first-network").read_bytes())
    text = pages.page_path("first-network").read_text()
    monkeypatch.setattr(pages, "page_path", lambda name: page)
    monkeypatch.setattr(pages, "notebook_path", lambda name: stored)
    page.write_text(text.replace("# Your first network", "# My first network"))
    assert "ipynb is stale" in pages.stale("first-network")
    pages.refresh_text("first-network")
    assert "My first network" in stored.read_text() and "99,888 weights" in stored.read_text()
    page.write_text(text.replace("import mathbench", "import mathbench as bench"))
    with pytest.raises(SystemExit, match="the code of first-network has changed"):
        pages.refresh_text("first-network")


@pytest.mark.parametrize("name", FAST + SLOW)
def test_stored_notebooks_are_fit_to_be_read(pages, tmp_path, name):
    assert set(pages.NAMES) == {*FAST, *SLOW}
    path = pages.notebook_path(name)
    assert path.stat().st_size < 300_000
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    pages.check_outputs(notebook, tmp_path)
    cells = pages.code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    first = "".join(cell.source for cell in notebook.cells[: notebook.cells.index(cells[0])])
    assert 'pip install "mathbench-toolkit[torch]"' in first
    assert not any(re.search(r"<!--|!\[", cell.source) for cell in notebook.cells)
    # no colours of a terminal, no bars, no times
    assert not re.search(r"\\u001b|█|━|\d+%\||it/s", path.read_text())
    for cell in notebook.cells:
        assert len(cell.source.splitlines()) <= 25


@pytest.mark.parametrize("name", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_a_notebook_runs_from_top_to_bottom(pages, tmp_path, name):
    pytest.importorskip("ipykernel")
    notebook = pages.to_notebook(pages.page_path(name).read_text())
    pages.execute(notebook, tmp_path)
    pages.check_outputs(notebook, tmp_path)
    stored = pages.code_cells(nbformat.read(pages.notebook_path(name), as_version=4))
    for cell, then in zip(pages.code_cells(notebook), stored, strict=True):
        assert (pages.picture(cell) is None) == (pages.picture(then) is None)
        # figures differ on other hardware, the lines do not
        assert len(pages.printed(cell).splitlines()) == len(pages.printed(then).splitlines()), cell.source
