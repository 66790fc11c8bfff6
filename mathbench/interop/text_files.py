"""Text files: JSON lines, CSV, and the layout of the published school mathematics."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from mathbench.dataset.manifest import Config
from mathbench.errors import InputError
from mathbench.formats import MESSAGES
from mathbench.interop.source import Measures, Progress, Source

DIFFICULTY = "difficulty="  # the strata of school mathematics that are folders of its published files


def write_jsonl(
    source: Source, measures: dict[str, Measures], folder: Path, progress: Progress = lambda rows: None
) -> None:
    """Write one object per row with all columns, to `CONFIG/SPLIT.jsonl`."""
    for config, split, path in _files(source, folder, "jsonl"):
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for table in source.tables(config, split):
                rows = table.to_pylist()
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                progress(table.num_rows)


def write_csv(
    source: Source, measures: dict[str, Measures], folder: Path, progress: Progress = lambda rows: None
) -> None:
    """Write all columns to `CONFIG/SPLIT.csv`, with a header; chats are JSON in their field."""
    for config, split, path in _files(source, folder, "csv"):
        with ExitStack() as stack:
            writer = None
            for table in map(_flat, source.tables(config, split)):
                writer = writer or stack.enter_context(pa_csv.CSVWriter(path, table.schema))
                writer.write_table(table)
                progress(table.num_rows)


def _flat(table: pa.Table) -> pa.Table:
    """A table without nested columns."""
    if MESSAGES not in table.column_names:
        return table
    place = table.column_names.index(MESSAGES)
    texts = [json.dumps(chat, ensure_ascii=False) for chat in table[MESSAGES].to_pylist()]
    return table.set_column(place, MESSAGES, pa.array(texts, pa.string()))


def _files(source: Source, folder: Path, suffix: str) -> Iterator[tuple[Config, str, Path]]:
    """The files of an export, one for each split, in a folder for each configuration."""
    for config in source.configs:
        (folder / config.name).mkdir()
        for split in source.splits_of(config):
            yield config, split, folder / config.name / f"{split}.{suffix}"


def write_txt(
    source: Source, measures: dict[str, Measures], folder: Path, progress: Progress = lambda rows: None
) -> None:
    """Write questions and answers on alternating lines, to `SPLIT/CONFIG.txt`.

    Rows of train whose stratum is a difficulty go to `train-easy`, `train-medium` and `train-hard`.

    Raises:
        InputError: for text of several lines.
    """
    for config in source.configs:
        if measures[config.name].lines:
            raise InputError(
                f"{config.name} has text of several lines, which files of one line per text cannot hold. "
                "Export it as jsonl or csv."
            )
    for config in source.configs:
        for split in source.splits_of(config):
            _write_pairs(source, config, split, folder, progress)


def _write_pairs(source: Source, config: Config, split: str, folder: Path, progress: Progress) -> None:
    """Write one split, in a file for each of its folders."""
    opened: dict[str, TextIO] = {}
    with ExitStack() as stack:
        for table in source.tables(config, split):
            folders = _folders(table, split)
            for name in pc.unique(folders).to_pylist():
                if name not in opened:
                    (folder / name).mkdir(exist_ok=True)
                    path = folder / name / f"{config.name}.txt"
                    opened[name] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                part = table.filter(pc.equal(folders, name))
                pairs = pc.binary_join_element_wise(part["question"], part["answer"], "\n")
                opened[name].writelines(f"{pair}\n" for pair in pairs.to_pylist())
            progress(table.num_rows)


def _folders(table: pa.Table, split: str) -> pa.Array:
    """The name of each row's folder."""
    strata = table["stratum"].combine_chunks()
    if split != "train":
        return pa.repeat(split, len(strata))
    level = pc.binary_replace_slice(strata, 0, len(DIFFICULTY), "train-")
    return pc.if_else(pc.starts_with(strata, DIFFICULTY), level, "train")
