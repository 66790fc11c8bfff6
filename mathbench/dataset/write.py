"""Datasets on disk: a folder of Parquet shards, a card and a manifest, written so that nothing half-done is believed.

The request is stored first (`.generating.json`), then the shards, each renamed into place when complete, then the
card, and the manifest last. An engine writes the shards, or several processes that know nothing of each other write
parts of them. An interrupted generation is finished by running it again: a shard whose rows have the digest that its
footer states is kept. A folder that holds anything else is refused.
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import cached_property, partial
from typing import Any

import pyarrow as pa

from mathbench.dataset import card, shard
from mathbench.dataset.data import Data
from mathbench.dataset.engine import Engine
from mathbench.dataset.engine.local import Local
from mathbench.dataset.engine.work import ShardPart, check_shard, shard_jobs, write_shard
from mathbench.dataset.manifest import (
    MANIFEST_FILE,
    SCHEMA_VERSION,
    SHARD_ROWS,
    UNFINISHED_FILE,
    Config,
    Manifest,
    ShardContent,
    read,
)
from mathbench.dataset.shard import Progress
from mathbench.errors import CheckFailed, InputError, did_you_mean
from mathbench.rows import open_rows
from mathbench.storage import atomic, location
from mathbench.storage.atomic import LEFTOVER
from mathbench.storage.location import StoragePath, storage_path
from mathbench.version import __version__

SHARDS = "*/*-[0-9]*-of-[0-9]*.parquet"
MINE = (
    SHARDS,
    f"*/{LEFTOVER}",
    card.CARD_FILE,
    MANIFEST_FILE,
    UNFINISHED_FILE,
)  # what says whose they are goes last
HERE = Local()
MAX_LISTED_SHARDS = 5  # missing shards that are named

Request = dict[str, Any]  # everything that decides the bytes of a dataset


def generate(
    configs: Sequence[Config],
    out: str | StoragePath,
    *,
    force: bool = False,
    engine: Engine = HERE,
    progress: Progress = lambda rows: None,
) -> Manifest:
    """Write a dataset, or finish one that was interrupted or made in parts.

    Args:
        configs: what to write; their names must differ.
        out: the folder, a path or a URL such as ``s3://bucket/folder``; it may be missing, empty, or an
            unfinished or finished dataset of the same request.
        force: replace a dataset of another request.
        engine: who does the work.
        progress: called with the number of rows finished since its last call.

    Raises:
        SpaceExhausted: when a split does not hold the rows asked for; nothing has been written then.
        InputError: when the folder holds something else.
        WorkerLost: when processes of the engine were killed again and again.
    """
    folder, requested = storage_path(out), dataset_request(configs)
    check(configs)
    atomic.make_folder(folder)
    with atomic.folder_lock(folder):
        _lock(folder, _found(folder, force), requested, force)
        finished = _finished(folder)
        contents = engine.run(write_shard, shard_jobs(configs, str(folder), _stated(finished)), progress)
        _check_shared(folder, contents)
        return _finish(folder, configs, contents, finished)


def generate_part(
    configs: Sequence[Config],
    out: str | StoragePath,
    part: ShardPart,
    *,
    engine: Engine = HERE,
    progress: Progress = lambda rows: None,
) -> dict[str, ShardContent]:
    """Write one part of the shards of a dataset; other processes may write other parts into the folder meanwhile.

    When all parts are written, :func:`merge` or :func:`generate` completes the dataset.

    Args:
        configs: what to write, the same for every part.
        out: the folder, which all machines that write parts must share.
        part: which part, of how many.
        engine: who does the work.
        progress: called with the number of rows finished since its last call.

    Returns:
        What the shards of this part hold, by file.

    Raises:
        As :func:`generate`.
    """
    folder, requested = storage_path(out), dataset_request(configs)
    check(configs)
    atomic.make_folder(folder)
    with atomic.folder_lock(folder, shared=True):
        if _found(folder) is None:
            atomic.create(folder / UNFINISHED_FILE, json.dumps(requested, indent=1))
        _check_same(folder, _found(folder), requested)
        mine = part.of_all(shard_jobs(configs, str(folder), _stated(_finished(folder))))
        return engine.run(write_shard, mine, progress)


def merge(
    out: str | StoragePath, *, engine: Engine = HERE, progress: Progress = lambda rows: None
) -> Manifest:
    """Complete a dataset whose shards are all there: check them, write card and manifest.

    Args:
        out: the folder in which parts of a dataset were written.
        engine: who does the work.
        progress: called with the number of rows checked since its last call.

    Raises:
        InputError: when the folder holds no dataset, or processes still write into it.
        CheckFailed: when shards are missing or damaged; says which, and how to make them.
    """
    folder = storage_path(out)
    configs = requested_configs(folder)
    with atomic.folder_lock(folder):
        finished = _finished(folder)
        work = shard_jobs(configs, str(folder), _stated(finished))
        found = engine.run(check_shard, work, progress)
        contents = {file: content for file, content in found.items() if content is not None}
        _check_complete(folder, [unit.shard.file for unit in work], contents)
        return _finish(folder, configs, contents, finished)


def requested_configs(out: str | StoragePath) -> list[Config]:
    """The configurations of the dataset in a folder, finished or not.

    Raises:
        InputError: when there is none, or another version of mathbench began it.
        CheckFailed: when the file that says so is damaged.
    """
    folder = storage_path(out)
    found = _found(folder)
    if found is None:
        raise InputError(f"{folder} holds no dataset, neither finished nor begun.")
    try:
        configs = [Config.of_spec(name, spec) for name, spec in found["configs"].items()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise InputError(f"{folder / UNFINISHED_FILE}: {error}") from None
        raise CheckFailed(f"{folder / UNFINISHED_FILE} is damaged ({error}).") from None
    if dataset_request(configs) != found:
        raise InputError(f"{folder} was begun by another version of mathbench. Finish it with that version.")
    return configs


def _check_complete(folder: StoragePath, requested: list[str], contents: Mapping[str, ShardContent]) -> None:
    """Check that every shard is there, or say how to make those that are not."""
    missing = [i for i, file in enumerate(requested, 1) if file not in contents]
    if not missing:
        return
    more = ", ..." if len(missing) > MAX_LISTED_SHARDS else ""
    names = ", ".join(requested[i - 1] for i in missing[:MAX_LISTED_SHARDS]) + more
    parts = ", ".join(f"--shard {i}/{len(requested)}" for i in missing[:MAX_LISTED_SHARDS]) + more
    raise CheckFailed(
        f"{folder} is not complete: {len(missing)} of {len(requested)} shards are missing or damaged: {names}. "
        f"Make them here: mathbench generate --out {shlex.quote(str(folder))}   "
        f"or elsewhere, with the same command and {parts}, and merge again."
    )


def _check_shared(folder: StoragePath, written: Iterable[str]) -> None:
    """Check that what other machines have written is seen here."""
    seen = set(location.files(folder))
    for file in written:
        if file not in seen:
            raise InputError(
                f"another machine has written {file}, but {folder} does not hold it here. "
                "Give an --out that all machines share."
            )


def check(configs: Sequence[Config]) -> None:
    """Check that configurations can be written.

    Raises:
        InputError: for two of one name, one without rows, or more rows than a split holds.
    """
    names = [config.name for config in configs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two configurations are called '{name}'. Give one of them a name of its own.")
    for config in configs:
        config.check_rows()
        if not any(config.sizes.values()):
            raise InputError(f"{config.name}: no rows were asked for.")


def dataset_request(configs: Iterable[Config]) -> Request:
    """Everything that decides the bytes of a dataset, as JSON values."""
    specs = {config.name: config.spec() for config in configs}
    return {"schema_version": SCHEMA_VERSION, "shard_rows": SHARD_ROWS, "configs": specs}


def _lock(folder: StoragePath, found: Request | None, requested: Request, force: bool) -> None:
    """Make the folder ours, or refuse. A finished dataset of the same request stays finished."""
    if force and found is not None and found != requested:
        _remove(folder)
    else:
        _check_same(folder, found, requested)
    if location.read(folder / MANIFEST_FILE) is None:
        # a store has no locks: of two that begin there at one time, one is refused here
        atomic.write(
            folder / UNFINISHED_FILE, json.dumps(requested, indent=1), "xb" if found is None else "wb"
        )


def _check_same(folder: StoragePath, found: Request | None, requested: Request) -> None:
    if found is not None and found != requested:
        raise InputError(
            f"{folder} holds another dataset{_difference(found, requested)}. Give another --out or --force."
        )


def _found(folder: StoragePath, force: bool = False) -> Request | None:
    """The request whose dataset, finished or not, lies in a folder.

    None for an empty folder, an empty request for a damaged one that may be replaced.
    """
    names = location.children(folder) or []
    if UNFINISHED_FILE in names or MANIFEST_FILE in names:
        try:
            return _request_in(folder)
        except (CheckFailed, InputError) as error:
            if force:
                return {}
            raise InputError(str(error)) from None
    if any(not fnmatch(name, LEFTOVER) for name in names):
        raise InputError(f"{folder} is not empty and holds no mathbench dataset. Give another --out.")
    return None


def _finished(folder: StoragePath) -> Manifest | None:
    """The manifest of a folder that holds a finished dataset; one that lies beside a request is not believed."""
    names = location.children(folder) or []
    return read(folder) if MANIFEST_FILE in names and UNFINISHED_FILE not in names else None


def _stated(finished: Manifest | None) -> Mapping[str, ShardContent]:
    return finished.contents if finished else {}


def _request_in(folder: StoragePath) -> Request:
    content = location.read(folder / UNFINISHED_FILE)
    if content is None:
        return dataset_request(read(folder).configs)
    try:
        return dict(json.loads(content).items())
    except (ValueError, AttributeError):
        raise CheckFailed(
            f"{folder / UNFINISHED_FILE} is damaged. Give another --out, or --force to make the dataset anew."
        ) from None


def _difference(found: Request, requested: Request) -> str:
    old, new = found.get("configs"), requested["configs"]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return f" (different: {', '.join(names[:3])})" if names else ""


def _remove(folder: StoragePath) -> None:
    """Remove the files of an earlier dataset, and only those, and the folders that are then empty."""
    names = location.files(folder)
    for pattern in MINE:
        for name in names:
            if fnmatch(name, pattern) and name.count("/") == pattern.count("/"):
                atomic.remove(folder / name)
    atomic.remove_empty_parents(folder)


def _finish(
    folder: StoragePath,
    configs: Sequence[Config],
    contents: Mapping[str, ShardContent],
    finished: Manifest | None,
) -> Manifest:
    """Write card and manifest, unless they are there already and still right; the manifest that then lies there."""
    atomic.remove_leftovers(folder)
    manifest = Manifest(list(configs), _in_order(configs, contents), __version__)
    if (
        finished is not None
        and finished.contents == manifest.contents
        and location.read(folder / card.CARD_FILE)
    ):
        manifest = finished
    else:
        atomic.write(folder / card.CARD_FILE, card.render(manifest, partial(sample_row, folder)))
        atomic.write(folder / MANIFEST_FILE, json.dumps(manifest.to_json(), indent=1))
    atomic.remove(folder / UNFINISHED_FILE)
    return manifest


def sample_row(folder: StoragePath, config: Config, split: str) -> dict[str, str]:
    """The first row of a split, from its file: of some tasks to make one row anew takes as long as thousands."""
    return shard.first(next(folder / part.file for part in config.shards() if part.split == split))


def _in_order(configs: Sequence[Config], contents: Mapping[str, ShardContent]) -> dict[str, ShardContent]:
    """Shards and their strata in the order of the task, whoever has written or read them in which order."""
    made = {}
    for config in configs:
        for part in config.shards():
            held = contents[part.file]
            strata = [s.name for s in open_rows(config.task, part.split, config.seed).strata]
            names = [*(name for name in strata if name in held.strata), *held.strata]
            made[part.file] = replace(held, strata={name: held.strata[name] for name in names})
    return made


@dataclass(frozen=True)
class Dataset:
    """A finished dataset on disk.

    Args:
        folder: where it lies.
        manifest: what it says it holds.
    """

    folder: StoragePath
    manifest: Manifest

    @cached_property
    def configs(self) -> dict[str, Config]:
        """The configurations by name."""
        return {config.name: config for config in self.manifest.configs}

    def config(self, name: str | None = None) -> Config:
        """One configuration; the name may be left out when there is only one.

        Raises:
            InputError: when there is no such configuration, or no name and several.
        """
        if name is None and len(self.configs) == 1:
            return next(iter(self.configs.values()))
        if name not in self.configs:
            what = "several configurations, choose one" if name is None else f"no configuration '{name}'"
            raise InputError(f"{self.folder} has {what}. {did_you_mean(name or '', self.configs)}")
        return self.configs[name]

    def table(self, config: Config, split: str) -> pa.Table:
        """All rows of a split.

        Raises:
            InputError: when the split is not in the dataset.
            CheckFailed: when a file is missing or damaged.
        """
        parts = [part for part in config.shards() if part.split == split]
        if not parts:
            raise InputError(
                f"{config.name} has no split '{split}'. {did_you_mean(split, config.spec()['sizes'])}"
            )
        return pa.concat_tables(table for part in parts for table in shard.read(self.folder / part.file))

    def data(self, name: str | None = None) -> Data:
        """All splits of a configuration in memory."""
        config = self.config(name)
        splits = {split: self.table(config, split) for split in config.spec()["sizes"]}
        return Data(config.task, config.seed, splits)


def open_dataset(folder: str | StoragePath) -> Dataset:
    """Open a finished dataset.

    Args:
        folder: a path, or a URL such as ``s3://bucket/folder``.

    Raises:
        InputError: when the folder holds none.
        CheckFailed: when its manifest is damaged.
    """
    where = storage_path(folder)
    return Dataset(where, read(where))
