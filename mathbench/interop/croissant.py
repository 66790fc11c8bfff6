"""Croissant metadata of a dataset, beside a copy of its files.

See https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from mathbench.dataset.layout import split_pattern
from mathbench.dataset.manifest import Config
from mathbench.formats import MESSAGES
from mathbench.interop.copying import copy_files
from mathbench.interop.hub import bibtex
from mathbench.interop.source import Measures, Progress, Source
from mathbench.rows import OPTIONAL_COLUMNS

CROISSANT_FILE = "croissant.json"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
# the context of the specification, which loaders compare: terms of its own, and those whose values are of other kinds
_TERMS = (
    *(
        "citeAs",
        "column",
        "equivalentProperty",
        "extract",
        "field",
        "fileObject",
        "fileProperty",
        "fileSet",
        "format",
    ),
    *(
        "includes",
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
        "recordSet",
        "references",
        "regex",
    ),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_DESCRIPTIONS = {
    "question": "the text to answer",
    "answer": "the only right answer, as text",
    "task": "the name of the task",
    "stratum": "the class of problems inside the task",
    "row": "the number of the row in its split",
    "label": "the answer as a number",
    "id": "the name of the row",
}


def write_croissant(
    source: Source, measures: dict[str, Measures], folder: Path, progress: Progress = lambda rows: None
) -> None:
    """Copy the Parquet files and write `croissant.json` beside them, which has a set of records for each split.

    Chats are not described, since readers of the format take no nested columns; they are in the files.
    """
    copy_files(source, folder, progress)
    text = json.dumps(croissant(source), indent=1, ensure_ascii=False)
    (folder / CROISSANT_FILE).write_text(text + "\n", encoding="utf-8")


def croissant(source: Source) -> dict[str, Any]:
    """The metadata of a dataset in JSON-LD."""
    manifest = source.dataset.manifest
    parts = [(config, split) for config in source.configs for split in source.splits_of(config)]
    # who made imported data decides on its licence
    generated = all(config.task.generated for config in source.configs)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": source.name,
        "description": "Mathematical questions with exact answers, made by mathbench "
        f"{manifest.version}: {', '.join(config.name for config in source.configs)}.",
        **({"license": CC0} if generated else {}),
        "version": manifest.version,
        "citeAs": bibtex(manifest),
        "distribution": [_files(config, split) for config, split in parts],
        "recordSet": [_records(config, split) for config, split in parts],
    }


def _files(config: Config, split: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"files/{config.name}/{split}",
        "encodingFormat": "application/x-parquet",
        "includes": split_pattern(config.layout, config.name, split),
    }


def _records(config: Config, split: str) -> dict[str, Any]:
    task = json.dumps({"task": config.task.id, "parameters": config.task.parameters, "seed": config.seed})
    return {
        "@type": "cr:RecordSet",
        "@id": f"{config.name}/{split}",
        "name": f"{config.name}/{split}",
        "description": f"{config.sizes[split]:,} rows of {split}: {task}",
        "field": [_field(config, split, name) for name in config.column_names if name != MESSAGES],
    }


def _field(config: Config, split: str, column: str) -> dict[str, Any]:
    number = column == "row" or OPTIONAL_COLUMNS.get(column) == pa.int64()
    return {
        "@type": "cr:Field",
        "@id": f"{config.name}/{split}/{column}",
        "name": column,
        "description": _DESCRIPTIONS[column],
        "dataType": "sc:Integer" if number else "sc:Text",
        "source": {
            "fileSet": {"@id": f"files/{config.name}/{split}"},
            "extract": {"column": column},
        },
    }
