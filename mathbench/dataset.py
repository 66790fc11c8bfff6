"""Datasets on disk: a folder of Parquet shards, a card and a manifest, written so that nothing half-done is believed.

The request is stored first (`.generating.json`), then the shards, each renamed into place when complete, then the
card, and the manifest last. An interrupted generation is finished by running it again: a shard whose rows have the
digest that its footer states is kept. A folder that holds anything else is refused.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property

import pyarrow as pa

from mathbench import card, files, shard, storage
from mathbench.data import Data
from mathbench.errors import CheckFailed, InputError, did_you_mean
from mathbench.files import LEFTOVER
from mathbench.manifest import FILE, SCHEMA_VERSION, SHARD, SPEC, Config, Manifest, Shard, ShardContent, read
from mathbench.rows import Rows, open_rows
from mathbench.shard import Progress
from mathbench.storage import Place, place
from mathbench.version import __version__

SHARDS = "*/*-[0-9]*-of-[0-9]*.parquet"
MINE = (SHARDS, f"*/{LEFTOVER}", card.FILE, FILE, SPEC)  # what says whose they are goes last

Request = dict[str, object]  # everything that decides the bytes of a dataset


def generate(
    configs: Sequence[Config],
    out: str | Place,
    *,
    force: bool = False,
    progress: Progress = lambda rows: None,
) -> Manifest:
    """Write a dataset, or finish one that was interrupted.

    Args:
        configs: what to write; their names must differ.
        out: the folder, a path or a URL such as ``s3://bucket/folder``; it may be missing, empty, or an
            unfinished or finished dataset of the same request.
        force: replace a dataset of another request.
        progress: called with the number of rows finished since its last call.

    Raises:
        SpaceExhausted: when a split does not hold the rows asked for; nothing has been written then.
        InputError: when the folder holds something else.
    """
    folder = place(out)
    check(configs)
    files.make(folder)
    with files.only_writer(folder):
        found, before = _found(folder, force), _stated(folder)
        _claim(folder, found, request(configs), force)
        manifest = Manifest(list(configs), _contents(folder, configs, before, progress), __version__)
        _finish(folder, manifest)
    return manifest


def _contents(
    folder: Place, configs: Sequence[Config], before: Mapping[str, ShardContent], progress: Progress
) -> dict[str, ShardContent]:
    """Write every shard that an earlier run has not left whole; what each holds."""
    contents = {}
    for config in configs:
        for part in config.shards():
            path, rows = folder / part.file, open_rows(config.task, part.split, config.seed)
            contents[part.file] = _kept(path, part, rows, before.get(part.file), progress) or shard.write(
                path, rows, part.start, part.stop, progress
            )
    return contents


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


def request(configs: Iterable[Config]) -> Request:
    """Everything that decides the bytes of a dataset, as JSON values."""
    specs = {config.name: config.spec() for config in configs}
    return {"schema_version": SCHEMA_VERSION, "shard_rows": SHARD, "configs": specs}


def _stated(folder: Place) -> dict[str, ShardContent]:
    """What a manifest that lies there says of each file."""
    try:
        return read(folder).contents
    except (CheckFailed, InputError):
        return {}


def _claim(folder: Place, found: Request | None, wanted: Request, force: bool) -> None:
    """Make the folder ours, or refuse."""
    if found is not None and found != wanted:
        if not force:
            raise InputError(
                f"{folder} holds another dataset{_difference(found, wanted)}. Give another --out or --force."
            )
        _remove(folder)
    files.remove(folder / FILE)
    # a store has no locks: of two that begin there at one time, one is refused here
    files.write(folder / SPEC, json.dumps(wanted, indent=1), "xb" if found is None else "wb")


def _found(folder: Place, force: bool) -> Request | None:
    """The request whose dataset, finished or not, lies in a folder.

    None for an empty folder, an empty request for a damaged one that may be replaced.
    """
    names = storage.children(folder) or []
    if SPEC in names or FILE in names:
        try:
            return _request_in(folder)
        except (CheckFailed, InputError) as error:
            if force:
                return {}
            raise InputError(str(error)) from None
    if any(not fnmatch(name, LEFTOVER) for name in names):
        raise InputError(f"{folder} is not empty and holds no mathbench dataset. Give another --out.")
    return None


def _request_in(folder: Place) -> Request:
    content = storage.read(folder / SPEC)
    if content is None:
        return request(read(folder).configs)
    try:
        return dict(json.loads(content).items())
    except (ValueError, AttributeError):
        raise CheckFailed(
            f"{folder / SPEC} is damaged. Give another --out, or --force to make the dataset anew."
        ) from None


def _difference(found: Request, wanted: Request) -> str:
    old, new = found.get("configs"), wanted["configs"]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return f" (different: {', '.join(names[:3])})" if names else ""


def _remove(folder: Place) -> None:
    """Remove the files of an earlier dataset, and only those, and the folders that are then empty."""
    names = storage.files(folder)
    for pattern in MINE:
        for name in names:
            if fnmatch(name, pattern) and name.count("/") == pattern.count("/"):
                files.remove(folder / name)
    files.prune(folder)


def _kept(
    path: Place, part: Shard, rows: Rows, before: ShardContent | None, progress: Progress
) -> ShardContent | None:
    """What a shard left by an earlier run holds, if it is whole and has not changed since a manifest stated it."""
    held = shard.whole(path, rows, part.start, part.stop)
    if held is None or (before and before.sha256 and before != held):
        return None
    progress(held.rows)
    return held


def _finish(folder: Place, manifest: Manifest) -> None:
    files.sweep(folder)
    files.write(folder / card.FILE, card.render(manifest))
    files.write(folder / FILE, json.dumps(manifest.to_json(), indent=1))
    files.remove(folder / SPEC)


@dataclass(frozen=True)
class Dataset:
    """A finished dataset on disk.

    Args:
        folder: where it lies.
        manifest: what it says it holds.
    """

    folder: Place
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


def open_dataset(folder: str | Place) -> Dataset:
    """Open a finished dataset.

    Args:
        folder: a path, or a URL such as ``s3://bucket/folder``.

    Raises:
        InputError: when the folder holds none.
        CheckFailed: when its manifest is damaged.
    """
    where = place(folder)
    return Dataset(where, read(where))
