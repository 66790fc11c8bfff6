"""What a release checks before it builds: one version in all files, the tag, and a date."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.docs.pages import ROOT

FILES = ["pyproject.toml", "mathbench/version.py", "CITATION.cff"]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
CHANGELOG = """# Changelog

## [{version}] - {date}

### Added

- A thing.

## [0.0.1] - 2026-01-01

- Another.
"""


@pytest.fixture
def checkout(tmp_path):
    """The files that a release reads, with a changelog of its own."""
    for file in [*FILES, "scripts/release_notes.py"]:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    released(tmp_path, "2026-12-01")
    return tmp_path


def released(checkout, date):
    (checkout / "CHANGELOG.md").write_text(CHANGELOG.format(version=VERSION, date=date))


def notes(checkout, tag):
    command = [sys.executable, checkout / "scripts/release_notes.py", tag]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_notes_are_the_section_of_the_version(checkout):
    assert notes(checkout, f"v{VERSION}") == (0, "### Added\n\n- A thing.\n")


def test_another_tag_is_refused(checkout):
    status, line = notes(checkout, "v9.9.9")
    assert (status, line) == (1, f"the tag v9.9.9 is not the version of the files. Expected: v{VERSION}.\n")


def test_without_a_date_there_is_only_a_draft(checkout):
    released(checkout, "unreleased")
    status, line = notes(checkout, f"v{VERSION}")
    assert status == 1 and "'unreleased'" in line and line.count("\n") == 1
    assert notes(checkout, "--draft") == (0, "### Added\n\n- A thing.\n")


@pytest.mark.parametrize("file", FILES)
def test_another_version_in_any_file_is_refused(checkout, file):
    text = (checkout / file).read_text()
    (checkout / file).write_text(re.sub(rf"(version\w* ?[=:] ?\"?){re.escape(VERSION)}", r"\g<1>9.9.9", text))
    status, line = notes(checkout, f"v{VERSION}")
    assert status == 1 and f"{file} 9.9.9" in line and line.count("\n") == 1


def test_the_project_at_hand_agrees():
    status, text = notes(ROOT, "--draft")
    assert status == 0, text


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_pre_commit_has_the_versions_of_the_constraints():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    named = [
        pin for repo in config["repos"] for hook in repo["hooks"] for pin in hook["additional_dependencies"]
    ]
    assert named
    assert {pin: pins()[pin.partition("==")[0]] for pin in named} == {
        pin: pin.partition("==")[2] for pin in named
    }


def test_workflows_ask_for_little():
    """Only the jobs that publish may write, and only what they need; no job keeps credentials in its checkout."""
    writing = {}
    for path in sorted((ROOT / ".github/workflows").glob("*.yml")):
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {"contents": "read"}, path.name
        for name, job in workflow["jobs"].items():
            assert job["timeout-minutes"] <= 120
            writing |= {(path.name, name): job["permissions"]} if "permissions" in job else {}
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
    assert writing == {
        ("release.yml", "publish"): {"id-token": "write", "attestations": "write"},
        ("release.yml", "page"): {"contents": "write"},
        ("site.yml", "site"): {"contents": "write"},
    }
