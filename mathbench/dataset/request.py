"""The request of a dataset: everything that decides its bytes, stored as `.generating.json` until it is finished."""

import json
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from mathbench.dataset import manifest
from mathbench.dataset.layout import LAYOUTS
from mathbench.dataset.manifest import MANIFEST_FILE, UNFINISHED_FILE, Config, Manifest, share_columns
from mathbench.errors import CheckFailed, InputError
from mathbench.storage import location
from mathbench.storage.atomic import LEFTOVER
from mathbench.storage.location import StoragePath, storage_path

Request = dict[str, Any]


def dataset_request(configs: Sequence[Config]) -> Request:
    """Everything that decides the bytes of a dataset, as JSON values; its version is the layout of the folder."""
    specs = {config.name: config.spec() for config in configs}
    return {"schema_version": configs[0].layout, "shard_rows": manifest.SHARD_ROWS, "configs": specs}


def as_written(configs: Sequence[Config], stored: Request | None) -> list[Config]:
    """The configurations in the layout of the same dataset in a folder, or in the latest layout with shared columns.

    Args:
        configs: the configurations as requested.
        stored: the request of the dataset in the folder.
    """
    earlier = [replace(config, layout=1) for config in configs]
    return earlier if stored == dataset_request(earlier) else share_columns(configs)


def requested_configs(out: str | StoragePath) -> list[Config]:
    """The configurations of the dataset in a folder, finished or not.

    Raises:
        InputError: when there is none, or it was started by another version of mathbench.
        CheckFailed: when the stored request is damaged.
    """
    folder = storage_path(out)
    stored = stored_request(folder)
    if stored is None:
        raise InputError(f"{folder} contains neither a finished nor an unfinished dataset.")
    try:
        version = stored["schema_version"]
        configs = [Config.from_spec(name, spec, version, folder) for name, spec in stored["configs"].items()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise InputError(f"{folder / UNFINISHED_FILE}: {error}") from None
        raise CheckFailed(f"{folder / UNFINISHED_FILE} is damaged ({error}).") from None
    if version not in LAYOUTS or not configs or dataset_request(configs) != stored:
        raise InputError(
            f"{folder} contains an unfinished dataset of another version of mathbench. Finish it with that version."
        )
    return configs


def stored_request(folder: StoragePath, force: bool = False) -> Request | None:
    """The request of the dataset in a folder, finished or not.

    Args:
        folder: the folder.
        force: accept a damaged request or manifest, which is going to be replaced.

    Returns:
        None for an empty folder, an empty request for a damaged one that is accepted.

    Raises:
        InputError: when the folder holds something else, or the request is damaged.
    """
    names = location.children(folder) or []
    if UNFINISHED_FILE in names or MANIFEST_FILE in names:
        try:
            return _read_request(folder)
        except (CheckFailed, InputError) as error:
            if force:
                return {}
            raise InputError(str(error)) from None
    if any(not fnmatch(name, LEFTOVER) for name in names):
        raise InputError(
            f"{folder} is not empty and does not contain a mathbench dataset. Give another --out."
        )
    return None


def _read_request(folder: StoragePath) -> Request:
    content = location.read(folder / UNFINISHED_FILE)
    if content is None:
        return dataset_request(manifest.read(folder).configs)
    try:
        return dict(json.loads(content).items())
    except (ValueError, AttributeError):
        raise CheckFailed(
            f"{folder / UNFINISHED_FILE} is damaged. Give another --out, or --force to generate the dataset again."
        ) from None


def finished_manifest(folder: StoragePath) -> Manifest | None:
    """The manifest of a finished dataset; a manifest beside an unfinished request is ignored."""
    names = location.children(folder) or []
    return manifest.read(folder) if MANIFEST_FILE in names and UNFINISHED_FILE not in names else None


def check_same(folder: StoragePath, stored: Request | None, requested: Request) -> None:
    """Check that a folder holds no other dataset than the requested one.

    Raises:
        InputError: names the configurations that differ.
    """
    if stored is not None and stored != requested:
        raise InputError(
            f"{folder} contains another dataset{_difference(stored, requested)}. Give another --out or --force."
        )


def _difference(stored: Request, requested: Request) -> str:
    old, new = stored.get("configs"), requested["configs"]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return f" (different: {', '.join(names[:3])})" if names else ""
