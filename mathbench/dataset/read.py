"""Reading a finished dataset from disk."""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from mathbench.dataset import manifest, shard_reader
from mathbench.dataset.data import Data
from mathbench.dataset.imported import known
from mathbench.dataset.manifest import Config, Manifest
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.storage.location import StoragePath, storage_path


@dataclass(frozen=True)
class Dataset:
    """A finished dataset on disk.

    Args:
        folder: the folder that holds it.
        manifest: the content of its manifest.
    """

    folder: StoragePath
    manifest: Manifest

    @cached_property
    def configs(self) -> dict[str, Config]:
        """The configurations by name."""
        return {config.name: config for config in self.manifest.configs}

    def config(self, name: str | None = None) -> Config:
        """Return one configuration; the name may be left out when there is only one.

        Raises:
            InputError: when there is no such configuration, or no name and several.
        """
        if name is None and len(self.configs) == 1:
            return next(iter(self.configs.values()))
        if not isinstance(name, str) or name not in self.configs:
            what = "several configurations, choose one" if name is None else f"no configuration {shown(name)}"
            raise InputError(f"{self.folder} has {what}. {did_you_mean(name, self.configs)}")
        return self.configs[name]

    def chosen(self, name: str | None) -> dict[str, Config]:
        """Return the configuration of a name, or all of them for None.

        Raises:
            InputError: when there is no such configuration.
        """
        return self.configs if name is None else {self.config(name).name: self.config(name)}

    def table(self, config: Config, split: str) -> pa.Table:
        """Return all rows of a split.

        Raises:
            InputError: when the split is not in the dataset.
            CheckFailed: when a file is missing or damaged.
        """
        shards = config.shards_of(split)
        if not shards:
            raise InputError(
                f"{config.name} has no split '{split}'. {did_you_mean(split, config.spec()['sizes'])}"
            )
        return pa.concat_tables(
            table for shard in shards for table in shard_reader.read_tables(self.folder / shard.file)
        )

    def data(self, name: str | None = None) -> Data:
        """Return all splits of a configuration in memory."""
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
    path = storage_path(folder)
    stated = manifest.read(path)
    for config in stated.configs:
        if not config.task.generated:
            known.note(config.task.parameters["digest"], path)
    return Dataset(path, stated)


def sample_row(folder: StoragePath, config: Config, split: str) -> dict[str, str]:
    """Return question and answer of the first row of a split, read from its file.

    Reading is cheaper than generating: some tasks take as long for one row as for thousands.
    """
    return shard_reader.first_row(folder / config.shards_of(split)[0].file)
