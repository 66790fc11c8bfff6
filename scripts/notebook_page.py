"""Notebooks of the tutorials: from pages in docs/tutorials to notebooks/*.ipynb, and their outputs back to the pages.

A page is the only source. Its blocks behind `<!-- run -->` become code cells (`$ command` becomes `!command`), and the
rest becomes text. Paragraphs behind `<!-- page only -->` are left out. The text that a cell prints is written below its
block in the page, and the picture that it shows into the file that the page names there.
"""

import base64
import html
import os
import posixpath
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat
from generated import ROOT

Notebook = nbformat.NotebookNode
Cell = nbformat.NotebookNode

NAMES = ("first-network", "classics", "lengths")
PAGES, NOTEBOOKS = "docs/tutorials", "notebooks"
BLOCK = re.compile(
    r"^<!-- run -->\n```(?P<language>python|console)\n(?P<code>.*?)^```$"
    r"(?P<printed>\n\n<!-- printed -->\n```text\n.*?^```$)?"
    r"(?P<picture>\n\n!\[[^\]]*\]\((?P<file>[^)\s]+)\))?",
    re.MULTILINE | re.DOTALL,
)
PAGE_ONLY = re.compile(r"^<!-- page only -->\n(?:.+\n)+\n?", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)\s]+)(?=\))")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# pictures in both formats: PNG stays in the notebook, SVG goes to the page; equal figures are equal files
PREPARATION = """\
import matplotlib
%matplotlib inline
%config InlineBackend.figure_formats = ["svg", "png"]
matplotlib.rcParams.update({"svg.hashsalt": "mathbench", "svg.fonttype": "none"})
"""
ENVIRONMENT = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "COLUMNS": "110",
    "SOURCE_DATE_EPOCH": "0",
    # tqdm misses the widgets of a browser
    "PYTHONWARNINGS": "ignore:IProgress not found",
}
TIMEOUT = 600  # seconds of a cell
MAX_PICTURE = 100_000  # bytes
SVG, PNG = "image/svg+xml", "image/png"


def page_path(name: str) -> Path:
    """Return the file of a page."""
    return ROOT / PAGES / f"{name}.md"


def notebook_path(name: str) -> Path:
    """Return the file of a notebook."""
    return ROOT / NOTEBOOKS / f"{name}.ipynb"


def to_notebook(page: str) -> Notebook:
    r"""Convert the text of a page to a notebook without outputs.

    >>> cells = to_notebook("# Sums\n\n<!-- run -->\n```console\n$ ls\na\n```\n").cells
    >>> [(cell.cell_type, cell.source) for cell in cells]
    [('markdown', '# Sums'), ('code', '!ls')]
    """
    text = BLOCK.sub(lambda block: f"```python\n{_cell_source(block)}\n```", PAGE_ONLY.sub("", page))
    made = jupytext.reads(LINK.sub(lambda link: _link(link[1]), text), "md", config=_config())
    for number, cell in enumerate(made.cells, 1):
        cell.id, cell.metadata = f"cell-{number:02}", nbformat.NotebookNode()
    made.metadata = nbformat.from_dict(METADATA)
    return made


def _config() -> Any:
    return jupytext.config.JupytextConfiguration(split_at_heading=True, notebook_metadata_filter="-all")


def _cell_source(block: re.Match[str]) -> str:
    if block["language"] == "python":
        return block["code"].rstrip("\n")
    commands = [line[2:] for line in block["code"].splitlines() if line.startswith("$ ")]
    return "\n".join(f"!{command}" for command in commands)


def _link(target: str) -> str:
    """Return a link of a page as one of a notebook."""
    path = posixpath.normpath(f"{PAGES}/{target}")
    return path.removeprefix(f"{NOTEBOOKS}/") if path.startswith(f"{NOTEBOOKS}/") else f"../{path}"


def execute(notebook: Notebook, folder: Path) -> None:
    """Execute a notebook from top to bottom in an empty folder, and store its outputs in it.

    Raises:
        nbclient.exceptions.CellExecutionError: when a cell fails.
    """
    commands = folder / "bin"
    commands.mkdir()
    (commands / "mathbench").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mathbench "$@"\n')
    (commands / "mathbench").chmod(0o755)
    (folder / "work").mkdir()
    paths = {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HF_HOME": str(folder / "hf"),
    }
    notebook.cells.insert(0, nbformat.v4.new_code_cell(PREPARATION))
    client = nbclient.NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder / "work")}},
    )
    client.execute(env={**os.environ, **ENVIRONMENT, **paths})
    del notebook.cells[0]
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(code_cells(notebook), 1):
        cell.execution_count = number
        cell.outputs = list(_joined(cell.outputs))
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number


def _joined(outputs: Sequence[Any]) -> Iterator[Any]:
    """Yield outputs, with the pieces of a stream that follow each other as one."""
    last = None
    for output in outputs:
        if last is not None and output.output_type == "stream" and output.name == last.get("name"):
            last.text += output.text
            continue
        last = output
        yield output


def code_cells(notebook: Notebook) -> list[Cell]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: Cell) -> str:
    """Return the text that a cell prints, and that of its last expression unless it is a picture."""
    parts = [output.text for output in cell.outputs if output.output_type == "stream"]
    results = [output.data for output in cell.outputs if output.output_type == "execute_result"]
    parts += [data["text/plain"] for data in results if not {SVG, PNG} & set(data)]
    return "\n".join(line.rstrip() for line in "".join(parts).splitlines()).rstrip()


