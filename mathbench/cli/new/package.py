"""Files of new packages, made from templates by replacing names."""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

from mathbench.errors import InputError, os_error_message
from mathbench.storage import atomic

# the folders of templates; a suffix keeps tools from taking their files for code of mathbench
TEMPLATES = Path(__file__).resolve().parent / "templates"
SUFFIX = ".txt"


def write_package(folder: Path, templates: Iterable[str], replacements: Mapping[str, str]) -> list[str]:
    """Write a new folder from templates, whole or not at all.

    Args:
        folder: the folder, which must not exist.
        templates: folders in `TEMPLATES`, whose files are put together.
        replacements: what is written in the place of each placeholder, in texts and in names of files.

    Returns:
        The files, relative to the folder, in alphabetical order.

    Raises:
        InputError: when the folder exists or cannot be written.
    """
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists already. Give another folder with --out.")
    files = package_files(templates, replacements)
    with atomic.new_folder(folder.parent):
        temporary = folder.with_name(f".{uuid4().hex}.tmp")
        try:
            for name, text in files.items():
                path = temporary / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            os.rename(temporary, folder)
        except OSError as error:
            # the temporary name means nothing to the user
            error.filename = None
            raise InputError(f"{folder} cannot be written: {os_error_message(error)}.") from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return list(files)


def package_files(templates: Iterable[str], replacements: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the files of a package by their names, in alphabetical order.

    >>> files = package_files(["suite"], {"new-name": "mine", "new_module": "mine", "NewClass": "Mine"})
    >>> list(files)
    ['README.md', 'mine.toml', 'tests/test_mine.py']
    """
    placeholders = re.compile("|".join(map(re.escape, replacements)))
    made = {}
    for folder in (TEMPLATES / name for name in templates):
        for file in folder.rglob(f"*{SUFFIX}"):
            name, text = file.relative_to(folder).as_posix().removesuffix(SUFFIX), file.read_text("utf-8")
            made[_filled(name, placeholders, replacements)] = _filled(text, placeholders, replacements)
    return dict(sorted(made.items()))


def _filled(text: str, placeholders: re.Pattern[str], replacements: Mapping[str, str]) -> str:
    """Replace all placeholders at once, so that a name may look like one."""
    return placeholders.sub(lambda match: replacements[match[0]], text)
