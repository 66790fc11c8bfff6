"""Writing imported rows as a dataset.

The source is read once, block by block, into temporary files. When all is there, the rows are hashed, which gives the
digest that names the task, and written as the shards of a dataset. The folder appears under its name when it is
complete. A killed import leaves a hidden folder, which the next import into the same place removes.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from mathbench.dataset.card import CARD_FILE
from mathbench.dataset.imported import card, known
from mathbench.dataset.imported.blocks import Block, WaitingRows
from mathbench.dataset.imported.overlap import SplitKeys, measure
from mathbench.dataset.imported.task import SEED, Imported, content_digest
from mathbench.dataset.manifest import MANIFEST_FILE, SHARD_ROWS, Config, Manifest, ShardContent
from mathbench.dataset.shard import BATCH_ROWS, ContentCounter, Progress, create_shard
from mathbench.dataset.shard_reader import first_row
from mathbench.errors import InputError
from mathbench.numbers.text import from_list, int_array
from mathbench.storage import atomic
from mathbench.storage.location import StoragePath, storage_path
from mathbench.version import __version__

GROUP_BYTES = 64 << 20  # of text in a row group at most
UNKNOWN = "0" * 64  # instead of the digest, until all rows have been hashed


def write_imported(
    blocks: Iterable[Block],
    out: str | StoragePath,
    about: Mapping[str, Any],
    *,
    force: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda rows: None,
) -> Manifest:
    """Write the rows of a source as a dataset, and make it known to later commands of the user.

    Args:
        blocks: the rows, block by block; memory holds one block and 32 bytes for each row of a configuration.
        out: the folder, on a local disk; it must be missing or empty.
        about: where the rows come from, as JSON values; a copy goes to each configuration.
        force: replace a dataset in the folder.
        dry_run: read and measure everything, and leave nothing behind.
        progress: called with the number of rows read since its last call.

    Raises:
        InputError: when the folder holds something, or the source gives no rows. Nothing is written then.
    """
    target = _checked_target(out, force)
    with _place_beside(target, dry_run) as place, _temporary_folder(place / target.name) as folder:
        waiting = WaitingRows(_made(folder / "waiting"))
        for block in blocks:
            waiting.add(block)
            progress(len(block.questions))
        if not waiting.configs():
            raise InputError("the source has no rows.")
        manifest = _write_files(waiting, _made(folder / "dataset"), about)
        if not dry_run:
            _put_in_place(folder / "dataset", target, folder / "replaced")
            for config in manifest.configs:
                known.remember(config.task.parameters["digest"], target)
        return manifest


def _checked_target(out: str | StoragePath, force: bool) -> Path:
    """The folder to write.

    Raises:
        InputError: for a URL, a file, or a folder that is not empty, or holds no dataset if it may be replaced.
    """
    target = storage_path(out)
    if not isinstance(target, Path):
        raise InputError(f"imported data is written to a local folder. Received: {out}.")
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file, not a folder.")
    if target.is_dir() and any(target.iterdir()):
        if not force:
            raise InputError(f"{target} is not empty. Give another --out, or --force to replace a dataset.")
        if not (target / MANIFEST_FILE).is_file():
            raise InputError(f"{target} does not contain a mathbench dataset, and is not replaced.")
    return target


@contextmanager
def _place_beside(target: Path, dry_run: bool) -> Iterator[Path]:
    """The folder in which temporary files are made: that of the target, or of the system for a dry run."""
    if dry_run:
        with TemporaryDirectory() as place:
            yield Path(place)
    else:
        with atomic.new_folder(target.parent):
            yield target.parent


@contextmanager
def _temporary_folder(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target for the time of the block, locked. Removes those that killed imports left."""
    pattern = f".{target.name}.importing-"
    for path in target.parent.glob(f"{pattern}*"):
        # a living import holds its lock
        with suppress(InputError, OSError), atomic.folder_lock(path):
            shutil.rmtree(path, ignore_errors=True)
    folder = _made(target.parent / f"{pattern}{uuid4().hex}")
    try:
        with atomic.folder_lock(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> Path:
    atomic.make_folder(folder)
    return folder


def _put_in_place(folder: Path, target: Path, replaced: Path) -> None:
    """Give a complete folder its name; a dataset that has the name goes to `replaced`, which is removed later."""
    try:
        if target.exists():
            os.rename(target, replaced)
        os.rename(folder, target)
    except OSError as error:
        if replaced.exists() and not target.exists():
            os.rename(replaced, target)
        raise InputError(f"{target} cannot be written: {error.strerror}.") from None


def _write_files(waiting: WaitingRows, folder: Path, about: Mapping[str, Any]) -> Manifest:
    """Write shards, card and manifest of all configurations."""
    manifest = Manifest([], {}, __version__)
    for name in waiting.configs():
        config, stated = _measured(waiting, name, about)
        manifest.configs.append(config)
        for shard in config.shards():
            tables = _in_groups(waiting.tables(name, shard.split), shard.start, shard.stop)
            sha256 = _write_shard(folder / shard.file, config, shard.start, tables, stated[shard.file].digest)
            content = stated[shard.file]
            manifest.contents[shard.file] = ShardContent(content.rows, content.digest, content.strata, sha256)
    atomic.write(folder / CARD_FILE, card.render(manifest, partial(_first_row, folder)))
    atomic.write(folder / MANIFEST_FILE, json.dumps(manifest.to_json(), indent=1))
    return manifest


def _first_row(folder: Path, config: Config, split: str) -> dict[str, str]:
    return first_row(folder / config.shards_of(split)[0].file)


def _measured(
    waiting: WaitingRows, name: str, about: Mapping[str, Any]
) -> tuple[Config, dict[str, ShardContent]]:
    """The configuration of some waiting rows, named by their digest, and the content of its shards."""
    keys: dict[str, SplitKeys] = {}
    counters: dict[str, list[ContentCounter]] = {}
    for split in waiting.splits(name):
        keys[split], counters[split] = SplitKeys(), []
        for table in waiting.tables(name, split):
            keys[split].add(*(table[column].combine_chunks() for column in ("question", "answer")))
            _count(table, counters[split])
    sizes = {split: sum(counter.rows for counter in found) for split, found in counters.items()}
    config = Config(name, Imported(data=name, digest=UNKNOWN), SEED, sizes)
    contents = {
        shard.file: counters[shard.split][shard.start // SHARD_ROWS].content("") for shard in config.shards()
    }
    digest = content_digest(Manifest([config], contents, __version__), config)
    imported = {**about, "overlap": measure(keys)}
    return Config(name, Imported(data=name, digest=digest), SEED, sizes, imported=imported), contents


def _count(table: pa.Table, counters: list[ContentCounter]) -> None:
    """Add rows to the content of the shards that they will be in."""
    while table.num_rows:
        if not counters or counters[-1].rows == SHARD_ROWS:
            counters.append(ContentCounter())
        taken = table.slice(0, SHARD_ROWS - counters[-1].rows)
        counters[-1].update(taken)
        table = table.slice(taken.num_rows)


def _in_groups(tables: Iterable[pa.Table], start: int, stop: int) -> Iterator[pa.Table]:
    """The rows from `start` to `stop` of some tables, in groups of limited rows and bytes."""
    at, held, rows, size = 0, [], 0, 0
    for table in tables:
        part = table.slice(max(start - at, 0), max(stop - max(at, start), 0))
        at += table.num_rows
        if part.num_rows:
            held.append(part)
            rows, size = rows + part.num_rows, size + part.nbytes
        if rows >= BATCH_ROWS or size >= GROUP_BYTES:
            yield pa.concat_tables(held)
            held, rows, size = [], 0, 0
        if at >= stop:
            break
    if held:
        yield pa.concat_tables(held)


def _write_shard(path: Path, config: Config, start: int, tables: Iterable[pa.Table], digest: str) -> str:
    """Write one shard; return the SHA-256 of its file."""
    row = start
    with create_shard(path, config.task) as file:
        for table in tables:
            names = pa.DictionaryArray.from_arrays(
                int_array(np.zeros(table.num_rows, np.int32)), from_list([config.task.name])
            )
            file.write(
                pa.table(
                    {
                        "question": table["question"],
                        "answer": table["answer"],
                        "task": names,
                        "stratum": table["stratum"].combine_chunks().dictionary_encode(),
                        "row": int_array(np.arange(row, row + table.num_rows)),
                    }
                )
            )
            row += table.num_rows
        file.set_digest(digest)
    return file.sha256()