def picture(cell: Cell) -> Any:
    """Return the data of the picture that a cell shows, by its type; None where it shows none."""
    shown = [output.data for output in cell.outputs if {SVG, PNG} & set(output.get("data", ()))]
    if len(shown) > 1:
        sys.exit(f"a cell shows {len(shown)} pictures, and a page names one:\n{cell.source}")
    return shown[0] if shown else None


def with_outputs(page: str, cells: Sequence[Cell]) -> str:
    """Return a page in which the text that its cells print stands below their blocks.

    Args:
        page: the text of the page.
        cells: its code cells, executed.
    """
    following = iter(cells)

    def shown(block: re.Match[str]) -> str:
        text = printed(next(following))
        code = f"<!-- run -->\n```{block['language']}\n{block['code']}```"
        if text and block["language"] == "python":
            code += f"\n\n<!-- printed -->\n```text\n{text}\n```"
        return code + (block["picture"] or "")

    return BLOCK.sub(shown, page)


def check_outputs(notebook: Notebook, folder: Path) -> None:
    """Exit where outputs do not belong into a repository: errors, text on stderr, paths of this machine."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                sys.exit(f"a cell writes to stderr or fails:\n{cell.source}\n{output}")
    written = html.unescape(nbformat.writes(notebook))
    for path in (str(ROOT), str(folder), str(Path.home()) + "/", sys.prefix):
        if path in written:
            sys.exit(f"outputs contain the path {path}")


def save_pictures(name: str, page: str, cells: Sequence[Cell]) -> None:
    """Write the pictures of executed cells into the files that the page names; cells keep one format."""
    blocks = list(BLOCK.finditer(page))
    for block, cell in zip(blocks, cells, strict=True):
        data, file = picture(cell), block["file"]
        if (data is None) != (file is None):
            sys.exit(f"{name}: the page must name a picture exactly where a cell shows one:\n{cell.source}")
        if data is None:
            continue
        path = ROOT / PAGES / file
        path.parent.mkdir(exist_ok=True)
        content = data[SVG].encode() if path.suffix == ".svg" else base64.b64decode(data[PNG])
        if len(content) > MAX_PICTURE:
            sys.exit(f"{file} has {len(content):,} bytes, more than {MAX_PICTURE:,}.")
        path.write_bytes(content)
        if PNG in data:
            data.pop(SVG, None)


def make(name: str) -> None:
    """Convert, execute and store one page."""
    path = page_path(name)
    page = path.read_text(encoding="utf-8")
    notebook = to_notebook(page)
    with tempfile.TemporaryDirectory() as scratch:
        execute(notebook, Path(scratch))
        check_outputs(notebook, Path(scratch))
    cells = code_cells(notebook)
    save_pictures(name, page, cells)
    nbformat.validate(notebook)
    notebook_path(name).parent.mkdir(exist_ok=True)
    nbformat.write(notebook, notebook_path(name))
    path.write_text(with_outputs(page, cells), encoding="utf-8")


def refresh_text(name: str) -> None:
    """Replace the text of a stored notebook by that of its page, and keep the outputs.

    Exits where a code cell has changed, since its output is that of other code.
    """
    path = notebook_path(name)
    stored, wanted = (
        nbformat.read(path, as_version=4),
        to_notebook(page_path(name).read_text(encoding="utf-8")),
    )
    before, after = code_cells(stored), code_cells(wanted)
    if [cell.source for cell in before] != [cell.source for cell in after]:
        sys.exit(f"the code of {name} has changed. Run scripts/notebooks {name}.")
    for executed, cell in zip(before, after, strict=True):
        cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    nbformat.write(wanted, path)


def stale(name: str) -> str | None:
    """Say what differs between a page and its notebook, or return None."""
    page, path = page_path(name).read_text(encoding="utf-8"), notebook_path(name)
    if not path.is_file():
        return f"{NOTEBOOKS}/{name}.ipynb is missing"
    stored, wanted = nbformat.read(path, as_version=4), to_notebook(page)
    if [_source(cell) for cell in stored.cells] != [_source(cell) for cell in wanted.cells]:
        return f"{NOTEBOOKS}/{name}.ipynb is stale"
    if with_outputs(page, code_cells(stored)) != page:
        return f"the outputs in {PAGES}/{name}.md are not those of {NOTEBOOKS}/{name}.ipynb"
    files = [block["file"] for block in BLOCK.finditer(page) if block["file"]]
    missing = [file for file in files if not (ROOT / PAGES / file).is_file()]
    return f"{PAGES}/{missing[0]} is missing" if missing else None


def _source(cell: Cell) -> tuple[str, str, str]:
    return cell.cell_type, cell.id, cell.source


def main(arguments: Sequence[str]) -> None:
    """Write the named notebooks, by default all; with `--text` only their text; with `--check` only compare them."""
    names = [argument for argument in arguments if argument not in ("--check", "--text")] or NAMES
    for name in names:
        if name not in NAMES:
            sys.exit(f"there is no notebook {name}. Allowed: {', '.join(NAMES)}.")
        if "--text" in arguments:
            refresh_text(name)
        elif "--check" not in arguments:
            make(name)
        elif difference := stale(name):
            sys.exit(f"{difference}. Run scripts/notebooks {name} and commit what it writes.")


if __name__ == "__main__":
    main(sys.argv[1:])
