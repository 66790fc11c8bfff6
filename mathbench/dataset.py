"""Datasets on disk: a folder of Parquet shards, a card and a manifest, written so that nothing half-done is believed.

The request is stored first (`.generating.json`), then the shards, each renamed into place when complete, then the
card, and the manifest last. An interrupted generation is finished by running it again: a shard whose rows have the
digest that its footer states is kept. A folder that holds anything else is refused.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from mathbench import card, files, shard
from mathbench.data import Data
from mathbench.errors import CheckFailed, InputError, did_you_mean
from mathbench.manifest import FILE, SCHEMA_VERSION, SHARD, SPEC, Config, Manifest, Shard, ShardContent, read
from mathbench.rows import open_rows
from mathbench.shard import Progress
from mathbench.version import __version__

LEFTOVER = ".*.tmp"  # what a killed process may leave

Request = dict[str, object]  # everything that decides the bytes of a dataset


def generate(
    configs: Sequence[Config], out: str | Path, *, force: bool = False, progress: Progress = lambda rows: None
) -> Manifest:
    """Write a dataset, or finish one that was interrupted.

    Args:
        configs: what to write; their names must differ.
        out: the folder; it may be missing, empty, or an unfinished or finished dataset of the same request.
        force: replace a dataset of another request.
        progress: called with the number of rows finished since its last call.

    Raises:
        SpaceExhausted: when a split does not hold the rows asked for; nothing has been written then.
        InputError: when the folder holds something else.
    """
    folder = Path(out)
    check(configs)
    found = _found(folder, force)
    folder.mkdir(parents=True, exist_ok=True)
    with files.only_writer(folder):
        _claim(folder, found, request(configs), force)
        manifest = Manifest(list(configs), _contents(folder, configs, progress), __version__)
        _finish(folder, manifest)
    return manifest


def _contents(folder: Path, configs: Sequence[Config], progress: Progress) -> dict[str, ShardContent]:
    """Write every shard that an earlier run has not left whole; what each holds."""
    contents = {}
    for config in configs:
        for part in config.shards():
            path, rows = folder / part.file, open_rows(config.task, part.split, config.seed)
            contents[part.file] = _kept(path, part, progress) or shard.write(
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


def _claim(folder: Path, found: Request | None, wanted: Request, force: bool) -> None:
    """Make the folder ours, or refuse."""
    if found is not None and found != wanted:
        if not force:
            raise InputError(
                f"{folder} holds another dataset{_difference(found, wanted)}. Give another --out or --force."
            )
        _remove(folder)
    (folder / FILE).unlink(missing_ok=True)
    files.write(folder / SPEC, json.dumps(wanted, indent=1))


def _found(folder: Path, force: bool) -> Request | None:
    """The request whose dataset, finished or not, lies in a folder.

    None for an empty folder, an empty request for a damaged one that may be replaced.
    """
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise InputError(f"{folder} is a file, not a folder.")
    if (folder / SPEC).is_file() or (folder / FILE).is_file():
        try:
            return _request_in(folder)
        except (CheckFailed, InputError) as error:
            if force:
                return {}
            raise InputError(str(error)) from None
    if any(not path.match(LEFTOVER) for path in folder.iterdir()):
        raise InputError(f"{folder} is not empty and holds no mathbench dataset. Give another --out.")
    return None


def _request_in(folder: Path) -> Request:
    if not (folder / SPEC).is_file():
        return request(read(folder).configs)
    try:
        return dict(json.loads((folder / SPEC).read_text()).items())
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


def _remove(folder: Path) -> None:
    """Remove the files of an earlier dataset, and only those; what says whose they are goes last."""
    for pattern in ("*/*-[0-9]*-of-[0-9]*.parquet", "*/.*.tmp"):
        for path in folder.glob(pattern):
            path.unlink()
    for name in (card.FILE, FILE, SPEC):
        (folder / name).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _kept(path: Path, part: Shard, progress: Progress) -> ShardContent | None:
    """What a shard left by an earlier run holds, if it is whole."""
    stated = shard.stated_digest(path)
    if stated is None:
        return None
    try:
        held = shard.scan(path)
    except CheckFailed:
        return None
    if held.digest != stated or held.rows != part.stop - part.start:
        return None
    progress(held.rows)
    return held


def _finish(folder: Path, manifest: Manifest) -> None:
    for leftover in folder.rglob(LEFTOVER):
        leftover.unlink(missing_ok=True)
    files.write(folder / card.FILE, card.render(manifest))
    files.write(folder / FILE, json.dumps(manifest.to_json(), indent=1))
    (folder / SPEC).unlink(missing_ok=True)


@dataclass(frozen=True)
class Dataset:
    """A finished dataset on disk.

    Args:
        folder: where it lies.
        manifest: what it says it holds.
    """

    folder: Path
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


def open_dataset(folder: str | Path) -> Dataset:
    """Open a finished dataset.

    Raises:
        InputError: when the folder holds none.
        CheckFailed: when its manifest is damaged.
    """
    path = Path(folder)
    if not path.exists():
        raise InputError(f"{path} does not exist.")
    return Dataset(path, read(path))
