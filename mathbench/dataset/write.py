"""Writing datasets: a folder of Parquet shards, a card and a manifest, resumable after an interruption.

The request is stored first (`.generating.json`), then the shards, each renamed into place when complete, then the
card, and the manifest last. An engine writes the shards, or several independent processes write parts of them. Running
an interrupted generation again finishes it: shards whose rows match the digest in their footer are kept. A folder that
holds anything else is refused.
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial

from mathbench.dataset import card, exclusions
from mathbench.dataset.layout import SHARD_PATTERN, check_config_names
from mathbench.dataset.manifest import (
    MANIFEST_FILE,
    UNFINISHED_FILE,
    Config,
    Manifest,
    ShardContent,
)
from mathbench.dataset.read import sample_row
from mathbench.dataset.request import (
    Request,
    as_written,
    check_same,
    dataset_request,
    finished_manifest,
    requested_configs,
    stored_request,
)
from mathbench.dataset.shard import Progress
from mathbench.dataset.shard_jobs import ShardPart, check_shard, shard_jobs, write_shard
from mathbench.engine import Engine
from mathbench.engine.local import Local
from mathbench.errors import CheckFailed, InputError, shown
from mathbench.parameters import check_flag
from mathbench.storage import atomic, location
from mathbench.storage.atomic import LEFTOVER
from mathbench.storage.location import StoragePath, storage_path
from mathbench.version import __version__

# The files that `--force` removes. Those that identify the dataset go last, so that an interrupted removal can resume.
DATASET_FILES = (
    SHARD_PATTERN,
    f"*/{LEFTOVER}",
    exclusions.FILE_PATTERN,
    card.CARD_FILE,
    MANIFEST_FILE,
    UNFINISHED_FILE,
)
LOCAL = Local()
MAX_LISTED_SHARDS = 5  # missing shards that an error names


def generate(
    configs: Sequence[Config],
    out: str | StoragePath,
    *,
    force: bool = False,
    engine: Engine = LOCAL,
    progress: Progress = lambda rows: None,
) -> Manifest:
    """Write a dataset, or finish one that was interrupted or written in parts.

    Args:
        configs: the configurations; their names must differ.
        out: the folder, a path or a URL such as ``s3://bucket/folder``; it may be missing, empty, or an
            unfinished or finished dataset of the same request.
        force: replace a dataset of another request.
        engine: the engine that writes the shards.
        progress: called with the number of rows finished since its last call.

    Raises:
        SpaceExhausted: when a split holds fewer rows than requested; nothing has been written then.
        InputError: when the folder holds something else.
        WorkerLost: when processes of the engine were killed repeatedly.
    """
    check_flag("force", force)
    check_configs(configs)
    folder = storage_path(out)
    atomic.make_folder(folder)
    with atomic.folder_lock(folder):
        stored = stored_request(folder, force)
        configs = as_written(configs, stored)
        _claim(folder, stored, dataset_request(configs), force)
        exclusions.write(folder, [config.task for config in configs])
        finished = finished_manifest(folder)
        jobs = shard_jobs(configs, str(folder), _stated(finished))
        contents = engine.run(write_shard, jobs, progress)
        _check_shared(folder, contents)
        return _finish(folder, configs, contents, finished)


def generate_part(
    configs: Sequence[Config],
    out: str | StoragePath,
    part: ShardPart,
    *,
    engine: Engine = LOCAL,
    progress: Progress = lambda rows: None,
) -> dict[str, ShardContent]:
    """Write one part of the shards of a dataset; other processes may write other parts at the same time.

    When all parts are written, :func:`merge` or :func:`generate` completes the dataset.

    Args:
        configs: the configurations, the same for every part.
        out: the folder, which all machines that write parts must share.
        part: which part, of how many.
        engine: the engine that writes the shards.
        progress: called with the number of rows finished since its last call.

    Returns:
        The contents of the shards of this part, by file.

    Raises:
        As :func:`generate`.
    """
    if not isinstance(part, ShardPart):
        raise InputError(f"a part must be a ShardPart, such as ShardPart(1, 4). Received: {shown(part)}.")
    check_configs(configs)
    folder = storage_path(out)
    atomic.make_folder(folder)
    with atomic.folder_lock(folder, shared=True):
        stored = stored_request(folder)
        configs = as_written(configs, stored)
        requested = dataset_request(configs)
        if stored is None:
            atomic.create(folder / UNFINISHED_FILE, json.dumps(requested, indent=1))
        check_same(folder, stored_request(folder), requested)
        exclusions.write(folder, [config.task for config in configs])
        jobs = part.select(shard_jobs(configs, str(folder), _stated(finished_manifest(folder))))
        return engine.run(write_shard, jobs, progress)


def merge(
    out: str | StoragePath, *, engine: Engine = LOCAL, progress: Progress = lambda rows: None
) -> Manifest:
    """Complete a dataset whose shards are all written: check them, write card and manifest.

    Args:
        out: the folder in which parts of a dataset were written.
        engine: the engine that checks the shards.
        progress: called with the number of rows checked since its last call.

    Raises:
        InputError: when the folder holds no dataset, or other processes still write into it.
        CheckFailed: when shards are missing or damaged; names them and the commands that make them.
    """
    folder = storage_path(out)
    configs = requested_configs(folder)
    with atomic.folder_lock(folder):
        finished = finished_manifest(folder)
        jobs = shard_jobs(configs, str(folder), _stated(finished))
        found = engine.run(check_shard, jobs, progress)
        contents = {file: content for file, content in found.items() if content is not None}
        _check_complete(folder, [job.shard.file for job in jobs], contents)
        return _finish(folder, configs, contents, finished)


def check_configs(configs: Sequence[Config]) -> None:
    """Check that configurations can be written.

    Raises:
        InputError: for repeated names or a configuration without rows.
        SpaceExhausted: when a split holds fewer rows than requested.
    """
    if not (isinstance(configs, Sequence) and all(isinstance(config, Config) for config in configs)):
        raise InputError(f"configs must be a list of configurations. Received: {shown(configs)}.")
    if not configs:
        raise InputError("a dataset needs at least one configuration. Received: none.")
    check_config_names([config.name for config in configs])
    for config in configs:
        if not config.task.generated:
            raise InputError(f"{config.task.name} is imported data, which cannot be generated.")
        config.check_rows()
        if not any(config.sizes.values()):
            raise InputError(f"{config.name}: no rows were requested.")


def _claim(folder: StoragePath, stored: Request | None, requested: Request, force: bool) -> None:
    """Store the request, unless the folder holds another dataset or the finished dataset of this request."""
    if force and stored is not None and stored != requested:
        _remove(folder)
    else:
        check_same(folder, stored, requested)
    if location.read(folder / MANIFEST_FILE) is None:
        # Object stores have no locks: of two generations that start at the same time, "xb" refuses one.
        mode = "xb" if stored is None else "wb"
        atomic.write(folder / UNFINISHED_FILE, json.dumps(requested, indent=1), mode)


def _remove(folder: StoragePath) -> None:
    """Remove the files of an earlier dataset, and only those, and the folders that are then empty."""
    names = location.files(folder)
    for pattern in DATASET_FILES:
        for name in names:
            if fnmatch(name, pattern) and name.count("/") == pattern.count("/"):
                atomic.remove(folder / name)
    atomic.remove_empty_parents(folder)


def _stated(finished: Manifest | None) -> Mapping[str, ShardContent]:
    return finished.contents if finished else {}


def _check_shared(folder: StoragePath, written: Iterable[str]) -> None:
    """Check that files written by other machines are visible here."""
    visible = set(location.files(folder))
    for file in written:
        if file not in visible:
            raise InputError(
                f"another machine has written {file}, but {folder} does not contain it on this machine. "
                "Give an --out that all machines share."
            )


def _check_complete(folder: StoragePath, files: list[str], contents: Mapping[str, ShardContent]) -> None:
    """Check that every shard is there; the error says how to make the missing ones."""
    missing = [i for i, file in enumerate(files, 1) if file not in contents]
    if not missing:
        return
    more = ", ..." if len(missing) > MAX_LISTED_SHARDS else ""
    names = ", ".join(files[i - 1] for i in missing[:MAX_LISTED_SHARDS]) + more
    parts = ", ".join(f"--shard {i}/{len(files)}" for i in missing[:MAX_LISTED_SHARDS]) + more
    raise CheckFailed(
        f"{folder} is not complete: {len(missing)} of {len(files)} shards are missing or damaged: {names}. "
        f"Generate them here: mathbench generate --out {shlex.quote(str(folder))}   "
        f"or elsewhere, with the same command and {parts}, and merge again."
    )


def _finish(
    folder: StoragePath,
    configs: Sequence[Config],
    contents: Mapping[str, ShardContent],
    finished: Manifest | None,
) -> Manifest:
    """Write card and manifest, unless both are there and still right; return the manifest on disk."""
    atomic.remove_leftovers(folder)
    manifest = Manifest(list(configs), _in_order(configs, contents), __version__)
    has_card = location.read(folder / card.CARD_FILE)
    if has_card and finished is not None and finished.contents == manifest.contents:
        manifest = finished
    else:
        atomic.write(folder / card.CARD_FILE, card.render(manifest, partial(sample_row, folder)))
        atomic.write(folder / MANIFEST_FILE, json.dumps(manifest.to_json(), indent=1))
    atomic.remove(folder / UNFINISHED_FILE)
    return manifest


def _in_order(configs: Sequence[Config], contents: Mapping[str, ShardContent]) -> dict[str, ShardContent]:
    """Sort shards and their strata in the order of the task, independent of the order in which they were written."""
    ordered = {}
    for config in configs:
        for shard in config.shards():
            content = contents[shard.file]
            strata = [s.name for s in config.rows(shard.split).strata]
            names = [*(name for name in strata if name in content.strata), *content.strata]
            ordered[shard.file] = replace(content, strata={name: content.strata[name] for name in names})
    return ordered
