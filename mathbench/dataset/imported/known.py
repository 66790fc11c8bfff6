"""The folders of imported datasets, by the digest of their rows.

An import stores the folder for later commands of the user. A dataset that is opened is known to its process.
"""

import json
import os
from pathlib import Path

from platformdirs import user_data_dir

from mathbench.errors import InputError
from mathbench.storage import atomic, location
from mathbench.storage.location import StoragePath, storage_path

VARIABLE = "MATHBENCH_IMPORTED"
_opened: dict[str, StoragePath] = {}


def folder_of_list() -> Path:
    """The folder with a file for each known dataset: that of MATHBENCH_IMPORTED, else of the user's data."""
    return Path(os.environ.get(VARIABLE) or Path(user_data_dir("mathbench")) / "imported")


def note(digest: str, folder: StoragePath) -> None:
    """Make a dataset known to this process."""
    _opened[digest] = folder


def remember(digest: str, folder: StoragePath) -> None:
    """Make a dataset known to later commands of the user.

    Raises:
        InputError: when the list cannot be written.
    """
    listed = folder_of_list()
    atomic.make_folder(listed)
    place = str(folder.resolve()) if isinstance(folder, Path) else str(folder)
    atomic.write(listed / f"{digest}.json", json.dumps({"folder": place}))


def find(digest: str, name: str) -> StoragePath:
    """The folder of the dataset with a digest.

    Raises:
        InputError: when it is not known, or not there any more.
    """
    folder = _opened.get(digest) or _listed(digest)
    if folder is None:
        raise InputError(
            f"the imported data '{name}' ({digest[:12]}) is not known here: import it with the same options, or give "
            "its folder to `mathbench import known`."
        )
    if location.read(folder / "manifest.json") is None:
        raise InputError(
            f"the imported data '{name}' ({digest[:12]}) is not in {folder} any more. Give its folder to "
            "`mathbench import known`."
        )
    return folder


def _listed(digest: str) -> StoragePath | None:
    content = location.read(folder_of_list() / f"{digest}.json")
    try:
        return None if content is None else storage_path(json.loads(content)["folder"])
    except (ValueError, KeyError, TypeError):
        return None
