"""The checks of imported data: files and digests as stated, and what splits share measured again.

Nothing can be solved or generated again, so nothing is said about the answers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from mathbench.dataset import shard_reader
from mathbench.dataset.check_result import CheckResult
from mathbench.dataset.imported.overlap import EXACT, SplitKeys, measure
from mathbench.dataset.imported.task import content_digest
from mathbench.dataset.manifest import Config, Manifest, ShardContent
from mathbench.dataset.shard import Progress, schema
from mathbench.errors import CheckFailed
from mathbench.storage.location import StoragePath


def check_imported(
    folder: StoragePath, manifest: Manifest, config: Config, progress: Progress
) -> Iterator[CheckResult]:
    """Check one configuration of imported data; every byte is read.

    Args:
        folder: the dataset.
        manifest: its manifest.
        config: the configuration.
        progress: called with the number of rows read since its last call.
    """
    keys: dict[str, SplitKeys] = {}
    for split in config.spec()["sizes"]:
        keys[split] = SplitKeys()
        shards = config.shards_of(split)
        failures = [
            _check_file(
                folder, shard.file, shard.start, config, manifest.contents[shard.file], keys[split], progress
            )
            for shard in shards
        ]
        failure = next(filter(None, failures), "")
        yield CheckResult(
            config.name, split, "content digests", not failure, failure or f"{len(shards)} file(s)"
        )
    right = content_digest(manifest, config) == config.task.parameters["digest"]
    detail = config.task.name if right else f"the files are not those of {config.task.name}"
    yield CheckResult(config.name, "", "digest of the data", right, detail)
    found = measure(keys)
    same = found == config.imported.get("overlap")
    detail = _in_words(found) if same else f"measured {_in_words(found)}; the manifest states something else"
    yield CheckResult(config.name, "", "shared questions as stated", same, detail)


def _check_file(
    folder: StoragePath,
    file: str,
    start: int,
    config: Config,
    stated: ShardContent,
    keys: SplitKeys,
    progress: Progress,
) -> str:
    """Read one file; return the first difference from what is stated, or an empty string."""
    columns = schema(config.task)

    def visit(first: int, table: pa.Table) -> None:
        if failure := _wrong_rows(table, start + first, config, columns):
            raise CheckFailed(f"{file}: {failure}")
        keys.add(*(table[name].combine_chunks() for name in ("question", "answer")))
        progress(table.num_rows)

    try:
        found = shard_reader.read_content(folder / file, visit)
    except CheckFailed as error:
        return str(error)
    return shard_reader.content_difference(file, found, stated)


def _wrong_rows(table: Any, start: int, config: Config, columns: Any) -> str:
    """What is wrong with the columns, the row numbers or the task of some rows."""
    if not table.schema.equals(columns):
        return f"the columns are {', '.join(table.column_names)}"
    if table["row"].to_pylist() != list(range(start, start + table.num_rows)):
        return f"the row numbers do not count up from {start}"
    if any(table[name].null_count for name in table.column_names):
        return "values are missing"
    names = table["task"].unique().to_pylist()
    return "" if names == [config.task.name] else f"rows of {', '.join(map(str, names[:3]))}"


def _in_words(found: Mapping[str, Any]) -> str:
    """How many test questions train has, and how many rows repeat one."""
    shared = [f"{p[EXACT]:,} of {p['rows']:,} {p['split']} rows in {p['with']}" for p in found["shared"]]
    repeated = sum(entry[EXACT] for entry in found["repeats"].values())
    return "; ".join([*shared, f"{repeated:,} rows repeat a question of their split"])
