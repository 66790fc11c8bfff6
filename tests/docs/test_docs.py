"""The documentation: its examples run, its list of tasks is up to date, its links lead somewhere."""

import doctest
import os
import re
import subprocess
import sys
import tomllib

import pytest

import mathbench
from tests.docs.pages import ROOT, console, in_process, make_commands

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(set(DOCS.rglob("*.md")) - set((DOCS / "log").rglob("*.md")))]
# half a minute or more: with -m slow
LONG = (
    "language-models.md",
    "training.md",
    "leaderboard.md",
    "server.md",
    "plots.md",
    "columns.md",
    "proofs.md",
    "tutorials/classics.md",
    "tutorials/grid-on-ray.md",
    "tutorials/lengths.md",
    "tutorials/sealed-round.md",
)
BLOCK = re.compile(r"^<!-- (run|file: (\S+)) -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PARSER = doctest.DocTestParser()


def by_name(path):
    return str(path.relative_to(DOCS)) if path.is_relative_to(DOCS) else path.name


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """A folder to run in, with the command `mathbench` on the path and a board of its own."""
    commands = tmp_path / "bin"
    make_commands(commands)
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.syspath_prepend(str(place))
    values = {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": f"{place}:{ROOT}",
        "COLUMNS": "300",
        "MATHBENCH_BOARD": str(tmp_path / "board.sqlite"),
        "MATHBENCH_IMPORTED": str(tmp_path / "imported"),
        "HF_HOME": str(tmp_path / "hf"),
        "MPLBACKEND": "agg",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield place
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(place)):
            del sys.modules[name]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] * (by_name(page) in LONG)) for page in PAGES],
    ids=by_name,
)
def test_examples_run(page, environment):
    names = {"__name__": page.stem}
    for _, file, language, code in BLOCK.findall(page.read_text()):
        if file:
            (environment / file).write_text(code)
            if file == "pyproject.toml":
                install(environment, tomllib.loads(code))
        elif language == "console":
            console(code, in_process)
        elif ">>>" in code:
            examples(code, names, page.name)
        else:
            exec(compile(code, page.name, "exec"), names)


def install(place, project):
    """What `pip install .` leaves behind, without the network."""
    about, info = project["project"], place / "mine.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
    )
    lines = []
    for group, points in about["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))


def examples(code, names, where):
    runner, said = doctest.DocTestRunner(), []
    test = PARSER.get_doctest(code, names, where, where, 0)
    runner.run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert not runner.failures, "".join(said)


def test_every_page_has_examples():
    """Pages without any are a named list."""
    assert {by_name(page) for page in PAGES if not BLOCK.search(page.read_text())} == {
        "architecture.md",
        "tasks.md",
        "reproduction.md",
    }


def test_the_list_of_tasks_is_up_to_date():
    values = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run([ROOT / "scripts/docs", "--check"], env=values, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=by_name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_functions_that_the_architecture_names():
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"`([\w/]+\.py):([\w.]+)`", text)
    assert len(named) > 20
    for file, name in named:
        source = (ROOT / "mathbench" / file).read_text()
        for part in name.split("."):
            assert re.search(rf"^ *(def|class) {part}\b", source, re.MULTILINE), f"{file}:{name}"


def test_the_files_that_the_architecture_names():
    text = (ROOT / "docs" / "architecture.md").read_text()
    for path in re.findall(r"`((?:mathbench|tests|scripts)/[a-z_/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_contributing_knows_every_folder():
    """The folders at the root, from what is under version control; and those of scripts."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no checkout")
    paths = [file.split("/") for file in listed.stdout.splitlines()]
    folders = {path[0] for path in paths if len(path) > 1}
    folders |= {"/".join(path[:2]) for path in paths if path[0] == "scripts" and len(path) > 2}
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert len(folders) > 10 and [name for name in sorted(folders) if f"`{name}/`" not in text] == []


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    released = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert released and mathbench.__version__ == project["version"] == released[1]
