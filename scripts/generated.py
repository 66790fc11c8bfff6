"""Generated files of the documentation: written, or compared under `--check`."""

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_or_check(files: Mapping[str, str]) -> None:
    """Write files by their paths below the root; with `--check` on the command line only compare them."""
    for name, content in files.items():
        path = ROOT / name
        if "--check" not in sys.argv:
            path.write_text(content, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != content:
            sys.exit(f"{name} is stale. Run scripts/docs and commit what it writes.")


def table(head: str, rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def with_table(page: str, source: str, made: str) -> str:
    """A page in which the table behind the comment `<!-- from SOURCE, ... -->` is replaced."""
    before, mark, rest = page.partition(f"<!-- from {source}, by scripts/docs -->\n")
    if not mark:
        sys.exit(f"there is no place for the table of {source}.")
    return f"{before}{mark}\n{made}\n<!-- to here -->{rest.partition('<!-- to here -->')[2]}"
