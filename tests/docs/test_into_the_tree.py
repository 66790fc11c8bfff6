"""The steps of the pages that add to the tree, followed to the letter in a copy of it."""

import os
import re
import shutil
import sys

import pytest

from tests.docs.pages import ROOT, TREE_PAGES, console, make_commands

FILE = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^<!-- tree(?:: (\S+))? -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = (
    "mathbench",
    "generators",
    "baselines",
    "leaderboard",
    "studies",
    "benchmarks/results",
    "tests",
    "scripts",
    "docs",
)
SLOW = "add-a-school-module.md"


@pytest.fixture
def tree(tmp_path):
    """A copy of the tree, beside an empty folder `place`."""
    root = tmp_path / "mathbench"
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.parquet"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, root)
    (tmp_path / "place").mkdir()
    return root


@pytest.fixture
def environment(tmp_path):
    """Variables under which Python takes mathbench from the copy."""
    make_commands(tmp_path / "bin")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(tmp_path / "mathbench"), "PYTHON": sys.executable}


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page == SLOW)) for page in TREE_PAGES]
)
def test_the_steps_of_a_page(page, tree, environment):
    text = (ROOT / "docs" / page).read_text()
    for name, content in FILE.findall(text):
        (tree.parent / "place" / name).write_text(content)
    steps = STEP.findall(text)
    assert len(steps) > 5
    for file, content in steps:
        if file:
            patch(tree / file, content)
        else:
            console(content, cwd=tree, env=environment)


def patch(path, block):
    """Apply a diff without line numbers; its old lines stand in the file once."""
    lines = block.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] != skipped) for skipped in "+-")
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {old}"
    path.write_text(text.replace(old, new))
