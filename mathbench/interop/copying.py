"""Copies of files of a dataset."""

import shutil
from pathlib import Path

from mathbench.interop.source import Progress, Source
from mathbench.storage.location import StoragePath, readable_errors


def copy_files(source: Source, folder: Path, progress: Progress = lambda rows: None) -> None:
    """Copy the Parquet files of a dataset into a folder, under their names in the dataset.

    Args:
        source: the dataset.
        folder: the folder.
        progress: called with the number of rows copied since its last call.
    """
    for config in source.configs:
        for shard in source.shards(config):
            copy_file(source.dataset.folder / shard.file, folder / shard.file)
            progress(shard.stop - shard.start)


def copy_file(source: StoragePath, target: Path) -> None:
    """Copy a file from a disk or an object store."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with readable_errors(source), source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, 1 << 22)
