"""Print what CHANGELOG.md says of a release, after checking that all files name the same version.

`python scripts/release_notes.py v0.3.0` fails unless the files name this version and CHANGELOG.md a date for it.
`python scripts/release_notes.py --draft` prints the notes of the version at hand, released or not.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# the heading of a version, with its date or "unreleased", and what stands below it
SECTION = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)\n+(.*?)(?=^## |\Z)", re.M | re.S)


def versions(root: Path) -> dict[str, str]:
    """The version in each file that names it."""
    patterns = {"mathbench/version.py": r'^__version__ = "(.+)"', "CITATION.cff": r"^version: (.+)"}
    found = {file: re.search(line, (root / file).read_text(), re.M) for file, line in patterns.items()}
    return {
        "pyproject.toml": tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"],
        "CHANGELOG.md": newest(root)[0],
        **{file: match[1] if match else "none" for file, match in found.items()},
    }


def newest(root: Path) -> tuple[str, str, str]:
    """Version, date and notes of the first section of CHANGELOG.md."""
    section = SECTION.search((root / "CHANGELOG.md").read_text())
    if not section:
        sys.exit("CHANGELOG.md has no section like: ## [0.3.0] - 2026-12-01")
    return section[1], section[2], section[3].strip()


def release_notes(root: Path, tag: str) -> str:
    """The notes of a release. Ends with one line if the tag or the files do not fit it."""
    named = versions(root)
    if len(set(named.values())) != 1:
        listed = ", ".join(f"{file} {version}" for file, version in named.items())
        sys.exit(f"the files name different versions: {listed}.")
    version, date, notes = newest(root)
    if tag == "--draft":
        return notes
    if tag != f"v{version}":
        sys.exit(f"the tag {tag} is not the version of the files. Expected: v{version}.")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        sys.exit(f"CHANGELOG.md says {date!r} of {version}. Expected: a date such as 2026-12-01.")
    return notes


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(release_notes(ROOT, sys.argv[1]))
