"""What `generate` and `merge` print about a dataset: planned and written splits, and how to load it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mathbench.cli.output import out, print_message, table
from mathbench.dataset.expected_size import expected_bytes
from mathbench.dataset.layout import split_pattern
from mathbench.dataset.manifest import Config, Manifest
from mathbench.dataset.read import sample_row
from mathbench.errors import shortened
from mathbench.rows import open_rows
from mathbench.storage.location import StoragePath

if TYPE_CHECKING:
    from rich.table import Table

NUMBERS = ("rows", "it holds", "strata")


def print_plan(configs: list[Config]) -> int:
    """Print the splits that would be written, with the rows that each one holds and its first problem.

    Returns:
        The expected size of all of them in bytes.
    """
    header = ("configuration", "split", "rows", "it holds", "first question", "answer")
    shown, size = table(*header, right=NUMBERS), 0
    for config in configs:
        # before the next configuration is opened: a suite has more splits than stay open
        size += expected_bytes(config)
        for split, count in config.spec()["sizes"].items():
            rows = open_rows(config.task, split, config.seed)
            first = rows.batch([0]).to_pylist()[0]
            shown.add_row(config.name, split, f"{count:,}", f"{len(rows):,}", *_texts(first))
    out.print(shown)
    _print_excluded(configs)
    return size


def print_written(folder: StoragePath, manifest: Manifest) -> None:
    """Print the splits of a dataset with their first problems."""
    shown = table("configuration", "split", "rows", "strata", "first question", "answer", right=NUMBERS)
    for config in manifest.configs:
        for split, count in config.spec()["sizes"].items():
            first = sample_row(folder, config, split)
            strata = str(len(manifest.strata(config, split)))
            shown.add_row(config.name, split, f"{count:,}", strata, *_texts(first))
    out.print(shown)
    _print_excluded(manifest.configs)


def _print_excluded(configs: list[Config]) -> None:
    for config in configs:
        if count := config.task.exclude.count:
            print_message(f"{config.name}: {count:,} listed problems are in neither train nor validation")


def overlap_table(name: str, overlap: Mapping[str, Any]) -> "Table":
    """Return the table of questions that splits of imported data share or repeat.

    Args:
        name: of the configuration.
        overlap: what was measured, as the manifest has it.
    """
    from mathbench.dataset.imported.overlap import EXACT, LOOSE, NUMBERS

    counts = ("rows", "same question", "same text", "same numbers")
    shown = table("rows of", "found in", *counts, right=counts, title=f"{name}: questions that occur twice")
    for pair in overlap["shared"]:
        cells = (f"{pair[key]:,}" for key in ("rows", EXACT, LOOSE, NUMBERS))
        shown.add_row(pair["split"], pair["with"], *cells)
    for split, repeats in overlap["repeats"].items():
        shown.add_row(split, "earlier rows", f"{repeats['rows']:,}", f"{repeats[EXACT]:,}", "", "")
    shown.caption = "\n".join(
        (
            "same text: up to case and white space; same numbers: in any order, and the same answer",
            f"questions with several answers: {overlap['contradictions']:,}; no answer has been checked",
        )
    )
    shown.caption_justify = "left"
    return shown


def _texts(row: Mapping[str, str]) -> tuple[Text, Text]:
    """Question and answer of a row, on one line each."""
    return Text(shortened(row["question"])), Text(shortened(row["answer"]))


def print_next_steps(folder: StoragePath, manifest: Manifest) -> None:
    """Print how to load and to verify a dataset."""
    load = _load_expression(folder, manifest.configs[0])
    print_message(f"load: {load}   check: mathbench verify {folder}")


def _load_expression(folder: StoragePath, config: Config) -> str:
    """Return the call that loads a configuration. `datasets` reads a card from a local folder only."""
    if isinstance(folder, Path):
        return f'datasets.load_dataset("{folder}", "{config.name}")'
    patterns = {split: split_pattern(config.layout, config.name, split) for split in config.spec()["sizes"]}
    files = {split: str(folder / pattern) for split, pattern in patterns.items()}
    return f'datasets.load_dataset("parquet", data_files={files})'
